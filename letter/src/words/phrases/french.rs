use super::{Kind, Labels, Phrases};

// Before a colon and a semicolon is a blank at which no line ends.
const NO_PIN_BY_MAIL: &str =
    "Ne communiquez votre code PIN à personne. Aucun message ne vous le demandera jamais.";

const NOT_YOU: &[&str] = &[
    "Si ce n'était pas vous, quelqu'un d'autre connaît votre numéro de compte et votre code PIN\u{a0}: appelez \
     immédiatement l'opérateur de votre système téléphonique et demandez que cet accès soit fermé et votre code PIN \
     changé.",
    NO_PIN_BY_MAIL,
];

pub(super) const PHRASES: Phrases = Phrases {
    greeting: ("Bonjour ", ","),
    nameless: "Bonjour,",
    colon: "\u{a0}:",
    opened: Kind {
        subject: "Votre accès est ouvert",
        opening: "L'accès ci-dessous a été ouvert.",
        closing: NOT_YOU,
    },
    extended: Kind {
        subject: "Votre accès est prolongé",
        opening: "L'accès ci-dessous était déjà ouvert et a été prolongé.",
        closing: NOT_YOU,
    },
    closed: Kind {
        subject: "Votre accès est fermé",
        opening: "Votre accès a été fermé par téléphone.",
        closing: &[
            "Si ce n'était pas vous, quelqu'un d'autre connaît votre numéro de compte et votre code PIN\u{a0}: \
             appelez immédiatement l'opérateur de votre système téléphonique et demandez que votre code PIN soit \
             changé.",
            NO_PIN_BY_MAIL,
        ],
    },
    pin_changed: Kind {
        subject: "Votre code PIN a été changé",
        opening: "Votre code PIN a été changé par téléphone, et ce qui était ouvert a été fermé.",
        closing: &[
            "Si ce n'était pas vous, quelqu'un d'autre s'est emparé de votre compte\u{a0}: appelez immédiatement \
             l'opérateur de votre système téléphonique et demandez que le compte soit désactivé jusqu'à ce que vous \
             ayez un nouveau code PIN.",
            NO_PIN_BY_MAIL,
        ],
    },
    failed_logins: Kind {
        subject: "Échecs de connexion à votre compte",
        opening: "Quelqu'un appelle à plusieurs reprises avec votre numéro de compte et un code PIN erroné. Rien \
                  n'a été ouvert par ces appels.",
        closing: &[
            "Si c'était vous, rappelez lorsque vous aurez votre code PIN sous la main\u{a0}; après de nombreux \
             échecs, il faut attendre, de plus en plus longtemps. L'opérateur de votre système téléphonique peut \
             vous donner un nouveau code PIN.",
            "Si ce n'était pas vous, vous n'avez rien à faire\u{a0}: votre code PIN n'a pas été deviné. Si vous \
             recevez d'autres messages de ce genre, prévenez l'opérateur.",
            NO_PIN_BY_MAIL,
        ],
    },
    reminder: Kind {
        subject: "Votre accès prend bientôt fin",
        opening: "L'accès ci-dessous prend bientôt fin.",
        closing: &[
            "Si vous en avez besoin plus longtemps, rappelez d'ici là le numéro d'accès et demandez une prolongation. \
             Sinon, vous n'avez rien à faire\u{a0}: l'accès prendra fin de lui-même.",
            NO_PIN_BY_MAIL,
        ],
    },
    unused: Kind {
        subject: "Votre accès a pris fin",
        opening: "Votre accès a été fermé parce que personne ne l'utilisait.",
        closing: &[
            "Tout est normal\u{a0}: lorsque vous aurez de nouveau besoin d'un accès, appelez comme la dernière fois.",
            "Si vous étiez en train de l'utiliser, prévenez l'opérateur de votre système téléphonique.",
            NO_PIN_BY_MAIL,
        ],
    },
    labels: Labels {
        account: "Compte",
        address: "Adresse",
        services: "Services",
        until: "Jusqu'au",
        no_longer_open: "Accès fermé",
        asked_for_by: "Demandé par",
        failed_logins: "Échecs",
        the_last: "Le dernier",
        unused_since: "Inutilisé depuis le",
    },
    operator: "l'opérateur",
    caller: ("un appel d'un numéro se terminant par ", ""),
    hidden_caller: "un appel d'un numéro masqué",
    on_end: " d'affilée",
};
