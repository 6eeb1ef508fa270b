//! What holds for every plan, from whatever state of the kernel to whatever is desired.

use std::collections::BTreeMap;

use dialgate_contract::config::Anchor;
use dialgate_contract::{Service, ServiceName};
use dialgate_reconciler::firewall::{
    Actual, Batch, Desired, Family, Filter, Grant, Memory, Plan, SetName, Step, TOLERANCE, Time,
};
use proptest::collection::vec;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

const NAMES: [&str; 4] = ["all", "sip", "ssh", "x0"];
const PORTS: [&str; 4] =
    ["all", "tcp:22", "udp:5060-5069 tcp:5061", "tcp:1 tcp:3 tcp:5-9 udp:65535"];
const V4: [&str; 4] = ["12.34.56.78", "12.34.56.79", "9.9.9.9", "12.34.56.0/24"];
const V6: [&str; 2] = ["2a00:1450:4001:82a::/64", "2a01::/32"];
const TIMES: [Time; 9] = [
    Time::For(0),
    Time::For(1),
    Time::For(2),
    Time::For(3),
    Time::For(100),
    Time::For(3600),
    Time::For(2_147_483),
    Time::For(31_000_000),
    Time::Always,
];
const SECONDS: [u32; 8] = [0, 1, 2, 3, 100, 3600, 2_147_483, 31_000_000];

fn services() -> impl Strategy<Value = Vec<Service>> {
    let names = subsequence(NAMES.to_vec(), 0..=4).prop_shuffle();
    (names, vec(select(&PORTS[..]), 4)).prop_map(|(names, ports)| {
        let service = |(name, ports): (&str, &str)| Service {
            name: name.parse().unwrap(),
            ports: ports.parse().unwrap(),
        };
        names.into_iter().zip(ports).map(service).collect()
    })
}

fn grants() -> impl Strategy<Value = Vec<Grant>> {
    let names = subsequence(NAMES.to_vec(), 0..=4);
    let grant = (select([&V4[..], &V6].concat()), names, select(&TIMES[..]));
    vec(
        grant.prop_map(|(network, names, time)| Grant {
            network: network.parse().unwrap(),
            services: names.iter().map(|name| name.parse::<ServiceName>().unwrap()).collect(),
            time,
        }),
        0..6,
    )
}

fn desired() -> impl Strategy<Value = Desired> {
    (services(), grants(), select(vec!["auto", "my-input"])).prop_map(
        |(services, grants, anchor)| {
            Desired::new("DIALGATE".parse().unwrap(), anchor.parse().unwrap(), &services, grants)
        },
    )
}

/// A set of ours as we create it or as somebody else did, with entries as we add them or not.
fn set(name: &'static str, digit: u8) -> impl Strategy<Value = String> {
    let (family, other, pool, prefixes) = match digit {
        4 => ("inet", "inet6", &V4[..3], &["", "/24", "/8"]),
        _ => ("inet6", "inet", &["2a00:1450:4001:82a::", "2a01::"][..], &["", "/64", "/16"]),
    };
    let created = select(vec![
        format!("hash:net family {family} hashsize 64 maxelem 65536 timeout 60"),
        format!("hash:net family {family} hashsize 64 maxelem 65536 timeout 60"),
        format!("hash:net family {family} hashsize 64 maxelem 65536"),
        format!("hash:net family {other} hashsize 64 maxelem 65536 timeout 60"),
        "list:set size 8".to_owned(),
    ]);
    let entry =
        (select(pool), select(&prefixes[..]), select(&SECONDS[..7]), select(vec!["", " nomatch"]));
    (created, vec(entry, 0..6)).prop_map(move |(created, entries)| {
        let mut text = format!("create dg-{name}-{digit} {created}\n");
        for (address, prefix, seconds, option) in entries {
            text += &format!("add dg-{name}-{digit} {address}{prefix} timeout {seconds}{option}\n");
        }
        text
    })
}

const NEIGHBOURS: [&str; 6] = [
    "-p tcp -m multiport --dports 22 -j f2b-sshd",
    "-j f2b-asterisk",
    "-i lo -j ACCEPT",
    "-m comment --comment \"-j f2b-x\" -j DROP",
    "-p udp -j DIALGATE",
    "-j DIALGATE",
];

