use std::io;

use dialgate_reconciler::firewall::{Actual, Batch, Desired, Firewall, Kernel, Plan, Tool};

use super::extent::Extent;
use super::figures::{median, ratio, row};
use super::site::{Site, now};
use super::tools::{restore, timed};
use crate::sample::Sample;

/// Half of `changes` leases end and as many begin, there and back: by a bare `ipset restore`, by a plan of what is known
/// to be in the kernel, and by a whole pass from the ledger on.
pub(super) fn measure(site: &Site, changes: u32, extent: &Extent) -> io::Result<String> {
    let rounds = extent.rounds(site.leases());
    let (mut floor, mut applied) = planned(site, changes, rounds)?;
    let mut columns = vec![
        site.leases().to_string(),
        changes.to_string(),
        median(&mut floor),
        median(&mut applied),
        ratio(&mut applied, &mut floor),
    ];
    if site.is_allowed() {
        let mut passed = passed(site, changes, rounds)?;
        columns.extend([median(&mut passed), ratio(&mut passed, &mut floor)]);
    }
    Ok(row(&columns))
}

fn passed(site: &Site, changes: u32, rounds: u32) -> io::Result<Sample> {
    let mut passed = Sample::default();
    let mut reconciler = site.reconciler()?;
    let mut swap = site.swap(changes)?;
    for _ in 0..2 * rounds {
        swap.flip(&mut reconciler, site)?;
        let pass = || reconciler.pass(&[], now()).map_err(io::Error::other);
        passed.push(timed(pass)?.0);
    }
    Ok(passed)
}

/// One way by the bare tool and the other by a plan, in turns. Both are of what changes alone, as a pass that knows the
/// kernel plans.
fn planned(site: &Site, changes: u32, rounds: u32) -> io::Result<(Sample, Sample)> {
    let (mut floor, mut applied) = (Sample::default(), Sample::default());
    let mut kernel = Kernel::new().map_err(io::Error::other)?;
    // Whole passes leave sets and rules for whose right has ended.
    settle(&mut kernel, &site.desired(0, &[])?)?;
    for round in 0..2 * rounds {
        let there = site.desired(changes / 2, &site.others(changes))?;
        let there = site.only_changed(there, changes)?;
        let back = site.only_changed(site.desired(0, &[])?, changes)?;
        let bare_first = round % 2 == 0;
        for (desired, is_bare) in [(&there, bare_first), (&back, !bare_first)] {
            if is_bare {
                floor.push(bare(&mut kernel, desired, changes)?);
            } else {
                let actual = kernel.read().map_err(io::Error::other)?;
                applied.push(timed(|| apply(&mut kernel, desired, &actual))?.0);
            }
        }
    }
    Ok((floor, applied))
}

fn settle(kernel: &mut Kernel, desired: &Desired) -> io::Result<()> {
    let actual = kernel.read().map_err(io::Error::other)?;
    apply(kernel, desired, &actual)
}

fn apply(kernel: &mut Kernel, desired: &Desired, actual: &Actual) -> io::Result<()> {
    let plan = Plan::between(desired, actual).map_err(io::Error::other)?;
    kernel.apply(&plan).map_err(io::Error::other)
}

fn bare(kernel: &mut Kernel, desired: &Desired, changes: u32) -> io::Result<std::time::Duration> {
    let actual = kernel.read().map_err(io::Error::other)?;
    let plan = Plan::between(desired, &actual).map_err(io::Error::other)?;
    let mut lines = String::new();
    for batch in plan.batches() {
        match batch {
            Batch::Script { tool: Tool::Ipset, script } => lines += &script,
            Batch::Script { tool: Tool::Iptables(_), .. } => {
                return Err(io::Error::other(format!("rules are to be changed:\n{plan}")));
            }
            Batch::Cut(_) => {}
        }
    }
    if lines.lines().count() != changes as usize {
        return Err(io::Error::other(format!("other than {changes} changes are planned")));
    }
    restore("ipset", &["-exist", "restore"], &lines)
}
