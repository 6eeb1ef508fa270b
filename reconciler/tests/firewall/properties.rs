//! What holds for every plan, from whatever state of the kernel to whatever is desired.

use std::collections::BTreeSet;

use dialgate_contract::config::Anchor;
use dialgate_contract::{Ports, Service};
use dialgate_reconciler::firewall::{
    Actual, Batch, Desired, Filter, KernelSet, Memory, Plan, Purpose, SetName, Step, TOLERANCE,
    Time,
};
use ipnet::IpNet;
use proptest::prelude::*;

use crate::grammar::is_in_the_grammar;
use crate::packets::{Fate, Packet, packet};
use crate::states::{actual, desired, ended, grants, left_or_damaged, renamed, services};

/// Of a table, what is not ours to change.
fn foreign(actual: &Actual) -> Vec<Vec<String>> {
    let is_ours = |rule: &str| matches!(rule, "-j DIALGATE" | "-j OTHER");
    let chains = actual.filters().values().flat_map(|filter| {
        ["INPUT", "my-input", "FORWARD"].map(|chain| filter.rules(chain).unwrap().to_vec())
    });
    chains.map(|rules| rules.into_iter().filter(|rule| !is_ours(rule)).collect()).collect()
}

/// Whether somebody is kept out by our chain, and not by all of a base policy.
fn has_half_a_policy(filter: &Filter) -> bool {
    let rules = filter.rules("DIALGATE").unwrap_or_default();
    let is_other = |rule: &String| rule.contains("dg-deny-") || rule.contains("dg-ended-");
    let keeps_out = |rule: &String| rule.ends_with("-j DROP") && !is_other(rule);
    let drops_all = |rule: &String| keeps_out(rule) && !rule.contains("--dports");
    let whole = rules.first().is_some_and(|rule| rule == "-i lo -j ACCEPT")
        && rules.iter().any(drops_all)
        && rules.iter().take_while(|rule| !drops_all(rule)).any(|rule| rule.contains("ctstate"));
    rules.iter().any(keeps_out) && !whole
}

/// What becomes of a packet after each step of the way.
fn fates(desired: &Desired, actual: Actual, packet: &Packet) -> Vec<Fate> {
    let plan = Plan::between(desired, &actual).unwrap();
    let mut memory = Memory::new(actual);
    let mut fates = vec![packet.fate(memory.actual()).unwrap()];
    for step in plan.steps() {
        memory.step(step).unwrap();
        fates.push(packet.fate(memory.actual()).unwrap());
    }
    fates
}

