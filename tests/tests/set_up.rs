//! `dialgate setup` on a machine with a real Asterisk that has never heard of dialgate: afterwards a call to the number
//! that it was given is served, and what it did is taken back to the byte.

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use dialgate_tests::asterisk::{Asterisk, DID, Step};
use dialgate_tests::namespace::Namespace;
use dialgate_tests::real::{self, Need};
use dialgate_tests::site::Site;

const NEEDS: [Need; 2] = [Need::Site, Need::Asterisk];

/// All files and links below a folder.
#[expect(clippy::unwrap_used, reason = "a folder that cannot be read fails the test")]
fn everything(folder: &Path) -> BTreeMap<PathBuf, Vec<u8>> {
    let mut found = BTreeMap::new();
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_symlink() {
            found.insert(
                path.clone(),
                fs::read_link(&path).unwrap().into_os_string().into_encoded_bytes(),
            );
        } else if path.is_dir() {
            found.extend(everything(&path));
        } else {
            found.insert(path.clone(), fs::read(&path).unwrap());
        }
    }
    found
}

/// The sounds of the repository, where a package would put them.
#[expect(clippy::unwrap_used, reason = "recordings that cannot be copied fail the test")]
fn install_recordings(asterisk: &Asterisk) {
    let sounds = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sounds");
    for language in ["en", "de"] {
        let folder = asterisk.path("recordings").join(language);
        fs::create_dir_all(&folder).unwrap();
        for file in fs::read_dir(sounds.join(language)).unwrap() {
            let file = file.unwrap();
            fs::copy(file.path(), folder.join(file.file_name())).unwrap();
        }
    }
}

#[expect(clippy::unwrap_used, reason = "a setup that fails ends the test with what it said")]
fn setup(asterisk: &Asterisk, namespace: &Namespace, options: &[&str]) -> String {
    let inside = |name| asterisk.path_inside(name);
    let (config, conf) = (inside("own/dialgate.toml"), inside("etc/asterisk.conf"));
    let first = ["--config", &config, "setup", "--yes", "--asterisk-conf", &conf];
    asterisk.run_beside(namespace, "dialgate", &[&first[..], options].concat()).unwrap()
}

#[test]
fn a_call_is_served_after_setup_and_nothing_is_left_of_it_after_undo() {
    if real::skipped("a_call_is_served_after_setup_and_nothing_is_left_of_it_after_undo", &NEEDS) {
        return;
    }
    let site = Site::start("").unwrap();
    let mut asterisk = Asterisk::start_without_dialgate(site.namespace()).unwrap();
    install_recordings(&asterisk);
    fs::create_dir(asterisk.path("own")).unwrap();
    let own = asterisk.path_inside("own");
    let text = format!("data-dir = \"{own}/data\"\npepper-file = \"{own}/pepper\"\nuser = \"\"\n");
    fs::write(asterisk.path("own/dialgate.toml"), text).unwrap();
    let files = |asterisk: &Asterisk| {
        ["etc", "data/sounds/en", "own/dialgate.toml"].map(|name| {
            let path = asterisk.path(name);
            if path.is_dir() {
                everything(&path)
            } else {
                [(path.clone(), fs::read(path).unwrap())].into()
            }
        })
    };
    let before = files(&asterisk);

    let recordings = asterisk.path_inside("recordings");
    let options = [
        "--number",
        DID,
        "--context",
        "from-carrier",
        "--mail-server",
        "mail.example.net",
        "--mail-from",
        "pbx@example.net",
        "--name",
        "Ann",
        "--email",
        "ann@example.net",
        "--recordings",
        &recordings,
    ];
    let said = setup(&asterisk, site.namespace(), &options);
    assert!(said.contains("\nPIN ") && !said.contains("After the reload"), "{said}");
    assert_ne!(files(&asterisk), before);
    let again = setup(&asterisk, site.namespace(), &options);
    assert!(again.starts_with("nothing to do"), "{again}");

    let record = asterisk
        .call(&[Step::Hear("dialgate/welcome"), Step::Hear("dialgate/enter-account"), Step::HangUp])
        .unwrap();
    assert_eq!(record.result, "hangup", "{record:?}");

    // Whoever removes the file loses no call but those to dialgate.
    fs::remove_file(asterisk.path("etc/dialgate.conf")).unwrap();
    asterisk.console(site.namespace(), "dialplan reload").unwrap();
    let others = asterisk.console(site.namespace(), "dialplan show s@traveller").unwrap();
    assert!(others.contains("Set(STEP=1)"), "{others}");

    let undone = setup(&asterisk, site.namespace(), &["--undo"]);
    assert_eq!(files(&asterisk), before, "{undone}");
    let dialplan = asterisk.console(site.namespace(), "dialplan show s@dialgate").unwrap();
    assert!(!dialplan.contains("AGI"), "{dialplan}");
}

