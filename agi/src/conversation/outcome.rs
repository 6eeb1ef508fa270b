//! What was decided, in the words for it.

use dialgate_contract::Refusal;
use dialgate_contract::ledger::Verdict;

use super::dialogue::Dialogue;
use super::question::{About, Guest};
use super::{Ending, Speech, Stage, Turn};
use crate::Prompt;

pub(super) fn decided(dialogue: Dialogue, mut guest: Guest, verdict: Verdict) -> Turn {
    let (prompt, until, ending) = match verdict {
        Verdict::Open(_, until) => (Prompt::OpenUntil, until, Ending::Open),
        Verdict::Extended(_, until) => (Prompt::ExtendedUntil, until, Ending::Extended),
        Verdict::Closed => return dialogue.close([Prompt::Closed.into()], Ending::Closed),
        Verdict::PinChanged => {
            guest.standing.open.clear();
            let question = guest.asked(About::Address);
            return dialogue.say([Prompt::PinChanged.into()], Stage::Asking(question));
        }
        // Of nothing that a call asks for.
        Verdict::Told => return Turn::End(Ending::Error),
        Verdict::Refused(refusal) => {
            return dialogue.close([refused(refusal).into()], Ending::Refused);
        }
    };
    let when = Speech::DateTime { at: until, time_zone: guest.traveller.time_zone };
    dialogue.close([prompt.into(), when], ending)
}

fn refused(refusal: Refusal) -> Prompt {
    match refusal {
        Refusal::Account => Prompt::RefusedAccount,
        Refusal::PrivateAddress => Prompt::RefusedPrivateAddress,
        Refusal::SpecialAddress => Prompt::RefusedSpecialAddress,
        Refusal::DeniedAddress => Prompt::RefusedDeniedAddress,
        Refusal::BannedAddress => Prompt::RefusedBannedAddress,
        Refusal::OwnAddress => Prompt::RefusedOwnAddress,
        Refusal::Lifetime => Prompt::RefusedLifetime,
        Refusal::TooMany => Prompt::RefusedTooMany,
        Refusal::NothingOpen => Prompt::AlreadyClosed,
        Refusal::Stale => Prompt::RefusedStale,
    }
}
