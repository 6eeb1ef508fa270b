//! Who may reach what: the one place that decides it for `firewall plan`, `firewall apply` and `why`.

use std::collections::{BTreeMap, BTreeSet};
use std::net::IpAddr;

use dialgate_contract::database::DatabaseError;
use dialgate_contract::ledger::host::{Host, KEPT};
use dialgate_contract::ledger::{
    Allow, BasePolicy, Decision, Deny, Exempt, Lease, allow, base_policy, deny, host, lease,
    service,
};
use dialgate_contract::{HostName, Network, Origin, Ports, Protocol, Service, ServiceName};
use jiff::Timestamp;
use rusqlite::Connection;

use crate::report::Ground;

/// Everything that gives or takes a right at one moment.
#[derive(Debug, Clone)]
pub(crate) struct Rights {
    pub(crate) services: Vec<Service>,
    /// The open ones.
    pub(crate) leases: Vec<Lease>,
    /// Those that hold.
    pub(crate) allow: Vec<Allow>,
    pub(crate) hosts: BTreeMap<HostName, Host>,
    /// Those that hold.
    pub(crate) deny: Vec<Deny>,
    pub(crate) policy: BasePolicy,
    /// They count while the policy is on or on trial, as [`Rights::open`] does.
    pub(crate) lan: BTreeSet<Network>,
    pub(crate) open: BTreeSet<ServiceName>,
    pub(crate) now: Timestamp,
}

/// What an address may do with a service.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Access {
    Open,
    /// Some of its ports, by another service.
    Part,
    Closed,
}

impl Rights {
    pub(crate) fn load(ledger: &Connection, now: Timestamp) -> Result<Self, DatabaseError> {
        let decided = base_policy::find(ledger)?.and_then(|decision| decision.at(now));
        let (policy, Exempt { lan, open }) = decided.map_or_else(
            || (BasePolicy::Off, Exempt::default()),
            |Decision { policy, exempt, .. }| (policy, exempt),
        );
        let mut rights = Self {
            services: service::all(ledger)?,
            leases: lease::not_ended(ledger)?,
            allow: allow::all(ledger)?,
            hosts: host::all(ledger)?,
            deny: deny::all(ledger)?,
            policy,
            lan,
            open,
            now,
        };
        rights.leases.retain(|lease| lease.is_open(now));
        rights.allow.retain(|entry| entry.holds(now));
        rights.deny.retain(|entry| entry.holds(now));
        Ok(rights)
    }

    /// As it would be with the base policy on and these exempt.
    pub(crate) fn with_policy(self, exempt: &Exempt) -> Self {
        let Exempt { lan, open } = exempt.clone();
        Self { policy: BasePolicy::On, lan, open, ..self }
    }

    /// Whether what has no right is kept out by our own chain.
    pub(crate) fn keeps_out(&self) -> bool {
        match self.policy {
            BasePolicy::Off => false,
            BasePolicy::Trial(_) | BasePolicy::On => true,
        }
    }

    /// What keeps the address out, whatever else lets it in. This machine itself comes before that under the policy.
    pub(crate) fn denied(&self, address: IpAddr) -> Option<&Deny> {
        let exempt = self.keeps_out() && address.is_loopback();
        self.deny.iter().find(|entry| entry.network.contains(address) && !exempt)
    }

    /// What lets the address in to what, the deny list left aside.
    pub(crate) fn grounds(&self, address: IpAddr) -> Vec<(Ground, Ports)> {
        let mut grounds = Vec::new();
        if self.keeps_out() {
            if address.is_loopback() {
                grounds.push((Ground::Loopback, Ports::All));
            }
            let lan = self.lan.iter().filter(|network| network.contains(address));
            grounds.extend(lan.map(|network| (Ground::Lan { network: *network }, Ports::All)));
            let open = self.open.iter().map(|name| (Ground::Everybody, self.ports([name])));
            grounds.extend(open);
        }
        let allow = self.allow.iter().filter(|entry| self.is_from(&entry.origin, address));
        grounds.extend(allow.map(|entry| (Ground::allow(entry), self.ports(&entry.services))));
        let leases = self.leases.iter().filter(|lease| lease.address.contains(address));
        grounds.extend(leases.map(|lease| (Ground::lease(lease), self.ports(&lease.services))));
        grounds
    }

