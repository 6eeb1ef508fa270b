use std::collections::BTreeMap;
use std::io::Write;
use std::time::Instant;

use super::{Actual, Firewall, FirewallError, Memory, Plan};

/// A firewall that changes nothing: it writes down what the tools would be given, and remembers it in a model of a
/// kernel that was fresh at the start.
#[derive(Debug)]
pub struct DryRun<W> {
    memory: Memory,
    writer: W,
    aged: Instant,
}

impl<W: Write> DryRun<W> {
    /// A firewall that writes to `writer`.
    pub fn new(writer: W) -> Self {
        Self { memory: Memory::fresh(), writer, aged: now() }
    }
}

impl<W: Write> Firewall for DryRun<W> {
    fn read(&mut self) -> Result<Actual, FirewallError> {
        let seconds = self.aged.elapsed().as_secs();
        self.memory.age(u32::try_from(seconds).unwrap_or(u32::MAX));
        self.aged += std::time::Duration::from_secs(seconds);
        Ok(self.memory.actual().clone())
    }

    fn read_sets(&mut self) -> Result<Actual, FirewallError> {
        Ok(Actual { filters: BTreeMap::new(), ..self.read()? })
    }

    fn apply(&mut self, plan: &Plan) -> Result<(), FirewallError> {
        self.memory.apply(plan)?;
        for batch in plan.batches() {
            for line in batch.to_string().lines() {
                writeln!(self.writer, "dry-run: {line}").map_err(FirewallError::Print)?;
            }
        }
        self.writer.flush().map_err(FirewallError::Print)
    }
}

#[expect(clippy::disallowed_methods, reason = "an adapter: entries age by the clock")]
fn now() -> Instant {
    Instant::now()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::firewall::{Desired, Grant, Time};
    use dialgate_contract::Service;
    use dialgate_contract::config::Anchor;

    #[test]
    fn what_would_be_done_is_written_down_and_remembered() {
        let service = Service::new("sip".parse().unwrap(), "udp:5060".parse().unwrap());
        let grant = Grant {
            network: "12.34.56.78".parse().unwrap(),
            services: [service.name.clone()].into(),
            time: Time::For(3600),
        };
        let desired = Desired::new("DIALGATE".parse().unwrap(), Anchor::Auto, &[service], [grant]);
        let mut firewall = DryRun::new(Vec::new());
        let plan = Plan::between(&desired, &firewall.read().unwrap()).unwrap();
        firewall.apply(&plan).unwrap();
        assert!(Plan::between(&desired, &firewall.read().unwrap()).unwrap().is_empty());
        let written = String::from_utf8(firewall.writer).unwrap();
        assert!(written.starts_with("dry-run: ipset -exist restore\n"), "{written}");
        assert!(
            written.contains("dry-run:   add dg-sip-4 12.34.56.78 timeout 3600\n"),
            "{written}"
        );
    }
}
