use super::{Kind, Labels, Phrases};

const NO_PIN_BY_MAIL: &str = "No revele su PIN a nadie. Ningún mensaje se lo pedirá jamás.";

const NOT_YOU: &[&str] = &[
    "Si no ha sido usted, otra persona conoce su número de cuenta y su PIN: llame de inmediato al operador de su \
     sistema telefónico y pida que se cierre este acceso y se cambie su PIN.",
    NO_PIN_BY_MAIL,
];

pub(super) const PHRASES: Phrases = Phrases {
    greeting: ("Hola, ", ":"),
    nameless: "Hola:",
    colon: ":",
    opened: Kind {
        subject: "Su acceso está abierto",
        opening: "Se ha abierto el siguiente acceso.",
        closing: NOT_YOU,
    },
    extended: Kind {
        subject: "Su acceso se ha prolongado",
        opening: "El siguiente acceso ya estaba abierto y se ha prolongado.",
        closing: NOT_YOU,
    },
    closed: Kind {
        subject: "Su acceso está cerrado",
        opening: "Su acceso se ha cerrado por teléfono.",
        closing: &[
            "Si no ha sido usted, otra persona conoce su número de cuenta y su PIN: llame de inmediato al operador \
             de su sistema telefónico y pida que se cambie su PIN.",
            NO_PIN_BY_MAIL,
        ],
    },
    pin_changed: Kind {
        subject: "Se ha cambiado su PIN",
        opening: "Su PIN se ha cambiado por teléfono, y lo que estaba abierto se ha cerrado.",
        closing: &[
            "Si no ha sido usted, otra persona se ha apoderado de su cuenta: llame de inmediato al operador de su \
             sistema telefónico y pida que se desactive la cuenta hasta que usted tenga un PIN nuevo.",
            NO_PIN_BY_MAIL,
        ],
    },
    failed_logins: Kind {
        subject: "Intentos fallidos con su cuenta",
        opening: "Alguien está llamando con su número de cuenta y un PIN incorrecto. Con estas llamadas no se ha \
                  abierto nada.",
        closing: &[
            "Si ha sido usted, vuelva a llamar cuando tenga su PIN a mano; tras muchos intentos fallidos hay que \
             esperar, y cada vez más. El operador de su sistema telefónico puede darle un PIN nuevo.",
            "Si no ha sido usted, no tiene que hacer nada: nadie ha adivinado su PIN. Si recibe más mensajes como \
             este, avise al operador.",
            NO_PIN_BY_MAIL,
        ],
    },
    reminder: Kind {
        subject: "Su acceso termina pronto",
        opening: "El siguiente acceso termina pronto.",
        closing: &[
            "Si lo necesita durante más tiempo, vuelva a llamar antes al número de acceso y pida que se prolongue. Si \
             no, no tiene que hacer nada: terminará por sí solo.",
            NO_PIN_BY_MAIL,
        ],
    },
    unused: Kind {
        subject: "Su acceso ha terminado",
        opening: "Su acceso se ha cerrado porque nadie lo utilizaba.",
        closing: &[
            "No ocurre nada malo. Cuando vuelva a necesitar acceso, llame como la última vez.",
            "Si lo estaba utilizando, avise al operador de su sistema telefónico.",
            NO_PIN_BY_MAIL,
        ],
    },
    labels: Labels {
        account: "Cuenta",
        address: "Dirección",
        services: "Servicios",
        until: "Hasta",
        no_longer_open: "Acceso cerrado",
        asked_for_by: "Solicitado por",
        failed_logins: "Intentos fallidos",
        the_last: "El último",
        unused_since: "Sin uso desde",
    },
    operator: "el operador",
    caller: ("una llamada desde un número terminado en ", ""),
    hidden_caller: "una llamada desde un número oculto",
    on_end: " seguidos",
};
