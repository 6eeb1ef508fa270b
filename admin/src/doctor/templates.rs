//! Letters in the operator's own words.

use dialgate_contract::SystemUser;
use dialgate_letter::Fault;

use super::check::{Check, Fix};
use crate::mail::templates;
use crate::site::Site;

const NAME: &str = "templates";

/// `None` where there are none.
pub(super) fn check(site: &Site, user: Option<&SystemUser>) -> Option<Check> {
    let (letters, faults) = templates(site)?.faults(user);
    Some(judge(letters, &faults))
}

fn judge(letters: usize, faults: &[Fault]) -> Check {
    match faults {
        [] => Check::ok(NAME, format!("{letters} letters are in words of your own")),
        [first, more @ ..] => {
            let more = match more.len() {
                0 => String::new(),
                more => format!("; and {more} more faults"),
            };
            let fix = "mend it, and see with `dialgate mail preview KIND`: such letters are sent in the words that \
                       dialgate comes with";
            Check::warn(NAME, format!("{first}{more}"), Fix::advice(fix))
        }
    }
}
