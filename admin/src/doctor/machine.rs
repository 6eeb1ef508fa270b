//! The machine: room on its disk, and its clock.

use std::path::Path;
use std::time::Duration;

use super::check::{Check, Fix};
use super::place::Place;
use crate::child;

/// Where systemd says whether the clock is kept right.
const TIMEDATECTL: &str = "/usr/bin/timedatectl";
const PATIENCE: Duration = Duration::from_secs(5);
/// The WAL has room of its own, so a little suffices; below this nobody should wait.
const SCARCE: u64 = 200 << 20;
const GONE: u64 = 20 << 20;
const FEW_FILES: u64 = 100;

/// What is free where the databases are.
#[derive(Debug, Clone, Copy)]
struct Room {
    bytes: u64,
    /// `None` where a file system has no such bound.
    files: Option<u64>,
}

pub(super) fn check(place: &Place<'_>) -> Vec<Check> {
    let folder = &place.config.data_dir;
    let room = rustix::fs::statvfs(folder).ok().map(|found| Room {
        bytes: found.f_bavail.saturating_mul(found.f_frsize),
        files: (found.f_files > 0).then_some(found.f_favail),
    });
    let disk = room.map(|room| disk(room, folder));
    disk.into_iter().chain([clock(synchronized())]).collect()
}

fn disk(room: Room, folder: &Path) -> Check {
    let what = match room.files {
        Some(files @ ..=FEW_FILES) => format!("room for {files} more files"),
        Some(_) | None => amount(room.bytes),
    };
    let what = format!("{what} where {} is", folder.display());
    let few = room.files.is_some_and(|files| files <= FEW_FILES);
    let fix = || Fix::advice("make room: logs and old backups first");
    if room.bytes < GONE {
        Check::fail("disk", what, fix())
    } else if room.bytes < SCARCE || few {
        Check::warn("disk", what, fix())
    } else {
        Check::ok("disk", what)
    }
}

fn amount(bytes: u64) -> String {
    match bytes >> 20 {
        mebibytes @ ..10_240 => format!("{mebibytes} MiB free"),
        mebibytes => format!("{} GiB free", mebibytes >> 10),
    }
}

/// Whether the clock is kept right by others; `None` when nobody says.
fn synchronized() -> Option<bool> {
    let mut ask = child::command(Path::new(TIMEDATECTL));
    let answer = child::run(ask.args(["show", "--property=NTPSynchronized", "--value"]), PATIENCE);
    match answer.ok().filter(|answer| answer.is_success)?.out.trim() {
        "yes" => Some(true),
        "no" => Some(false),
        _ => None,
    }
}

fn clock(synchronized: Option<bool>) -> Check {
    match synchronized {
        Some(true) => Check::ok("clock", "it is kept right by the network"),
        Some(false) => Check::warn(
            "clock",
            "nobody keeps it right, and leases end by it",
            Fix::run(&["timedatectl", "set-ntp", "true"]),
        ),
        None => Check::skip(
            "clock",
            "nobody says whether it is kept right",
            Fix::advice("see that chrony, ntpd or systemd-timesyncd runs"),
        ),
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::doctor::check::Health;

    #[test]
    fn little_room_is_told_in_time() {
        for (bytes, files, outcome) in [
            (SCARCE, None, Health::Ok),
            (SCARCE, Some(FEW_FILES + 1), Health::Ok),
            (SCARCE, Some(3), Health::Warn),
            (SCARCE - 1, None, Health::Warn),
            (GONE - 1, Some(FEW_FILES + 1), Health::Fail),
        ] {
            let check = disk(Room { bytes, files }, Path::new("/var/lib/dialgate"));
            assert_eq!(check.outcome, outcome, "{check:?}");
        }
    }

    #[test]
    fn a_clock_that_nobody_keeps_right_is_told() {
        for (found, outcome) in
            [(Some(true), Health::Ok), (Some(false), Health::Warn), (None, Health::Skip)]
        {
            assert_eq!(clock(found).outcome, outcome);
        }
    }
}
