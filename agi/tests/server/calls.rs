//! The calls in `tests/calls`, played to a server.

use std::collections::BTreeSet;
use std::path::{Path, PathBuf};

use dialgate_agi::Prompt;
use dialgate_contract::ledger::{LeaseId, Ledger, Verdict, account, lease, service, verdict};
use dialgate_contract::queue::RawRequest;
use dialgate_contract::{Language, Lifetime, RequestId, ServiceName};
use jiff::{SignedDuration, Timestamp};
use rusqlite::Connection;
use tokio::task::JoinSet;
use tokio::time::{Duration, sleep};

use super::asterisk::Call;
use super::site::Site;

/// One file.
#[derive(Debug, Default)]
struct Fixture {
    truths: Vec<Vec<String>>,
    /// What is heard, and the keys then.
    heard: Vec<(String, String)>,
    asks: Vec<String>,
    result: String,
}

impl Fixture {
    fn read(path: &Path) -> Self {
        let mut fixture = Self::default();
        for line in std::fs::read_to_string(path).unwrap().lines() {
            let words: Vec<String> = line.split_whitespace().map(str::to_owned).collect();
            let (word, rest) = line.split_once(' ').unwrap_or((line, ""));
            match word {
                "" | "#" => {}
                "open" | "max" | "max-of" | "verdict" | "lines" | "broken" => {
                    fixture.truths.push(words)
                }
                "language" if fixture.heard.is_empty() => fixture.truths.push(words),
                "language" => fixture.heard.push((line.to_owned(), String::new())),
                "asks" => fixture.asks.push(rest.to_owned()),
                "result" => rest.clone_into(&mut fixture.result),
                heard => fixture.heard.push((heard.to_owned(), rest.to_owned())),
            }
        }
        fixture
    }

    fn truth(&self, word: &str) -> Option<&[String]> {
        self.truths.iter().find(|truth| truth[0] == word).map(Vec::as_slice)
    }

    fn site(&self) -> Site {
        let mut site = Site::new();
        let max = self.truth("max").map_or("24h", |truth| &truth[1]);
        site.config.lease.max = max.parse().unwrap();
        if self.truth("verdict").is_some_and(|truth| truth[1] == "none") {
            site.config.agi.wait_for_open = Lifetime::from_seconds(1).unwrap();
        }
        if let Some([_, lines]) = self.truth("lines") {
            site.config.agi.max_calls = lines.parse().unwrap();
        }
        let number = "4711".parse().unwrap();
        let mut ledger = Ledger::open(&site.config.ledger_file()).unwrap();
        let mut account = account::find(ledger.connection(), &number).unwrap().unwrap();
        account.language = self.truth("language").map(|truth| truth[1].parse().unwrap());
        if let Some([_, of, longest]) = self.truth("max-of") {
            let longest = longest.parse().ok();
            match of.parse::<ServiceName>() {
                Ok(name) => limit(&mut ledger, &name, longest),
                Err(_) => account.longest = longest,
            }
        }
        ledger.write(|tx| account::update(tx, &account)).unwrap();
        if let Some([_, address, seconds]) = self.truth("open") {
            let now = now();
            let until = now + SignedDuration::from_secs(seconds.parse().unwrap());
            let address = address.parse().unwrap();
            ledger
                .write(|tx| lease::open(tx, &number, address, &account.services, now, until))
                .unwrap();
        }
        site
    }

    /// What the reconciler decides of a request; `None`: nothing in time.
    fn verdict(&self, request: &RawRequest) -> Option<Verdict> {
        let until = Timestamp::from_second(1_800_000_000).unwrap();
        match (self.truth("verdict"), request.matter.as_str()) {
            (Some([_, word]), _) if word == "none" => None,
            (Some([_, _, reason]), _) => Some(Verdict::Refused(reason.parse().unwrap())),
            (_, "open") => Some(Verdict::Open(LeaseId::from_row(1), until)),
            (_, "extend") => Some(Verdict::Extended(LeaseId::from_row(1), until)),
            (_, "close") => Some(Verdict::Closed),
            (_, "change-pin") => Some(Verdict::PinChanged),
            (_, other) => panic!("a call asks for {other}"),
        }
    }
}

fn limit(ledger: &mut Ledger, name: &ServiceName, longest: Option<Lifetime>) {
    let services = service::all(ledger.connection()).unwrap();
    let mut limited = services.into_iter().find(|service| service.name == *name).unwrap();
    limited.longest = longest;
    ledger.write(|tx| service::update(tx, &limited)).unwrap();
}

#[expect(clippy::disallowed_methods, reason = "a lease is open by the clock")]
fn now() -> Timestamp {
    Timestamp::now()
}

