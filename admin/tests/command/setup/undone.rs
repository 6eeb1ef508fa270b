use std::fs;

use super::{EXTENSIONS, FLAGS, Machine, NUMBER};

#[test]
fn what_was_set_up_is_taken_back_to_the_byte_but_for_accounts() {
    let machine = Machine::plain();
    let before = machine.everything();
    machine.set_up();
    let answer = machine.setup(&["--undo", "--yes"]);
    assert_eq!((answer.code, answer.err.as_str()), (0, ""), "{answer:?}");
    assert!(answer.out.contains("Accounts, ledger, pepper"), "{answer:?}");
    assert_eq!(machine.everything(), before);
    assert!(!machine.site.path("setup.json").exists());
    assert_eq!(machine.site.json("account list").as_array().unwrap().len(), 1);
    let nothing = machine.setup(&["--undo", "--yes"]);
    assert!(nothing.code == 65 && nothing.err.contains("nothing to take back"), "{nothing:?}");
}

#[test]
fn what_is_left_is_taken_back_where_asterisk_has_gone() {
    let machine = Machine::plain();
    let before = fs::read_to_string(machine.site.config()).unwrap();
    machine.set_up();
    fs::remove_dir_all(machine.path("etc/asterisk")).unwrap();
    fs::remove_file(machine.path("usr/sbin/asterisk")).unwrap();
    let answer = machine.setup(&["--undo", "--yes"]);
    assert_eq!((answer.code, answer.err.as_str()), (0, ""), "{answer:?}");
    assert!(!machine.path("usr/share/asterisk/sounds/en_US/dialgate").is_symlink());
    assert_eq!(fs::read_to_string(machine.site.config()).unwrap(), before);
}

#[test]
fn what_others_changed_since_is_not_taken_back() {
    let machine = Machine::plain();
    machine.set_up();
    let extensions = machine.read("etc/asterisk/extensions.conf") + "[mine]\n";
    fs::write(machine.path("etc/asterisk/extensions.conf"), extensions).unwrap();
    machine.site.configure("# mine");
    fs::write(machine.path("etc/asterisk/dialgate.conf"), "; mine\n").unwrap();
    let answer = machine.setup(&["--undo", "--yes"]);
    assert_eq!(machine.read("etc/asterisk/extensions.conf"), format!("{EXTENSIONS}\n[mine]\n"));
    assert_eq!(machine.read("etc/asterisk/dialgate.conf"), "; mine\n");
    assert!(fs::read_to_string(machine.site.config()).unwrap().contains("mail.example.net"));
    let words = answer.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert_eq!(words.matches("left as it is").count(), 2, "{answer:?}");
}

#[test]
fn another_number_takes_the_place_of_the_first() {
    let machine = Machine::plain();
    let before = machine.everything();
    machine.set_up();
    let answer = machine.setup(&["--number", "*3425", "--context", "internal", "--yes"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    let extensions = machine.read("etc/asterisk/extensions.conf");
    assert!(extensions.contains("[internal]\nexten => *3425,1,") && !extensions.contains(NUMBER));
    machine.setup(&["--undo", "--yes"]);
    assert_eq!(machine.everything(), before);
}

#[test]
fn a_setup_that_failed_half_way_is_gone_on_with_and_taken_back() {
    let machine = Machine::plain();
    let before = machine.everything();
    // Where the ledger's folder is to be, there is a file.
    fs::write(machine.site.path("data"), "").unwrap();
    let flags = [&FLAGS[..], &["--context", "from-carrier"]].concat();
    assert_ne!(machine.setup(&flags).code, 0);
    fs::remove_file(machine.site.path("data")).unwrap();
    let asked = machine.setup(&["--dry-run"]);
    assert!(asked.code == 64 && asked.err.contains("--number"), "{asked:?}");
    machine.set_up();
    machine.setup(&["--undo", "--yes"]);
    assert_eq!(machine.everything(), before);
}

#[test]
fn lines_that_were_added_behind_ours_stay_in_the_context_that_they_are_in() {
    let machine = Machine::plain();
    machine.set_up();
    let conf = machine.path("etc/asterisk/extensions.conf");
    let added = machine.read("etc/asterisk/extensions.conf") + "exten => 200,1,Hangup()\n";
    fs::write(&conf, &added).unwrap();
    // Ours stand in another context from now on.
    let answer = machine.setup(&["--number", "*3425", "--context", "internal", "--yes"]);
    assert_eq!(answer.code, 0, "{answer:?}");
    let behind = "[from-carrier]\nexten => 200,1,Hangup()\n";
    assert!(machine.read("etc/asterisk/extensions.conf").ends_with(behind));
    fs::write(&conf, added).unwrap();
    machine.setup(&["--undo", "--yes"]);
    let expected = format!("{EXTENSIONS}\n{behind}");
    assert_eq!(machine.read("etc/asterisk/extensions.conf"), expected);
}

#[test]
fn a_dialplan_that_the_operator_includes_himself_by_now_is_kept() {
    let machine = Machine::plain();
    machine.set_up();
    let extensions =
        "#include dialgate.conf\n".to_owned() + &machine.read("etc/asterisk/extensions.conf");
    fs::write(machine.path("etc/asterisk/extensions.conf"), extensions).unwrap();
    let answer = machine.setup(&["--undo", "--yes"]);
    assert!(answer.code == 0 && answer.out.contains("#include"), "{answer:?}");
    assert!(machine.path("etc/asterisk/dialgate.conf").exists());
    let extensions = machine.read("etc/asterisk/extensions.conf");
    assert_eq!(extensions, format!("#include dialgate.conf\n{EXTENSIONS}"));
}
