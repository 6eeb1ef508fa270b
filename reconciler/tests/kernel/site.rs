use std::collections::BTreeSet;

use dialgate_contract::config::Anchor;
use dialgate_contract::{Service, ServiceName, TravellerAddress};
use dialgate_reconciler::firewall::{Actual, Desired, Firewall, Grant, Kernel, Plan, Time};

/// Plans, applies, and sees that nothing is left to do.
pub(crate) fn settle(kernel: &mut Kernel, desired: &Desired) -> Plan {
    let plan = Plan::between(desired, &kernel.read().unwrap()).unwrap();
    kernel.apply(&plan).unwrap_or_else(|error| panic!("{error}\n{plan}"));
    kernel.cut(&plan.cuts().cloned().collect::<Vec<_>>()).unwrap();
    let rest = Plan::between(desired, &kernel.read().unwrap()).unwrap();
    assert!(rest.is_empty(), "after\n{plan}remains\n{rest}");
    plan
}

/// Everything to these addresses, by services of every shape.
pub(crate) fn desired(addresses: &[(&str, u32)]) -> Desired {
    let many: Vec<String> = (1..=20).map(|n| format!("udp:{}-{}", n * 100, n * 100 + 1)).collect();
    let services: Vec<Service> = [
        ("sip", "udp:5060-5069 tcp:5060-5069"),
        ("web", "tcp:80 tcp:443"),
        ("ssh", "tcp:22"),
        ("any", "tcp:1-65535 udp:65535"),
        ("many", &many.join(" ")),
        ("all", "all"),
    ]
    .map(|(name, ports)| service(name, ports))
    .into();
    let everything = services.iter().map(|service| service.name.clone()).collect();
    wanted(&services, grants(&everything, addresses))
}

/// The telephones' signalling to these addresses, and nothing else.
pub(crate) fn sip(addresses: &[(&str, u32)]) -> Desired {
    let sip = service("sip", "udp:5060-5069");
    let grants = grants(&[sip.name.clone()].into(), addresses);
    wanted(&[sip], grants)
}

/// These services, and nobody let in.
pub(crate) fn nobody(services: &[Service]) -> Desired {
    wanted(services, Vec::new())
}

fn wanted(services: &[Service], grants: Vec<Grant>) -> Desired {
    Desired::new("DIALGATE".parse().unwrap(), Anchor::Auto, services, grants)
}

fn grants(services: &BTreeSet<ServiceName>, addresses: &[(&str, u32)]) -> Vec<Grant> {
    let grant = |(address, remaining): &(&str, u32)| Grant {
        network: TravellerAddress::new(address.parse().unwrap(), true).unwrap().into(),
        services: services.clone(),
        time: Time::For(*remaining),
    };
    addresses.iter().map(grant).collect()
}

pub(crate) fn service(name: &str, ports: &str) -> Service {
    Service::new(name.parse().unwrap(), ports.parse().unwrap())
}

pub(crate) fn entries(actual: &Actual, set: &str) -> Vec<String> {
    actual.sets()[&set.parse().unwrap()].entries().keys().map(ToString::to_string).collect()
}
