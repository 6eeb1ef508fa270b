//! What a caller can write into SIP headers, against the real Asterisk and the programs as they ship.

mod sip_caller;

use std::fs;
use std::io;
use std::path::PathBuf;
use std::time::Duration;

use dialgate_contract::database::DatabaseError;
use dialgate_contract::queue::QueueReader;
use dialgate_tests::asterisk::{Asterisk, DID, Recordings};
use dialgate_tests::namespace::run;
use dialgate_tests::real::{self, Need};
use dialgate_tests::site::Site;
use dialgate_tests::wait;
use sip_caller::{Identity, SipCall};

const NEEDS: [Need; 6] = [
    Need::Root,
    Need::Tool("ip"),
    Need::Tool("iptables"),
    Need::Tool("ipset"),
    Need::Package("/usr/lib/python3/dist-packages/aiosmtpd", "python3-aiosmtpd"),
    Need::Asterisk,
];

const PATIENCE: Duration = Duration::from_secs(30);
const ENDED: &str = "app_verbose.c: dialgate: call ended: ";
const HONEST: &str = "\"Ann\" <sip:2001@h>";

const fn from(from: &'static str) -> Identity {
    Identity { to: DID, from, header: "" }
}

/// Asterisk hands each of these to `AGI()` as lines of its own, or as a control character.
const FORGED: [Identity; 9] = [
    from("<sip:2001%0Aagi_uniqueid%3A%20evil@h>"),
    from("<sip:2001%0Aagi_arg_1%3A%20evil@h>"),
    from("<sip:2001%0A%0A200%20result=1%20(evil)%0A200%20result=4711@h>"),
    from("<sip:2001%0AHANGUP@h>"),
    from("<sip:2001%0A%0AHANGUP%0A@h>"),
    from("<sip:2001%0D@h>"),
    from("\"evil\x1b[2J\" <sip:2001@h>"),
    Identity { to: "15125550100%0A%0A200%20result=1%20(evil)", ..from(HONEST) },
    Identity {
        header: "Diversion: <sip:700%0Aagi_arg_1%3A%20evil@h>;reason=unconditional",
        ..from(HONEST)
    },
];

/// These it does not.
const HARMLESS: [Identity; 4] = [
    from(HONEST),
    from("\"evil%0Aagi_arg_1: evil\" <sip:2001@h>"),
    from("\"200 result=1 (evil)\" <sip:2001@h>"),
    Identity { header: "P-Asserted-Identity: <sip:2001%0Aagi_arg_1%3A%20evil@h>", ..from(HONEST) },
];

/// The whole PBX, with a carrier's context that takes every number, against all advice.
struct Pbx {
    site: Site,
    asterisk: Asterisk,
    calls: u32,
}

impl Pbx {
    /// With an addition to the configuration, and the dialplan as it ships, `changed`.
    fn start(config: &str, changed: impl FnOnce(String) -> String) -> io::Result<Self> {
        let site = Site::start(config)?;
        let asterisk = Asterisk::start(site.namespace(), Recordings::Installed)?;
        let pbx = Self { site, asterisk, calls: 0 };
        let dialplan = pbx.etc()?.join("dialgate.conf");
        let wide = "\n[from-carrier]\nexten => _X.,1,Goto(dialgate,s,1)\n";
        fs::write(&dialplan, changed(fs::read_to_string(&dialplan)?) + wide)?;
        pbx.console("dialplan reload")?;
        pbx.console("module load res_pjsip_diversion.so")?;
        Ok(pbx)
    }

    fn place(&mut self, identity: Identity) -> io::Result<SipCall> {
        self.calls += 1;
        SipCall::place(self.site.namespace(), self.calls, identity)
    }

    /// Calls, waits for the first of our recordings and hangs up; that recording's name and how the call ended.
    fn call(&mut self, identity: Identity) -> io::Result<(String, String)> {
        let before = self.asterisk.log()?.len();
        let call = self.place(identity)?;
        let heard = self.await_log(before, "> Playing 'dialgate/")?;
        call.hang_up()?;
        let result = self.await_log(before, ENDED)?;
        let heard = heard.split('.').next().unwrap_or_default();
        Ok((heard.to_owned(), result.trim().to_owned()))
    }

    /// The rest of the first line of Asterisk's log that holds `text`.
    fn await_log(&self, from: usize, text: &str) -> io::Result<String> {
        wait::until(text, PATIENCE, || {
            let log = self.asterisk.log()?;
            let new = log.get(from..).unwrap_or_default();
            let rest = new.split_once(text).and_then(|(_, rest)| rest.split_once('\n'));
            Ok(rest.map(|(line, _)| line.to_owned()))
        })
    }

