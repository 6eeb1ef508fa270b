//! What is counted of real calls.

use std::os::unix::fs::MetadataExt;

use super::asterisk::{Call, environment};
use super::site::{Running, Site};

/// A site whose metrics go to a folder of its own.
fn site() -> Site {
    let mut site = Site::new();
    site.config.metrics.directory = site.folder.path().join("metrics");
    std::fs::create_dir(&site.config.metrics.directory).unwrap();
    site
}

/// What the file says once the server has stopped.
async fn written(site: &Site, server: Running) -> String {
    server.stop.send(()).unwrap();
    server.ended.await.unwrap();
    let file = site.config.metrics.directory.join("dialgate-agi.prom");
    assert_eq!(std::fs::metadata(&file).unwrap().mode() & 0o777, 0o644);
    std::fs::read_to_string(file).unwrap()
}

fn assert_says(text: &str, line: &str) {
    assert!(text.lines().any(|it| it == line), "{line}\n{text}");
}

#[tokio::test]
async fn calls_and_logins_are_counted_by_how_they_ended() {
    let site = site();
    let server = site.serve().await;
    let wrong = Call::dial(server.address).await;
    let wrong = wrong.types("dialgate/enter-account", "4711");
    let wrong = wrong.types("dialgate/enter-pin", "87654321");
    assert_eq!(wrong.run().await.result.as_deref(), Some("failed-login"));
    for _ in 0..2 {
        let right = Call::dial(server.address).await.logs_in();
        assert_eq!(right.run().await.result.as_deref(), Some("refused"));
    }
    let other = environment().replace("whitelist", "blacklist");
    Call::dial_with(server.address, &other).await.run().await;

    let text = written(&site, server).await;
    for line in [
        "dialgate_calls_total{result=\"failed-login\"} 1",
        "dialgate_calls_total{result=\"refused\"} 2",
        "dialgate_calls_total{result=\"error\"} 1",
        "dialgate_calls_total{result=\"open\"} 0",
        "dialgate_logins_total{result=\"accepted\"} 2",
        "dialgate_logins_total{result=\"busy\"} 0",
        "dialgate_calls_in_progress 0",
        "dialgate_calls_in_progress_limit 64",
        "dialgate_logins_waiting 0",
        "dialgate_queue_requests_waiting 0",
        "dialgate_queue_oldest_age_seconds 0",
    ] {
        assert_says(&text, line);
    }
}

#[tokio::test]
async fn what_nobody_has_decided_waits_in_the_queue() {
    let mut site = site();
    site.config.agi.wait_for_open = "1s".parse().unwrap();
    let server = site.serve().await;
    let record = Call::dial(server.address).await.confirms("12*34*56*78").run().await;
    assert_eq!(record.result.as_deref(), Some("queued"));
    let text = written(&site, server).await;
    assert_says(&text, "dialgate_calls_total{result=\"queued\"} 1");
    assert_says(&text, "dialgate_queue_requests_waiting 1");
}

#[tokio::test]
async fn a_folder_that_cannot_be_written_costs_no_call() {
    let mut site = site();
    site.config.metrics.directory = site.folder.path().join("missing");
    let server = site.serve().await;
    let record = Call::dial(server.address).await.logs_in().run().await;
    assert_eq!(record.result.as_deref(), Some("refused"));
    server.stop.send(()).unwrap();
    server.ended.await.unwrap();
}
