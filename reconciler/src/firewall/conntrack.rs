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

/// Where the kernel tells how many flows there are; not there while nothing keeps track of any.
const COUNT: &str = "/proc/sys/net/netfilter/nf_conntrack_count";

/// The table of flows.
#[derive(Debug)]
pub(super) struct Conntrack {
    tool: Option<PathBuf>,
}

impl Conntrack {
    /// Finds the tool, and says so when it is not installed.
    pub(super) fn find() -> Self {
        let tool = ["/usr/sbin/conntrack", "/sbin/conntrack"].map(Path::new);
        let tool = tool.into_iter().find(|tool| tool.exists()).map(Path::to_owned);
        if tool.is_none() {
            tracing::warn!(
                "there is no conntrack in /usr/sbin or /sbin: a call or login that stands when its access ends may go on \
                 until it ends by itself; install it with `apt-get install conntrack`"
            );
        }
        Self { tool }
    }

    /// Ends the flows of these cuts. What a tool fails at is told and not tried again: whoever lost a right is out of
    /// the sets by now, and what else is to be closed or opened does not wait for this.
    pub(super) fn cut(&self, cuts: &[Cut]) {
        let Some(tool) = &self.tool else { return };
        if let Err(error) = cut(tool, cuts) {
            tracing::warn!(
                "flows that stand could not all be ended, though their access has: {error}"
            );
        }
    }
}

fn cut(tool: &Path, cuts: &[Cut]) -> Result<(), FirewallError> {
    match std::fs::read_to_string(COUNT) {
        Ok(count) if count.trim() != "0" => {}
        Ok(_) | Err(_) => return Ok(()),
    }
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