/// Makes the machine of an Asterisk one with FreePBX, whose folder is the machine's root. FreePBX has led the number to its
/// Custom Destination.
#[expect(clippy::unwrap_used, reason = "files that cannot be written fail the test")]
fn make_freepbx(asterisk: &Asterisk, root: &str) {
    let extensions = format!(
        "#include extensions_custom.conf\n[from-carrier]\nexten => {DID},1,Goto(dialgate,s,1)\n{}",
        fs::read_to_string(asterisk.path("etc/extensions.conf")).unwrap()
    );
    fs::write(asterisk.path("etc/extensions.conf"), extensions).unwrap();
    let custom = "[from-internal-custom]\nexten => 1234,1,Hangup()";
    fs::write(asterisk.path("etc/extensions_custom.conf"), custom).unwrap();
    fs::write(asterisk.path("etc/freepbx.conf"), "<?php\n").unwrap();
    // asterisk.conf names its folders as they are seen from above the root.
    let above = asterisk.path(root.trim_start_matches('/'));
    fs::create_dir_all(above.parent().unwrap()).unwrap();
    symlink("..", above).unwrap();
    let program = asterisk.path("usr/sbin/asterisk");
    fs::create_dir_all(program.parent().unwrap()).unwrap();
    let script =
        format!("#!/bin/sh\nshift 2\nexec /usr/sbin/asterisk -C {root}/etc/asterisk.conf \"$@\"\n");
    fs::write(&program, script).unwrap();
    fs::set_permissions(program, PermissionsExt::from_mode(0o755)).unwrap();
}

#[test]
fn freepbx_reaches_dialgate_by_its_custom_destination_after_setup() {
    if real::skipped("freepbx_reaches_dialgate_by_its_custom_destination_after_setup", &NEEDS) {
        return;
    }
    let site = Site::start("").unwrap();
    let mut asterisk = Asterisk::start_without_dialgate(site.namespace()).unwrap();
    let root = asterisk.path_inside("").trim_end_matches('/').to_owned();
    make_freepbx(&asterisk, &root);
    fs::create_dir(asterisk.path("own")).unwrap();
    let text = format!(
        "data-dir = \"{root}/own/data\"\npepper-file = \"{root}/own/pepper\"\nuser = \"\"\n"
    );
    fs::write(asterisk.path("own/dialgate.toml"), text).unwrap();
    install_recordings(&asterisk);
    let before = everything(&asterisk.path("etc"));

    let config = format!("{root}/own/dialgate.toml");
    let setup = |asterisk: &Asterisk, options: &[&str]| {
        let first = [
            "--config",
            &config,
            "setup",
            "--yes",
            "--root",
            &root,
            "--asterisk-conf",
            "/etc/asterisk.conf",
        ];
        asterisk.run_beside(site.namespace(), "dialgate", &[&first[..], options].concat()).unwrap()
    };
    let options = [
        "--number",
        DID,
        "--mail-server",
        "localhost",
        "--no-account",
        "--recordings",
        "/recordings",
    ];
    let said = setup(&asterisk, &options);
    assert!(said.contains("Custom Destinations") && !said.contains("After the reload"), "{said}");
    // Recordings are where the links lead when seen from above the root.
    let link = asterisk.path("data/sounds/en/dialgate");
    fs::remove_file(&link).unwrap();
    symlink(format!("{root}/recordings/en"), &link).unwrap();
    let record = asterisk.call(&[Step::Hear("dialgate/enter-account"), Step::HangUp]).unwrap();
    assert_eq!(record.result, "hangup", "{record:?}");

    setup(&asterisk, &["--undo"]);
    assert_eq!(everything(&asterisk.path("etc")), before);
}

#[test]
fn a_test_letter_has_been_taken_by_the_mail_server_when_setup_ends() {
    if real::skipped("a_test_letter_has_been_taken_by_the_mail_server_when_setup_ends", &NEEDS) {
        return;
    }
    let mut site = Site::start("").unwrap();
    let machine = site.folder().join("machine");
    fs::create_dir_all(machine.join("etc/asterisk")).unwrap();
    fs::write(machine.join("etc/asterisk/asterisk.conf"), "").unwrap();
    let machine = machine.to_str().unwrap();
    let options = ["setup", "--yes", "--root", machine, "--number", "100", "--context", "internal"];
    let letter = ["--test-letter", "ops@example.net"];
    let said = site.dialgate(&[&options[..], &letter].concat()).unwrap();
    let said = said.as_str().unwrap_or_default().split_whitespace().collect::<Vec<_>>().join(" ");
    assert!(said.contains("has taken the test letter to ops@example.net"), "{said}");
    let message = site.mail().next_message().unwrap();
    assert_eq!(message["to"], serde_json::json!(["ops@example.net"]));
    assert!(message["letter"].to_string().contains("A test of dialgate's letters"), "{message}");
}
