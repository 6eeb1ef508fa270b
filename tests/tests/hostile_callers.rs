//! What a caller can write into SIP headers, against the real Asterisk and the programs as they ship.

mod sip_caller;

use std::fs;
use std::io;

use dialgate_contract::database::DatabaseError;
use dialgate_contract::queue::QueueReader;
use dialgate_tests::asterisk::{Asterisk, DID, Recordings};
use dialgate_tests::real::{self, Need};
use dialgate_tests::site::Site;
use sip_caller::{CallLog, Crowd, Identity, Record, Script};

const NEEDS: [Need; 2] = [Need::Site, Need::Asterisk];

/// As dialplan/README.md says, but for the pattern, which takes every number.
const FILTERED: &str = "exten => _X.,1,Verbose(1,caller: ${CHANNEL(pjsip,call-id)})\n \
                        same => n,Goto(dialgate,s,1)\n";

/// Against all advice; only the apology is the dialplan's own.
const UNFILTERED: &str = "exten => _X.,1,Verbose(1,caller: ${CHANNEL(pjsip,call-id)})\n \
                          same => n,AGI(agi://127.0.0.1:4573/whitelist)\n \
                          same => n,GotoIf($[\"${DIALGATE_RESULT}\" = \"\"]?dialgate,s,down)\n \
                          same => n,Hangup()\n\
                          exten => h,1,Goto(dialgate,h,1)\n";

/// The whole PBX.
struct Pbx {
    site: Site,
    asterisk: Asterisk,
}

impl Pbx {
    /// With an addition to the configuration, and what the carrier's context does with a call.
    fn start(config: &str, carrier: &str) -> io::Result<Self> {
        let site = Site::start(config)?;
        let asterisk = Asterisk::start(site.namespace(), Recordings::Installed)?;
        let pbx = Self { site, asterisk };
        let exact = format!("exten => {DID},1,Goto(dialgate,s,1)\n");
        pbx.change("extensions.conf", &exact, carrier)?;
        let believing = "type = endpoint\ntrust_id_inbound = yes\n";
        pbx.change("pjsip.conf", "type = endpoint\n", believing)?;
        for module in ["res_pjsip_diversion", "res_pjsip_dtmf_info"] {
            pbx.console(&format!("module load {module}.so"))?;
        }
        pbx.console("dialplan reload")?;
        pbx.console("module reload res_pjsip.so")?;
        Ok(pbx)
    }

    fn change(&self, file: &str, from: &str, to: &str) -> io::Result<()> {
        let file = self.asterisk.path("etc").join(file);
        let text = fs::read_to_string(&file)?;
        assert!(text.contains(from), "{text}");
        fs::write(file, text.replace(from, to))
    }

    fn crowd(&self) -> io::Result<Crowd<'_>> {
        let log = CallLog::open(&self.asterisk.path("log/full"))?;
        Ok(Crowd::new(self.site.namespace(), log))
    }

    fn queued(&self) -> Result<usize, DatabaseError> {
        let queue = QueueReader::open(&self.site.folder().join("data/queue/queue.db"))?;
        Ok(queue.after(0, 100)?.len())
    }

    fn console(&self, command: &str) -> io::Result<()> {
        self.asterisk.console(self.site.namespace(), command).map(|_| ())
    }
}

/// No key but these is pressed: whoever comes to the PIN otherwise has forged something.
const UP_TO_THE_PIN: &Script<'_> =
    &[("welcome", "#"), ("enter-account", "0#"), ("enter-pin", ""), ("try-again-later", "")];

/// What an honest traveller presses, the first time and when access is open already.
const LOGGING_IN: &Script<'_> = &[
    ("welcome", "#"),
    ("enter-account", "4711#"),
    ("enter-pin", "83920174#"),
    ("your-access-from", "2"),
    ("enter-address", "12*34*56*78#"),
    ("confirm-address", "1"),
    ("choose-lifetime-1-3-7", "3"),
    ("open-until", ""),
    ("extended-until", ""),
];

/// Calls that were not believed. The site itself connects once, to see whether the server listens.
fn dropped(logs: &str) -> usize {
    logs.lines().filter(|line| line.contains("dropped before any call")).count() - 1
}

/// Whether a line of a log is one record, and shows as what it is in every terminal.
fn is_one_plain_record(line: &str) -> bool {
    let turns = |c| matches!(c, '\u{61c}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}' | '\u{2066}'..='\u{2069}');
    let level = line.split_ascii_whitespace().nth(1);
    matches!(level, Some("INFO" | "WARN" | "ERROR"))
        && !line.contains(|c: char| c.is_control() || turns(c))
}

/// Up to the PIN, as anybody.
fn served(_: &Identity) -> Record {
    record(&["welcome", "enter-account", "enter-pin"], "hangup")
}

fn believed_unless_forged(identity: &Identity) -> Record {
    if identity.is_forged { record(&["try-again-later"], "error") } else { served(identity) }
}

