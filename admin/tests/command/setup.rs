//! `dialgate setup` on the files of a machine, with a script in Asterisk's place that writes down what it is told.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use crate::site::{Answer, Site, program};
use crate::terminal::Terminal;

const EXTENSIONS: &str =
    "[general]\nstatic=yes\n\n[from-carrier]\nexten => 100,1,Hangup()\n\n[internal]";
const CUSTOM: &str = "[from-internal-custom]\nexten => 1234,1,Hangup()\n";
const NUMBER: &str = "15125550100";
const FLAGS: [&str; 11] = [
    "--number",
    NUMBER,
    "--mail-server",
    "mail.example.net:587",
    "--mail-from",
    "pbx@example.net",
    "--name",
    "Ann",
    "--email",
    "ann@example.net",
    "--yes",
];

/// A machine with Asterisk, whose files are in a folder.
struct Machine {
    site: Site,
}

impl Machine {
    fn plain() -> Self {
        let machine = Self { site: Site::bare("user = \"\"") };
        let etc = machine.path("etc/asterisk");
        let sounds = machine.path("usr/share/asterisk/sounds");
        for folder in [&etc, &sounds.join("en_US"), &sounds.join("es"), &machine.path("usr/sbin")] {
            fs::create_dir_all(folder).unwrap();
        }
        fs::create_dir_all(machine.path("etc/alternatives")).unwrap();
        symlink("/etc/alternatives/prompt-en", sounds.join("en")).unwrap();
        symlink("/usr/share/asterisk/sounds/en_US", machine.path("etc/alternatives/prompt-en"))
            .unwrap();
        for language in ["en", "es", "de"] {
            let recordings = machine.path("usr/share/dialgate/sounds").join(language);
            fs::create_dir_all(&recordings).unwrap();
            fs::write(recordings.join("welcome.gsm"), language).unwrap();
        }
        let directories =
            "[directories]\nastetcdir => /etc/asterisk\nastdatadir => /usr/share/asterisk\n";
        fs::write(etc.join("asterisk.conf"), directories).unwrap();
        fs::write(etc.join("extensions.conf"), EXTENSIONS).unwrap();
        machine.install_asterisk();
        machine
    }

    fn freepbx() -> Self {
        let machine = Self::plain();
        fs::write(machine.path("etc/freepbx.conf"), "<?php\n").unwrap();
        fs::write(machine.path("etc/asterisk/extensions_custom.conf"), CUSTOM).unwrap();
        machine
    }

    fn install_asterisk(&self) {
        let told = self.site.path("told");
        let script = format!(
            "#!/bin/sh\necho \"$2\" >> {told:?}\ncase \"$2\" in\n\
             'dialplan show s@'*) echo 'AGI(agi://127.0.0.1:4573/whitelist)' ;;\n\
             'dialplan show '*) echo 'Goto(dialgate,s,1)' ;;\nesac\n"
        );
        let program = self.path("usr/sbin/asterisk");
        fs::write(&program, script).unwrap();
        fs::set_permissions(program, PermissionsExt::from_mode(0o755)).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.site.path("machine").join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn setup(&self, options: &[&str]) -> Answer {
        let root = self.site.path("machine");
        let mut arguments = vec!["setup", "--root", root.to_str().unwrap()];
        arguments.extend(options);
        self.site.run_with(&arguments, b"")
    }

    /// With what is missing for a plain Asterisk.
    fn set_up(&self) -> Answer {
        let answer = self.setup(&[&FLAGS[..], &["--context", "from-carrier"]].concat());
        assert_eq!((answer.code, answer.err.as_str()), (0, ""), "{answer:?}");
        answer
    }

    /// What Asterisk was told since it was last asked.
    fn told(&self) -> Vec<String> {
        let path = self.site.path("told");
        let told = fs::read_to_string(&path).unwrap_or_default();
        let _ = fs::remove_file(path);
        told.lines().map(str::to_owned).collect()
    }

    /// All files and links of the machine and the configuration, with what is in them.
    fn everything(&self) -> BTreeMap<PathBuf, String> {
        let mut found = BTreeMap::new();
        collect(&self.site.path("machine"), &mut found);
        found.insert(self.site.config(), fs::read_to_string(self.site.config()).unwrap());
        found
    }
}

fn collect(folder: &Path, found: &mut BTreeMap<PathBuf, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_symlink() {
            found.insert(path.clone(), format!("-> {}", fs::read_link(&path).unwrap().display()));
        } else if path.is_dir() {
            found.insert(path.clone(), "folder".to_owned());
            collect(&path, found);
        } else {
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            found.insert(path.clone(), format!("{mode:o} {}", fs::read_to_string(&path).unwrap()));
        }
    }
}

