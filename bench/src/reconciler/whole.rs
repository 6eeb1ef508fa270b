use std::io;
use std::process::Child;
use std::time::Duration;

use dialgate_contract::ledger::pass;
use dialgate_reconciler::firewall::{Firewall, Kernel, Plan};
use dialgate_tests::wait;

use super::extent::Extent;
use super::figures::{median, ratio, row};
use super::site::{Site, now};
use super::tools::{clear, printed, restore, timed};
use crate::sample::Sample;

/// Filling a million takes half of it, on a busy machine.
const FIRST_PASS_WITHIN: Duration = Duration::from_secs(180);

/// Everything anew and everything read back. Leaves the kernel as the ledger says.
pub(super) fn measure(site: &Site, extent: &Extent) -> io::Result<String> {
    let (peak, idle) = memory(site)?;
    let [mut floor, mut rebuilt] = anew(site, extent.rounds(site.leases()))?;
    let [mut saved, mut verified, mut passed] = read_back(site, extent.rounds(site.leases()))?;
    Ok(row(&[
        site.leases().to_string(),
        median(&mut floor),
        median(&mut rebuilt),
        ratio(&mut rebuilt, &mut floor),
        median(&mut saved),
        median(&mut verified),
        ratio(&mut verified, &mut saved),
        median(&mut passed),
        ratio(&mut passed, &mut saved),
        format!("{:.1}", peak / 1024.0),
        format!("{:.1}", idle / 1024.0),
    ]))
}

/// A bare `ipset restore` of everything, and a pass that finds an empty kernel.
fn anew(site: &Site, rounds: u32) -> io::Result<[Sample; 2]> {
    let (mut floor, mut rebuilt) = (Sample::default(), Sample::default());
    let lines = printed("ipset", &["save"])?;
    for _ in 0..rounds {
        clear()?;
        floor.push(restore("ipset", &["restore"], &lines)?);
        clear()?;
        let mut reconciler = site.reconciler()?;
        let pass = || reconciler.pass(&[], now()).map_err(io::Error::other);
        rebuilt.push(timed(pass)?.0);
    }
    Ok([floor, rebuilt])
}

/// A bare `ipset save`, then what is read of the kernel and found to be right, and a pass that finds all in order.
fn read_back(site: &Site, rounds: u32) -> io::Result<[Sample; 3]> {
    let mut samples: [Sample; 3] = Default::default();
    let mut kernel = Kernel::new().map_err(io::Error::other)?;
    let mut reconciler = site.reconciler()?;
    for _ in 0..rounds {
        let [saved, verified, passed] = &mut samples;
        saved.push(timed(|| printed("ipset", &["save"]))?.0);
        let desired = site.desired(0, &[])?;
        let verify = || {
            let actual = kernel.read().map_err(io::Error::other)?;
            Plan::between(&desired, &actual).map_err(io::Error::other)
        };
        let (time, plan) = timed(verify)?;
        if !plan.is_empty() {
            return Err(io::Error::other(format!("there is something to do:\n{plan}")));
        }
        verified.push(time);
        passed.push(timed(|| reconciler.pass(&[], now()).map_err(io::Error::other))?.0);
    }
    Ok(samples)
}

/// What the program has of memory at most while it fills an empty kernel, and what afterwards, in KiB.
fn memory(site: &Site) -> io::Result<(f64, f64)> {
    let ledger = site.ledger()?;
    let mut program = Program(site.program("dialgate-reconciler")?.arg("--watch").spawn()?);
    wait::until("the first pass", FIRST_PASS_WITHIN, || {
        if let Some(status) = program.0.try_wait()? {
            return Err(io::Error::other(format!("dialgate-reconciler ended: {status}")));
        }
        let last = pass::last(ledger.connection()).map_err(io::Error::other)?;
        match last.map(|pass| pass.problem) {
            Some(Some(problem)) => Err(io::Error::other(problem)),
            Some(None) => Ok(Some(())),
            None => Ok(None),
        }
    })?;
    let status = std::fs::read_to_string(format!("/proc/{}/status", program.0.id()))?;
    let kibibytes = |key: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(key));
        let number = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        number.ok_or_else(|| io::Error::other(format!("no {key} of dialgate-reconciler")))
    };
    Ok((kibibytes("VmHWM:")?, kibibytes("VmRSS:")?))
}

/// Killed and reaped on drop.
struct Program(Child);

impl Drop for Program {
    fn drop(&mut self) {
        // It can only fail because the process is gone already.
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}
