use dialgate_contract::Exit;
use serde::Serialize;

/// What one look at the site came to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub(crate) struct Check {
    /// What was looked at, in a word.
    pub(crate) name: &'static str,
    pub(crate) outcome: Health,
    /// What was found.
    pub(crate) what: String,
    /// What to do about it.
    pub(crate) fix: Option<Fix>,
}

/// How it is, the better first.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Health {
    Ok,
    /// It could not be looked at, and counts neither way.
    Skip,
    /// It works, and may not tomorrow.
    Warn,
    /// It does not work, or is not safe.
    Fail,
}

/// What is to be done.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(rename_all = "kebab-case")]
pub(crate) enum Fix {
    /// These commands mend it, typed as they are.
    Run(Vec<String>),
    /// This, in words.
    Advice(String),
}

impl Check {
    pub(super) fn ok(name: &'static str, what: impl Into<String>) -> Self {
        Self { name, outcome: Health::Ok, what: what.into(), fix: None }
    }

    pub(super) fn skip(name: &'static str, what: impl Into<String>, fix: Fix) -> Self {
        Self { name, outcome: Health::Skip, what: what.into(), fix: Some(fix) }
    }

    pub(super) fn warn(name: &'static str, what: impl Into<String>, fix: Fix) -> Self {
        Self { name, outcome: Health::Warn, what: what.into(), fix: Some(fix) }
    }

    pub(super) fn fail(name: &'static str, what: impl Into<String>, fix: Fix) -> Self {
        Self { name, outcome: Health::Fail, what: what.into(), fix: Some(fix) }
    }
}

impl Health {
    /// In four letters at most.
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Ok => "ok",
            Self::Skip => "skip",
            Self::Warn => "warn",
            Self::Fail => "fail",
        }
    }

    /// How the program ends by the worst of all checks, as monitoring plugins do: 0, 1 for a warning, 2 for a failure.
    pub(crate) fn exit(checks: &[Check]) -> Exit {
        match checks.iter().map(|check| check.outcome).max() {
            Some(Self::Fail) => Exit::Critical,
            Some(Self::Warn) => Exit::Warning,
            Some(Self::Skip | Self::Ok) | None => Exit::Ok,
        }
    }
}

impl Fix {
    pub(super) fn advice(words: impl Into<String>) -> Self {
        Self::Advice(words.into())
    }

    /// One command.
    pub(super) fn run(words: &[&str]) -> Self {
        Self::Run(vec![command(words)])
    }
}

/// A command as it is typed: each word comes to the program as it is.
pub(super) fn command(words: &[&str]) -> String {
    words.iter().map(|word| quoted(word)).collect::<Vec<_>>().join(" ")
}

fn quoted(word: &str) -> String {
    let is_plain = |byte: u8| byte.is_ascii_alphanumeric() || b"-_./:=,@+%".contains(&byte);
    if !word.is_empty() && word.bytes().all(is_plain) {
        return word.to_owned();
    }
    format!("'{}'", word.replace('\'', r"'\''"))
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::child;
    use proptest::prelude::*;
    use std::path::Path;
    use std::time::Duration;

    #[test]
    fn the_worst_check_decides_how_the_program_ends() {
        let fix = || Fix::advice("x");
        let (ok, skip) = (Check::ok("a", "x"), Check::skip("b", "x", fix()));
        let (warn, fail) = (Check::warn("c", "x", fix()), Check::fail("d", "x", fix()));
        for (checks, status) in [
            (vec![], 0),
            (vec![ok.clone()], 0),
            (vec![skip.clone(), ok.clone()], 0),
            (vec![warn.clone(), skip], 1),
            (vec![fail, warn, ok], 2),
        ] {
            assert_eq!(Health::exit(&checks).code(), status, "{checks:?}");
        }
    }

    proptest! {
        #![proptest_config(ProptestConfig::with_cases(64))]
        #[test]
        fn a_word_comes_through_the_shell_as_it_is(word in "[^\0\r\n]{0,20}") {
            let mut shell = child::command(Path::new("/bin/sh"));
            shell.args(["-c", &format!("printf %s {}", quoted(&word))]);
            let answer = child::run(&mut shell, Duration::from_secs(20)).unwrap();
            prop_assert_eq!(answer.out, word);
        }
    }
}