#[test]
fn a_plain_asterisk_is_set_up_and_the_second_time_nothing_changes() {
    let machine = Machine::plain();
    let said = machine.set_up().out;
    let extensions = machine.read("etc/asterisk/extensions.conf");
    assert!(extensions.starts_with(EXTENSIONS), "{extensions}");
    let wired = "#include dialgate.conf\n\n[from-carrier]\nexten => 15125550100,1,Goto(dialgate,s,1)\n; END dialgate\n";
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
fn freepbx_gets_the_dialplan_in_its_custom_file_and_the_operator_what_to_click() {
    let machine = Machine::freepbx();
    let before = machine.everything();
    let answer = machine.setup(&FLAGS);
    assert_eq!(answer.code, 0, "{answer:?}");
    assert_eq!(machine.read("etc/asterisk/extensions.conf"), EXTENSIONS);
    let custom = machine.read("etc/asterisk/extensions_custom.conf");
    assert!(
        custom.starts_with(CUSTOM) && custom.contains("\n#include dialgate.conf\n; END"),
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
fn without_a_terminal_what_is_missing_is_named_and_consent_is_an_option() {
    let machine = Machine::plain();
    let before = machine.everything();
    let missing = machine.setup(&[]);
    assert_eq!(missing.code, 64, "{missing:?}");
    for option in ["--number", "--context", "--mail-server", "--name", "--no-account"] {
        assert!(missing.err.contains(option), "{option}: {missing:?}");
    }
    let flags = [&FLAGS[..10], &["--context", "from-carrier"]].concat();
    let unasked = machine.setup(&flags);
    assert!(unasked.code == 64 && unasked.err.contains("--yes"), "{unasked:?}");
    let shown = machine.setup(&[&flags[..], &["--dry-run"]].concat());
    assert!(shown.code == 0 && shown.out.contains("Nothing was changed"), "{shown:?}");
    assert!(shown.out.contains("exten => 15125550100,1,Goto(dialgate,s,1)"), "{shown:?}");
    assert!(shown.out.lines().all(|line| line.len() <= 200), "{shown:?}");
    assert_eq!((machine.everything(), machine.told()), (before, Vec::new()));
    assert!(!machine.site.path("data").exists());
}

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
fn a_test_letter_waits_for_the_reconciler_and_says_so() {
    let machine = Machine::plain();
    machine.set_up();
    let answer = machine.setup(&["--test-letter", "ann@example.net", "--yes"]);
    assert!(answer.out.contains("leaves when dialgate-reconciler runs"), "{answer:?}");
    let waiting = machine.site.json("status")["letters"]["waiting"].clone();
    assert_eq!(waiting, 1);
}

#[test]
fn on_a_terminal_it_asks_what_it_needs_says_what_is_wrong_and_shows_what_it_will_do() {
    let machine = Machine::plain();
    let before = machine.everything();
    for (decision, number) in [("n", "15125550199"), ("y", NUMBER)] {
        let mut command = program();
        command.arg("--config").arg(machine.site.config()).arg("setup");
        command.arg("--root").arg(machine.site.path("machine"));
        let mut terminal = Terminal::open(command);
        terminal.answer("leads to dialgate: ", "1-512");
        terminal.answer("error: write the exact number", number);
        terminal.answer("Context in which calls to it come in", "from-carrier");
        terminal.answer("Mail server [localhost]: ", "mail.example.net");
        terminal.answer("Letters are from [", "");
        terminal.answer("test letter to (Enter for none): ", "");
        terminal.answer("traveller's name (Enter for none): ", "Ann");
        terminal.answer("letters go: ", "ann@example.net");
        terminal.answer("Proceed?", decision);
        let (seen, code) = terminal.end();
        assert_eq!(code, Some(0), "{seen}");
        let done = decision == "y";
        assert_eq!(seen.contains("\nPIN "), done, "{seen}");
        assert_eq!(machine.everything() != before, done, "{seen}");
    }
    assert!(machine.read("etc/asterisk/extensions.conf").contains(NUMBER));
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
fn json_tells_the_changes_and_the_pin() {
    let machine = Machine::plain();
    let flags = [&FLAGS[..], &["--context", "from-carrier", "--json"]].concat();
    let answer = machine.setup(&flags);
    let json: serde_json::Value = serde_json::from_str(&answer.out).unwrap();
    assert_eq!(json["done"], true);
    assert_eq!(json["changes"][0]["does"], "change");
    assert!(json["account"]["pin"].is_string(), "{json}");
}
