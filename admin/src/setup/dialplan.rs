//! What is read in a dialplan file, and what is put into it.

use std::net::SocketAddr;

use super::block;
use super::value::{ContextName, DialledNumber};

/// The dialplan that callers are served by.
const DIALPLAN: &str = include_str!("../../../dialplan/dialgate.conf");
/// Its file's name, beside Asterisk's other files.
pub(super) const FILE: &str = "dialgate.conf";
/// Where it expects the FastAGI server.
const SERVER: &str = "agi://127.0.0.1:4573/";
const GOTO: &str = "Goto(dialgate,s,1)";
/// One that is missing keeps Asterisk from loading any of the dialplan where it says `#include` (`main/config.c`).
const INCLUDE: &str = "#tryinclude dialgate.conf";

/// The number leads elsewhere already.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Taken {
    /// Counted from 1.
    pub(super) line: usize,
    pub(super) context: ContextName,
    pub(super) application: String,
}

/// A number, and the context in which it is to lead to dialgate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(super) struct Route {
    pub(super) number: DialledNumber,
    /// `None` where FreePBX leads there itself.
    pub(super) context: Option<ContextName>,
}

/// A line `exten => NAME,1,APPLICATION`.
struct Extension<'a> {
    line: usize,
    context: &'a str,
    name: &'a str,
    application: &'a str,
}

/// The dialplan for a server that listens there.
pub(super) fn file(listen: SocketAddr) -> String {
    DIALPLAN.replace(SERVER, &format!("agi://{listen}/"))
}

/// The lines of our block in a file, without what its operator has put there himself; none when that is all.
pub(super) fn lines(file: &[u8], route: &Route) -> Result<Option<String>, Taken> {
    let own = block::remove(file).unwrap_or_else(|_| file.to_owned());
    let own = String::from_utf8_lossy(&own);
    let includes = includes(&own);
    let mut lines = String::new();
    if !includes {
        lines.push_str(&format!("{INCLUDE}\n"));
    }
    if let Some(context) = &route.context {
        let number = route.number.as_str();
        let there = extensions(&own)
            .find(|extension| extension.context == context.as_str() && extension.name == number);
        match there {
            Some(Extension { application, .. }) if spaceless(application) == GOTO => {}
            Some(Extension { line, application, .. }) => {
                let (context, application) = (context.clone(), application.to_owned());
                return Err(Taken { line, context, application });
            }
            None => {
                lines.push_str(&format!("\n[{}]\nexten => {number},1,{GOTO}\n", context.as_str()))
            }
        }
    }
    Ok(Some(lines.trim_start().to_owned()).filter(|lines| !lines.is_empty()))
}

/// Whether a dialplan file takes in what callers are served by.
pub(super) fn includes(text: &str) -> bool {
    code_of(text).any(|(_, line)| is_include(line))
}

/// The contexts of a dialplan file, in their order.
pub(super) fn contexts(file: &[u8]) -> Vec<ContextName> {
    let text = String::from_utf8_lossy(file);
    let mut contexts = Vec::new();
    for (_, line) in code_of(&text) {
        let context =
            context_of(line).filter(|name| !matches!(*name, "general" | "globals" | "dialgate"));
        if let Some(Ok(context)) = context.map(str::parse::<ContextName>)
            && !contexts.contains(&context)
        {
            contexts.push(context);
        }
    }
    contexts
}

fn extensions(text: &str) -> impl Iterator<Item = Extension<'_>> {
    let mut context = "";
    code_of(text).filter_map(move |(number, line)| {
        if let Some(name) = context_of(line) {
            context = name;
            return None;
        }
        let (key, value) = line.split_once('=')?;
        if key.trim() != "exten" {
            return None;
        }
        let mut parts = value.trim_start_matches('>').splitn(3, ',');
        let (name, priority, application) = (parts.next()?, parts.next()?, parts.next()?);
        // What follows a slash is the caller that the line is for.
        let name = name.split('/').next()?.trim();
        let first = priority.trim().split('(').next()? == "1";
        first.then_some(Extension { line: number, context, name, application: application.trim() })
    })
}

