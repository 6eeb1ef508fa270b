use std::net::SocketAddr;

/// Who calls, as the dialplan passes it on.
#[derive(Clone, PartialEq, Eq, Default, Debug)]
pub struct CallerId {
    /// The caller's number; `None` when it is withheld.
    pub number: Option<String>,
    /// The caller's name; `None` when none was given.
    pub name: Option<String>,
}

impl CallerId {
    /// A caller who shows this number and no name.
    pub fn number(number: impl Into<String>) -> Self {
        CallerId { number: Some(number.into()), name: None }
    }

    /// A caller who withholds the number.
    pub fn withheld() -> Self {
        CallerId::default()
    }
}

/// The block of lines that Asterisk sends first. Values are sent as they are, line feeds included: so does Asterisk.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Environment {
    /// The URL of the dialplan's `AGI()`, without the arguments: `agi://127.0.0.1:4573/whitelist`.
    pub request: String,
    /// The channel's name, for instance `PJSIP/trunk-00000005`.
    pub channel: String,
    /// The sounds' language.
    pub language: String,
    /// The channel's technology.
    pub kind: String,
    /// Seconds and a serial number, which name the call.
    pub unique_id: String,
    /// Who calls.
    pub caller: CallerId,
    /// The number that was dialled.
    pub dialled: Option<String>,
    /// Where in the dialplan `AGI()` stands.
    pub context: String,
    /// The extension there.
    pub extension: String,
    /// The priority there.
    pub priority: u32,
    /// The number of Asterisk's thread, the last of the fixed keys.
    pub thread: u64,
    /// The arguments of `AGI()` after the URL.
    pub arguments: Vec<String>,
}

impl Environment {
    /// A call that `context dialgate, extension s` hands to the server at `server`; `serial` tells calls apart and
    /// `at` is the time in Unix seconds.
    pub fn new(server: SocketAddr, caller: CallerId, serial: u64, at: u64) -> Self {
        Environment {
            request: format!("agi://{server}/whitelist"),
            channel: format!("PJSIP/phone-{serial:08x}"),
            language: "en".into(),
            kind: "PJSIP".into(),
            unique_id: format!("{at}.{serial}"),
            caller,
            dialled: Some("s".into()),
            context: "dialgate".into(),
            extension: "s".into(),
            priority: 8,
            thread: 140_556_000_000_000 + serial,
            arguments: Vec::new(),
        }
    }

    /// The block as bytes, the blank line included; keys and their order as Asterisk 22.10 sends them.
    pub fn render(&self) -> Vec<u8> {
        let unknown = |value: &Option<String>| value.clone().unwrap_or_else(|| "unknown".into());
        let mut lines = vec![("network".to_owned(), "yes".to_owned())];
        lines.extend(self.script().map(|script| ("network_script".to_owned(), script.to_owned())));
        let presentation = if self.caller.number.is_some() { 0 } else { 67 };
        let fixed = [
            ("request", self.request.clone()),
            ("channel", self.channel.clone()),
            ("language", self.language.clone()),
            ("type", self.kind.clone()),
            ("uniqueid", self.unique_id.clone()),
            ("version", "22.10.1".to_owned()),
            ("callerid", unknown(&self.caller.number)),
            ("calleridname", unknown(&self.caller.name)),
            ("callingpres", presentation.to_string()),
            ("callingani2", "0".to_owned()),
            ("callington", "0".to_owned()),
            ("callingtns", "0".to_owned()),
            ("dnid", unknown(&self.dialled)),
            ("rdnis", "unknown".to_owned()),
            ("context", self.context.clone()),
            ("extension", self.extension.clone()),
            ("priority", self.priority.to_string()),
            ("enhanced", "0.0".to_owned()),
            ("accountcode", String::new()),
            ("threadid", self.thread.to_string()),
        ];
        lines.extend(fixed.map(|(key, value)| (key.to_owned(), value)));
        let numbered = self.arguments.iter().zip(1..);
        lines.extend(numbered.map(|(value, number)| (format!("arg_{number}"), value.clone())));
        let block: String =
            lines.iter().map(|(key, value)| format!("agi_{key}: {value}\n")).collect();
        format!("{block}\n").into_bytes()
    }

    /// Everything after the first `/` of the URL; Asterisk leaves the line out when there is none.
    fn script(&self) -> Option<&str> {
        self.request.split_once("://")?.1.split_once('/').map(|(_, script)| script)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_keys_and_their_order_are_those_of_asterisk_22() {
        let mut environment = Environment::new(
            ([127, 0, 0, 1], 4573).into(),
            CallerId::number("2001"),
            5,
            1_795_160_061,
        );
        environment.caller.name = Some("Alice".into());
        environment.dialled = Some("700".into());
        environment.arguments = vec!["700".into(), String::new()];
        let expected = "agi_network: yes\nagi_network_script: whitelist\nagi_request: agi://127.0.0.1:4573/whitelist\n\
            agi_channel: PJSIP/phone-00000005\nagi_language: en\nagi_type: PJSIP\nagi_uniqueid: 1795160061.5\n\
            agi_version: 22.10.1\nagi_callerid: 2001\nagi_calleridname: Alice\nagi_callingpres: 0\n\
            agi_callingani2: 0\nagi_callington: 0\nagi_callingtns: 0\nagi_dnid: 700\nagi_rdnis: unknown\n\
            agi_context: dialgate\nagi_extension: s\nagi_priority: 8\nagi_enhanced: 0.0\nagi_accountcode: \n\
            agi_threadid: 140556000000005\nagi_arg_1: 700\nagi_arg_2: \n\n";
        assert_eq!(String::from_utf8_lossy(&environment.render()), expected);
    }

    #[test]
    fn a_url_without_a_path_has_no_script_line() {
        let mut environment =
            Environment::new(([127, 0, 0, 1], 4573).into(), CallerId::withheld(), 1, 0);
        environment.request = "agi://127.0.0.1".into();
        let block = String::from_utf8_lossy(&environment.render()).into_owned();
        assert!(block.starts_with("agi_network: yes\nagi_request: agi://127.0.0.1\n"), "{block}");
        assert!(
            block.contains(
                "agi_callerid: unknown\nagi_calleridname: unknown\nagi_callingpres: 67\n"
            )
        );
    }
}
