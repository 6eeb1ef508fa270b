//! A PBX, the rest of the world, and what befalls the firewall between them.

use std::io;
use std::net::{IpAddr, Ipv4Addr};
use std::process::Child;
use std::sync::Arc;
use std::time::Duration;

use dialgate_contract::ledger::{BasePolicy, Exempt, base_policy};
use dialgate_contract::queue::Wish;
use dialgate_tests::internet::{Internet, send};
use dialgate_tests::namespace::run;
use dialgate_tests::root_side::{RootSide, now};
use dialgate_tests::wait;

use crate::arrivals::{Arrivals, LISTED, PORTS};
use crate::nft;

const PATIENCE: Duration = Duration::from_secs(20);
const ACCOUNT: &str = "4711";

const TOOLS: [&str; 2] = ["iptables", "ip6tables"];

/// Who keeps out whoever has no right.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum KeptOutBy {
    /// The policy of INPUT.
    TheOperator,
    /// Our base policy, where INPUT lets in.
    OurPolicy,
}

/// What befalls the firewall. That somebody restores a whole table is not among it: `iptables-restore` 1.8.9 without
/// `--noflush` lets packets in for a moment by itself, whatever policy it restores (92 of 1.3 million in 600 restores
/// where nothing of ours ran).
#[derive(Debug, Clone, Copy)]
pub(crate) enum Trouble {
    /// The reconciler is killed and started again.
    Killed,
    /// A traveller moves on to another address.
    Asked,
    /// `iptables` and `ip6tables` with these words.
    Flushed(&'static str),
    /// `nft flush table`: all rules are gone, and policies stay.
    Emptied,
    /// `nft flush ruleset`: the operator's policy is gone with ours.
    Wiped,
    /// Our sets are emptied.
    SetsFlushed,
    /// Rules, chain and sets are gone.
    Destroyed,
}

/// All of it.
pub(crate) struct Scene {
    watch: Watch,
    pub(crate) arrivals: Arrivals,
    pub(crate) internet: Arc<Internet>,
    by: KeptOutBy,
    asked: u8,
    pub(crate) side: RootSide,
}

/// Killed and reaped on drop.
struct Watch(Child);

impl Drop for Watch {
    fn drop(&mut self) {
        // It can only fail because the process is gone already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

impl Scene {
    pub(crate) fn set(by: KeptOutBy) -> io::Result<Self> {
        let side = RootSide::start(&[ACCOUNT], "")?;
        let pbx = side.namespace();
        match by {
            KeptOutBy::TheOperator => {
                for words in ["-A INPUT -i lo -j ACCEPT", "-P INPUT DROP"] {
                    for tool in TOOLS {
                        run(pbx.command(tool).args(words.split(' ')))?;
                    }
                }
            }
            KeptOutBy::OurPolicy => side
                .ledger()?
                .write(|tx| base_policy::set(tx, BasePolicy::On, &Exempt::default(), now()))
                .map_err(io::Error::other)?,
        }
        for listed in LISTED {
            side.dialgate(&["allow", "add", &listed.to_string(), "--services", "sip,rtp"])?;
        }
        let internet = Arc::new(Internet::join(pbx)?);
        let watch = Watch(side.watch_behind(&[])?);
        let arrivals = Arrivals::listen(pbx)?;
        let scene = Self { watch, arrivals, internet, by, asked: 0, side };
        scene.await_whole()?;
        Ok(scene)
    }

    pub(crate) fn befall(&mut self, trouble: Trouble) -> io::Result<()> {
        let pbx = self.side.namespace();
        match trouble {
            Trouble::Killed => {
                self.watch.0.kill()?;
                self.watch.0.wait()?;
                self.watch = Watch(self.side.watch_behind(&[])?);
            }
            Trouble::Asked => {
                self.asked = self.asked.wrapping_add(1);
                let address = IpAddr::V4(Ipv4Addr::new(12, 98, 0, self.asked));
                self.side.ask(ACCOUNT, Wish::Open { address, lifetime: None })?;
            }
            // It may be gone already.
            Trouble::Flushed(words) => {
                for tool in TOOLS {
                    let _ = run(pbx.command(tool).args(words.split(' ')));
                }
            }
            Trouble::Emptied => pbx.enter(nft::flush_filter)??,
            Trouble::Wiped => pbx.enter(nft::flush_ruleset)??,
            Trouble::SetsFlushed => {
                for set in self.sets()? {
                    run(pbx.command("ipset").args(["flush", &set]))?;
                }
            }
            Trouble::Destroyed => {
                // Somebody may be faster and use it again.
                for words in ["-F INPUT", "-F DIALGATE", "-X DIALGATE"] {
                    for tool in TOOLS {
                        let _ = run(pbx.command(tool).args(words.split(' ')));
                    }
                }
                for set in self.sets()? {
                    let _ = run(pbx.command("ipset").args(["destroy", &set]));
                }
            }
        }
        Ok(())
    }

    /// Waits until the firewall is as it should be.
    pub(crate) fn await_whole(&self) -> io::Result<()> {
        let pbx = self.side.namespace();
        wait::until("a whole firewall", PATIENCE, || {
            for (tool, set) in TOOLS.into_iter().zip(["dg-sip-4", "dg-sip-6"]) {
                let rules = run(pbx.command(tool).arg("-S"))?;
                let jumps = rules.contains("-A INPUT -j DIALGATE\n");
                let drops =
                    rules.contains("-A DIALGATE -j DROP\n") || self.by == KeptOutBy::TheOperator;
                let lets_in = rules.contains(&format!("--match-set {set} src -j ACCEPT"));
                if !(jumps && drops && lets_in) {
                    return Ok(None);
                }
            }
            let kernel = self.side.kernel()?;
            let knows = |who: &IpAddr| {
                let sets =
                    if who.is_ipv4() { ["dg-sip-4", "dg-rtp-4"] } else { ["dg-sip-6", "dg-rtp-6"] };
                sets.iter().all(|set| kernel.contains_key(&((*set).to_owned(), who.to_string())))
            };
            Ok(LISTED.iter().all(knows).then_some(()))
        })
    }

    /// The reconciler is killed, started again, and has made its first pass.
    pub(crate) fn restart(&mut self) -> io::Result<()> {
        self.watch.0.kill()?;
        self.watch.0.wait()?;
        self.watch = Watch(self.side.watch_ready()?);
        Ok(())
    }

    /// In quiet times, each of their datagrams arrives.
    pub(crate) fn hears_all_listed(&self) -> io::Result<()> {
        let one = |who: IpAddr| PORTS.iter().try_for_each(|&port| send(who, port, b"listed"));
        for _ in 0..100 {
            let all = self.arrivals.listed() + LISTED.len() * PORTS.len();
            self.internet.enter(|| LISTED.into_iter().try_for_each(one))??;
            // Few at a time: a socket that nobody reads for a while holds no more than some hundreds.
            wait::until("all from listed addresses", Duration::from_secs(5), || {
                Ok((self.arrivals.listed() == all).then_some(()))
            })?;
        }
        Ok(())
    }

    fn sets(&self) -> io::Result<Vec<String>> {
        let names = run(self.side.namespace().command("ipset").args(["list", "-name"]))?;
        Ok(names.lines().filter(|name| name.starts_with("dg-")).map(str::to_owned).collect())
    }
}