fn filter(digit: u8) -> impl Strategy<Value = String> {
    let ours = NAMES.iter().flat_map(move |name| {
        let set = format!("-m set --match-set dg-{name}-{digit} src -j ACCEPT");
        [
            format!("-p tcp -m multiport --dports 22 {set}"),
            format!("-p udp -m multiport --dports 5060:5069 {set}"),
            format!("-p tcp -m multiport --dports 5061 {set}"),
            set,
            "-j ACCEPT".to_owned(),
        ]
    });
    let ours = subsequence(ours.collect::<Vec<_>>(), 0..=20).prop_shuffle();
    let neighbours = || vec(select(&NEIGHBOURS[..]), 0..6);
    (neighbours(), neighbours(), proptest::option::of(ours)).prop_map(|(input, other, ours)| {
        let mut text = "*filter\n:INPUT DROP [0:0]\n:my-input - [0:0]\n".to_owned();
        for (chain, mut rules) in [("INPUT", input), ("my-input", other)] {
            rules.retain(|rule| ours.is_some() || !rule.ends_with("DIALGATE"));
            rules.iter().for_each(|rule| text += &format!("-A {chain} {rule}\n"));
        }
        if let Some(ours) = &ours {
            text += ":DIALGATE - [0:0]\n";
            ours.iter().for_each(|rule| text += &format!("-A DIALGATE {rule}\n"));
        }
        text + "COMMIT\n"
    })
}

/// Any state that a kernel can be in: no rule refers to a set that is not there.
fn actual() -> impl Strategy<Value = Actual> {
    let sets: Vec<_> = NAMES
        .into_iter()
        .flat_map(|name| [4, 6].map(|digit| proptest::option::of(set(name, digit))))
        .collect();
    (sets, filter(4), proptest::option::of(filter(6))).prop_map(|(sets, four, six)| {
        let sets: String = sets.into_iter().flatten().collect();
        let possible = |table: String| {
            let lines = table.lines().filter(|line| {
                let set =
                    line.split_once("--match-set ").and_then(|(_, rest)| rest.split(' ').next());
                set.is_none_or(|set| sets.contains(&format!("create {set} ")))
            });
            Filter::parse(&lines.collect::<Vec<_>>().join("\n")).unwrap()
        };
        let mut filters = BTreeMap::from([(Family::V4, possible(four))]);
        filters.extend(six.map(|table| (Family::V6, possible(table))));
        Actual::parse(&sets, filters).unwrap()
    })
}

/// Of a table, what is not ours to change.
fn foreign(actual: &Actual) -> Vec<Vec<String>> {
    let chains = actual.filters().values().flat_map(|filter| {
        ["INPUT", "my-input", "FORWARD"].map(|chain| filter.rules(chain).unwrap().to_vec())
    });
    chains.map(|rules| rules.into_iter().filter(|rule| rule != "-j DIALGATE").collect()).collect()
}

fn is_port_list(text: &str) -> bool {
    let port = |port: &str| port.parse::<u16>().is_ok_and(|port| port > 0);
    let range = |range: &str| range.split(':').all(port) && range.split(':').count() <= 2;
    text.split(',').all(range) && text.split([',', ':']).count() <= 15
}

