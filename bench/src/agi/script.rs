use super::site::{FIRST_ACCOUNT, PIN};

/// What a caller does at a prompt that asks.
#[derive(Debug, Clone, Copy)]
enum Answer {
    /// Keys in the account number, which is each caller's own.
    Account,
    Keys(&'static str),
}

/// What callers do, and how their calls end.
#[derive(Debug)]
pub(super) struct Script {
    answers: &'static [(&'static str, Answer)],
    result: &'static str,
}

/// What the dialplan was told of how a call ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Told {
    AsScripted,
    /// All lines are busy.
    Busy,
    Otherwise,
}

const ENTER_PIN: (&str, Answer) = ("dialgate/enter-pin", Answer::Keys(PIN));
const ENTER_ACCOUNT: (&str, Answer) = ("dialgate/enter-account", Answer::Account);

/// After these the server waits on purpose: for the fixed time of a login, while it takes what is typed ahead, and for
/// the reconciler.
const WAITED_AFTER: [&[u8]; 2] = [b"GET DATA \"\" ", b"STREAM FILE \"dialgate/one-moment\""];

impl Script {
    /// Gives an account number and, three times, no PIN.
    pub(super) const fn no_pin() -> Self {
        Self { answers: &[ENTER_ACCOUNT], result: "failed-login" }
    }

    /// Is let in.
    pub(super) const fn whole_call() -> Self {
        Self {
            answers: &[
                ENTER_ACCOUNT,
                ENTER_PIN,
                ("dialgate/enter-address", Answer::Keys("12*34*56*78")),
                ("dialgate/confirm-address", Answer::Keys("1")),
                ("dialgate/menu-open", Answer::Keys("1")),
                ("dialgate/choose-lifetime-1-3-7", Answer::Keys("1")),
            ],
            result: "open",
        }
    }

    /// Puts what Asterisk answers to `command` into `reply`, for the caller with this number.
    pub(super) fn reply(&self, caller: u32, command: &[u8], reply: &mut Vec<u8>) {
        reply.clear();
        let argument = first_argument(command);
        if command.starts_with(b"GET DATA") {
            reply.extend_from_slice(b"200 result=");
            match self.answer(argument) {
                Some(Answer::Account) => {
                    reply.extend_from_slice((FIRST_ACCOUNT + caller).to_string().as_bytes());
                }
                Some(Answer::Keys(keys)) => reply.extend_from_slice(keys.as_bytes()),
                None => reply.extend_from_slice(b" (timeout)"),
            }
            reply.push(b'\n');
        } else if command.starts_with(b"GET FULL VARIABLE") {
            reply.extend_from_slice(b"200 result=1 (");
            reply.extend_from_slice(argument);
            reply.extend_from_slice(b")\n");
        } else if command.starts_with(b"STREAM FILE") {
            reply.extend_from_slice(b"200 result=0 endpos=8000\n");
        } else if command.starts_with(b"SET VARIABLE") {
            reply.extend_from_slice(b"200 result=1\n");
        } else {
            reply.extend_from_slice(b"200 result=0\n");
        }
    }

    /// Whether what the server does next takes time on purpose.
    pub(super) fn is_waited_after(&self, command: &[u8]) -> bool {
        // Who gives no PIN is not checked.
        let has_pin = self.answer(ENTER_PIN.0.as_bytes()).is_some();
        has_pin && WAITED_AFTER.iter().any(|waited| command.starts_with(waited))
    }

    /// What `command` tells the dialplan of how the call ended, if it does.
    pub(super) fn told(&self, command: &[u8]) -> Option<Told> {
        let value = command.strip_prefix(b"SET VARIABLE \"DIALGATE_RESULT\" \"")?;
        Some(match value.strip_suffix(b"\"")? {
            result if result == self.result.as_bytes() => Told::AsScripted,
            b"busy" => Told::Busy,
            _ => Told::Otherwise,
        })
    }

    fn answer(&self, prompt: &[u8]) -> Option<Answer> {
        let asked = |(name, _): &&(&str, Answer)| name.as_bytes() == prompt;
        self.answers.iter().find(asked).map(|(_, answer)| *answer)
    }
}

fn first_argument(command: &[u8]) -> &[u8] {
    command.split(|byte| *byte == b'"').nth(1).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn reply(command: &str) -> String {
        let mut reply = Vec::new();
        Script::whole_call().reply(7, command.as_bytes(), &mut reply);
        String::from_utf8(reply).unwrap()
    }

    #[test]
    fn replies_are_those_of_asterisk() {
        assert_eq!(reply("GET FULL VARIABLE \"00ff\""), "200 result=1 (00ff)\n");
        assert_eq!(reply("GET DATA \"dialgate/enter-account\" 8000 13"), "200 result=100007\n");
        assert_eq!(reply("GET DATA \"other\" 8000 13"), "200 result= (timeout)\n");
        assert_eq!(reply("ANSWER"), "200 result=0\n");
    }

    #[test]
    fn the_dialplan_is_told_how_a_call_ended() {
        let script = Script::whole_call();
        for (result, told) in
            [("open", Told::AsScripted), ("busy", Told::Busy), ("queued", Told::Otherwise)]
        {
            let command = format!("SET VARIABLE \"DIALGATE_RESULT\" \"{result}\"");
            assert_eq!(script.told(command.as_bytes()), Some(told));
        }
        assert_eq!(script.told(b"SET VARIABLE \"CHANNEL(language)\" \"en\""), None);
    }
}