    fn queued(&self) -> Result<usize, DatabaseError> {
        let queue = QueueReader::open(&self.site.folder().join("data/queue/queue.db"))?;
        Ok(queue.after(0, 100)?.len())
    }

    /// Asterisk's configuration folder, as this process sees it.
    fn etc(&self) -> io::Result<PathBuf> {
        let config = self.config()?;
        let inside = config.trim_start_matches('/').trim_end_matches("asterisk.conf");
        Ok(self.root()?.join(inside))
    }

    fn root(&self) -> io::Result<PathBuf> {
        fs::read_link(format!("/proc/{}/root", self.asterisk.id()))
    }

    fn config(&self) -> io::Result<String> {
        let line = fs::read_to_string(format!("/proc/{}/cmdline", self.asterisk.id()))?;
        let config = line.split('\0').skip_while(|argument| *argument != "-C").nth(1);
        config.map(str::to_owned).ok_or_else(|| io::Error::other(line.clone()))
    }

    fn console(&self, command: &str) -> io::Result<()> {
        let mut chroot = self.site.namespace().command("chroot");
        chroot.arg(self.root()?).args(["asterisk", "-C", &self.config()?, "-rx", command]);
        run(&mut chroot).map(|_| ())
    }
}

/// Calls that were not believed. The site itself connects once, to see whether the server listens.
fn dropped(logs: &str) -> usize {
    logs.lines().filter(|line| line.contains("dropped before any call")).count() - 1
}

fn without_filters(dialplan: String) -> String {
    let kept = dialplan.lines().filter(|line| !line.contains("FILTER("));
    kept.map(|line| format!("{line}\n")).collect()
}

#[test]
fn whatever_a_caller_writes_into_headers_is_filtered_and_the_call_is_served() {
    let name = "whatever_a_caller_writes_into_headers_is_filtered_and_the_call_is_served";
    if real::skipped(name, &NEEDS) {
        return;
    }
    let mut pbx = Pbx::start("", |dialplan| dialplan).unwrap();
    for identity in FORGED.into_iter().chain(HARMLESS) {
        let call = pbx.call(identity).unwrap();
        assert_eq!(call, ("welcome".to_owned(), "hangup".to_owned()), "{identity:?}");
    }
    let logs = pbx.site.logs().unwrap();
    assert!(!logs.contains("evil"), "{logs}");
    assert_eq!(dropped(&logs), 0, "{logs}");
    let ended = logs.lines().filter(|line| line.contains("call ended"));
    assert_eq!(ended.count(), FORGED.len() + HARMLESS.len(), "{logs}");
}

#[test]
fn without_the_filters_a_forged_call_reaches_no_prompt_and_hears_an_apology() {
    let name = "without_the_filters_a_forged_call_reaches_no_prompt_and_hears_an_apology";
    if real::skipped(name, &NEEDS) {
        return;
    }
    let mut pbx = Pbx::start("", without_filters).unwrap();
    for identity in FORGED {
        let call = pbx.call(identity).unwrap();
        assert_eq!(call, ("try-again-later".to_owned(), "error".to_owned()), "{identity:?}");
    }
    for identity in HARMLESS {
        let call = pbx.call(identity).unwrap();
        assert_eq!(call, ("welcome".to_owned(), "hangup".to_owned()), "{identity:?}");
    }
    let logs = pbx.site.logs().unwrap();
    assert_eq!(dropped(&logs), FORGED.len(), "{logs}");
    assert!(!logs.contains("evil"), "{logs}");
    assert_eq!(pbx.queued().unwrap(), 0);
}

#[test]
fn a_call_too_many_is_told_so_without_being_answered() {
    if real::skipped("a_call_too_many_is_told_so_without_being_answered", &NEEDS) {
        return;
    }
    let mut pbx = Pbx::start("[agi]\nmax-calls = 1\n", |dialplan| dialplan).unwrap();
    let first = pbx.place(from(HONEST)).unwrap();
    let before = pbx.asterisk.log().unwrap().len();
    let refused = pbx.place(from(HONEST)).unwrap_err().to_string();
    assert!(refused.starts_with("SIP/2.0 "), "{refused}");
    pbx.await_log(before, "> Playing 'dialgate/busy.").unwrap();
    assert_eq!(pbx.await_log(before, ENDED).unwrap(), "busy");
    first.hang_up().unwrap();
}
