//! What Asterisk has loaded of the dialplan, and what leads to it.

use std::net::SocketAddr;
use std::path::Path;

use super::super::check::{Check, Fix};
use super::super::place::Place;
use super::Asked;

const NAME: &str = "dialplan";
/// What the caller may have made up, and where it goes into the lines of AGI.
const FILTERED: [&str; 5] = ["num", "name", "ani", "dnid", "rdnis"];
/// Where people include ours.
const INCLUDING: [&str; 2] = ["extensions.conf", "extensions_custom.conf"];

/// What the dialplan does for a call, in order.
#[derive(Debug, Default, PartialEq, Eq)]
struct Plan {
    /// Contexts, extensions, and what is done there, such as `Goto(dialgate,s,1)`.
    steps: Vec<Step>,
}

#[derive(Debug, PartialEq, Eq)]
struct Step {
    context: String,
    extension: String,
    application: String,
}

/// Whether a call can be placed, too.
pub(super) fn check(asked: &Asked<'_>, place: &Place<'_>) -> (Vec<Check>, bool) {
    let said = asked.ask(NAME, "dialplan show dialgate");
    let plan = match said {
        Ok(said) => Plan::parse(&said),
        Err(check) => return (vec![check], false),
    };
    let judged = judge(&plan, place.config.agi.listen);
    let Err((what, mend)) = judged else {
        let ours = Check::ok(NAME, "[dialgate] is loaded, and filters what callers send");
        let route = match asked.ask("route", "dialplan show") {
            Ok(said) => route(&Plan::parse(&said)),
            Err(check) => check,
        };
        return (vec![ours, route], true);
    };
    let fix = match mend {
        Mend::Reload if is_included(&asked.settings.configuration) => asked.tell("dialplan reload"),
        Mend::Reload => Fix::advice(
            "run `dialgate setup`; or copy dialgate.conf to Asterisk's folder, put `#include dialgate.conf` into \
             extensions.conf (FreePBX: extensions_custom.conf), and `asterisk -rx 'dialplan reload'`",
        ),
        Mend::Edit(words) => Fix::Advice(words),
    };
    (vec![Check::fail(NAME, what, fix)], !plan.steps.is_empty())
}

/// Whether a file that Asterisk reads names ours.
fn is_included(folder: &Path) -> bool {
    INCLUDING.into_iter().any(|name| {
        let text = std::fs::read_to_string(folder.join(name)).unwrap_or_default();
        let mut lines = text.lines().map(str::trim_start);
        lines.any(|line| {
            (line.starts_with("#include") || line.starts_with("#tryinclude"))
                && line.contains("dialgate")
        })
    })
}

impl Plan {
    /// `dialplan show` (`show_dialplan_helper` of `main/pbx.c`).
    fn parse(text: &str) -> Self {
        let (mut plan, mut context, mut extension) = (Self::default(), "", "");
        for line in text.lines() {
            if let Some((_, rest)) = line.split_once("[ Context '") {
                context = rest.split('\'').next().unwrap_or_default();
            }
            let mut rest = line;
            if let Some((name, after)) =
                line.trim_start().strip_prefix('\'').and_then(|line| line.split_once("' =>"))
            {
                (extension, rest) = (name, after);
            } else if let Some((_, after)) =
                line.trim_start().strip_prefix('[').and_then(|line| line.split_once(']'))
            {
                rest = after;
            }
            let Some((number, application)) = rest.trim_start().split_once(". ") else { continue };
            if number.parse::<u32>().is_err() {
                continue;
            }
            // Behind it stands from which file it is.
            let application =
                application.rsplit_once(" [").map_or(application, |(it, _)| it).trim();
            plan.steps.push(Step {
                context: context.to_owned(),
                extension: extension.to_owned(),
                application: application.to_owned(),
            });
        }
        plan
    }
}

/// What would make it right.
#[derive(Debug, PartialEq, Eq)]
enum Mend {
    Reload,
    Edit(String),
}

fn judge(plan: &Plan, listen: SocketAddr) -> Result<(), (String, Mend)> {
    let ours = plan.steps.iter().filter(|step| step.context == "dialgate" && step.extension == "s");
    let steps: Vec<&str> = ours.map(|step| step.application.as_str()).collect();
    let called = steps.iter().enumerate().find_map(|(at, step)| {
        let url = step.strip_prefix("AGI(agi://")?;
        Some((steps.get(..at).unwrap_or_default(), url.trim_end_matches(')')))
    });
    let Some((before, url)) = called else {
        let what = if steps.is_empty() {
            "Asterisk has not loaded the context [dialgate]"
        } else {
            "the context [dialgate] calls no FastAGI server"
        };
        return Err((what.to_owned(), Mend::Reload));
    };
    let is_filtered = |field: &&str| {
        let step = format!("Set(CALLERID({field})=${{FILTER(");
        before.iter().any(|did| did.starts_with(&step))
    };
    let open: Vec<&str> = FILTERED.into_iter().filter(|field| !is_filtered(field)).collect();
    if !open.is_empty() {
        let what = format!(
            "[dialgate] passes on what callers send as {} without FILTER(): line breaks in it forge calls",
            open.join(", ")
        );
        let edit = "put dialgate.conf as it is shipped into Asterisk's folder, then `asterisk -rx 'dialplan reload'`";
        return Err((what, Mend::Edit(edit.to_owned())));
    }
    let called = url.split('/').next().unwrap_or_default();
    if called.parse::<SocketAddr>().is_ok_and(|called| called != listen) {
        let what = format!("[dialgate] calls {called}, and dialgate-agi listens at {listen}");
        let edit = "make agi.listen in the configuration and AGI() in dialgate.conf the same";
        return Err((what, Mend::Edit(edit.to_owned())));
    }
    Ok(())
}

