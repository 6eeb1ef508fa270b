//! Calls through a real Asterisk to a server that only tells what it saw: the dialplan, the
//! recordings, the keys and the core sounds, without the conversation.

mod fast_agi;

use std::io;
use std::net::UdpSocket;

use dialgate_tests::asterisk::{self, Asterisk, DID, Recordings, SIP_PORT, Step};
use dialgate_tests::namespace::Namespace;
use dialgate_tests::real::{self, Need};
use fast_agi::FastAgi;

const NEEDS: [Need; 3] = [Need::Root, Need::Tool("ip"), Need::Asterisk];

fn keys(keys: &str) -> Step {
    Step::Keys(keys.to_owned())
}

#[test]
fn every_recording_plays_to_its_end() {
    if real::skipped("every_recording_plays_to_its_end", &NEEDS) {
        return;
    }
    let namespace = Namespace::create().unwrap();
    let mut asterisk = Asterisk::start(&namespace, Recordings::Installed).unwrap();
    let server = FastAgi::serve(&namespace, |session| {
        session.command("ANSWER");
        for (name, samples) in asterisk::recordings().unwrap() {
            // From near the end: each played whole takes two minutes.
            let near_end = samples.saturating_sub(800);
            let reply = session.command(&format!("STREAM FILE dialgate/{name} \"\" {near_end}"));
            assert_eq!(reply, format!("200 result=0 endpos={samples}"), "{name}");
        }
        session.command("SET VARIABLE DIALGATE_RESULT open");
    });
    let record = asterisk.call(&[]).unwrap();
    server.outcome();
    let names: Vec<String> = asterisk::recordings().unwrap().into_keys().collect();
    assert_eq!(record.prompts(), names);
}

#[test]
fn keys_arrive_as_typed_stars_and_pounds_included() {
    if real::skipped("keys_arrive_as_typed_stars_and_pounds_included", &NEEDS) {
        return;
    }
    let namespace = Namespace::create().unwrap();
    let mut asterisk = Asterisk::start(&namespace, Recordings::Installed).unwrap();
    let server = FastAgi::serve(&namespace, |session| {
        session.command("ANSWER");
        let account = session.command("GET DATA dialgate/enter-account 5000 20");
        let address = session.command("GET DATA dialgate/enter-address 5000 20");
        session.command("SET VARIABLE DIALGATE_RESULT open");
        (account, address)
    });
    let record = asterisk
        .call(&[
            Step::Hear("dialgate/enter-account"),
            keys("0042#"),
            Step::Hear("dialgate/enter-address"),
            keys("198*51*100*7#"),
        ])
        .unwrap();
    let (account, address) = server.outcome();
    assert_eq!(account, "200 result=0042");
    assert_eq!(address, "200 result=198*51*100*7");
    assert_eq!(record.keys, "0042#198*51*100*7#");
    assert_eq!(record.result, "open");
}

#[test]
fn a_result_can_be_set_after_the_caller_hung_up() {
    if real::skipped("a_result_can_be_set_after_the_caller_hung_up", &NEEDS) {
        return;
    }
    let namespace = Namespace::create().unwrap();
    let mut asterisk = Asterisk::start(&namespace, Recordings::Installed).unwrap();
    let server = FastAgi::serve(&namespace, |session| {
        session.command("ANSWER");
        let reply = session.command("GET DATA dialgate/enter-address 5000 20");
        session.command("SET VARIABLE DIALGATE_RESULT hangup");
        reply
    });
    let steps = [Step::Hear("dialgate/enter-address"), keys("198*51"), Step::HangUp];
    let record = asterisk.call(&steps).unwrap();
    assert_eq!(server.outcome(), "200 result=-1");
    assert_eq!(record.keys, "198*51");
    assert_eq!(record.result, "hangup");
}

#[test]
fn a_caller_hears_an_apology_when_the_server_is_down() {
    if real::skipped("a_caller_hears_an_apology_when_the_server_is_down", &NEEDS) {
        return;
    }
    let namespace = Namespace::create().unwrap();
    let mut asterisk = Asterisk::start(&namespace, Recordings::Installed).unwrap();
    let record = asterisk.call(&[]).unwrap();
    assert_eq!(record.heard, ["dialgate/try-again-later"]);
    assert_eq!(record.result, "error");
}

#[test]
fn the_apology_needs_no_recordings_of_ours() {
    if real::skipped("the_apology_needs_no_recordings_of_ours", &NEEDS) {
        return;
    }
    let namespace = Namespace::create().unwrap();
    let mut asterisk = Asterisk::start(&namespace, Recordings::Missing).unwrap();
    let record = asterisk.call(&[]).unwrap();
    assert_eq!(record.heard, ["sorry", "please-try-call-later"]);
}

