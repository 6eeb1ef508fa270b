//! The demo as a newcomer starts it, without a terminal: all of the programs, and as root the real kernel.

#![expect(clippy::expect_used, reason = "this file is a test from end to end")]

use std::fs::Permissions;
use std::io::{BufRead, BufReader, Read};
use std::os::unix::fs::{MetadataExt, PermissionsExt};
use std::path::Path;
use std::process::{Command, Stdio};

#[expect(clippy::disallowed_methods, reason = "the test starts the program")]
fn demo(temporary: &Path) -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dialgate-phone"));
    command.env("TMPDIR", temporary).env("TZ", "UTC").stdin(Stdio::null());
    command
}

fn is_empty(folder: &Path) -> bool {
    std::fs::read_dir(folder).expect("the temporary folder").next().is_none()
}

/// Whom the demo in this folder lets send its letters.
fn owner_of_letters(temporary: &Path) -> Option<u32> {
    let mut folders = std::fs::read_dir(temporary).expect("the temporary folder");
    let demo = folders.next()?.expect("the demo's folder").path();
    Some(std::fs::metadata(demo.join("letters")).expect("the letters").uid())
}

#[test]
fn the_demo_opens_one_address_and_leaves_nothing_behind() {
    let temporary = tempfile::tempdir().expect("a temporary folder");
    let output = demo(temporary.path()).output().expect("the demo");
    let text = String::from_utf8_lossy(&output.stdout);
    let errors = String::from_utf8_lossy(&output.stderr);
    assert!(output.status.success(), "{}\n{text}\n{errors}", output.status);
    for said in [
        "Your access is open until",
        "lease     L1 for 12.34.56.78:",
        "add dg-sip-4 12.34.56.78",
        "letter    to ada@hotel.example",
    ] {
        assert!(text.contains(said), "{said}\n{text}");
    }
    assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    let (introduction, call) = text.split_once("h hangs up").expect("the call");
    let pin =
        introduction.split_once("PIN").expect("a PIN").1.split_whitespace().next().expect("digits");
    assert!(pin.len() == 8 && !call.contains(pin), "the PIN shows again\n{text}");
    assert!(is_empty(temporary.path()), "left behind");
}

#[test]
fn the_call_and_the_letter_are_in_the_travellers_language() {
    for (language, said) in [
        ("es", ["Su acceso está abierto hasta", "Hola, Ada Traveller:", "Hasta:          "]),
        ("fr", ["Votre accès est ouvert. Il prendra fin", "Bonjour Ada Traveller,", "Jusqu'au"]),
        ("de", ["Ihr Zugang ist offen bis", "Guten Tag Ada Traveller,", "Offen bis: "]),
    ] {
        let temporary = tempfile::tempdir().expect("a temporary folder");
        let output =
            demo(temporary.path()).args(["--language", language]).output().expect("the demo");
        let text = String::from_utf8_lossy(&output.stdout);
        assert!(output.status.success(), "{language}: {}\n{text}", output.status);
        for said in said {
            assert!(text.contains(said), "{said}\n{text}");
        }
        let (_, call) = text.split_once("h hangs up").expect("the call");
        assert!(!call.contains("Your ") && !call.contains("Please"), "{call}");
        assert!(text.lines().all(|line| line.chars().count() <= 80), "{text}");
    }
}

#[test]
fn a_demo_that_is_stopped_leaves_nothing_behind() {
    let temporary = tempfile::Builder::new()
        .permissions(Permissions::from_mode(0o755))
        .tempdir()
        .expect("a temporary folder");
    let mut child = demo(temporary.path())
        .stdout(Stdio::piped())
        .stderr(Stdio::piped())
        .spawn()
        .expect("the demo");
    let mut lines = BufReader::new(child.stdout.take().expect("its output")).lines();
    assert!(lines.any(|line| line.expect("a line").contains("h hangs up")));
    let program = std::fs::metadata(env!("CARGO_BIN_EXE_dialgate-phone")).expect("the program");
    if nix::unistd::geteuid().is_root() && program.mode() & 0o001 != 0 {
        assert_ne!(owner_of_letters(temporary.path()), Some(0), "root does what nobody can do");
    }
    let pid = i32::try_from(child.id()).expect("a process id");
    nix::sys::signal::kill(nix::unistd::Pid::from_raw(pid), nix::sys::signal::Signal::SIGTERM)
        .expect("a signal");
    assert!(lines.map_while(Result::ok).count() > 0, "its output ends");
    let mut errors = String::new();
    child.stderr.take().expect("its errors").read_to_string(&mut errors).expect("text");
    assert_eq!(child.wait().expect("its end").code(), Some(75), "{errors}");
    assert!(errors.contains("stopped"), "{errors}");
    assert!(is_empty(temporary.path()), "left behind");
}

#[test]
fn a_wrong_command_line_and_a_missing_terminal_are_usage_errors() {
    let temporary = tempfile::tempdir().expect("a temporary folder");
    for (arguments, said) in
        [(["--conect", "x"], "--connect"), (["--connect", "127.0.0.1:1"], "terminal")]
    {
        let output = demo(temporary.path()).args(arguments).output().expect("the program");
        assert_eq!(output.status.code(), Some(64));
        assert!(String::from_utf8_lossy(&output.stderr).contains(said));
    }
}
