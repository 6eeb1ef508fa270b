//! The part of `dialgate doctor` that looks as the programs' own user.

use std::fs::{self, File};
use std::os::unix::fs::PermissionsExt;
use std::process::Stdio;
use std::sync::mpsc;
use std::time::Duration;

use dialgate_contract::SystemUser;
use rustix::fs::{CWD, Mode, mkfifoat};

use crate::site::program;

#[test]
fn it_is_that_user_and_away_from_roots_terminal_before_it_reads_anything() {
    if !SystemUser::is_root() {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), PermissionsExt::from_mode(0o755)).unwrap();
    let pipe = folder.path().join("dialgate.toml");
    mkfifoat(CWD, &pipe, Mode::from_raw_mode(0o644)).unwrap();
    fs::set_permissions(&pipe, PermissionsExt::from_mode(0o644)).unwrap();
    let mut child = program();
    child.arg("look-inside").arg(&pipe).arg("daemon").stdout(Stdio::null());
    let mut child = child.spawn().unwrap();
    let (told, opened) = mpsc::channel();
    // It can be opened once the child has opened it.
    std::thread::spawn(move || told.send(File::options().write(true).open(pipe)));
    let opened = opened.recv_timeout(Duration::from_secs(60));
    let of_child = |file: &str| fs::read_to_string(format!("/proc/{}/{file}", child.id())).unwrap();
    let (stat, status) = (of_child("stat"), of_child("status"));
    child.kill().unwrap();
    child.wait().unwrap();
    assert!(opened.is_ok());
    let user = SystemUser::lookup("daemon").unwrap();
    assert!(status.contains(&format!("\nUid:\t{0}\t{0}\t{0}\t{0}\n", user.uid)), "{status}");
    assert!(status.contains("\nGroups:\t \n"), "{status}");
    assert_eq!(stat.split(' ').next(), stat.split(' ').nth(5), "{stat}");
}