    /// What the address may do with these ports, and by what.
    pub(crate) fn access(&self, address: IpAddr, ports: &Ports) -> (Access, Vec<Ground>) {
        if self.denied(address).is_some() {
            return (Access::Closed, Vec::new());
        }
        let grounds = self.grounds(address);
        let all = grounds.iter().fold(Ports::none(), |all, (_, ports)| all.and(ports));
        let access = match (all.cover(ports), overlap(&all, ports)) {
            (true, _) => Access::Open,
            (false, true) => Access::Part,
            (false, false) => Access::Closed,
        };
        let whole = grounds.iter().any(|(_, own)| own.cover(ports));
        let counts = |own: &Ports| if whole { own.cover(ports) } else { overlap(own, ports) };
        let grounds = grounds.into_iter().filter(|(_, own)| counts(own));
        (access, grounds.map(|(ground, _)| ground).collect())
    }

    /// Whether the address may begin to talk to the port.
    pub(crate) fn reaches(&self, address: IpAddr, protocol: Protocol, port: u16) -> bool {
        self.denied(address).is_none()
            && self.grounds(address).iter().any(|(_, ports)| ports.contain(protocol, port))
    }

    /// The service of this name.
    pub(crate) fn service(&self, name: &str) -> Option<&Service> {
        self.services.iter().find(|service| service.name.as_str() == name)
    }

    /// Where a host is now: what the DNS has said of it lately.
    pub(crate) fn addresses(&self, name: &HostName) -> Vec<IpAddr> {
        let Some(host) = self.hosts.get(name) else { return Vec::new() };
        let fresh = |answered: Timestamp| {
            answered.saturating_add(KEPT).is_ok_and(|forgotten| forgotten > self.now)
        };
        host.addresses.iter().filter(|(_, at)| fresh(**at)).map(|(address, _)| *address).collect()
    }

    fn is_from(&self, origin: &Origin, address: IpAddr) -> bool {
        match origin {
            Origin::Network(network) => network.contains(address),
            Origin::Host(name) => self.addresses(name).contains(&address),
        }
    }

    /// What services of these names open, as they are now.
    fn ports<'a>(&self, names: impl IntoIterator<Item = &'a ServiceName>) -> Ports {
        let services = names.into_iter().filter_map(|name| self.service(name.as_str()));
        services.fold(Ports::none(), |all, service| all.and(&service.ports))
    }
}

/// Whether some port is in both.
pub(crate) fn overlap(one: &Ports, other: &Ports) -> bool {
    match (one, other) {
        (Ports::All, Ports::All) => true,
        (Ports::All, Ports::Ranges(ranges)) | (Ports::Ranges(ranges), Ports::All) => {
            !ranges.is_empty()
        }
        (Ports::Ranges(one), Ports::Ranges(other)) => one.iter().any(|range| {
            other.iter().any(|other| {
                range.protocol() == other.protocol()
                    && range.first() <= other.last()
                    && other.first() <= range.last()
            })
        }),
    }
}

#[cfg(test)]
pub(crate) mod tests {
    use super::*;

    /// What a fresh ledger has, with these on the allow and deny lists.
    pub(crate) fn rights(allow: &[(&str, &str)], deny: &[&str]) -> Rights {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("ledger.db");
        let ledger = dialgate_contract::ledger::Ledger::open(&path).unwrap();
        let now = Timestamp::from_second(100_000).unwrap();
        let mut rights = Rights::load(ledger.connection(), now).unwrap();
        let entry = |(origin, services): &(&str, &str)| Allow {
            origin: origin.parse().unwrap(),
            services: services.split(' ').map(|name| name.parse().unwrap()).collect(),
            name: String::new(),
            expires_at: None,
            created_at: now,
        };
        rights.allow = allow.iter().map(entry).collect();
        let entry = |network: &&str| Deny {
            network: network.parse().unwrap(),
            name: String::new(),
            expires_at: None,
            created_at: now,
        };
        rights.deny = deny.iter().map(entry).collect();
        rights
    }

