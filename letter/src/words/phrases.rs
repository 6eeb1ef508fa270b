//! What the traveller's letters are made of in each language. The traveller is addressed politely: usted, vous, Sie.

mod english;
mod french;
mod german;
mod spanish;

use dialgate_contract::Language;

/// All that is said in one language.
#[derive(Debug)]
pub(super) struct Phrases {
    /// Before and after the traveller's name.
    pub(super) greeting: (&'static str, &'static str),
    /// To somebody whose name is not known.
    pub(super) nameless: &'static str,
    /// After a label.
    pub(super) colon: &'static str,
    pub(super) opened: Kind,
    pub(super) extended: Kind,
    pub(super) closed: Kind,
    pub(super) pin_changed: Kind,
    pub(super) failed_logins: Kind,
    pub(super) reminder: Kind,
    pub(super) unused: Kind,
    pub(super) labels: Labels,
    pub(super) operator: &'static str,
    /// Before and after the last digits of a number.
    pub(super) caller: (&'static str, &'static str),
    pub(super) hidden_caller: &'static str,
    /// After a number of failures.
    pub(super) on_end: &'static str,
}

/// The sentences of one kind of letter.
#[derive(Debug)]
pub(super) struct Kind {
    pub(super) subject: &'static str,
    /// What happened.
    pub(super) opening: &'static str,
    /// What to do if it was not you.
    pub(super) closing: &'static [&'static str],
}

/// What stands before each fact.
#[derive(Debug)]
pub(super) struct Labels {
    pub(super) account: &'static str,
    pub(super) address: &'static str,
    pub(super) services: &'static str,
    pub(super) until: &'static str,
    pub(super) no_longer_open: &'static str,
    pub(super) asked_for_by: &'static str,
    pub(super) failed_logins: &'static str,
    pub(super) the_last: &'static str,
    pub(super) unused_since: &'static str,
}

impl Phrases {
    pub(super) const fn of(language: Language) -> &'static Self {
        match language {
            Language::En => &english::PHRASES,
            Language::Es => &spanish::PHRASES,
            Language::Fr => &french::PHRASES,
            Language::De => &german::PHRASES,
        }
    }
}
