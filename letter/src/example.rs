use dialgate_contract::ledger::Letter;
use dialgate_contract::ledger::letter::LetterKind;
use dialgate_contract::{AccountNumber, Language, Refusal, TravellerAddress};
use jiff::{SignedDuration, Timestamp};

/// A letter of a kind with everything in it that such a letter can have, as if it were written `now`. There is one of
/// every kind.
#[must_use]
pub fn example(kind: LetterKind, language: Language, now: Timestamp) -> Option<Letter> {
    let name = "Ann Example".to_owned();
    let (language, time_zone) = (Some(language), None);
    let account: AccountNumber = "4711".parse().ok()?;
    let address = TravellerAddress::from_stored("12.34.56.78").ok()?;
    let later = now.saturating_add(SignedDuration::from_hours(24)).unwrap_or(now);
    let caller = Some("5678".to_owned());
    Some(match kind {
        LetterKind::Opened | LetterKind::Extended => Letter::Opened {
            name,
            language,
            account,
            address,
            services: ["sip", "rtp"].into_iter().filter_map(|name| name.parse().ok()).collect(),
            until: later,
            time_zone,
            replaced: TravellerAddress::from_stored("12.34.56.70").ok(),
            extended: kind == LetterKind::Extended,
            caller,
        },
        LetterKind::Closed => {
            Letter::Closed { name, language, account, addresses: vec![address], caller }
        }
        LetterKind::PinChanged => Letter::PinChanged { name, language, account, caller },
        LetterKind::FailedLogins => {
            Letter::FailedLogins { name, language, account, failures: 5, at: now, time_zone }
        }
        LetterKind::Reminder => {
            Letter::Reminder { name, language, account, address, until: later, time_zone }
        }
        LetterKind::Unused => {
            Letter::Unused { name, language, account, address, since: now, time_zone }
        }
        LetterKind::Guessing => Letter::Guessing { failures: 200, at: now },
        LetterKind::Contested => Letter::Contested {
            heals: 3,
            since: now,
            at: now,
            found: "add 12.34.56.78 to dg-sip-4; changed by iptables-restore".to_owned(),
        },
        LetterKind::Refused => Letter::Refused {
            account,
            address: "10.0.0.1".to_owned(),
            refusal: Refusal::PrivateAddress,
            caller: "+493012345678".to_owned(),
            at: now,
        },
        LetterKind::Test => Letter::Test { at: now },
    })
}
