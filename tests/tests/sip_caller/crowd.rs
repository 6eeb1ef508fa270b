use std::collections::BTreeMap;
use std::io;
use std::time::Duration;

use dialgate_tests::namespace::Namespace;
use dialgate_tests::wait;

use super::call_log::Happened;
use super::{CallLog, Identity, SipCall};

const PATIENCE: Duration = Duration::from_secs(30);

/// Calls at a time; `max-calls` is 64.
const AT_A_TIME: usize = 32;

/// What to press at each prompt; at one with nothing to press the caller hangs up.
pub(crate) type Script<'a> = [(&'a str, &'a str)];

/// A call as it was.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct Record {
    /// The prompts of ours that began.
    pub(crate) heard: Vec<String>,
    /// `DIALGATE_RESULT` at the end.
    pub(crate) result: String,
    /// The first line of the answer, where it is not 200.
    pub(crate) refused: Option<String>,
}

/// Callers who call at the same time.
pub(crate) struct Crowd<'a> {
    namespace: &'a Namespace,
    log: CallLog,
    calls: u32,
}

struct Caller {
    call: SipCall,
    record: Record,
    is_answered: bool,
    is_ended: bool,
}

impl<'a> Crowd<'a> {
    pub(crate) const fn new(namespace: &'a Namespace, log: CallLog) -> Self {
        Self { namespace, log, calls: 0 }
    }

    /// Has all of them call and do as `script` says, some at a time; what became of each.
    pub(crate) fn call(
        &mut self,
        identities: &[Identity],
        script: &Script<'_>,
    ) -> io::Result<Vec<Record>> {
        let mut records = Vec::new();
        for some in identities.chunks(AT_A_TIME) {
            records.extend(self.call_at_once(some, script)?);
        }
        Ok(records)
    }

    fn call_at_once(
        &mut self,
        identities: &[Identity],
        script: &Script<'_>,
    ) -> io::Result<Vec<Record>> {
        let mut callers = Vec::new();
        for identity in identities {
            self.calls += 1;
            let call = SipCall::place(self.namespace, self.calls, identity.clone())?;
            callers.push(Caller::new(call));
        }
        let mut by_number = BTreeMap::new();
        let all_over = wait::until("the end of all calls", PATIENCE, || {
            for caller in &mut callers {
                caller.look()?;
            }
            for (number, happened) in self.log.news()? {
                if let Happened::Called(id) = &happened {
                    let at = callers.iter().position(|caller| caller.call.call_id() == *id);
                    by_number.insert(number.clone(), at);
                }
                let at = by_number.get(&number).copied().flatten();
                if let Some(caller) = at.and_then(|at| callers.get_mut(at)) {
                    caller.live(happened, script)?;
                }
            }
            Ok(callers.iter().all(Caller::is_over).then_some(()))
        });
        let unfinished = callers.iter().zip(identities).filter(|(caller, _)| !caller.is_over());
        let unfinished: Vec<_> = unfinished.map(|(caller, it)| (it, &caller.record)).collect();
        all_over.map_err(|error| io::Error::other(format!("{error}: {unfinished:?}")))?;
        Ok(callers.into_iter().map(|caller| caller.record).collect())
    }
}

impl Caller {
    fn new(call: SipCall) -> Self {
        Self { call, record: Record::default(), is_answered: false, is_ended: false }
    }

    /// The dialplan may write that a call is over before Asterisk answers that it was refused.
    const fn is_over(&self) -> bool {
        self.is_answered && self.is_ended
    }

    fn look(&mut self) -> io::Result<()> {
        let Some(answer) = self.call.look()? else { return Ok(()) };
        self.is_answered = true;
        if !answer.starts_with("SIP/2.0 200 ") {
            self.record.refused = Some(answer.to_owned());
            // What the dialplan has not begun it does not end.
            self.is_ended |= self.record.heard.is_empty();
        }
        Ok(())
    }

    fn live(&mut self, happened: Happened, script: &Script<'_>) -> io::Result<()> {
        match happened {
            Happened::Called(_) => Ok(()),
            Happened::Ended(result) => {
                self.record.result = result;
                self.is_ended = true;
                Ok(())
            }
            Happened::Heard(prompt) => {
                let keys = script.iter().find(|(at, _)| *at == prompt).map(|(_, keys)| *keys);
                self.record.heard.push(prompt);
                match keys {
                    Some("") => self.call.hang_up()?,
                    Some(keys) => self.call.press(keys),
                    None => {}
                }
                Ok(())
            }
        }
    }
}
