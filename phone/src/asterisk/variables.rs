use std::collections::BTreeMap;

use super::environment::Environment;

/// The channel's variables, and the few functions that a server asks for.
pub(super) struct Variables {
    given: BTreeMap<Vec<u8>, Vec<u8>>,
    set: BTreeMap<Vec<u8>, Vec<u8>>,
}

impl Variables {
    pub(super) fn new(environment: &Environment) -> Self {
        let own = |value: &Option<String>| value.clone().unwrap_or_default();
        let known = [
            ("CHANNEL", environment.channel.clone()),
            ("CHANNEL(language)", environment.language.clone()),
            ("UNIQUEID", environment.unique_id.clone()),
            ("CONTEXT", environment.context.clone()),
            ("EXTEN", environment.extension.clone()),
            ("CALLERID(num)", own(&environment.caller.number)),
            ("CALLERID(name)", own(&environment.caller.name)),
        ];
        let bytes = |(name, value): (&str, String)| (name.as_bytes().to_vec(), value.into_bytes());
        Variables { given: known.into_iter().map(bytes).collect(), set: BTreeMap::new() }
    }

    pub(super) fn get(&self, name: &[u8]) -> Option<&[u8]> {
        self.set.get(name).or_else(|| self.given.get(name)).map(Vec::as_slice)
    }

    pub(super) fn set(&mut self, name: Vec<u8>, value: Vec<u8>) {
        self.set.insert(name, value);
    }

    pub(super) fn set_by_server(&self) -> BTreeMap<String, String> {
        let text = |bytes: &[u8]| String::from_utf8_lossy(bytes).into_owned();
        self.set.iter().map(|(name, value)| (text(name), text(value))).collect()
    }

    /// `expression` with each `${NAME}` replaced by the variable's value, or by nothing when it is not set.
    pub(super) fn expand(&self, expression: &[u8]) -> Vec<u8> {
        let mut expanded = Vec::new();
        let mut rest = expression;
        while let Some((before, name, after)) = split_reference(rest) {
            expanded.extend_from_slice(before);
            expanded.extend_from_slice(self.get(name).unwrap_or_default());
            rest = after;
        }
        expanded.extend_from_slice(rest);
        expanded
    }
}

/// What stands before the first `${NAME}`, the name, and what stands after it.
fn split_reference(text: &[u8]) -> Option<(&[u8], &[u8], &[u8])> {
    let start = text.windows(2).position(|pair| pair == b"${")?;
    let (before, reference) = text.split_at_checked(start)?;
    let name = reference.strip_prefix(b"${")?;
    let (name, after) = name.split_at_checked(name.iter().position(|byte| *byte == b'}')?)?;
    Some((before, name, after.strip_prefix(b"}")?))
}
