//! The sentences of letters: a subject and a first sentence for each kind, and what to do if it was not you.

use dialgate_contract::Refusal;

/// Subject and first sentence.
pub(super) const OPENED: (&str, &str) =
    ("Your access is open", "the access below has been opened.");
pub(super) const EXTENDED: (&str, &str) =
    ("Your access lasts longer", "the access below was open already and now lasts longer.");
pub(super) const CLOSED: (&str, &str) =
    ("Your access is closed", "your access has been closed by telephone.");
pub(super) const PIN_CHANGED: (&str, &str) = (
    "Your PIN was changed",
    "your PIN has been changed by telephone, and what was open is closed.",
);
pub(super) const FAILED_LOGINS: (&str, &str) = (
    "Failed logins to your account",
    "somebody keeps calling with your account number and a wrong PIN. Nothing was opened by these calls.",
);
pub(super) const GUESSED: (&str, &str) = (
    "Somebody is guessing PINs",
    "logins to many accounts keep failing. Nothing was opened by these calls.",
);
pub(super) const REFUSAL: (&str, &str) = (
    "A request for access was refused",
    "a request for access was refused, and nothing was opened.",
);

const NO_PIN_BY_MAIL: &str = "Keep your PIN to yourself. No letter will ever ask for it.";

pub(super) const NOT_YOU: &[&str] = &[
    "If this was not you, somebody else knows your account number and your PIN: call the operator of your telephone \
     system at once, and ask to have this access closed and your PIN changed.",
    NO_PIN_BY_MAIL,
];

pub(super) const NOT_YOU_CLOSED: &[&str] = &[
    "If this was not you, somebody else knows your account number and your PIN: call the operator of your telephone \
     system at once, and ask to have your PIN changed.",
    NO_PIN_BY_MAIL,
];

pub(super) const NOT_YOU_PIN: &[&str] = &[
    "If this was not you, somebody else has taken over your account: call the operator of your telephone system at \
     once, and ask to have the account disabled until you have a new PIN.",
    NO_PIN_BY_MAIL,
];

pub(super) const NOT_YOU_FAILING: &[&str] = &[
    "If this was you, call again when you have your PIN at hand; after many failures there is a wait, which grows. The \
     operator of your telephone system can give you a new PIN.",
    "If this was not you, there is nothing that you must do: your PIN was not guessed. Should more of these letters \
     come, tell the operator.",
    NO_PIN_BY_MAIL,
];

pub(super) const GUESSING: &[&str] = &[
    "Further guesses are made to wait, and travellers who call from their usual numbers are let in as before. \
     \"dialgate audit\" shows which accounts were tried. If it goes on, ask your carrier where the calls come from, and \
     have weak PINs changed with \"dialgate account pin\".",
];

pub(super) const REFUSED: &[&str] = &[
    "If the traveller is waiting, \"dialgate lease grant\" opens an address by hand. If nobody you know made this \
     call, \"dialgate audit\" shows whether there were others like it.",
];

pub(super) fn reason(refusal: Refusal) -> &'static str {
    match refusal {
        Refusal::Account => "there is no such account, or it is disabled",
        Refusal::PrivateAddress => {
            "the address is private or shared by a carrier's customers, and cannot be reached from here"
        }
        Refusal::SpecialAddress => {
            "the address is set aside for another purpose and belongs to no traveller"
        }
        Refusal::DeniedAddress => "the address is on the deny list",
        Refusal::BannedAddress => "fail2ban has banned the address",
        Refusal::OwnAddress => "the address is this machine's own",
        Refusal::Lifetime => "it was to last longer than the account or the site allows",
        Refusal::TooMany => "there were more requests within an hour than are allowed",
        Refusal::NothingOpen => "there was nothing open to extend or to close",
        Refusal::Stale => "it was too old to be believed when it was read",
    }
}
