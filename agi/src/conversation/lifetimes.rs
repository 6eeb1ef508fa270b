use dialgate_contract::Lifetime;

use crate::Prompt;

/// What a traveller may choose between.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq)]
pub enum Lifetimes {
    /// Nothing: no choice is longer than what the account has and as long as it may be at most.
    #[default]
    Default,
    /// One day or three.
    ThreeDays,
    /// One day, three, or a week.
    Week,
}

const DAY: i64 = 24 * 60 * 60;

impl Lifetimes {
    /// What to offer where `default` is given to those who do not choose, and nobody is given more than `max`.
    #[must_use]
    pub fn between(default: Lifetime, max: Lifetime) -> Self {
        let offers = |days: i64| {
            i64::from(max.seconds()) >= days * DAY && i64::from(default.seconds()) < days * DAY
        };
        match (offers(3), offers(7)) {
            (_, true) => Self::Week,
            (true, false) => Self::ThreeDays,
            (false, false) => Self::Default,
        }
    }

    /// What to ask; `None` when there is nothing to choose.
    pub(super) const fn prompt(self) -> Option<Prompt> {
        match self {
            Self::Default => None,
            Self::ThreeDays => Some(Prompt::ChooseLifetime13),
            Self::Week => Some(Prompt::ChooseLifetime137),
        }
    }

    /// What the keys choose; `None`, for silence and any other key, is what the account has.
    pub(super) fn chosen(self, keys: &str) -> Option<Lifetime> {
        let days = match (keys, self) {
            ("1", Self::ThreeDays | Self::Week) => 1,
            ("3", Self::ThreeDays | Self::Week) => 3,
            ("7", Self::Week) => 7,
            (_, _) => return None,
        };
        Lifetime::from_seconds(days * DAY).ok()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_what_is_longer_than_the_default_and_allowed_is_worth_a_question() {
        for (default, max, offered) in [
            ("24h", "7d", Lifetimes::Week),
            ("3d", "7d", Lifetimes::Week),
            ("24h", "6d", Lifetimes::ThreeDays),
            ("24h", "3d", Lifetimes::ThreeDays),
            ("24h", "2d", Lifetimes::Default),
            ("3d", "4d", Lifetimes::Default),
            ("7d", "30d", Lifetimes::Default),
            ("24h", "1h", Lifetimes::Default),
        ] {
            let (default_lifetime, max_lifetime) = (default.parse().unwrap(), max.parse().unwrap());
            let between = Lifetimes::between(default_lifetime, max_lifetime);
            assert_eq!(between, offered, "{default} {max}");
        }
    }

    #[test]
    fn nobody_chooses_what_is_not_offered() {
        let week = Lifetimes::Week.chosen("7").unwrap();
        assert_eq!(week.to_string(), "7d");
        assert_eq!(Lifetimes::ThreeDays.chosen("7"), None);
        assert_eq!(Lifetimes::Default.chosen("1"), None);
        assert_eq!(Lifetimes::Week.chosen("2"), None);
    }
}
