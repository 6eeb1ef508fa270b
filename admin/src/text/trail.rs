//! The audit trail, in words.

use super::Reader;
use crate::layout::wrapped;
use crate::report::{AuditRow, Trail};

impl Reader<'_> {
    /// On one line, whatever it holds; on a terminal on as many as it needs.
    pub(crate) fn audit_line(&self, line: &AuditRow) -> String {
        let at = line.at.to_zoned(self.zone.clone()).strftime("%Y-%m-%d %H:%M:%S");
        let account = line.account.as_deref().unwrap_or("-");
        let text = format!("{}  {}  {account}  {}", line.actor, line.action, line.detail);
        if self.is_terminal {
            return wrapped(&format!("{at}  "), &text);
        }
        format!("{at}  {}", text.trim_end().replace('\n', "?")) + "\n"
    }
}

/// What came of looking at every line.
pub(super) fn words(trail: &Trail) -> String {
    let count = match trail.lines {
        1 => "1 line is".to_owned(),
        lines => format!("{lines} lines are"),
    };
    if let Some(problem) = &trail.problem {
        return wrapped("BROKEN       ", &format!("{problem}; {count} as written before it"));
    }
    let mut text = format!("audit trail  {count} as written\n");
    if let Some(known) = trail.known {
        text.push_str(&format!("line {known:<8}has the hash that it had\n"));
    }
    if let Some(head) = &trail.head {
        text.push_str(&format!("head {head}\n"));
        text.push_str(
            "Keep that somewhere else: with it, `dialgate audit verify --head` finds later\n\
             whether anybody has written the trail anew.\n",
        );
    }
    text
}
