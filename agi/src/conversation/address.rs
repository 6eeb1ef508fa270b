//! From the keys of an address to the request to open it.

use std::net::IpAddr;

use dialgate_contract::keypad::{self, KeypadError, Octets, Place};
use dialgate_contract::queue::Wish;

use super::dialogue::Dialogue;
use super::question::{About, Guest, Lasting, Question};
use super::{Speech, Turn, enqueue, new_pin};
use crate::Prompt;

/// An IPv4 address, or one of the keys that stand for something else, because no address is a single one: 6 for an
/// IPv6 address, 9 for another PIN, 0 or star for the menu.
pub(super) fn typed(dialogue: Dialogue, guest: Guest, keys: &str) -> Turn {
    match keys {
        "6" => return dialogue.turn_to(guest.asked(About::Address6)),
        "9" => return new_pin::ask(dialogue, guest),
        "0" | "*" => return dialogue.turn_to(guest.asked(About::Menu)),
        _ => {}
    }
    match Octets::read(keys) {
        Ok(octets) => put_together(dialogue, guest, octets),
        Err(_) => dialogue.ask_again(invalid().into(), guest.asked(About::Address)),
    }
}

/// One number of an IPv4 address, again.
pub(super) fn typed_octet(
    dialogue: Dialogue,
    guest: Guest,
    (octets, place): (Octets, Place),
    keys: &str,
) -> Turn {
    put_together(dialogue, guest, octets.with(place, keys.trim_end_matches('*')))
}

/// An IPv6 address.
pub(super) fn typed_ipv6(dialogue: Dialogue, guest: Guest, keys: &str) -> Turn {
    let address: Result<IpAddr, KeypadError> = keypad::ipv6(keys).map(IpAddr::V6);
    match address {
        Ok(address) => read_back(dialogue, guest, address),
        Err(_) => {
            dialogue.ask_again(vec![Prompt::AddressInvalid.into()], guest.asked(About::Address6))
        }
    }
}

/// What is said when the caller was silent instead of typing an address.
pub(super) fn nothing() -> Vec<Speech> {
    vec![Prompt::NothingEntered.into(), Prompt::ForIpv6Press6.into()]
}

/// The answer to whether what was read back is right: any other key than 1 and 3 asks for the address again.
pub(super) fn confirmed(dialogue: Dialogue, guest: Guest, address: IpAddr, keys: &str) -> Turn {
    let again = |mut speech: Vec<Speech>| {
        speech.extend(spelled(address));
        speech
    };
    match (keys, address) {
        ("1", _) => how_long(dialogue, guest, Lasting::New(address)),
        ("3", _) => dialogue.ask_again(again(vec![]), guest.asked(About::Confirm { address })),
        ("", _) => {
            let speech = again(vec![Prompt::NothingEntered.into()]);
            dialogue.ask_again(speech, guest.asked(About::Confirm { address }))
        }
        (_, IpAddr::V4(_)) => dialogue.ask_again(vec![], guest.asked(About::Address)),
        (_, IpAddr::V6(_)) => dialogue.ask_again(vec![], guest.asked(About::Address6)),
    }
}

/// Asks for how long, where there is a choice.
pub(super) fn how_long(dialogue: Dialogue, guest: Guest, lasting: Lasting) -> Turn {
    match guest.standing.lifetimes.prompt() {
        Some(_) => dialogue.ask(guest.asked(About::Lifetime(lasting))),
        None => lasts(dialogue, guest, lasting, ""),
    }
}

/// The answer to for how long.
pub(super) fn lasts(dialogue: Dialogue, guest: Guest, lasting: Lasting, keys: &str) -> Turn {
    let lifetime = guest.standing.lifetimes.chosen(keys);
    let wish = match lasting {
        Lasting::New(address) => Wish::Open { address, lifetime },
        Lasting::Longer => Wish::Extend { lifetime },
    };
    enqueue(dialogue, guest, wish)
}

fn put_together(dialogue: Dialogue, guest: Guest, octets: Octets) -> Turn {
    match octets.address() {
        Ok(address) => read_back(dialogue, guest, IpAddr::V4(address)),
        Err(place) => dialogue.ask_again(vec![], guest.asked(About::Octet { octets, place })),
    }
}

fn read_back(dialogue: Dialogue, guest: Guest, address: IpAddr) -> Turn {
    let question: Question = guest.asked(About::Confirm { address });
    dialogue.say(spelled(address), super::Stage::Asking(question))
}

fn spelled(address: IpAddr) -> Vec<Speech> {
    let mut speech = vec![Prompt::YouEntered.into(), Speech::Address(address)];
    if address.is_ipv6() {
        speech.push(Prompt::Covers64.into());
    }
    speech
}

fn invalid() -> [Speech; 2] {
    [Prompt::AddressInvalid.into(), Prompt::ForIpv6Press6.into()]
}
