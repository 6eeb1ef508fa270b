//! The demo as a person at a terminal has it.

#![expect(clippy::expect_used, reason = "this file is a test from end to end")]

use std::fs::File;
use std::io::{Read, Write};
use std::os::fd::OwnedFd;
use std::os::unix::fs::OpenOptionsExt;
use std::path::Path;
use std::process::{Child, Command, Stdio};

use nix::fcntl::OFlag;
use nix::pty::{grantpt, posix_openpt, ptsname_r, unlockpt};

/// A terminal with the demo in it.
struct Terminal {
    screen: File,
    seen: String,
    demo: Child,
}

impl Terminal {
    #[expect(clippy::disallowed_methods, reason = "the test starts the program")]
    fn open(temporary: &Path) -> Self {
        let (screen, inside) = pair();
        let input = inside.try_clone().expect("its keyboard");
        let demo = Command::new(env!("CARGO_BIN_EXE_dialgate-phone"))
            .env("TMPDIR", temporary)
            .env("NO_COLOR", "1")
            .stdin(input)
            .stdout(inside)
            .stderr(Stdio::null())
            .spawn()
            .expect("the demo");
        Terminal { screen, seen: String::new(), demo }
    }

    /// Reads on until `words` have appeared.
    fn wait_for(&mut self, words: &str) {
        let mut bytes = [0; 1024];
        while !self.seen.contains(words) {
            let length = self.screen.read(&mut bytes).expect("more on the screen");
            self.seen += &String::from_utf8_lossy(bytes.get(..length).unwrap_or_default());
        }
    }

    fn press(&mut self, keys: &str) {
        self.screen.write_all(keys.as_bytes()).expect("the keyboard");
    }

    /// What stands after `label`.
    fn word_after(&self, label: &str) -> String {
        let rest = self.seen.split_once(label).expect("the label").1;
        rest.split_whitespace().next().expect("a word").to_owned()
    }

    fn code(&mut self) -> Option<i32> {
        self.demo.wait().expect("its end").code()
    }
}

/// The two ends of a terminal. The demo must not inherit the outer one: it would keep its own terminal open.
fn pair() -> (File, File) {
    let flags = OFlag::O_RDWR | OFlag::O_NOCTTY | OFlag::O_CLOEXEC;
    let outside = posix_openpt(flags).expect("a terminal");
    grantpt(&outside).expect("the right to it");
    unlockpt(&outside).expect("its lock");
    let name = ptsname_r(&outside).expect("its name");
    let mut options = File::options();
    options.read(true).write(true).custom_flags(OFlag::O_NOCTTY.bits());
    (OwnedFd::from(outside).into(), options.open(name).expect("its inner end"))
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).expect("the temporary folder").next().is_none()
}

#[test]
fn a_person_calls_in_their_own_time_and_opens_the_address_of_their_choice() {
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let mut terminal = Terminal::open(temporary.path());
    terminal.wait_for("Press Enter to call.");
    terminal.press("\r");
    for (question, answer) in [
        ("your account number", format!("{}#", terminal.word_after("account"))),
        ("your PIN", format!("{}\r", terminal.word_after("PIN"))),
        ("the IP address", "8*8*4*4#".to_owned()),
        ("press 2.", "1".to_owned()),
    ] {
        terminal.wait_for(question);
        terminal.press(&answer);
    }
    terminal.wait_for("nothing is left behind.");
    for said in ["8*8*4*4#", "••••••••#", "L1 for 8.8.4.4:", "add dg-sip-4 8.8.4.4"]
    {
        assert!(terminal.seen.contains(said), "{said}\n{}", terminal.seen);
    }
    assert_eq!(terminal.code(), Some(0));
    assert!(is_empty(temporary.path()));
}

#[test]
fn who_hangs_up_has_opened_nothing_and_that_is_no_fault() {
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let mut terminal = Terminal::open(temporary.path());
    terminal.wait_for("Press Enter to call.");
    terminal.press("\r");
    terminal.wait_for("your account number");
    terminal.press("47h");
    terminal.wait_for("nothing is left behind.");
    assert!(terminal.seen.contains("none: you hung up"), "{}", terminal.seen);
    assert_eq!(terminal.code(), Some(0));
}

#[test]
fn a_terminal_that_is_closed_ends_the_demo() {
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let mut terminal = Terminal::open(temporary.path());
    terminal.wait_for("Press Enter to call.");
    let Terminal { screen, mut demo, .. } = terminal;
    drop(screen);
    demo.wait().expect("its end");
    assert!(is_empty(temporary.path()));
}
