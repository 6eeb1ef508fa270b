use super::{FLAGS, Machine, NUMBER};
use crate::site::program;
use crate::terminal::Terminal;

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
    assert!(shown.out.lines().all(|line| line.len() <= 80), "{shown:?}");
    assert_eq!((machine.everything(), machine.told()), (before, Vec::new()));
    assert!(!machine.site.path("data").exists());
}

#[test]
fn on_a_terminal_it_asks_what_it_needs_says_what_is_wrong_and_shows_what_it_will_do() {
    let machine = Machine::plain();
    let before = machine.everything();
    for (decision, number) in [("n", "15125550199"), ("y", NUMBER)] {
        let mut terminal = on_terminal(&machine);
        terminal.answer("leads to dialgate: ", "1-512");
        terminal.answer("error: write the exact number", "100");
        terminal.answer("Context in which calls to it come in", "from-carrier");
        terminal.answer("leads 100 in [from-carrier] elsewhere already", number);
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
fn a_terminal_that_is_closed_ends_it_and_nothing_has_changed() {
    let machine = Machine::plain();
    let before = machine.everything();
    let mut terminal = on_terminal(&machine);
    terminal.answer("leads to dialgate: ", NUMBER);
    assert_ne!(terminal.close(), Some(0));
    assert_eq!(machine.everything(), before);
}

fn on_terminal(machine: &Machine) -> Terminal {
    let mut command = program();
    command.arg("--config").arg(machine.site.config()).arg("setup");
    command.arg("--root").arg(machine.site.path("machine"));
    Terminal::open(command)
}