fn record(heard: &[&str], result: &str) -> Record {
    let heard = heard.iter().map(|prompt| (*prompt).to_owned()).collect();
    Record { heard, result: result.to_owned(), refused: None }
}

/// Has all hostile callers call, half of them before an honest one and half after; how many, and how many were forged.
#[expect(clippy::unwrap_used, reason = "a call that cannot be made fails the test")]
fn try_all(pbx: &mut Pbx, becomes: impl Fn(&Identity) -> Record) -> (usize, usize) {
    let hostile = Identity::hostile(DID).unwrap();
    let mut crowd = pbx.crowd().unwrap();
    let before = pbx.site.dialgate(&["audit", "--json"]).unwrap();
    let (first, second) = hostile.split_at(hostile.len() / 2);
    for (some, logged_in) in [(first, "open"), (second, "extended")] {
        let records = crowd.call(some, UP_TO_THE_PIN).unwrap();
        for (identity, became) in some.iter().zip(records) {
            assert_eq!(became, becomes(identity), "{identity:?}");
        }
        if logged_in == "open" {
            assert_eq!(pbx.site.dialgate(&["audit", "--json"]).unwrap(), before);
            assert_eq!(pbx.queued().unwrap(), 0);
        }
        let honest = crowd.call(&[Identity::honest(DID)], LOGGING_IN).unwrap();
        assert!(honest.iter().all(|record| record.result == logged_in), "{honest:?}");
    }
    let leases = pbx.site.dialgate(&["lease", "list", "--all", "--json"]).unwrap();
    assert_eq!(leases.as_array().map(Vec::len), Some(1), "{leases}");
    let forged = hostile.iter().filter(|identity| identity.is_forged).count();
    (hostile.len(), forged)
}

/// What is written of hostile callers: nothing of what they say of themselves.
fn assert_plain(logs: &str) {
    for line in logs.lines() {
        assert!(is_one_plain_record(line) && !line.contains("evil"), "{}", line.escape_debug());
    }
}

fn calls_ended(logs: &str) -> usize {
    logs.lines().filter(|line| line.contains("call ended")).count()
}

#[test]
fn whatever_a_caller_writes_into_headers_is_filtered_and_the_call_is_served() {
    let name = "whatever_a_caller_writes_into_headers_is_filtered_and_the_call_is_served";
    if real::skipped(name, &NEEDS) {
        return;
    }
    let mut pbx = Pbx::start("", FILTERED).unwrap();
    let (all, _) = try_all(&mut pbx, served);
    let logs = pbx.site.logs().unwrap();
    assert_eq!((dropped(&logs), calls_ended(&logs)), (0, all + 2), "{logs}");
    assert_plain(&logs);
}

#[test]
fn without_the_filters_a_forged_call_reaches_no_prompt_and_hears_an_apology() {
    let name = "without_the_filters_a_forged_call_reaches_no_prompt_and_hears_an_apology";
    if real::skipped(name, &NEEDS) {
        return;
    }
    let mut pbx = Pbx::start("", UNFILTERED).unwrap();
    let (all, forged) = try_all(&mut pbx, believed_unless_forged);
    let logs = pbx.site.logs().unwrap();
    assert_eq!(calls_ended(&logs), all - forged + 2, "{logs}");
    assert_plain(&logs);
    // Those of one minute are written down; among them who forged a whole environment.
    assert!(forged > 60 && dropped(&logs) > 60, "{logs}");
    assert!(logs.contains("part of the stream is forged"), "{logs}");
}

#[test]
fn a_call_too_many_is_told_so_without_being_answered() {
    if real::skipped("a_call_too_many_is_told_so_without_being_answered", &NEEDS) {
        return;
    }
    let pbx = Pbx::start("[agi]\nmax-calls = 1\n", FILTERED).unwrap();
    let two = [Identity::honest(DID), Identity::honest(DID)];
    let mut records = pbx.crowd().unwrap().call(&two, &[("enter-account", "")]).unwrap();
    records.sort_by_key(|record| record.refused.is_some());
    assert_eq!(records[0], record(&["welcome", "enter-account"], "hangup"));
    assert_eq!(records[1].result, "busy");
    assert_eq!(records[1].heard[0], "busy");
    assert!(records[1].refused.is_some(), "{records:?}");
}

#[test]
fn a_record_that_is_not_plain_is_noticed() {
    let plain = "2026-11-20T13:30:59.180410Z  INFO call{id=\"1.2\" caller=2001}: call ended";
    assert!(is_one_plain_record(plain));
    assert!(!is_one_plain_record("agi_uniqueid: forged"));
    for bad in ["\x1b[2J", "\u{9b}", "\u{202e}", "\u{2067}", "\r"] {
        assert!(!is_one_plain_record(&format!("{plain}{bad}")), "{bad:?}");
    }
}
