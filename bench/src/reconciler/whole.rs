use std::io;
use std::path::Path;
use std::process::Child;
use std::time::Duration;

use dialgate_contract::ledger::pass;
use dialgate_reconciler::firewall::{Desired, Firewall, Kernel, Plan, Time};
use dialgate_tests::namespace::run;
use dialgate_tests::wait;

use super::extent::Extent;
use super::figures::{median, ratio, row};
use super::site::{self, Site, now};
use super::tools::{clear, command, printed, restore, timed};
use crate::sample::Sample;

const FIRST_PASS_WITHIN: Duration = Duration::from_secs(60);

/// Everything anew and everything read back. Leaves the kernel as the ledger says.
pub(super) fn measure(site: &Site, extent: &Extent) -> io::Result<String> {
    let rounds = extent.rounds(site.leases());
    let (peak, idle) = if site.is_allowed() { memory(site)? } else { memory_of_filling(site)? };
    let [mut floor, mut rebuilt] = anew(site, rounds)?;
    let [mut saved, mut verified] = read_back(site, rounds)?;
    let mut columns = vec![
        site.leases().to_string(),
        mebibytes(peak),
        mebibytes(idle),
        median(&mut floor),
        median(&mut rebuilt),
        ratio(&mut rebuilt, &mut floor),
        median(&mut saved),
        median(&mut verified),
        ratio(&mut verified, &mut saved),
    ];
    if site.is_allowed() {
        let mut passed = passed(site, rounds)?;
        columns.extend([median(&mut passed), ratio(&mut passed, &mut saved)]);
    }
    Ok(row(&columns))
}

/// Fills the kernel with so many addresses in a process of its own, and tells the memory that it has taken at most and
/// has then.
pub(crate) fn fill(leases: u32, ledger: &Path) -> io::Result<String> {
    fill_kernel(&site::desired(ledger, 0..leases, Time::Always)?)?;
    std::fs::read_to_string("/proc/self/status")
}

fn fill_kernel(desired: &Desired) -> io::Result<()> {
    let mut kernel = Kernel::new().map_err(io::Error::other)?;
    let actual = kernel.read().map_err(io::Error::other)?;
    let plan = Plan::between(desired, &actual).map_err(io::Error::other)?;
    kernel.apply(&plan).map_err(io::Error::other)
}

/// A bare `ipset restore` of everything, and a pass that finds an empty kernel.
fn anew(site: &Site, rounds: u32) -> io::Result<[Sample; 2]> {
    let (mut floor, mut rebuilt) = (Sample::default(), Sample::default());
    let lines = printed("ipset", &["save"])?;
    for _ in 0..rounds {
        clear()?;
        floor.push(restore("ipset", &["restore"], &lines)?);
        clear()?;
        let (time, ()) = if site.is_allowed() {
            let mut reconciler = site.reconciler()?;
            timed(|| reconciler.pass(&[], now()).map(|_| ()).map_err(io::Error::other))?
        } else {
            let desired = site.desired(0, &[])?;
            timed(|| fill_kernel(&desired))?
        };
        rebuilt.push(time);
    }
    Ok([floor, rebuilt])
}

/// A bare `ipset save`, and what is read of the kernel and found to be right.
fn read_back(site: &Site, rounds: u32) -> io::Result<[Sample; 2]> {
    let (mut saved, mut verified) = (Sample::default(), Sample::default());
    let mut kernel = Kernel::new().map_err(io::Error::other)?;
    for _ in 0..rounds {
        saved.push(timed(|| printed("ipset", &["save"]))?.0);
        let desired = site.desired(0, &[])?;
        let verify = || {
            let actual = kernel.read().map_err(io::Error::other)?;
            Plan::between(&desired, &actual).map_err(io::Error::other)
        };
        let (time, plan) = timed(verify)?;
        if let Some(step) = plan.steps().first() {
            return Err(io::Error::other(format!("there is something to do, such as {step}")));
        }
        verified.push(time);
    }
    Ok([saved, verified])
}

/// A pass that finds all in order.
fn passed(site: &Site, rounds: u32) -> io::Result<Sample> {
    let mut passed = Sample::default();
    let mut reconciler = site.reconciler()?;
    for _ in 0..rounds {
        passed.push(timed(|| reconciler.pass(&[], now()).map_err(io::Error::other))?.0);
    }
    Ok(passed)
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
    peak_and_now(&std::fs::read_to_string(format!("/proc/{}/status", program.0.id()))?)
}

/// The same of the firewall alone.
fn memory_of_filling(site: &Site) -> io::Result<(f64, f64)> {
    let mut filling = command("/proc/self/exe");
    filling.args(["fill", &site.leases().to_string()]).arg(site.ledger_file());
    peak_and_now(&run(&mut filling)?)
}

fn peak_and_now(status: &str) -> io::Result<(f64, f64)> {
    let kibibytes = |key: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(key));
        let number = line.and_then(|line| line.trim().trim_end_matches(" kB").parse().ok());
        number.ok_or_else(|| io::Error::other(format!("no {key} in {status}")))
    };
    Ok((kibibytes("VmHWM:")?, kibibytes("VmRSS:")?))
}

fn mebibytes(kibibytes: f64) -> String {
    format!("{:.1}", kibibytes / 1024.0)
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
