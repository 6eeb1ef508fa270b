//! What the root side takes, beside what the kernel's own tools take for the same lines in the same run: changes among
//! many leases, everything anew, reading all of it back, a pass with nothing to do, memory, and the cost of a packet.

mod changes;
mod extent;
mod figures;
mod once;
mod packets;
mod site;
mod tools;
mod whole;

use std::io;

pub(crate) use extent::Extent;
pub(crate) use whole::fill;

use figures::heading;
use site::Site;

/// Measures all that `extent` says, and prints it.
pub(crate) fn measure(extent: &Extent) -> io::Result<String> {
    let before = load_average()?;
    let mut rows: [Vec<String>; 3] = Default::default();
    for &leases in extent.leases() {
        let site = Site::new(leases)?;
        let [changed, all, idle] = &mut rows;
        site.namespace().enter(|| -> io::Result<()> {
            all.push(whole::measure(&site, extent)?);
            for &changes in extent.changes().iter().filter(|&&changes| changes <= leases) {
                changed.push(changes::measure(&site, changes, extent)?);
            }
            if site.is_allowed() {
                idle.push(once::measure(&site, extent)?);
            }
            Ok(())
        })??;
    }
    let [changed, all, idle] = rows.map(|rows| rows.concat());
    let mut report = heading(
        "k changes among N leases, ms; x: times a bare `ipset restore` of the same k lines",
        &["N", "k", "restore", "apply", "x", "pass", "x"],
    );
    report += &changed;
    report += &heading(
        "all leases; x: times a bare `ipset restore` of the same lines, and times `ipset save`, ms",
        &[
            "N", "peak MiB", "idle MiB", "restore", "rebuild", "x", "save", "verify", "x", "pass",
            "x",
        ],
    );
    report += &all;
    report += &heading(
        "nothing to do, ms, whole processes",
        &["N", "true", "list -t", "--once", "p99", "x list"],
    );
    report += &idle;
    report += &packets::measure(extent)?;
    let after = load_average()?;
    report += &format!("load average of the machine before and after: {before}, {after}\n");
    Ok(report)
}

fn load_average() -> io::Result<String> {
    let text = std::fs::read_to_string("/proc/loadavg")?;
    Ok(text.split(' ').next().unwrap_or_default().to_owned())
}