    fn access(rights: &Rights, address: &str, ports: &str) -> Access {
        rights.access(address.parse().unwrap(), &ports.parse().unwrap()).0
    }

    #[test]
    fn a_service_opens_those_whose_ports_it_covers() {
        let rights = rights(&[("12.34.56.0/24", "sip"), ("12.34.57.1", "all")], &[]);
        assert_eq!(access(&rights, "12.34.56.78", "udp:5060-5069 tcp:5060-5069"), Access::Open);
        assert_eq!(access(&rights, "12.34.56.78", "tcp:5061"), Access::Open);
        assert_eq!(access(&rights, "12.34.56.78", "tcp:5061 tcp:443"), Access::Part);
        assert_eq!(access(&rights, "12.34.56.78", "all"), Access::Part);
        assert_eq!(access(&rights, "12.34.56.78", "udp:4569"), Access::Closed);
        assert_eq!(access(&rights, "12.34.57.1", "all"), Access::Open);
        assert_eq!(access(&rights, "12.34.57.2", "tcp:5061"), Access::Closed);
    }

    #[test]
    fn the_deny_list_wins_over_everything_but_this_machine_itself() {
        let rights = rights(&[("12.34.56.78", "all")], &["12.34.0.0/16", "192.168.0.0/16"]);
        let lan = ["192.168.1.0/24".parse().unwrap()].into();
        let rights = rights.with_policy(&Exempt { lan, open: BTreeSet::new() });
        assert_eq!(access(&rights, "12.34.56.78", "tcp:22"), Access::Closed);
        assert_eq!(access(&rights, "192.168.1.5", "tcp:22"), Access::Closed);
        assert_eq!(access(&rights, "127.0.0.1", "all"), Access::Open);
    }

    #[test]
    fn networks_of_the_house_and_open_services_count_with_the_policy_only() {
        let mut off = rights(&[], &[]);
        off.lan = ["192.168.1.0/24".parse().unwrap()].into();
        off.open = ["rtp".parse().unwrap()].into();
        let exempt = Exempt { lan: off.lan.clone(), open: off.open.clone() };
        let on = off.clone().with_policy(&exempt);
        for (address, ports) in
            [("192.168.1.5", "tcp:22"), ("12.34.56.78", "udp:10000-20000"), ("::1", "tcp:1")]
        {
            assert_eq!(access(&off, address, ports), Access::Closed);
            assert_eq!(access(&on, address, ports), Access::Open);
        }
        assert_eq!(access(&on, "12.34.56.78", "tcp:22"), Access::Closed);
    }

    #[test]
    fn a_host_is_where_the_dns_said_it_is_within_two_hours() {
        let mut rights = rights(&[("sip.example.net", "sip")], &[]);
        let at = |second| Timestamp::from_second(second).unwrap();
        let addresses = [
            ("12.34.56.78".parse().unwrap(), at(99_000)),
            ("12.34.56.79".parse().unwrap(), at(100_000 - 7_200)),
        ];
        let host = Host { asked_at: at(99_000), problem: None, addresses: addresses.into() };
        rights.hosts.insert("sip.example.net".parse().unwrap(), host);
        assert_eq!(access(&rights, "12.34.56.78", "udp:5060"), Access::Open);
        assert_eq!(access(&rights, "12.34.56.79", "udp:5060"), Access::Closed);
    }

    #[test]
    fn several_grounds_are_told_apart_from_one_that_suffices() {
        let rights = rights(&[("12.34.56.78", "sips"), ("12.34.56.0/24", "web")], &[]);
        let grounds = |ports: &str| {
            rights.access("12.34.56.78".parse().unwrap(), &ports.parse().unwrap()).1.len()
        };
        assert_eq!(
            (grounds("tcp:5061"), grounds("tcp:5061 tcp:443"), grounds("tcp:22")),
            (1, 2, 0)
        );
    }
}
