//! What is true when a traveller has logged in, and what to do about it.

use std::time::Duration;

use dialgate_contract::queue::Wish;

use super::dialogue::Dialogue;
use super::question::{About, Guest, Lasting};
use super::{Action, Span, Speech, Stage, Turn, Unit, address, enqueue, new_pin};
use crate::Prompt;

/// More are not read out: the menu would never come.
const READ_OUT: usize = 3;

/// Goes on in the traveller's language.
pub(super) fn greet(dialogue: Dialogue, guest: Guest) -> Turn {
    match guest.standing.language {
        Some(language) => {
            dialogue.perform(Action::SetLanguage(language), Stage::SettingLanguage(guest))
        }
        None => begin(dialogue, guest),
    }
}

/// Says what is open and offers the menu; asks for the address at once where nothing is open, and where more keys were
/// typed ahead than a menu takes.
pub(super) fn begin(dialogue: Dialogue, guest: Guest) -> Turn {
    match dialogue.begun() {
        0 if guest.is_let_in() => {
            let speech = where_it_stands(&guest);
            dialogue.say(speech, Stage::Asking(guest.asked(About::Menu)))
        }
        1 if guest.is_let_in() => dialogue.ask(guest.asked(About::Menu)),
        _ => dialogue.ask(guest.asked(About::Address)),
    }
}

/// Does what was chosen.
pub(super) fn chosen(dialogue: Dialogue, guest: Guest, keys: &str) -> Turn {
    let open = guest.is_let_in();
    match keys {
        "1" => dialogue.turn_to(guest.asked(About::Address)),
        "2" if open => address::how_long(dialogue, guest, Lasting::Longer),
        "3" if open => enqueue(dialogue, guest, Wish::Close),
        "9" => new_pin::ask(dialogue, guest),
        "0" => dialogue.say_again(where_it_stands(&guest), guest.asked(About::Menu)),
        "" => dialogue.ask_again(vec![Prompt::NothingEntered.into()], guest.asked(About::Menu)),
        _ => {
            let speech = where_it_stands(&guest);
            dialogue.ask_again(speech, guest.asked(About::Menu))
        }
    }
}

fn where_it_stands(guest: &Guest) -> Vec<Speech> {
    let open = guest.standing.open.iter().take(READ_OUT);
    open.flat_map(|access| {
        [
            Prompt::YourAccessFrom.into(),
            Speech::Address(access.address),
            Prompt::IsOpenForAnother.into(),
            Speech::Span(rounded_down(access.left)),
        ]
    })
    .collect()
}

/// In the largest unit of which there is at least one; what is said is never more than is true, but for the last
/// minute.
fn rounded_down(left: Duration) -> Span {
    let minutes = u32::try_from(left.as_secs() / 60).unwrap_or(u32::MAX);
    let (hours, days) = (minutes / 60, minutes / (24 * 60));
    match (days, hours) {
        (1.., _) => Span { number: days, unit: Unit::Days },
        (_, 1..) => Span { number: hours, unit: Unit::Hours },
        (_, _) => Span { number: minutes.max(1), unit: Unit::Minutes },
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn time_is_told_in_its_largest_unit() {
        for (seconds, (number, unit)) in [
            (1, (1, Unit::Minutes)),
            (119, (1, Unit::Minutes)),
            (120, (2, Unit::Minutes)),
            (3_599, (59, Unit::Minutes)),
            (3_600, (1, Unit::Hours)),
            (5 * 3_600 + 10, (5, Unit::Hours)),
            (86_399, (23, Unit::Hours)),
            (86_400, (1, Unit::Days)),
            (7 * 86_400, (7, Unit::Days)),
        ] {
            let told = rounded_down(Duration::from_secs(seconds));
            assert_eq!(told, Span { number, unit }, "{seconds}");
        }
    }
}
