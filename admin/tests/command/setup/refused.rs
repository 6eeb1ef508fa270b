use std::fs;
use std::os::unix::fs::{lchown, symlink};

use super::{EXTENSIONS, FLAGS, Machine};

#[test]
fn a_number_that_leads_elsewhere_stops_it_before_anything_is_done() {
    let machine = Machine::plain();
    let before = machine.everything();
    let mut flags = [&FLAGS[..], &["--context", "from-carrier"]].concat();
    flags[1] = "100";
    let answer = machine.setup(&flags);
    assert_eq!(answer.code, 65, "{answer:?}");
    for word in ["line 5", "extensions.conf", "Hangup()"] {
        assert!(answer.err.contains(word), "{word}: {answer:?}");
    }
    assert_eq!(machine.everything(), before);
}

#[test]
fn a_file_that_is_a_link_elsewhere_is_not_touched() {
    let machine = Machine::plain();
    let (file, secret) =
        (machine.path("etc/asterisk/extensions.conf"), machine.site.path("secret"));
    fs::rename(&file, &secret).unwrap();
    symlink(&secret, &file).unwrap();
    let before = machine.everything();
    let answer = machine.setup(&[&FLAGS[..], &["--context", "from-carrier"]].concat());
    assert!(answer.code == 78 && answer.err.contains("symbolic link"), "{answer:?}");
    assert_eq!(machine.everything(), before);
    assert_eq!(fs::read_to_string(secret).unwrap(), EXTENSIONS);
}

#[test]
fn a_machine_without_asterisk_or_with_one_that_does_not_run_is_told() {
    let machine = Machine::plain();
    fs::write(machine.path("usr/sbin/asterisk"), "#!/bin/sh\nexit 1\n").unwrap();
    let answer = machine.set_up();
    assert!(answer.out.contains("when it starts"), "{answer:?}");
    fs::remove_dir_all(machine.path("etc/asterisk")).unwrap();
    let answer = machine.setup(&FLAGS);
    assert!(answer.code == 69 && answer.err.contains("--asterisk-conf"), "{answer:?}");
}

#[test]
fn a_service_that_there_is_not_stops_it_before_anything_is_done() {
    let machine = Machine::plain();
    let before = machine.everything();
    let answer =
        machine.setup(&[&FLAGS[..], &["--context", "internal", "--services", "fax"]].concat());
    assert!(answer.code == 65 && answer.err.contains("no service fax"), "{answer:?}");
    assert_eq!(machine.everything(), before);
}

#[test]
fn links_that_another_user_laid_are_not_followed() {
    if !dialgate_contract::SystemUser::is_root() {
        return;
    }
    let machine = Machine::plain();
    let (away, trap) = (machine.path("away"), machine.path("usr/share/asterisk/sounds/fr"));
    fs::create_dir(&away).unwrap();
    fs::create_dir(machine.path("usr/share/dialgate/sounds/fr")).unwrap();
    symlink("/away", &trap).unwrap();
    lchown(&trap, Some(1), Some(1)).unwrap();
    let said = machine.set_up().out;
    assert!(said.contains("link of another user"), "{said}");
    assert_eq!(fs::read_dir(&away).unwrap().count(), 0);

    let etc = machine.path("etc/asterisk");
    fs::rename(&etc, machine.path("asterisk")).unwrap();
    symlink("/asterisk", &etc).unwrap();
    assert!(machine.set_up().out.starts_with("nothing to do"));
    lchown(&etc, Some(1), Some(1)).unwrap();
    let answer = machine.setup(&["--undo", "--yes"]);
    assert!(answer.code == 78 && answer.err.contains("link of another user"), "{answer:?}");
}

#[test]
fn a_user_that_is_missing_is_made_by_useradd() {
    if !dialgate_contract::SystemUser::is_root() {
        return;
    }
    let machine = Machine::plain();
    fs::write(machine.site.config(), "user = \"no-such-user\"\n").unwrap();
    let shown = machine.setup(&[&FLAGS[..10], &["--context", "internal", "--dry-run"]].concat());
    let useradd = "useradd --system --home-dir /nonexistent --shell /usr/sbin/nologin no-such-user";
    let words = shown.out.split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(words.contains(useradd), "{shown:?}");
    let answer = machine.setup(&[&FLAGS[..], &["--context", "internal"]].concat());
    assert!(answer.code == 69 && answer.err.contains("useradd"), "{answer:?}");
}

#[test]
fn asterisks_user_does_not_say_where_root_writes() {
    if !dialgate_contract::SystemUser::is_root() {
        return;
    }
    let machine = Machine::plain();
    let (etc, roots) = (machine.path("etc/asterisk"), machine.path("etc/logrotate.d"));
    fs::create_dir(&roots).unwrap();
    let flags = [&FLAGS[..], &["--context", "internal"]].concat();
    fs::write(etc.join("asterisk.conf"), "[directories]\nastetcdir => /etc/logrotate.d\n").unwrap();
    lchown(&etc, Some(1), Some(1)).unwrap();
    let answer = machine.setup(&flags);
    assert!(answer.code == 78 && answer.err.contains("asterisk.conf"), "{answer:?}");
    assert_eq!(fs::read_dir(&roots).unwrap().count(), 0);
    // Where it writes itself, it may say so.
    lchown(&roots, Some(1), Some(1)).unwrap();
    assert_eq!(machine.setup(&flags).code, 0);
}
