use super::{Kind, Labels, Phrases};

const NO_PIN_BY_MAIL: &str = "Keep your PIN to yourself. No letter will ever ask for it.";

const NOT_YOU: &[&str] = &[
    "If this was not you, somebody else knows your account number and your PIN: call the operator of your telephone \
     system at once, and ask to have this access closed and your PIN changed.",
    NO_PIN_BY_MAIL,
];

pub(super) const PHRASES: Phrases = Phrases {
    greeting: ("Hello ", ","),
    nameless: "Hello,",
    colon: ":",
    opened: Kind {
        subject: "Your access is open",
        opening: "the access below has been opened.",
        closing: NOT_YOU,
    },
    extended: Kind {
        subject: "Your access lasts longer",
        opening: "the access below was open already and now lasts longer.",
        closing: NOT_YOU,
    },
    closed: Kind {
        subject: "Your access is closed",
        opening: "your access has been closed by telephone.",
        closing: &[
            "If this was not you, somebody else knows your account number and your PIN: call the operator of your \
             telephone system at once, and ask to have your PIN changed.",
            NO_PIN_BY_MAIL,
        ],
    },
    pin_changed: Kind {
        subject: "Your PIN was changed",
        opening: "your PIN has been changed by telephone, and what was open is closed.",
        closing: &[
            "If this was not you, somebody else has taken over your account: call the operator of your telephone \
             system at once, and ask to have the account disabled until you have a new PIN.",
            NO_PIN_BY_MAIL,
        ],
    },
    failed_logins: Kind {
        subject: "Failed logins to your account",
        opening: "somebody keeps calling with your account number and a wrong PIN. Nothing was opened by these calls.",
        closing: &[
            "If this was you, call again when you have your PIN at hand; after many failures there is a wait, which \
             grows. The operator of your telephone system can give you a new PIN.",
            "If this was not you, there is nothing that you must do: your PIN was not guessed. Should more of these \
             letters come, tell the operator.",
            NO_PIN_BY_MAIL,
        ],
    },
    reminder: Kind {
        subject: "Your access ends soon",
        opening: "the access below ends soon.",
        closing: &[
            "If you need it for longer, call the number for access again before then and ask for more time. If you do \
             not, there is nothing that you must do: it ends by itself.",
            NO_PIN_BY_MAIL,
        ],
    },
    unused: Kind {
        subject: "Your access has ended",
        opening: "your access has been closed because nobody used it.",
        closing: &[
            "Nothing is wrong. When you need access again, call as you did before.",
            "If you were using it, tell the operator of your telephone system.",
            NO_PIN_BY_MAIL,
        ],
    },
    labels: Labels {
        account: "Account",
        address: "Address",
        services: "Services",
        until: "Until",
        no_longer_open: "No longer open",
        asked_for_by: "Asked for by",
        failed_logins: "Failed logins",
        the_last: "The last",
        unused_since: "Unused since",
    },
    operator: "the operator",
    caller: ("a call from a number that ends in ", ""),
    hidden_caller: "a call from a hidden number",
    on_end: " on end",
};
