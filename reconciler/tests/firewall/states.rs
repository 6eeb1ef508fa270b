//! States of a kernel, right or damaged, and what may be desired of it.

use std::collections::BTreeMap;

use dialgate_contract::{Network, Service, ServiceName};
use dialgate_reconciler::firewall::{
    Actual, BasePolicy, Denial, Desired, Family, Filter, Grant, Memory, Plan, Time,
};
use proptest::collection::vec;
use proptest::option;
use proptest::prelude::*;
use proptest::sample::{select, subsequence};

const NAMES: [&str; 4] = ["all", "sip", "ssh", "x0"];
const OTHERS: [&str; 4] = ["deny", "ended", "lan", "trial"];
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

pub(crate) fn services() -> impl Strategy<Value = Vec<Service>> {
    let names = subsequence(NAMES.to_vec(), 0..=4).prop_shuffle();
    (names, vec(select(&PORTS[..]), 4)).prop_map(|(names, ports)| {
        let service = |(name, ports): (&str, &str)| {
            Service::new(name.parse().unwrap(), ports.parse().unwrap())
        };
        names.into_iter().zip(ports).map(service).collect()
    })
}

pub(crate) fn grants() -> impl Strategy<Value = Vec<Grant>> {
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

fn denials() -> impl Strategy<Value = Vec<Denial>> {
    let denial = (select([&V4[..], &V6].concat()), select(&TIMES[..]));
    vec(denial.prop_map(|(network, time)| Denial { network: network.parse().unwrap(), time }), 0..3)
}

pub(crate) fn ended() -> impl Strategy<Value = Vec<(Network, Time)>> {
    let ended = (select([&V4[..], &V6].concat()), select(&TIMES[..5]));
    vec(ended.prop_map(|(network, time)| (network.parse().unwrap(), time)), 0..3)
}

fn policy() -> impl Strategy<Value = BasePolicy> {
    let lan = vec(select([&V4[..], &V6].concat()), 0..3);
    let open = subsequence(NAMES.to_vec(), 0..=2);
    (select(vec![None, Some(1), Some(60)]), lan, open).prop_map(|(trial, lan, open)| BasePolicy {
        trial,
        lan: lan.iter().map(|network| network.parse().unwrap()).collect(),
        open: open.iter().map(|name| name.parse().unwrap()).collect(),
    })
}

/// Everything that can be desired.
pub(crate) fn desired() -> impl Strategy<Value = Desired> {
    desired_in("DIALGATE")
}

/// The same, under a name that our chain has now, after [`desired`] under the one that it had.
pub(crate) fn renamed() -> impl Strategy<Value = Desired> {
    let built =
        ["auto", "my-input"].map(|anchor| ("DIALGATE".parse().unwrap(), anchor.parse().unwrap()));
    desired_in("OTHER").prop_map(move |desired| desired.replace(built.clone()))
}

fn desired_in(chain: &'static str) -> impl Strategy<Value = Desired> {
    let anchor = select(vec!["auto", "my-input"]);
    (services(), grants(), denials(), ended(), option::of(policy()), anchor).prop_map(
        move |(services, grants, denials, ended, policy, anchor)| {
            let chain = chain.parse().unwrap();
            let desired = Desired::new(chain, anchor.parse().unwrap(), &services, grants);
            let desired = desired.deny(denials).silence(ended);
            match policy {
                Some(policy) => desired.keep_others_out(policy),
                None => desired,
            }
        },
    )
}

/// A set of ours as we create it or as somebody else did, with entries as we add them or not.
fn set(name: &'static str, digit: u8) -> impl Strategy<Value = String> {
    let (family, other, halves, pool, prefixes) = match digit {
        4 => ("inet", "inet6", vec!["0.0.0.0", "128.0.0.0"], &V4[..3], &["", "/24", "/8"]),
        _ => (
            "inet6",
            "inet",
            vec!["::", "8000::"],
            &["2a00:1450:4001:82a::", "2a01::"][..],
            &["", "/64", "/16"],
        ),
    };
    let as_created = format!("hash:net family {family} hashsize 64 maxelem 1048576 timeout 60");
    let created = select(vec![
        as_created.clone(),
        as_created.clone(),
        format!("hash:net family {family} hashsize 64 maxelem 1048576"),
        format!("hash:net family {other} hashsize 64 maxelem 1048576 timeout 60"),
        "list:set size 8".to_owned(),
    ]);
    // What keeps out is damaged less often, for there to be many states where it is not.
    let created = match name {
        "deny" | "ended" | "trial" => prop_oneof![20 => Just(as_created), 1 => created].boxed(),
        _ => created.boxed(),
    };
    let pool = if name == "trial" { halves } else { pool.to_vec() };
    let prefixes = if name == "trial" { vec!["/1"] } else { prefixes.to_vec() };
    let entry =
        (select(pool), select(prefixes), select(&SECONDS[..7]), select(vec!["", " nomatch"]));
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
            format!("-p tcp -m tcp --dport 22 {set}"),
            format!("-p udp -m udp --dport 5060:5069 {set}"),
            format!("-p tcp -m tcp --dport 5061 {set}"),
            set,
            "-j ACCEPT".to_owned(),
        ]
    });
    // What some base policy had, or somebody left of it.
    let everybody = format!("-m set --match-set dg-trial-{digit} src ");
    let tried = everybody.clone();
    let ended =
        format!("-m set --match-set dg-ended-{digit} src -m conntrack --ctdir REPLY -j DROP");
    let policy = [
        "-i lo -j ACCEPT".to_owned(),
        format!("-m set --match-set dg-deny-{digit} src -j DROP"),
        format!("-m set --match-set dg-lan-{digit} src -j ACCEPT"),
        format!("-p udp -m udp --dport 5060:5069 {ended}"),
        format!("-p tcp -m multiport --dports 1,3,22 {ended}"),
        "-p tcp -m tcp --dport 22 -j DROP".to_owned(),
        format!("-p tcp -m tcp --dport 22 {tried}-j DROP"),
        "-m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT".to_owned(),
        "-p udp -j RETURN".to_owned(),
        format!("{everybody}-j DROP"),
        "-j DROP".to_owned(),
    ];
    let ours = ours.chain(policy);
    let ours = subsequence(ours.collect::<Vec<_>>(), 0..=20).prop_shuffle();
    let neighbours = || vec(select(&NEIGHBOURS[..]), 0..6);
    (neighbours(), neighbours(), option::of(ours)).prop_map(|(input, other, ours)| {
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

/// A state as we left it, or any other.
pub(crate) fn left_or_damaged() -> impl Strategy<Value = Actual> {
    let left = (desired(), actual()).prop_map(|(desired, actual)| {
        let plan = Plan::between(&desired, &actual).unwrap();
        let mut memory = Memory::new(actual);
        memory.apply(&plan).unwrap();
        memory.actual().clone()
    });
    prop_oneof![1 => actual(), 3 => left]
}

/// Any state that a kernel can be in: no rule refers to a set that is not there.
pub(crate) fn actual() -> impl Strategy<Value = Actual> {
    let sets: Vec<_> = NAMES
        .into_iter()
        .chain(OTHERS)
        .flat_map(|name| [4, 6].map(|digit| option::of(set(name, digit))))
        .collect();
    (sets, filter(4), option::of(filter(6))).prop_map(|(sets, four, six)| {
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
