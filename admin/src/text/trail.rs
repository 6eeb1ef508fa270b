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

#[cfg(test)]
mod tests {
    use super::*;
    use jiff::Timestamp;
    use jiff::tz::TimeZone;

    #[test]
    fn a_line_stays_one_for_programs_and_is_broken_for_people() {
        let row = AuditRow {
            id: 1,
            at: Timestamp::UNIX_EPOCH,
            actor: "caller +4930123".to_owned(),
            action: "lease-opened".to_owned(),
            account: Some("4711".to_owned()),
            detail: format!("L1 2a00:1450:4001:82a::/64\nuntil {}", "x".repeat(100)),
        };
        let now = Timestamp::UNIX_EPOCH;
        let zone = &TimeZone::UTC;
        let reader = |is_terminal| Reader { now, zone, is_terminal };
        let one = reader(false).audit_line(&row);
        assert!(one.lines().count() == 1 && one.contains("::/64?until"), "{one}");
        let many = reader(true).audit_line(&row);
        assert!(many.lines().all(|line| line.chars().count() <= 80), "{many}");
        assert!(many.lines().skip(1).all(|line| line.starts_with(&" ".repeat(21))), "{many}");
    }
}
