use std::fs;
use std::os::unix::fs::PermissionsExt;

use super::{CUSTOM, EXTENSIONS, FLAGS, Machine, NUMBER};

#[test]
fn a_plain_asterisk_is_set_up_and_the_second_time_nothing_changes() {
    let machine = Machine::plain();
    let said = machine.set_up().out;
    let extensions = machine.read("etc/asterisk/extensions.conf");
    assert!(extensions.starts_with(EXTENSIONS), "{extensions}");
    let wired = "#tryinclude dialgate.conf\n\n[from-carrier]\nexten => 15125550100,1,Goto(dialgate,s,1)\n; END dialgate\n";
    assert!(extensions.ends_with(wired), "{extensions}");
    assert!(machine.read("etc/asterisk/dialgate.conf").contains("[dialgate]"));
    for (language, linked) in [("en", true), ("es", true), ("de", false)] {
        let recording =
            format!("usr/share/asterisk/sounds/{}/dialgate", language.replace("en", "en_US"));
        assert_eq!(machine.path(&recording).is_symlink(), linked, "{language}");
    }
    let config = fs::read_to_string(machine.site.config()).unwrap();
    assert!(
        config.contains("host = \"mail.example.net\"") && config.contains("tls = \"starttls\""),
        "{config}"
    );
    assert_eq!(
        machine.told(),
        ["dialplan reload", "dialplan show s@dialgate", "dialplan show 15125550100@from-carrier"]
    );
    let pin =
        said.lines().find(|line| line.starts_with("PIN ")).unwrap().split(' ').nth(1).unwrap();
    let accounts = machine.site.json("account list");
    assert_eq!(accounts.as_array().unwrap().len(), 1);
    assert!(machine.site.pin_is(accounts[0]["account"].as_str().unwrap(), pin));

    let before = machine.everything();
    let again = machine.set_up();
    assert!(again.out.starts_with("nothing to do"), "{again:?}");
    // Nor is anything asked that is answered already.
    let bare = machine.setup(&[]);
    assert!(bare.code == 0 && bare.out.starts_with("nothing to do"), "{bare:?}");
    assert_eq!((machine.everything(), machine.told()), (before, Vec::new()));
}

#[test]
fn freepbx_gets_the_dialplan_in_its_custom_file_and_the_operator_what_to_click() {
    let machine = Machine::freepbx();
    let before = machine.everything();
    let answer = machine.setup(&FLAGS);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert_eq!(machine.read("etc/asterisk/extensions.conf"), EXTENSIONS);
    let custom = machine.read("etc/asterisk/extensions_custom.conf");
    assert!(
        custom.starts_with(CUSTOM) && custom.contains("\n#tryinclude dialgate.conf\n; END"),
        "{custom}"
    );
    let words = answer.out.split_whitespace().collect::<Vec<_>>().join(" ");
    for said in ["Custom Destinations", "target dialgate,s,1", NUMBER, "fpbxfirewall"] {
        assert!(words.contains(said), "{said}: {}", answer.out);
    }
    machine.setup(&["--undo", "--yes"]);
    assert_eq!(machine.everything(), before);
}

#[test]
fn a_feature_code_of_freepbx_is_dialled_by_its_own_telephones() {
    let machine = Machine::freepbx();
    fs::remove_file(machine.path("etc/asterisk/extensions_custom.conf")).unwrap();
    let before = machine.everything();
    let mut flags = FLAGS;
    flags[1] = "*3425";
    assert_eq!(machine.setup(&flags).code, 0);
    let custom = machine.read("etc/asterisk/extensions_custom.conf");
    assert!(
        custom.contains("[from-internal-custom]\nexten => *3425,1,Goto(dialgate,s,1)\n"),
        "{custom}"
    );
    machine.setup(&["--undo", "--yes"]);
    assert_eq!(machine.everything(), before);
}

#[test]
fn a_test_letter_waits_for_the_reconciler_and_says_so() {
    let machine = Machine::plain();
    machine.set_up();
    let answer = machine.setup(&["--test-letter", "ann@example.net", "--yes"]);
    assert!(answer.out.contains("leaves when dialgate-reconciler runs"), "{answer:?}");
    let waiting = machine.site.json("status")["letters"]["waiting"].clone();
    assert_eq!(waiting, 1);
}

#[test]
fn where_systemd_runs_the_programs_read_their_configuration_again() {
    let machine = Machine::plain();
    fs::create_dir_all(machine.path("run/systemd/system")).unwrap();
    fs::create_dir_all(machine.path("usr/bin")).unwrap();
    let told = machine.site.path("told");
    let program = machine.path("usr/bin/systemctl");
    fs::write(&program, format!("#!/bin/sh\necho systemctl \"$@\" >> {told:?}\n")).unwrap();
    fs::set_permissions(program, PermissionsExt::from_mode(0o755)).unwrap();
    let said = machine.set_up().out;
    assert!(said.contains("systemctl enable --now"), "{said}");
    let restart = "systemctl try-reload-or-restart dialgate-agi dialgate-reconciler";
    assert_eq!(machine.told()[0], restart);
    machine.setup(&["--undo", "--yes"]);
    assert_eq!(machine.told(), ["dialplan reload", restart]);
}

#[test]
fn a_context_that_the_dialplan_does_not_have_is_doubted() {
    let machine = Machine::plain();
    let doubts = |context| {
        let answer = machine.setup(&[&FLAGS[..10], &["--context", context, "--dry-run"]].concat());
        answer.out.contains(&format!("has no [{context}]"))
    };
    assert!(doubts("from-trnuk") && !doubts("from-carrier"));
}

#[test]
fn who_wanted_no_account_is_not_asked_again() {
    let machine = Machine::plain();
    let mail = ["--mail-server", "localhost", "--no-account", "--yes"];
    let number = ["--number", NUMBER, "--context", "from-carrier"];
    assert_eq!(machine.setup(&[&mail[..], &number].concat()).code, 0);
    let again = machine.setup(&[]);
    assert!(again.code == 0 && again.out.starts_with("nothing to do"), "{again:?}");
    // The first account can still be made in the same way.
    let named = machine.setup(&["--name", "Ann", "--email", "ann@example.net", "--yes"]);
    assert!(named.out.contains("\nPIN "), "{named:?}");
}

#[test]
fn json_tells_the_changes_and_the_pin() {
    let machine = Machine::plain();
    let flags = [&FLAGS[..], &["--context", "from-carrier", "--json"]].concat();
    let answer = machine.setup(&flags);
    let json: serde_json::Value = serde_json::from_str(&answer.out).unwrap();
    assert_eq!(json["done"], true);
    assert_eq!(json["changes"][0]["does"], "change");
    assert!(json["account"]["pin"].is_string(), "{json}");
}
