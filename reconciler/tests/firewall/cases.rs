//! Cases of what should be, what is, and the plan between: one folder each, with three files. A new case needs no
//! Rust; when a plan is not as its file says, the test prints the plan as it is.
//!
//! - `desired`: `chain NAME`, `anchor NAME`, `built NAME ANCHOR` for what was before, `service NAME PORTS`, `grant NETWORK SECONDS|always SERVICE…`,
//!   `deny NETWORK SECONDS|always`, `ended NETWORK SECONDS`, and for the base policy `policy SECONDS|on`, `lan NETWORK` and `open SERVICE`, a
//!   line each.
//! - `actual`: what the tools print, each under a heading `== ipset save`, `== iptables-save` or `== ip6tables-save`;
//!   without the last, the machine does not speak IPv6.
//! - `plan`: the steps in words, an empty line, then what the tools are given. Or `error: ` and why there is none.

use std::collections::{BTreeMap, BTreeSet};
use std::path::Path;

use dialgate_contract::Service;
use dialgate_contract::config::{Anchor, ChainName};
use dialgate_reconciler::firewall::{
    Actual, BasePolicy, Denial, Desired, Family, Filter, Grant, Memory, Plan, Time,
};

#[test]
fn every_case_has_the_plan_that_its_file_says() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/plan");
    let mut cases: Vec<_> =
        std::fs::read_dir(&folder).unwrap().map(|entry| entry.unwrap().path()).collect();
    cases.sort();
    assert!(cases.len() >= 10, "cases are missing from {}", folder.display());
    let mut wrong = Vec::new();
    for case in &cases {
        let read = |file| std::fs::read_to_string(case.join(file)).unwrap_or_default();
        let planned = plan(&read("desired"), &read("actual"));
        if planned != read("plan") {
            wrong.push(format!("{} has this plan:\n{planned}", case.display()));
        }
    }
    assert!(wrong.is_empty(), "{}", wrong.join("\n"));
}

fn plan(desired: &str, actual: &str) -> String {
    let (desired, actual) = (parse_desired(desired), parse_actual(actual));
    let plan = match Plan::between(&desired, &actual) {
        Ok(plan) => plan,
        Err(error) => return format!("error: {error}\n"),
    };
    let mut memory = Memory::new(actual);
    memory.apply(&plan).unwrap();
    assert!(Plan::between(&desired, memory.actual()).unwrap().is_empty());
    let scripts: String = plan.batches().iter().map(ToString::to_string).collect();
    format!("{plan}\n{scripts}")
}

fn parse_desired(text: &str) -> Desired {
    let mut chain: ChainName = "DIALGATE".parse().unwrap();
    let mut anchor = Anchor::Auto;
    let (mut services, mut grants, mut denials) = (Vec::new(), Vec::new(), Vec::new());
    let (mut ended, mut built) = (Vec::new(), Vec::new());
    let mut policy: Option<BasePolicy> = None;
    for line in text.lines() {
        let words: Vec<&str> = line.split_whitespace().collect();
        match words[0] {
            "chain" => chain = words[1].parse().unwrap(),
            "built" => built.push((words[1].parse().unwrap(), words[2].parse().unwrap())),
            "anchor" => anchor = words[1].parse().unwrap(),
            "service" => services.push(Service::new(
                words[1].parse().unwrap(),
                words[2..].join(" ").parse().unwrap(),
            )),
            "grant" => grants.push(Grant {
                network: words[1].parse().unwrap(),
                time: time(words[2]),
                services: words[3..].iter().map(|name| name.parse().unwrap()).collect(),
            }),
            "deny" => {
                denials.push(Denial { network: words[1].parse().unwrap(), time: time(words[2]) })
            }
            "ended" => ended.push((words[1].parse().unwrap(), time(words[2]))),
            "policy" => {
                let trial = words[1].parse().ok();
                policy = Some(BasePolicy { trial, lan: Vec::new(), open: BTreeSet::new() });
            }
            "lan" => policy.as_mut().unwrap().lan.push(words[1].parse().unwrap()),
            "open" => {
                policy.as_mut().unwrap().open.insert(words[1].parse().unwrap());
            }
            other => panic!("{other} in a desired file"),
        }
    }
    let desired = Desired::new(chain, anchor, &services, grants);
    let desired = desired.replace(built).deny(denials).silence(ended);
    match policy {
        Some(policy) => desired.keep_others_out(policy),
        None => desired,
    }
}

fn time(word: &str) -> Time {
    if word == "always" { Time::Always } else { Time::For(word.parse().unwrap()) }
}

fn parse_actual(text: &str) -> Actual {
    let mut sections: BTreeMap<&str, String> = BTreeMap::new();
    let mut heading = "";
    for line in text.lines() {
        match line.strip_prefix("== ") {
            Some(tool) => {
                heading = tool;
                sections.insert(tool, String::new());
            }
            None => sections.get_mut(heading).unwrap().extend([line, "\n"]),
        }
    }
    let tables = [(Family::V4, "iptables-save"), (Family::V6, "ip6tables-save")];
    let filters = tables
        .iter()
        .filter_map(|(family, tool)| Some((*family, Filter::parse(sections.get(tool)?).unwrap())))
        .collect();
    Actual::parse(&sections["ipset save"], filters).unwrap()
}
