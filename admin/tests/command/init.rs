use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;

use crate::site::{ANN, Site, answer, program};

fn mode(path: &Path) -> u32 {
    std::fs::metadata(path).unwrap().permissions().mode() & 0o7777
}

#[test]
fn everything_missing_is_made_and_the_second_time_nothing_changes() {
    let site = Site::bare("user = \"\"");
    let made = site.json("init");
    let states = |steps: &serde_json::Value| -> Vec<String> {
        let steps = steps.as_array().unwrap();
        steps.iter().map(|step| step["state"].as_str().unwrap().to_owned()).collect()
    };
    assert_eq!(states(&made), ["was-there", "made", "made", "made", "made"]);
    for (name, expected) in
        [("data", 0o750), ("data/queue", 0o700), ("data/ledger.db", 0o640), ("pepper", 0o640)]
    {
        assert_eq!(mode(&site.path(name)), expected, "{name}");
    }
    let pepper = std::fs::read(site.path("pepper")).unwrap();
    assert_eq!(states(&site.json("init")), ["was-there"; 5]);
    assert_eq!(std::fs::read(site.path("pepper")).unwrap(), pepper);
    assert!(site.ok("init").contains("was there  "));
}

#[test]
fn modes_that_are_wrong_are_mended_and_named() {
    let site = Site::new();
    for name in ["pepper", "data/ledger.db", "data/ledger.db-wal"] {
        std::fs::set_permissions(site.path(name), PermissionsExt::from_mode(0o666)).unwrap();
    }
    let said = site.ok("init");
    assert_eq!(said.matches("mode 0666 -> 0640").count(), 3, "{said}");
    for name in ["pepper", "data/ledger.db", "data/ledger.db-wal"] {
        assert_eq!(mode(&site.path(name)), 0o640, "{name}");
    }
}

#[test]
fn a_symbolic_link_or_another_thing_in_a_files_place_is_left_alone() {
    for name in ["pepper", "data", "data/queue", "data/ledger.db", "data/ledger.db-wal"] {
        let site = Site::new();
        let (place, away) = (site.path(name), site.path("away"));
        std::fs::rename(&place, &away).unwrap();
        symlink(&away, &place).unwrap();
        let answer = site.run("init");
        assert_eq!(answer.code, 78, "{name}: {answer:?}");
        assert!(answer.err.contains("symbolic link") && answer.err.contains(name), "{answer:?}");
        assert!(place.is_symlink(), "{name}");
    }
    let site = Site::new();
    std::fs::hard_link(site.path("pepper"), site.path("second")).unwrap();
    assert!(site.run("init").err.contains("hard link"));
}

#[test]
fn a_pepper_that_is_none_is_not_overwritten() {
    let site = Site::bare("user = \"\"");
    std::fs::write(site.path("pepper"), "secret\n").unwrap();
    let answer = site.run("init");
    assert_eq!(answer.code, 78);
    assert!(answer.err.contains("64 hexadecimal digits") && !answer.err.contains("secret"));
    assert_eq!(std::fs::read(site.path("pepper")).unwrap(), b"secret\n");
}

#[test]
fn a_new_pepper_says_that_it_voids_the_pins_there_are() {
    let site = Site::new();
    site.ok(ANN);
    std::fs::remove_file(site.path("pepper")).unwrap();
    assert!(site.ok("init").contains("dialgate account pin NUMBER"));
}

#[test]
fn a_configuration_that_is_wrong_stops_it_before_anything_is_made() {
    let site = Site::bare("user = \"\"\ncolour = \"blue\"");
    let answer = site.run("init");
    assert_eq!(answer.code, 78, "{answer:?}");
    assert!(answer.err.contains("dialgate.toml") && answer.err.contains("colour"), "{answer:?}");
    assert!(!site.path("data").exists() && !site.path("pepper").exists());
}

#[test]
fn a_user_that_is_missing_stops_it_with_how_to_create_one() {
    let site = Site::bare("user = \"no-such-user\"");
    let answer = site.run("init");
    if dialgate_contract::SystemUser::is_root() {
        assert_eq!(answer.code, 78, "{answer:?}");
        assert!(answer.err.contains("useradd"), "{answer:?}");
    } else {
        assert_eq!(answer.code, 77, "{answer:?}");
        assert!(answer.err.contains("as root"), "{answer:?}");
    }
    assert!(!site.path("data").exists() && !site.path("pepper").exists());
}

#[test]
fn without_it_every_other_command_says_to_run_it() {
    let site = Site::bare("user = \"\"");
    for line in ["account list", "lease list", "status", "audit", "service list", ANN] {
        site.refuses(line, 78, &["ledger.db", "dialgate init"]);
    }
    assert!(!site.path("data").exists());
    let mut command = program();
    command.args(["--config", "/nonexistent/dialgate.toml", "account", "list"]);
    let answer = answer(command, b"");
    assert_eq!(answer.code, 78);
    assert!(answer.err.contains("/nonexistent/dialgate.toml"), "{answer:?}");
}
