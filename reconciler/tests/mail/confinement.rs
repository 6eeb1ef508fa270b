use std::fs;
use std::os::unix::fs::PermissionsExt;
use std::path::Path;

use dialgate_contract::SystemUser;
use dialgate_contract::config::{Mail, Transport};
use dialgate_reconciler::mail::{Delivery, Mailer};

use crate::support::{deliver, letter, mailer, program};

/// What the kernel says of the only child of this thread.
fn of_child(file: &str) -> String {
    let children = fs::read_to_string("/proc/thread-self/children").unwrap();
    fs::read_to_string(format!("/proc/{}/{file}", children.trim())).unwrap()
}

fn field<'a>(status: &'a str, name: &str) -> Vec<&'a str> {
    let line = status.lines().find_map(|line| line.strip_prefix(name)).unwrap();
    line.split_whitespace().collect()
}

fn into_folder(folder: &Path) -> Mail {
    Mail { transport: Transport::File, directory: folder.to_owned(), ..Mail::default() }
}

#[test]
fn the_child_has_given_up_what_it_does_not_need() {
    let folder = tempfile::tempdir().unwrap();
    let mut mailer = mailer(into_folder(folder.path()));
    assert_eq!(deliver(&mut mailer, &letter("Ann")), Delivery::Sent);
    assert_eq!(field(&of_child("status"), "NoNewPrivs:"), ["1"]);
    let stat = of_child("stat");
    let (pid, session) = (stat.split(' ').next(), stat.split(' ').nth(5));
    assert_eq!(pid, session, "it has root's terminal: {stat}");
    let limits = of_child("limits");
    for (limit, most) in [
        ("Max core file size", "0"),
        ("Max open files", "64"),
        ("Max processes", "0"),
        ("Max file size", "1048576"),
    ] {
        assert_eq!(field(&limits, limit)[..2], [most, most], "{limits}");
    }
    let arguments = of_child("cmdline");
    assert_eq!(
        arguments.split('\0').collect::<Vec<_>>(),
        ["dialgate-reconciler", "mail-child", ""]
    );
}

#[test]
fn roots_child_is_an_unprivileged_user_in_no_group_with_no_environment() {
    if !SystemUser::is_root() {
        crate::support::skip("confinement::roots_child_is_an_unprivileged_user", "needs root");
        return;
    }
    let nobody = SystemUser::lookup("nobody").unwrap();
    let folder = tempfile::tempdir().unwrap();
    fs::set_permissions(folder.path(), fs::Permissions::from_mode(0o777)).unwrap();
    let copy = folder.path().join("program");
    fs::hard_link(program(), &copy).or_else(|_| fs::copy(program(), &copy).map(drop)).unwrap();
    let mut mailer = Mailer::with_program(into_folder(folder.path()), Some(nobody.clone()), copy);

    assert_eq!(deliver(&mut mailer, &letter("Ann")), Delivery::Sent);
    let status = of_child("status");
    assert_eq!(field(&status, "Uid:"), [nobody.uid.to_string().as_str(); 4]);
    assert_eq!(field(&status, "Gid:"), [nobody.gid.to_string().as_str(); 4]);
    assert!(field(&status, "Groups:").is_empty(), "{status}");
    assert_eq!(field(&status, "CapEff:"), ["0000000000000000"]);
    let environment = of_child("environ");
    let kept = |variable: &str| variable.is_empty() || variable.starts_with("SSL_CERT_");
    assert!(environment.split('\0').all(kept), "{environment:?}");
    // The kernel gives the files of a process that may not be dumped, and thus not be traced, to root.
    let children = fs::read_to_string("/proc/thread-self/children").unwrap();
    let memory = fs::metadata(format!("/proc/{}/mem", children.trim())).unwrap();
    assert_eq!(std::os::unix::fs::MetadataExt::uid(&memory), 0);
}