#[test]
fn line_breaks_in_the_callers_number_and_name_do_not_reach_the_server() {
    if real::skipped("line_breaks_in_the_callers_number_and_name_do_not_reach_the_server", &NEEDS) {
        return;
    }
    let namespace = Namespace::create().unwrap();
    let _asterisk = Asterisk::start(&namespace, Recordings::Installed).unwrap();
    let server = FastAgi::serve(&namespace, |session| {
        let first_reply = session.command("GET FULL VARIABLE nonce");
        let ani = session.command("GET FULL VARIABLE \"[${CALLERID(ani)}]\"");
        (session.environment.clone(), first_reply, ani)
    });
    let from = "\"x%0Ay\" <sip:2001%0A%0A200%20result=1%20(yes)%0Aagi_uniqueid%3A%20evil@h>";
    namespace.enter(|| invite(from)).unwrap().unwrap();
    let (environment, first_reply, ani) = server.outcome();
    assert!(environment.contains(&"agi_callerid: 20012001".to_owned()), "{environment:?}");
    let identities = environment.iter().filter(|line| line.starts_with("agi_uniqueid")).count();
    assert_eq!(identities, 1);
    assert!(environment.last().unwrap().starts_with("agi_threadid"), "{environment:?}");
    assert_eq!(first_reply, "200 result=1 (nonce)");
    assert_eq!(ani, "200 result=1 ([20012001])");
}

#[test]
fn the_end_of_a_lease_is_spoken_in_the_travellers_time() {
    if real::skipped("the_end_of_a_lease_is_spoken_in_the_travellers_time", &NEEDS) {
        return;
    }
    let namespace = Namespace::create().unwrap();
    let mut asterisk = Asterisk::start(&namespace, Recordings::Installed).unwrap();
    let server = FastAgi::serve(&namespace, |session| {
        session.command("ANSWER");
        // Friday 2026-11-20 17:05 UTC, in a zone one hour ahead.
        let reply = session
            .command("SAY DATETIME 1795194300 \"\" \"ABd 'digits/at' IMp\" \"Europe/Berlin\"");
        session.command("SET VARIABLE DIALGATE_RESULT open");
        reply
    });
    let record = asterisk.call(&[]).unwrap();
    assert_eq!(server.outcome(), "200 result=0");
    assert_eq!(
        record.heard,
        [
            "digits/day-5",
            "digits/mon-10",
            "digits/h-20",
            "digits/at",
            "digits/6",
            "digits/oh",
            "digits/5",
            "digits/p-m"
        ]
    );
}

#[test]
fn every_core_sound_of_digits_and_dates_is_installed() {
    if real::skipped("every_core_sound_of_digits_and_dates_is_installed", &NEEDS) {
        return;
    }
    let namespace = Namespace::create().unwrap();
    let mut asterisk = Asterisk::start(&namespace, Recordings::Installed).unwrap();
    let server = FastAgi::serve(&namespace, |session| {
        session.command("ANSWER");
        for name in core_sounds() {
            // Beyond the end: nothing is heard, but the file must open.
            let reply = session.command(&format!("STREAM FILE {name} \"\" 1000000"));
            assert!(reply.starts_with("200 result=0"), "{name}: {reply}");
        }
        session.command("SET VARIABLE DIALGATE_RESULT open");
    });
    asterisk.call(&[]).unwrap();
    server.outcome();
}

fn core_sounds() -> Vec<String> {
    let single = "star pound at oh oclock a-m p-m today tomorrow";
    let mut names: Vec<String> =
        single.split_whitespace().map(|name| format!("digits/{name}")).collect();
    names.push("letters/dot".to_owned());
    names.extend((0..=20).chain([30, 40, 50]).map(|number| format!("digits/{number}")));
    names.extend((1..=20).chain([30]).map(|number| format!("digits/h-{number}")));
    names.extend((0..=6).map(|day| format!("digits/day-{day}")));
    names.extend((0..=11).map(|month| format!("digits/mon-{month}")));
    names
}

/// Sends one SIP INVITE for [`DID`] with this From, as any machine on the Internet could.
fn invite(from: &str) -> io::Result<()> {
    let socket = UdpSocket::bind("127.0.0.1:0")?;
    let port = socket.local_addr()?.port();
    let sdp = "v=0\r\no=- 1 1 IN IP4 127.0.0.1\r\ns=-\r\nc=IN IP4 127.0.0.1\r\nt=0 0\r\n\
               m=audio 40000 RTP/AVP 0\r\na=rtpmap:0 PCMU/8000\r\n";
    let message = format!(
        "INVITE sip:{DID}@127.0.0.1:{SIP_PORT} SIP/2.0\r\n\
         Via: SIP/2.0/UDP 127.0.0.1:{port};branch=z9hG4bK-invite\r\n\
         Max-Forwards: 70\r\n\
         From: {from};tag=invite\r\n\
         To: <sip:{DID}@127.0.0.1:{SIP_PORT}>\r\n\
         Call-ID: invite@127.0.0.1\r\n\
         CSeq: 1 INVITE\r\n\
         Contact: <sip:traveller@127.0.0.1:{port}>\r\n\
         Content-Type: application/sdp\r\n\
         Content-Length: {}\r\n\r\n{sdp}",
        sdp.len()
    );
    socket.send_to(message.as_bytes(), ("127.0.0.1", SIP_PORT)).map(|_| ())
}
