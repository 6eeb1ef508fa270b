//! The operator's letters, which are in English.

use dialgate_contract::{AccountNumber, Refusal};

use super::phrases::Kind;
use super::{LONGEST_FACT, Traveller, Words, fact, shown};

/// The longest of what was done to the firewall that is shown, in characters.
const LONGEST_FOUND: usize = 400;

const GUESSING: Kind = Kind {
    subject: "Somebody is guessing PINs",
    opening: "logins to many accounts keep failing. Nothing was opened by these calls.",
    closing: &[
        "Further guesses are made to wait, and travellers who call from their usual numbers are let in as before. \
         \"dialgate audit\" shows which accounts were tried. If it goes on, ask your carrier where the calls come \
         from, and have weak PINs changed with \"dialgate account pin\".",
    ],
};

const CONTESTED: Kind = Kind {
    subject: "Somebody keeps changing the firewall back",
    opening: "another program on this machine keeps undoing what dialgate does in the firewall. It is put right ever \
              more rarely now, so travellers may be kept out. Access that ends is still closed.",
    closing: &[
        "Find that program and end it, or have it leave dialgate's chain and the sets whose names begin with dg- alone. \
         \"dialgate audit\" has a line for each time, with the program where the kernel told its name. Often it is \
         the firewall of FreePBX, ufw or firewalld started again and again, netfilter-persistent or iptables-restore \
         in a timer or in cron (see \"systemctl list-timers\" and /etc/cron.d), or a script of your own.",
        "There is nothing else that you must do: once the firewall is left alone for ten minutes, it is put right at \
         once again. While this goes on you get no more than one such letter in an hour.",
    ],
};

const TEST: Kind = Kind {
    subject: "A test of dialgate's letters",
    opening: "this letter was asked for on dialgate's machine, to see whether its letters arrive. They do.",
    closing: &[
        "Nothing was opened or changed. If it came late or was taken for spam, travellers' letters would be too.",
    ],
};

const REFUSED: Kind = Kind {
    subject: "A request for access was refused",
    opening: "a request for access was refused, and nothing was opened.",
    closing: &[
        "If the traveller is waiting, \"dialgate lease grant\" opens an address by hand. If nobody you know made this \
         call, \"dialgate audit\" shows whether there were others like it.",
    ],
};

pub(super) fn guessing(failures: u32, last: String) -> Words {
    let facts = vec![
        fact("failures", "Failed logins", format!("{failures} within an hour")),
        fact("last", "The last", last),
    ];
    Traveller::new("", None).reads(&GUESSING, facts)
}

pub(super) fn contested(heals: u32, since: &str, last: String, found: &str) -> Words {
    let mut facts = vec![
        fact("heals", "Put right", format!("{heals} times since {since}")),
        fact("last", "The last", last),
    ];
    facts.extend(shown("found", "What was done", found, LONGEST_FOUND));
    Traveller::new("", None).reads(&CONTESTED, facts)
}

pub(super) fn test(when: String) -> Words {
    Traveller::new("", None).reads(&TEST, vec![fact("at", "Asked for", when)])
}

pub(super) fn refused(
    account: &AccountNumber,
    address: &str,
    refusal: Refusal,
    caller: &str,
    when: String,
) -> Words {
    let mut facts = vec![
        fact("reason", "Reason", reason(refusal).to_owned()),
        fact("account", "Account", account.to_string()),
    ];
    // A wish about what is open already names none.
    facts.extend(shown("address", "Address", address, LONGEST_FACT));
    facts.extend(shown("caller", "Called from", caller, LONGEST_FACT));
    facts.push(fact("at", "When", when));
    Traveller::new("", None).reads(&REFUSED, facts)
}

fn reason(refusal: Refusal) -> &'static str {
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
