//! PINs that are typed leave no trace: not in a log, a database or a letter, and none in memory, which is what a core
//! file would hold.

mod broken_line;
mod stand_in;
mod trace;

use std::fs;
use std::os::unix::fs::MetadataExt;
use std::time::Duration;

use dialgate_tests::asterisk::{Asterisk, Call, Recordings};
use dialgate_tests::real::{self, Need};
use dialgate_tests::site::Site;
use dialgate_tests::wait;
use trace::Canary;

const NEEDS: [Need; 2] = [Need::Site, Need::Asterisk];

/// No secret: it shows that traces are found.
const ACCOUNT: Canary = Canary("90281746");

const RIGHT: Canary = Canary("40718365");
const WRONG: Canary = Canary("59260481");
const CHANGED: Canary = Canary("71835026");
/// Typed where the account is asked for.
const MISPLACED: Canary = Canary("36907142");
const PINS: [Canary; 4] = [RIGHT, WRONG, CHANGED, MISPLACED];

const PATIENCE: Duration = Duration::from_secs(60);

/// The PBX, and the letters that it has sent.
struct Pbx {
    site: Site,
    letters: Vec<String>,
}

impl Pbx {
    #[expect(clippy::unwrap_used, reason = "a site that does not start fails the test")]
    fn start() -> Self {
        let site = Site::start("").unwrap();
        site.add_account(ACCOUNT.0, RIGHT.0).unwrap();
        Self { site, letters: Vec::new() }
    }

    /// The traces in the memory of the telephone side.
    #[expect(clippy::unwrap_used, reason = "memory that cannot be read fails the test")]
    fn in_memory(&self, canaries: &[Canary]) -> Vec<String> {
        trace::in_memory(self.site.agi_id().unwrap(), canaries).unwrap()
    }

    /// The kernel gives what belongs to a process that must not be dumped to root, whoever runs it.
    #[expect(clippy::unwrap_used, reason = "a process that is gone fails the test")]
    fn writes_no_core_file(&self) -> bool {
        let process = format!("/proc/{}", self.site.agi_id().unwrap());
        let status = fs::read_to_string(format!("{process}/status")).unwrap();
        assert!(!status.contains("Uid:\t0"), "{status}");
        fs::metadata(format!("{process}/mem")).unwrap().uid() == 0
    }

    /// Waits until somebody was sent a letter with these words in it.
    #[expect(clippy::unwrap_used, reason = "a letter that does not come fails the test")]
    fn await_letter(&mut self, words: &str) {
        while !self.letters.iter().any(|letter| letter.contains(words)) {
            let letter = self.site.mail().next_message().unwrap();
            self.letters.push(letter.to_string());
        }
    }
}

#[expect(clippy::unwrap_used, reason = "a call that cannot be made fails the test")]
fn type_in(call: &mut Call<'_>, typed: &[(&str, Canary)]) {
    for (prompt, Canary(digits)) in typed {
        call.hear(&format!("dialgate/{prompt}")).unwrap();
        call.press(&format!("{digits}#")).unwrap();
    }
}

/// A wrong PIN, the right one, and another.
#[expect(clippy::unwrap_used, reason = "a call that cannot be made fails the test")]
fn wrong_right_and_changed(pbx: &Pbx, asterisk: &mut Asterisk) {
    let mut call = asterisk.dial().unwrap();
    type_in(&mut call, &[("enter-account", MISPLACED), ("enter-pin", WRONG)]);
    type_in(&mut call, &[("enter-account", ACCOUNT), ("enter-pin", RIGHT)]);
    call.hear("dialgate/enter-address").unwrap();
    assert_eq!(pbx.in_memory(&PINS), Vec::<String>::new());
    assert_ne!(pbx.in_memory(&[ACCOUNT]), Vec::<String>::new());

    call.press("9#").unwrap();
    type_in(&mut call, &[("enter-new-pin", CHANGED)]);
    call.hear("dialgate/enter-new-pin-again").unwrap();
    // It is to be compared with what comes now.
    assert_ne!(pbx.in_memory(&[CHANGED]), Vec::<String>::new());
    call.press(&format!("{}#", CHANGED.0)).unwrap();
    call.hear("dialgate/pin-changed").unwrap();
    assert_eq!(pbx.in_memory(&PINS), Vec::<String>::new());

    call.hang_up().unwrap();
    call.end().unwrap();
}

/// What Asterisk writes to its log of dialgate's side of the calls; the traveller's side is the test's own.
#[expect(clippy::unwrap_used, reason = "a log that cannot be read fails the test")]
fn in_asterisks_log(asterisk: &Asterisk) -> Vec<String> {
    let log = asterisk.messages().unwrap();
    assert!(log.contains("Playing 'dialgate/enter-pin."), "{log}");
    let ours = log.lines().filter(|line| !line.contains("traveller"));
    trace::in_bytes(ours.collect::<Vec<_>>().join("\n").as_bytes(), &PINS)
}

#[test]
fn a_pin_that_is_typed_leaves_no_trace() {
    if real::skipped("a_pin_that_is_typed_leaves_no_trace", &NEEDS) {
        return;
    }
    let mut pbx = Pbx::start();
    assert!(pbx.writes_no_core_file());
    broken_line::answer_in_every_way(&pbx.site, WRONG.0).unwrap();
    stand_in::guess(&pbx.site, WRONG.0).unwrap();
    pbx.await_letter("operator@example.net");
    let mut asterisk = Asterisk::start(pbx.site.namespace(), Recordings::Installed).unwrap();
    wrong_right_and_changed(&pbx, &mut asterisk);
    stand_in::ask_for_access(&pbx.site, ACCOUNT.0, CHANGED.0).unwrap();
    assert_eq!(pbx.in_memory(&PINS), Vec::<String>::new());
    for words in ["Your PIN was changed", "Your access is open"] {
        pbx.await_letter(words);
    }
    // Four failures are free, the fifth is looked at half a minute later.
    wait::until("the owner to be told of failed logins", PATIENCE, || {
        stand_in::guess_once_more(&pbx.site, WRONG.0)?;
        let letters = pbx.site.mail().messages()?;
        pbx.letters.extend(letters.iter().map(ToString::to_string));
        Ok(pbx.letters.iter().any(|letter| letter.contains("Failed")).then_some(()))
    })
    .unwrap();
    assert_eq!(pbx.in_memory(&PINS), Vec::<String>::new());
    assert_eq!(trace::in_bytes(pbx.letters.join("\n").as_bytes(), &PINS), Vec::<String>::new());
    let folder = pbx.site.folder();
    assert_eq!(trace::in_files(folder, &PINS).unwrap(), Vec::<String>::new());
    assert_ne!(trace::in_files(folder, &[ACCOUNT]).unwrap(), Vec::<String>::new());
    assert_eq!(in_asterisks_log(&asterisk), Vec::<String>::new());

    // What SECURITY.md warns of.
    asterisk.console(pbx.site.namespace(), "agi set debug on").unwrap();
    let mut call = asterisk.dial().unwrap();
    type_in(&mut call, &[("enter-account", ACCOUNT), ("enter-pin", CHANGED)]);
    call.hear("dialgate/your-access-from").unwrap();
    call.hang_up().unwrap();
    call.end().unwrap();
    assert_ne!(in_asterisks_log(&asterisk), Vec::<String>::new());
    assert_eq!(pbx.in_memory(&PINS), Vec::<String>::new());
}