/// What leads callers to it.
fn route(plan: &Plan) -> Check {
    let leads = |step: &&Step| {
        step.context != "dialgate"
            && ["Goto(dialgate,", "Gosub(dialgate,"]
                .iter()
                .any(|way| step.application.starts_with(way))
    };
    let ways: Vec<&Step> = plan.steps.iter().filter(leads).collect();
    match ways.as_slice() {
        [] => Check::warn(
            "route",
            "no number leads to [dialgate]: nobody can call it",
            Fix::advice(
                "run `dialgate setup`; or put `exten => NUMBER,1,Goto(dialgate,s,1)` into the context of your \
                 carrier (FreePBX: a Custom Destination dialgate,s,1 and an Inbound Route)",
            ),
        ),
        [first, ..] => {
            Check::ok("route", format!("{} in [{}] leads to it", first.extension, first.context))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::check::Health;
    use dialgate_contract::config::Config;
    use proptest::prelude::*;

    const SHOWN: &str = "[ Context 'from-carrier' created by 'pbx_config' ]\n  \
        '15125550100' =>  1. Goto(dialgate,s,1)                         [extensions.conf:4]\n\n\
        [ Context 'dialgate' created by 'pbx_config' ]\n  \
        'h' =>            1. Verbose(1,dialgate: call ended: ${DIALGATE_RESULT}) [dialgate.conf:43]\n  \
        's' =>            1. Set(DIALGATE_RESULT=)                      [dialgate.conf:14]\n";
    const AGI: &str = "AGI(agi://127.0.0.1:4573/whitelist)";

    /// The shipped dialplan, as Asterisk shows it.
    fn shipped() -> Vec<String> {
        let text = include_str!("../../../../dialplan/dialgate.conf");
        let lines = text.lines().filter_map(|line| {
            let rest =
                line.strip_prefix(" same => n").or_else(|| line.strip_prefix("exten => s,1"))?;
            Some(rest.split_once(',')?.1.to_owned())
        });
        lines.collect()
    }

    fn plan(steps: &[String]) -> Plan {
        let mut shown = "[ Context 'dialgate' created by 'pbx_config' ]\n  's' =>  ".to_owned();
        for (number, step) in steps.iter().enumerate() {
            shown += &format!("          {}. {step}   [dialgate.conf:{number}]\n", number + 1);
        }
        Plan::parse(&shown)
    }

    fn judged(steps: &[String]) -> Option<String> {
        judge(&plan(steps), Config::default().agi.listen).err().map(|(what, _)| what)
    }

    #[test]
    fn contexts_extensions_and_applications_are_read() {
        let step = |context: &str, extension: &str, application: &str| Step {
            context: context.to_owned(),
            extension: extension.to_owned(),
            application: application.to_owned(),
        };
        let expected = [
            step("from-carrier", "15125550100", "Goto(dialgate,s,1)"),
            step("dialgate", "h", "Verbose(1,dialgate: call ended: ${DIALGATE_RESULT})"),
            step("dialgate", "s", "Set(DIALGATE_RESULT=)"),
        ];
        assert_eq!(Plan::parse(SHOWN).steps, expected);
        let labelled =
            "[ Context 'c' ]\n  's' => 1. Answer() [x:1]\n     [down]         2. Hangup() [x:2]\n";
        assert_eq!(Plan::parse(labelled).steps[1], step("c", "s", "Hangup()"));
        assert_eq!(route(&Plan::parse(SHOWN)).outcome, Health::Ok);
        assert_eq!(route(&Plan::default()).outcome, Health::Warn);
    }

    #[test]
    fn what_is_shipped_is_right_and_without_any_of_its_filters_it_is_not() {
        let shipped = shipped();
        assert_eq!(judged(&shipped), None);
        for field in FILTERED {
            let mut steps = shipped.clone();
            steps.retain(|step| !step.starts_with(&format!("Set(CALLERID({field})=")));
            assert!(judged(&steps).unwrap().contains(field), "{field}");
        }
        let mut late = shipped.clone();
        late.sort_by_key(|step| step.contains("FILTER("));
        assert!(judged(&late).unwrap().contains("without FILTER"));
    }

    #[test]
    fn a_plan_that_is_missing_or_calls_another_place_is_told() {
        assert!(judged(&[]).unwrap().contains("not loaded"));
        let mut steps = shipped();
        let other = AGI.replace("4573", "4574");
        for step in &mut steps {
            if step == AGI {
                step.clone_from(&other);
            }
        }
        assert!(judged(&steps).unwrap().contains("calls 127.0.0.1:4574"));
        steps.retain(|step| *step != other);
        assert!(judged(&steps).unwrap().contains("calls no FastAGI"));
    }

    proptest! {
        #[test]
        fn whatever_asterisk_says_is_read_without_harm(text in any::<String>()) {
            Plan::parse(&text);
        }
    }
}
