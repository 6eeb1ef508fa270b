//! `packaging/debian/dialgate.prerm`, with a reconciler in its place that says it is done.

use std::fs;
use std::os::unix::fs::PermissionsExt;

use crate::site::{answer, shell};

const SCRIPT: &str = include_str!("../../../../packaging/debian/dialgate.prerm");

#[test]
fn whoever_removes_the_package_is_told_of_saved_rules_that_load_no_more() {
    let machine = tempfile::tempdir().unwrap();
    let program = machine.path().join("dialgate-reconciler");
    fs::write(&program, "#!/bin/sh\n").unwrap();
    fs::set_permissions(program, fs::Permissions::from_mode(0o755)).unwrap();
    let folder = machine.path().display().to_string();
    let script = SCRIPT
        .replace("/etc/", &format!("{folder}/"))
        .replace("/usr/lib/dialgate/link-sounds", "true");
    let said = || {
        let mut command = shell(&script.replace("$1", "remove"));
        command.env("PATH", format!("{folder}:/usr/bin:/bin"));
        let answer = answer(command, b"");
        assert_eq!(answer.code, 0, "{answer:?}");
        answer.err
    };
    fs::create_dir(machine.path().join("iptables")).unwrap();
    let rules = machine.path().join("iptables/rules.v4");
    fs::write(&rules, "-A INPUT -j ACCEPT\n").unwrap();
    assert_eq!(said(), "");
    fs::write(rules, "-A DIALGATE -m set --match-set dg-sip-4 src -j ACCEPT\n").unwrap();
    assert!(said().contains("netfilter-persistent save"));
}