/// Decides whatever is asked, until the call is over.
async fn reconcile(site: &Site, fixture: &Fixture, asked: &mut Vec<String>) {
    let mut ledger = Ledger::open(&site.config.ledger_file()).unwrap();
    let mut seen = BTreeSet::new();
    loop {
        for request in site.queued() {
            if !seen.insert(request.id.clone()) {
                continue;
            }
            let address = request.address.clone().unwrap_or_default();
            let lifetime = request.lifetime.map(|seconds| seconds.to_string()).unwrap_or_default();
            asked.push(format!("{} {address} {lifetime}", request.matter).replace("  ", " "));
            let Some(decided) = fixture.verdict(&request) else { continue };
            let id: RequestId = request.id.parse().unwrap();
            ledger
                .write(|tx| verdict::insert(tx, id, None, decided, Timestamp::UNIX_EPOCH))
                .unwrap();
        }
        sleep(Duration::from_millis(2)).await;
    }
}

/// What is heard by a command, if it is heard.
fn heard(command: &str) -> Option<String> {
    let argument = |n: usize| command.split('"').nth(n).unwrap_or_default();
    let speaks = ["STREAM FILE", "GET DATA", "SAY "].iter().any(|verb| command.starts_with(verb));
    match (speaks, argument(1)) {
        (true, "") => Some("silence".to_owned()),
        (true, spoken) => Some(spoken.replace("dialgate/", "")),
        (false, "CHANNEL(language)") => Some(format!("language {}", argument(3))),
        (false, _) => None,
    }
}

/// What Asterisk answers when these keys are pressed.
fn pressed(command: &str, keys: &str) -> String {
    let argument = |n: usize| command.split('"').nth(n).unwrap_or_default();
    if !command.starts_with("GET DATA") {
        let key = keys.bytes().next().unwrap_or(0);
        return format!("200 result={key} endpos=800\n");
    }
    let is_full = keys.len() == argument(5).parse::<usize>().unwrap();
    match keys.strip_suffix('#') {
        Some(keys) => format!("200 result={keys}\n"),
        None if is_full => format!("200 result={keys}\n"),
        None => format!("200 result={keys} (timeout)\n"),
    }
}

async fn play(path: PathBuf) {
    let fixture = Fixture::read(&path);
    let site = fixture.site();
    let server = site.serve().await;
    if let Some([_, what]) = fixture.truth("broken") {
        let table = if what == "logins" { "throttle_everyone" } else { "request" };
        let broken = format!(
            "CREATE TRIGGER broken BEFORE INSERT ON {table} BEGIN SELECT RAISE(ABORT, 'broken'); END"
        );
        Connection::open(site.config.queue_file()).unwrap().execute_batch(&broken).unwrap();
    }
    let mut call = Call::dial(server.address).await;
    let mut asked = Vec::new();
    let converse = async {
        let mut expected = fixture.heard.iter().peekable();
        let mut is_silent = false;
        while let Some(command) = call.command().await {
            let Some(heard) = heard(&command) else {
                call.answer(&command).await;
                continue;
            };
            let was_silent = std::mem::replace(&mut is_silent, heard == "silence");
            if was_silent && is_silent && expected.peek().is_none_or(|(next, _)| next != "silence")
            {
                // A login that waits for its turn.
                call.say(pressed(&command, "").as_bytes()).await;
                continue;
            }
            let (next, keys) = expected.next().unwrap_or_else(|| panic!("{path:?}: also {heard}"));
            assert_eq!(&heard, next, "{path:?}");
            match heard.starts_with("language ") {
                true => call.say(b"200 result=1\n").await,
                false => call.say(pressed(&command, keys).as_bytes()).await,
            }
        }
        assert_eq!(expected.next(), None, "{path:?}: not heard");
    };
    tokio::select! {
        () = converse => {}
        () = reconcile(&site, &fixture, &mut asked) => {}
    }
    assert_eq!(call.record.result.as_deref(), Some(fixture.result.as_str()), "{path:?}");
    let asked: Vec<&str> = asked.iter().map(|request| request.trim_end()).collect();
    assert_eq!(asked, fixture.asks, "{path:?}");
}

fn files() -> Vec<PathBuf> {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/calls");
    let files = std::fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    files.filter(|path| path.extension().is_some_and(|end| end == "txt")).collect()
}

#[tokio::test]
async fn every_call_goes_as_it_is_written_down() {
    let mut calls: JoinSet<()> = files().into_iter().map(play).collect();
    while let Some(call) = calls.join_next().await {
        call.unwrap();
    }
}

#[test]
fn every_prompt_is_heard_in_some_call_and_every_language_spoken() {
    let calls: Vec<Fixture> = files().iter().map(|path| Fixture::read(path)).collect();
    let heard: BTreeSet<&str> =
        calls.iter().flat_map(|call| &call.heard).map(|(heard, _)| heard.as_str()).collect();
    let is_unheard =
        |prompt: &&Prompt| !heard.contains(prompt.file().trim_start_matches("dialgate/"));
    assert_eq!(Prompt::ALL.iter().filter(is_unheard).collect::<Vec<_>>(), [&Prompt::Welcome; 0]);
    for language in Language::ALL {
        let is_spoken = heard.contains(format!("language {language}").as_str());
        assert!(is_spoken || *language == Language::En, "{language}");
    }
}
