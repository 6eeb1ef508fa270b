//! What is counted of real passes.

use std::os::unix::fs::{MetadataExt, symlink};
use std::path::PathBuf;

use crate::site::Site;

/// A site whose metrics go to a folder of its own.
fn site() -> (Site, PathBuf) {
    let site = Site::new();
    let folder = site.data().join("metrics");
    std::fs::create_dir(&folder).unwrap();
    let mut config = std::fs::read_to_string(site.config()).unwrap();
    config += &format!("[metrics]\ndirectory = {folder:?}\n");
    std::fs::write(site.config(), config).unwrap();
    (site, folder.join("dialgate-reconciler.prom"))
}

fn assert_says(text: &str, line: &str) {
    assert!(text.lines().any(|it| it == line), "{line}\n{text}");
}

#[test]
fn what_the_ledger_counts_grows_from_one_run_to_the_next() {
    let (site, file) = site();
    for (n, count) in [(1, 1), (2, 2)] {
        site.enqueue(n);
        site.bounded();
        let text = std::fs::read_to_string(&file).unwrap();
        for line in [
            format!("dialgate_requests_total{{decision=\"open\",refusal=\"\"}} {count}"),
            format!("dialgate_leases_opened_total {count}"),
            format!("dialgate_leases_ended_total{{by=\"replaced\"}} {}", count - 1),
            "dialgate_requests_total{decision=\"refused\",refusal=\"stale\"} 0".to_owned(),
            "dialgate_leases_open 1".to_owned(),
            "dialgate_problem 0".to_owned(),
            "dialgate_pass_duration_seconds_bucket{le=\"+Inf\"} 1".to_owned(),
            "dialgate_passes_failed_total 0".to_owned(),
        ] {
            assert_says(&text, &line);
        }
        let since = |name: &str| {
            let value = text.lines().find_map(|line| line.strip_prefix(name)).unwrap();
            crate::site::now().as_second() - value.trim().parse::<i64>().unwrap()
        };
        assert!((0..60).contains(&since("dialgate_last_pass_timestamp_seconds ")), "{text}");
        assert!((0..60).contains(&since("dialgate_last_good_pass_timestamp_seconds ")), "{text}");
    }
    assert_eq!(std::fs::metadata(&file).unwrap().mode() & 0o777, 0o644);
}

#[test]
fn a_link_in_the_way_is_replaced_and_what_it_leads_to_is_untouched() {
    let (site, file) = site();
    let victim = site.data().join("victim");
    std::fs::write(&victim, "untouched").unwrap();
    symlink(&victim, &file).unwrap();
    site.bounded();
    assert_eq!(std::fs::read_to_string(victim).unwrap(), "untouched");
    assert!(!file.is_symlink());
}

#[test]
fn a_folder_that_cannot_be_written_is_told_of_and_costs_no_pass() {
    let (site, file) = site();
    std::fs::remove_dir(file.parent().unwrap()).unwrap();
    let id = site.enqueue(1);
    let output = site.once(&[]);
    assert!(output.status.success(), "{output:?}");
    assert!(site.verdict(id).is_some());
    let log = String::from_utf8_lossy(&output.stderr);
    assert!(log.contains("metrics.directory"), "{log}");
}
