use std::io;

use super::extent::Extent;
use super::figures::{median, milliseconds, ratio, row};
use super::site::Site;
use super::tools::{start, timed};
use crate::sample::Sample;

/// `dialgate-reconciler --once` where all is in order, beside a program that does nothing and a look at the sets' sizes.
pub(super) fn measure(site: &Site, extent: &Extent) -> io::Result<String> {
    let [mut nothing, mut list, mut once]: [Sample; 3] = Default::default();
    for _ in 0..extent.starts() {
        nothing.push(start("/bin/true", &[])?);
        list.push(start("/usr/sbin/ipset", &["list", "-terse"])?);
        let mut program = site.program("dialgate-reconciler")?;
        program.arg("--once");
        let (time, status) = timed(|| program.status())?;
        if !status.success() {
            return Err(io::Error::other(format!("dialgate-reconciler --once: {status}")));
        }
        once.push(time);
    }
    Ok(row(&[
        site.leases().to_string(),
        median(&mut nothing),
        median(&mut list),
        median(&mut once),
        milliseconds(once.percentile(99)),
        ratio(&mut once, &mut list),
    ]))
}
