//! The sentences of the operator's letters, which are in English.

use dialgate_contract::Refusal;

use super::phrases::Kind;

pub(super) const GUESSING: Kind = Kind {
    subject: "Somebody is guessing PINs",
    opening: "logins to many accounts keep failing. Nothing was opened by these calls.",
    closing: &[
        "Further guesses are made to wait, and travellers who call from their usual numbers are let in as before. \
         \"dialgate audit\" shows which accounts were tried. If it goes on, ask your carrier where the calls come \
         from, and have weak PINs changed with \"dialgate account pin\".",
    ],
};

pub(super) const REFUSED: Kind = Kind {
    subject: "A request for access was refused",
    opening: "a request for access was refused, and nothing was opened.",
    closing: &[
        "If the traveller is waiting, \"dialgate lease grant\" opens an address by hand. If nobody you know made this \
         call, \"dialgate audit\" shows whether there were others like it.",
    ],
};

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