proptest! {
    #![proptest_config(ProptestConfig {
        cases: 1000, max_global_rejects: 20_000, failure_persistence: None, ..ProptestConfig::default()
    })]

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
    fn a_chain_of_a_former_name_goes_and_nothing_of_others(desired in renamed(), actual in left_or_damaged()) {
        let before = foreign(&actual);
        let mut memory = Memory::new(actual);
        let plan = Plan::between(&desired, memory.actual()).unwrap();
        memory.apply(&plan).unwrap();
        let rest = Plan::between(&desired, memory.actual()).unwrap();
        prop_assert!(rest.is_empty(), "after\n{plan}remains\n{rest}");
        prop_assert_eq!(foreign(memory.actual()), before);
        for filter in memory.actual().filters().values() {
            let led_to = |chain| filter.rules(chain).unwrap().iter().any(|rule| rule.ends_with("-j DIALGATE"));
            let left = filter.rules("DIALGATE").map(<[String]>::len);
            prop_assert_eq!(left, (led_to("INPUT") || led_to("my-input")).then_some(0));
        }
    }

    #[test]
    fn the_tools_are_told_nothing_outside_the_grammar(desired in prop_oneof![desired(), renamed()], actual in actual()) {
        for batch in Plan::between(&desired, &actual).unwrap().batches() {
            let Batch::Script { script, .. } = batch else { continue };
            prop_assert!(script.ends_with('\n'));
            for line in script.lines() {
                prop_assert!(is_in_the_grammar(line), "{line}");
            }
        }
    }

    #[test]
    fn closings_come_first_and_never_let_anybody_in(
        desired in prop_oneof![desired(), renamed()], actual in actual()) {
        let plan = Plan::between(&desired, &actual).unwrap();
        let first_other = plan.steps().iter().position(|step| !step.closes());
        let (first, rest) = plan.steps().split_at(first_other.unwrap_or(plan.steps().len()));
        let closings = Plan::closings(&desired, &actual);
        prop_assert!(first.starts_with(closings.steps()), "{plan}");
        // What keeps out is built last where somebody made another set of that name, or where it is only tried.
        let keeps_out = |step: &Step| matches!(step, Step::Create { .. } | Step::Open { .. });
        prop_assert!(!rest.iter().any(|step| step.closes() && !keeps_out(step)), "{plan}");

        let mut memory = Memory::new(actual.clone());
        memory.apply(&closings).unwrap();
        let letting_in = |(name, _): &(&SetName, _)| name.lets_in();
        for (name, set) in memory.actual().sets().iter().filter(letting_in) {
            let Some(wanted) = desired.sets().get(name) else { continue };
            for (network, left) in set.entries() {
                let before = actual.sets()[name].entries()[network];
                prop_assert!(left.is_some() && (*left <= before || before.is_none()));
                prop_assert!(wanted.contains_key(network));
            }
        }
    }

    #[test]
    fn at_no_time_is_more_let_in_than_before_or_afterwards(
        desired in prop_oneof![desired(), renamed()], actual in left_or_damaged(), packet in packet(),
    ) {
        let Some(before) = packet.fate(&actual) else { return Ok(()) };
        let is_damaged = |(name, set): (&SetName, &KernelSet)| {
            !name.lets_in() && !set.is_as_created()
        };
        prop_assume!(!actual.sets().iter().any(is_damaged));
        // Half a policy is taken away before there are sets for a whole one: nobody is locked out for it.
        prop_assume!(desired.policy().is_none() || !actual.filters().values().any(has_half_a_policy));
        let fates = fates(&desired, actual, &packet);
        let most = before.max(*fates.last().unwrap());
        prop_assert!(fates.iter().all(|fate| *fate <= most), "{before:?} {fates:?}");
    }

    #[test]
    fn at_no_time_is_the_machine_cut_off_from_itself_or_from_what_it_began(
        desired in prop_oneof![desired(), renamed()], actual in left_or_damaged(), mut packet in packet(),
    ) {
        packet.to = ("udp", 9999);
        if packet.loopback {
            packet.from = std::net::Ipv4Addr::LOCALHOST.into();
        } else {
            (packet.established, packet.answer) = (true, true);
        }
        // Nor is anybody who was denied and is so no more, where the rule was gone meanwhile.
        let was_denied = |(name, set): (&SetName, &KernelSet)| {
            *name.purpose() == Purpose::Deny
                && set.entries().keys().any(|network| network.contains(&packet.from))
        };
        prop_assume!(!actual.filters().values().any(has_half_a_policy));
        prop_assume!(!actual.sets().iter().any(was_denied));
        let Some(before) = packet.fate(&actual) else { return Ok(()) };
        let fates = fates(&desired, actual, &packet);
        let kept_out = [Some(&before), fates.last()].contains(&Some(&Fate::Dropped));
        prop_assert!(kept_out || !fates.contains(&Fate::Dropped), "{before:?} {fates:?}");
    }

    #[test]
    fn whose_right_has_ended_answers_nothing_but_where_he_is_let_in(
        services in services(), grants in grants(), ended in ended(), actual in actual(), packet in packet(),
    ) {
        let chain: dialgate_contract::config::ChainName = "DIALGATE".parse().unwrap();
        let without = Desired::new(chain, Anchor::Auto, &services, grants);
        let desired = without.clone().silence(ended.clone());
        let fate = |desired: &Desired| {
            let mut memory = Memory::new(actual.clone());
            memory.apply(&Plan::between(desired, &actual).unwrap()).unwrap();
            packet.fate(memory.actual())
        };
        let named = |ports: &Ports| match ports {
            Ports::All => false,
            Ports::Ranges(ranges) => ranges
                .iter()
                .any(|range| range.contains(packet.to.0.parse().unwrap(), packet.to.1)),
        };
        let silenced = ended.iter().any(|(network, time)| {
            !time.is_over() && network.net().contains(&packet.from)
        });
        let silenced = silenced && packet.answer && services.iter().any(|service| named(&service.ports));
        let expected = match fate(&without) {
            Some(Fate::Passed) if silenced => Some(Fate::Dropped),
            other => other,
        };
        prop_assert_eq!(fate(&desired), expected);
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

    #[test]
    fn a_plan_of_what_has_changed_is_the_plan_of_everything(
        services in services(), grants in grants(), others in grants(), ended in ended(), actual in actual(),
    ) {
        let chain = || "DIALGATE".parse().unwrap();
        let before = Desired::new(chain(), Anchor::Auto, &services, grants);
        let desired = Desired::new(chain(), Anchor::Auto, &services, others).silence(ended);
        let mut memory = Memory::new(actual);
        memory.apply(&Plan::between(&before, memory.actual()).unwrap()).unwrap();
        // Networks that may be around others are always looked at, and with them what is in them.
        let wide = ["12.34.56.0/24", "2a01::/32"].map(|network| network.parse::<IpNet>().unwrap());
        let mut part: BTreeSet<IpNet> = wide.into();
        for (name, entries) in desired.sets() {
            let former = before.sets().get(name);
            let networks = entries.keys().chain(former.into_iter().flat_map(|set| set.keys()));
            part.extend(networks.filter(|network| {
                former.and_then(|former| former.get(*network)) != entries.get(*network)
            }));
        }
        let changes = |network: &IpNet| {
            let of = |desired: &Desired| -> Vec<Option<Time>> {
                let services = desired.sets().iter().filter(|(name, _)| name.service().is_some());
                services.map(|(_, set)| set.get(network).copied()).collect()
            };
            of(&before) != of(&desired)
        };
        prop_assume!(!wide.iter().any(changes));
        let whole = Plan::between(&desired, memory.actual()).unwrap();
        let plan = Plan::between(&desired.only(part), memory.actual()).unwrap();
        prop_assert_eq!(whole, plan);
    }
}
