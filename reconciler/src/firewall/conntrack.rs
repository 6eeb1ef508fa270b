//! The kernel's table of flows, by the tool `conntrack`.

use std::collections::{BTreeMap, BTreeSet};
use std::path::{Path, PathBuf};
use std::time::Duration;

use ipnet::IpNet;

use super::flow::{Flow, deletion_of_all};
use super::process::{Limits, Running};
use super::{Cut, FirewallError, UnreadableError};

/// Each deletion goes through the whole table, so that of a network with more flows than this to end, all are ended;
/// those that are still covered begin again with their next packet.
const MANY: usize = 300;

/// A table has 262,144 flows at most unless somebody raised it (`nf_conntrack_max`), with 200 bytes each.
const LIMITS: Limits = Limits { time: Duration::from_secs(20), output: 128 << 20 };

/// Where the kernel tells how many flows there are; not there while nothing keeps track of any, or where a unit hides
/// all of `/proc` but processes.
const COUNT: &str = "/proc/sys/net/netfilter/nf_conntrack_count";

const MISSING: &str = "there is no conntrack in /usr/sbin or /sbin: a call or a login that stands when its access ends \
                       may go on until it ends by itself; install it with `apt-get install conntrack`";

/// The table of flows.
#[derive(Debug)]
pub(super) struct Conntrack {
    tool: Option<PathBuf>,
    is_missed: bool,
}

impl Conntrack {
    /// Finds the tool.
    pub(super) fn find() -> Self {
        let tool = ["/usr/sbin/conntrack", "/sbin/conntrack"].map(Path::new);
        let tool = tool.into_iter().find(|tool| tool.exists()).map(Path::to_owned);
        Self { tool, is_missed: false }
    }

    /// Ends the flows of these cuts. That there is no tool is told once, and is no error: trying again does not help.
    pub(super) fn cut(&mut self, cuts: &[Cut]) -> Result<(), FirewallError> {
        if std::fs::read_to_string(COUNT).is_ok_and(|count| count.trim() == "0") {
            return Ok(());
        }
        let Some(tool) = &self.tool else {
            if !std::mem::replace(&mut self.is_missed, true) {
                tracing::warn!("{MISSING}");
            }
            return Ok(());
        };
        cut(tool, cuts)
    }
}

fn cut(tool: &Path, cuts: &[Cut]) -> Result<(), FirewallError> {
    let listed = Running::start(tool, &["-L", "-o", "extended"], "", LIMITS)?.finish()?;
    let (script, unreadable) = script(cuts, &listed);
    if !script.is_empty() {
        Running::start(tool, &["-R", "-"], &script, LIMITS)?.finish()?;
    }
    unreadable.map_or(Ok(()), |error| Err(error.into()))
}

/// What `conntrack -R` is told, and the first line that makes no sense.
fn script(cuts: &[Cut], listed: &str) -> (String, Option<UnreadableError>) {
    let by_network: BTreeMap<IpNet, &Cut> = cuts.iter().map(|cut| (cut.network(), cut)).collect();
    let lengths: BTreeSet<u8> = by_network.keys().map(IpNet::prefix_len).collect();
    let mut deletions: BTreeMap<IpNet, Vec<String>> = BTreeMap::new();
    let mut unreadable = None;
    for line in listed.lines() {
        let flow = match Flow::parse(line) {
            Ok(flow) => flow,
            Err(error) => {
                unreadable.get_or_insert(error);
                continue;
            }
        };
        let around = flow.ends().into_iter().flat_map(|end| {
            lengths.iter().filter_map(move |&length| Some(IpNet::new(end, length).ok()?.trunc()))
        });
        let mut cuts = around.filter_map(|network| by_network.get(&network));
        if let Some(cut) = cuts.find(|cut| flow.is_cut_by(cut)) {
            deletions.entry(cut.network()).or_default().push(flow.deletion());
        }
    }
    let script = deletions.into_iter().map(|(network, deletions)| {
        if deletions.len() > MANY { deletion_of_all(network) } else { deletions.concat() }
    });
    (script.collect(), unreadable)
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::firewall::{Desired, Grant, Time};
    use dialgate_contract::config::Anchor;
    use dialgate_contract::{Network, Service};

    /// Cuts for networks that lost the telephones' signalling, while `granted` has it.
    fn cuts(lost: &[&str], granted: &[&str]) -> Vec<Cut> {
        let service = Service::new("sip".parse().unwrap(), "udp:5060".parse().unwrap());
        let services = [service.name.clone()].into();
        let grants = granted.iter().map(|network| Grant {
            network: network.parse().unwrap(),
            services: [service.name.clone()].into(),
            time: Time::Always,
        });
        let chain = "DIALGATE".parse().unwrap();
        let desired = Desired::new(chain, Anchor::Auto, std::slice::from_ref(&service), grants);
        let lost = lost.iter().map(|network| network.parse::<Network>().unwrap());
        Cut::of(&desired, lost.map(|network| (network, &services)))
    }

    fn line(source: &str, destination: &str, from: u16, to: u16) -> String {
        format!("ipv4 2 udp 17 29 src={source} dst={destination} sport={from} dport={to} src=\n")
    }

    const HERE: &str = "81.2.69.142";

    #[test]
    fn only_flows_of_who_lost_a_right_to_its_ports_are_ended_whoever_began_them() {
        let (began, called) =
            (line("12.34.56.78", HERE, 40000, 5060), line(HERE, "12.34.56.78", 5060, 5061));
        let others = [
            line("12.34.56.79", HERE, 40000, 5060),
            line("12.34.56.78", HERE, 40000, 22),
            line(HERE, "12.34.56.78", 40000, 5060),
        ];
        let listed = format!("{began}{}{called}", others.concat());
        let (script, unreadable) = script(&cuts(&["12.34.56.78"], &["12.34.56.79"]), &listed);
        assert_eq!(
            script,
            "-D -f ipv4 -s 12.34.56.78 -d 81.2.69.142 -p udp --sport 40000 --dport 5060\n\
             -D -f ipv4 -s 81.2.69.142 -d 12.34.56.78 -p udp --sport 5060 --dport 5061\n"
        );
        assert!(unreadable.is_none());
    }

    #[test]
    fn what_another_right_covers_goes_on() {
        assert_eq!(cuts(&["12.34.56.78"], &["12.34.56.0/24"]), []);
        let cuts = cuts(&["12.34.56.0/24"], &["12.34.56.78"]);
        let listed =
            line("12.34.56.78", HERE, 1, 5060) + &line("12.34.56.79", HERE, 2, 5060) + "nonsense\n";
        let (script, unreadable) = script(&cuts, &listed);
        assert_eq!(
            script,
            "-D -f ipv4 -s 12.34.56.79 -d 81.2.69.142 -p udp --sport 2 --dport 5060\n"
        );
        assert!(unreadable.unwrap().to_string().contains("nonsense"));
    }

    #[test]
    fn of_a_network_with_many_flows_all_are_ended_at_once() {
        let listed: String = (1..=301).map(|from| line("12.34.56.78", HERE, from, 5060)).collect();
        let (script, _) = script(&cuts(&["12.34.0.0/16", "9.9.9.9"], &[]), &listed);
        assert_eq!(script, "-D -f ipv4 -s 12.34.0.0/16\n-D -f ipv4 -d 12.34.0.0/16\n");
    }
}