/// The lines without comments and space around them, each with its number, counted from 1.
fn code_of(text: &str) -> impl Iterator<Item = (usize, &str)> {
    text.lines().enumerate().map(|(index, line)| {
        let code = line.split(';').next().unwrap_or_default();
        (index + 1, code.trim())
    })
}

/// `[name]`, perhaps with something in brackets behind it.
fn context_of(line: &str) -> Option<&str> {
    line.strip_prefix('[')?.split_once(']').map(|(name, _)| name.trim())
}

fn is_include(line: &str) -> bool {
    let mut words = line.split_whitespace();
    let command = words.next().unwrap_or_default();
    let file = words.next().unwrap_or_default().trim_matches(['"', '<', '>']);
    let ours = [FILE, "dialgate-freepbx.conf"];
    ["#include", "#tryinclude"].contains(&command)
        && ours.iter().any(|name| file.rsplit('/').next() == Some(*name))
}

fn spaceless(text: &str) -> String {
    text.split_whitespace().collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn route(number: &str, context: Option<&str>) -> Route {
        Route {
            number: number.parse().unwrap(),
            context: context.map(|name| name.parse().unwrap()),
        }
    }

    fn did() -> Route {
        route("15125550100", Some("from-carrier"))
    }

    #[test]
    fn a_number_is_led_to_dialgate_in_its_context() {
        let expected = "#tryinclude dialgate.conf\n\n[from-carrier]\nexten => 15125550100,1,Goto(dialgate,s,1)\n";
        assert_eq!(lines(b"[from-carrier]\n", &did()).unwrap().unwrap(), expected);
        let inserted = block::insert(b"[from-carrier]\n", expected).unwrap();
        assert_eq!(lines(&inserted, &did()).unwrap().unwrap(), expected);
        let destination = lines(b"", &route("15125550100", None)).unwrap();
        assert_eq!(destination.unwrap(), "#tryinclude dialgate.conf\n");
    }

    #[test]
    fn what_the_operator_has_done_himself_is_not_done_again() {
        let include = "#include \"dialgate.conf\" ; ours\n";
        let both =
            format!("{include}[from-carrier]\nexten => 15125550100,1, Goto(dialgate, s, 1)\n");
        assert_eq!(lines(both.as_bytes(), &did()).unwrap(), None);
        let rest = lines(include.as_bytes(), &did()).unwrap().unwrap();
        assert_eq!(rest, "[from-carrier]\nexten => 15125550100,1,Goto(dialgate,s,1)\n");
    }

    #[test]
    fn a_number_that_leads_elsewhere_is_told() {
        let text = b"[other]\nexten => 15125550100,1,NoOp\n[from-carrier](+)\n;exten => 15125550100,1,A\nexten=15125550100,1(x),Dial(SIP/1)\n";
        let taken = lines(text, &did()).unwrap_err();
        assert_eq!((taken.line, taken.application.as_str()), (5, "Dial(SIP/1)"));
        for free in [
            "exten => 15125550100,2,Dial(SIP/1)",
            "exten => _X.,1,Dial(SIP/1)",
            "same => n,Hangup()",
        ] {
            let text = format!("[from-carrier]\n{free}\n");
            assert!(lines(text.as_bytes(), &did()).is_ok(), "{free}");
        }
    }

    #[test]
    fn the_contexts_of_a_file_are_listed_once_each() {
        let text = b"[general]\n[globals]\n[a](!)\n;[no]\n[b] ; x\n[a]\n[dialgate]\n";
        let names: Vec<String> =
            contexts(text).iter().map(|context| context.as_str().to_owned()).collect();
        assert_eq!(names, ["a", "b"]);
    }

    #[test]
    fn the_dialplan_asks_the_server_where_it_listens() {
        assert_eq!(file("127.0.0.1:4573".parse().unwrap()), DIALPLAN);
        let other = file("[::1]:4600".parse().unwrap());
        assert!(other.contains("AGI(agi://[::1]:4600/whitelist)") && !other.contains("4573"));
    }
}
