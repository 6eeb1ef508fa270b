use super::{Kind, Labels, Phrases};

const NO_PIN_BY_MAIL: &str =
    "Behalten Sie Ihre PIN für sich. Keine Nachricht wird Sie jemals danach fragen.";

const NOT_YOU: &[&str] = &[
    "Wenn Sie das nicht waren, kennt jemand anders Ihre Kontonummer und Ihre PIN: Rufen Sie sofort den Betreiber \
     Ihrer Telefonanlage an und lassen Sie diesen Zugang schließen und Ihre PIN ändern.",
    NO_PIN_BY_MAIL,
];

pub(super) const PHRASES: Phrases = Phrases {
    greeting: ("Guten Tag ", ","),
    nameless: "Guten Tag,",
    colon: ":",
    opened: Kind {
        subject: "Ihr Zugang ist offen",
        opening: "der folgende Zugang wurde geöffnet.",
        closing: NOT_YOU,
    },
    extended: Kind {
        subject: "Ihr Zugang wurde verlängert",
        opening: "der folgende Zugang war schon offen und wurde verlängert.",
        closing: NOT_YOU,
    },
    closed: Kind {
        subject: "Ihr Zugang ist geschlossen",
        opening: "Ihr Zugang wurde telefonisch geschlossen.",
        closing: &[
            "Wenn Sie das nicht waren, kennt jemand anders Ihre Kontonummer und Ihre PIN: Rufen Sie sofort den \
             Betreiber Ihrer Telefonanlage an und lassen Sie Ihre PIN ändern.",
            NO_PIN_BY_MAIL,
        ],
    },
    pin_changed: Kind {
        subject: "Ihre PIN wurde geändert",
        opening: "Ihre PIN wurde telefonisch geändert, und was offen war, wurde geschlossen.",
        closing: &[
            "Wenn Sie das nicht waren, hat jemand anders Ihr Konto übernommen: Rufen Sie sofort den Betreiber Ihrer \
             Telefonanlage an und lassen Sie das Konto sperren, bis Sie eine neue PIN haben.",
            NO_PIN_BY_MAIL,
        ],
    },
    failed_logins: Kind {
        subject: "Fehlgeschlagene Anmeldungen bei Ihrem Konto",
        opening: "jemand ruft wiederholt mit Ihrer Kontonummer und einer falschen PIN an. Durch diese Anrufe wurde \
                  nichts geöffnet.",
        closing: &[
            "Wenn Sie das waren, rufen Sie wieder an, sobald Sie Ihre PIN zur Hand haben; nach vielen Fehlversuchen \
             gibt es eine Wartezeit, die immer länger wird. Der Betreiber Ihrer Telefonanlage kann Ihnen eine neue \
             PIN geben.",
            "Wenn Sie das nicht waren, brauchen Sie nichts zu tun: Ihre PIN wurde nicht erraten. Sollten weitere \
             solche Nachrichten kommen, sagen Sie dem Betreiber Bescheid.",
            NO_PIN_BY_MAIL,
        ],
    },
    reminder: Kind {
        subject: "Ihr Zugang endet bald",
        opening: "der folgende Zugang endet bald.",
        closing: &[
            "Wenn Sie ihn länger brauchen, rufen Sie vorher noch einmal die Zugangsnummer an und lassen Sie ihn \
             verlängern. Wenn nicht, brauchen Sie nichts zu tun: Er endet von selbst.",
            NO_PIN_BY_MAIL,
        ],
    },
    unused: Kind {
        subject: "Ihr Zugang ist beendet",
        opening: "Ihr Zugang wurde geschlossen, weil ihn niemand benutzt hat.",
        closing: &[
            "Es ist alles in Ordnung. Wenn Sie wieder einen Zugang brauchen, rufen Sie an wie beim letzten Mal.",
            "Wenn Sie ihn gerade benutzt haben, sagen Sie dem Betreiber Ihrer Telefonanlage Bescheid.",
            NO_PIN_BY_MAIL,
        ],
    },
    labels: Labels {
        account: "Konto",
        address: "Adresse",
        services: "Dienste",
        until: "Offen bis",
        no_longer_open: "Nicht mehr offen",
        asked_for_by: "Angefordert durch",
        failed_logins: "Fehlversuche",
        the_last: "Der letzte",
        unused_since: "Unbenutzt seit",
    },
    operator: "den Betreiber",
    caller: ("einen Anruf von einer Nummer, die auf ", " endet"),
    hidden_caller: "einen Anruf mit unterdrückter Nummer",
    on_end: " in Folge",
};
