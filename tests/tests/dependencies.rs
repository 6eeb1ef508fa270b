//! Who may depend on what. Root's program links no async runtime, no argument parser of the others and no password
//! hashing; the telephone side sends no mail.

use std::process::Command;

#[expect(clippy::disallowed_methods, reason = "cargo is asked what it builds")]
#[expect(clippy::unwrap_used, reason = "a tree that cannot be printed fails the test")]
fn dependencies(package: &str) -> Vec<String> {
    let arguments =
        ["tree", "--offline", "--edges", "normal", "--prefix", "none", "--package", package];
    let output = Command::new(env!("CARGO")).args(arguments).output().unwrap();
    assert!(output.status.success(), "{output:?}");
    let text = String::from_utf8(output.stdout).unwrap();
    text.lines().filter_map(|line| line.split(' ').next()).map(str::to_owned).collect()
}

#[test]
fn roots_program_links_no_runtime_no_parser_and_no_password_hashing() {
    let linked = dependencies("dialgate-reconciler");
    assert!(linked.contains(&"lettre".to_owned()), "{linked:?}");
    for banned in ["tokio", "clap", "argon2", "dialgate-pin", "dialgate-agi", "dialgate-admin"] {
        assert!(!linked.contains(&banned.to_owned()), "{banned}");
    }
}

#[test]
fn the_telephone_side_links_no_mail_and_no_firewall() {
    let linked = dependencies("dialgate-agi");
    assert!(linked.contains(&"tokio".to_owned()), "{linked:?}");
    for banned in ["lettre", "dialgate-reconciler", "dialgate-admin"] {
        assert!(!linked.contains(&banned.to_owned()), "{banned}");
    }
}

#[test]
fn the_operators_command_links_no_firewall_and_no_mail() {
    let linked = dependencies("dialgate-admin");
    assert!(linked.contains(&"clap".to_owned()), "{linked:?}");
    for banned in ["tokio", "lettre", "dialgate-reconciler", "dialgate-agi"] {
        assert!(!linked.contains(&banned.to_owned()), "{banned}");
    }
}
