use serde_json::json;

use crate::site::{ANN, Site};

#[test]
fn whoever_is_kept_out_is_on_the_list_until_taken_off() {
    let site = Site::new();
    assert!(site.ok("deny list").contains("nobody"));
    let added = site.json("deny add 12.34.0.0/16 --name scanner --for 30d");
    assert_eq!((&added["network"], &added["name"]), (&"12.34.0.0/16".into(), &"scanner".into()));
    assert!(site.ok("deny add 12.34.0.0/16").contains("before"));
    assert_eq!(site.json("deny list")[0]["expires_at"], json!(null));
    assert!(site.ok("deny list").contains("for good"));
    assert!(site.ok("deny remove 12.34.0.0/16").contains("no longer"));
    site.refuses("deny remove 12.34.0.0/16", 65, &["deny list"]);
    let actions: Vec<_> = site.json("audit").as_array().unwrap().to_vec();
    let actions: Vec<_> = actions.iter().map(|line| line["action"].as_str().unwrap()).collect();
    assert_eq!(actions, ["deny-added", "deny-changed", "deny-removed"]);
}

#[test]
fn what_it_wins_over_is_told() {
    let site = Site::new();
    site.ok(ANN);
    site.ok("lease grant 4711 12.34.56.78");
    site.ok("allow add 12.34.57.0/24 --services sip");
    site.ok("allow add 12.35.0.1 --services sip");
    let said = site.ok("deny add 12.34.0.0/16");
    assert!(said.contains("wins over  lease L1 for 12.34.56.78"), "{said}");
    assert!(said.contains("12.34.57.0/24 on the allow list") && !said.contains("12.35"), "{said}");
}

#[test]
fn nobody_keeps_himself_out_unasked() {
    let site = Site::new();
    let line = "deny add 12.34.0.0/16";
    let answer = site.run_from("12.34.56.78", line);
    assert_eq!(answer.code, 65);
    for words in ["12.34.56.78", "your own", "--even-me"] {
        assert!(answer.err.contains(words), "{answer:?}");
    }
    assert_eq!(site.json("deny list"), json!([]));
    assert_eq!(site.run_from("12.35.0.1", line).code, 0);
    assert_eq!(site.run_from("12.34.56.78", &format!("{line} --even-me")).code, 0);
}

#[test]
fn sudo_does_not_hide_where_the_operator_is() {
    let site = Site::new();
    // The variable is in the environment of an ancestor only, as after sudo.
    let mut shell = crate::site::shell(
        r#"env -u SSH_CONNECTION -u SSH_CLIENT "$PROGRAM" --config "$CONFIG" deny add 12.34.0.0/16; exit $?"#,
    );
    shell.env("SSH_CONNECTION", "12.34.56.78 50022 192.168.1.2 22");
    shell.env("PROGRAM", env!("CARGO_BIN_EXE_dialgate")).env("CONFIG", site.config());
    let answer = crate::site::answer(shell, b"");
    assert_eq!((answer.code, answer.err.contains("12.34.56.78")), (65, true), "{answer:?}");
}

#[test]
fn mistakes_are_answered_with_what_to_write() {
    let site = Site::new();
    for (line, word) in [
        ("deny add 0.0.0.0/0", "too wide"),
        ("deny add 12.34.56.78/16", "did you mean 12.34.0.0/16"),
        ("deny add scanner.example.net", "not an address or network"),
        ("deny add 12.34.56.78 --services sip", "--services"),
    ] {
        site.refuses(line, 64, &[word]);
    }
}