/// The whole of what the tools may ever be told.
fn is_in_the_grammar(line: &str) -> bool {
    let set = |name: &str| name.parse::<SetName>().is_ok_and(|set| set.to_string() == name);
    let network =
        |net: &str| net.parse::<ipnet::IpNet>().is_ok() || net.parse::<std::net::IpAddr>().is_ok();
    let seconds = |text: &str| text.parse::<u32>().is_ok_and(|s| s <= 2_147_483);
    let anchor = |text: &str| ["INPUT", "my-input"].contains(&text);
    match line.split(' ').collect::<Vec<_>>()[..] {
        ["*filter" | "COMMIT"] | [":DIALGATE", "-", "[0:0]"] => true,
        [
            "create",
            name,
            "hash:net",
            "family",
            "inet" | "inet6",
            "maxelem",
            "65536",
            "timeout",
            "60",
        ] => set(name),
        ["add", name, net, "timeout", time] => set(name) && network(net) && seconds(time),
        ["del", name, net] => set(name) && network(net),
        ["flush" | "destroy", name] => set(name),
        ["-A", "DIALGATE", "-m", "set", "--match-set", name, "src", "-j", "ACCEPT"] => set(name),
        [
            "-A",
            "DIALGATE",
            "-p",
            "tcp" | "udp",
            "-m",
            "multiport",
            "--dports",
            ports,
            "-m",
            "set",
            "--match-set",
            name,
            "src",
            "-j",
            "ACCEPT",
        ] => is_port_list(ports) && set(name),
        ["-D", chain, "-j", "DIALGATE"] => anchor(chain),
        ["-I", chain, place, "-j", "DIALGATE"] => {
            anchor(chain) && place.parse::<u32>().is_ok_and(|p| p > 0)
        }
        _ => false,
    }
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(1500))]

    #[test]
    fn a_plan_carried_out_leaves_nothing_to_plan(desired in desired(), actual in actual()) {
        let before = foreign(&actual);
        let mut memory = Memory::new(actual);
        let plan = Plan::between(&desired, memory.actual()).unwrap();
        memory.apply(&plan).unwrap();
        let rest = Plan::between(&desired, memory.actual()).unwrap();
        prop_assert!(rest.is_empty(), "after\n{plan}remains\n{rest}");
        prop_assert_eq!(foreign(memory.actual()), before);
        let spoken = |set: &&SetName| memory.actual().filters().contains_key(&set.family());
        let sets: Vec<_> = memory.actual().sets().keys().filter(spoken).collect();
        prop_assert_eq!(sets, desired.sets().keys().filter(spoken).collect::<Vec<_>>());
    }

    #[test]
    fn the_tools_are_told_nothing_outside_the_grammar(desired in desired(), actual in actual()) {
        for batch in Plan::between(&desired, &actual).unwrap().batches() {
            let Batch::Script { script, .. } = batch else { continue };
            prop_assert!(script.ends_with('\n'));
            for line in script.lines() {
                prop_assert!(is_in_the_grammar(line), "{line}");
            }
        }
    }

    #[test]
    fn closings_come_first_and_never_let_anybody_in(desired in desired(), actual in actual()) {
        let plan = Plan::between(&desired, &actual).unwrap();
        let first_other = plan.steps().iter().position(|step| !step.closes());
        let (closing, rest) = plan.steps().split_at(first_other.unwrap_or(plan.steps().len()));
        prop_assert!(!rest.iter().any(Step::closes), "{plan}");
        let closings = Plan::closings(&desired, &actual);
        prop_assert_eq!(closings.steps(), closing);

        let mut memory = Memory::new(actual.clone());
        memory.apply(&closings).unwrap();
        for (name, set) in memory.actual().sets() {
            for (network, left) in set.entries() {
                let before = actual.sets()[name].entries()[network];
                prop_assert!(left.is_some() && (*left <= before || before.is_none()));
                prop_assert!(desired.sets().get(name).is_some_and(|set| set.contains_key(network)));
            }
        }
        for (family, filter) in memory.actual().filters() {
            let before = actual.filters()[family].rules("DIALGATE").unwrap_or_default();
            let after = filter.rules("DIALGATE").unwrap_or_default();
            prop_assert!(after.iter().all(|rule| before.contains(rule)));
            let wanted = desired.rules(*family);
            prop_assert!(after.iter().all(|rule| wanted.iter().any(|wanted| wanted.as_str() == rule)));
        }
    }

    #[test]
    fn a_moment_that_passes_is_no_reason_to_act(
        services in services(), grants in grants(), actual in actual(), moment in 0..=TOLERANCE,
    ) {
        let lasting = grants.into_iter().filter(|grant| grant.time > Time::For(3));
        let desired = Desired::new("DIALGATE".parse().unwrap(), Anchor::Auto, &services, lasting);
        let mut memory = Memory::new(actual);
        memory.apply(&Plan::between(&desired, memory.actual()).unwrap()).unwrap();
        memory.age(moment);
        let plan = Plan::between(&desired, memory.actual()).unwrap();
        prop_assert!(plan.is_empty(), "{plan}");
    }

    #[test]
    fn the_order_of_what_is_desired_does_not_matter(
        (services, other_services) in services().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        (grants, other_grants) in grants().prop_flat_map(|all| (Just(all.clone()), Just(all).prop_shuffle())),
        actual in actual(),
    ) {
        let plan = |services: &[Service], grants| {
            let desired = Desired::new("DIALGATE".parse().unwrap(), Anchor::Auto, services, grants);
            Plan::between(&desired, &actual).unwrap()
        };
        prop_assert_eq!(plan(&services, grants), plan(&other_services, other_grants));
    }
}
