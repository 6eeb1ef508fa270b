use std::time::Duration;

use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;
use tokio::time::sleep;

use super::asterisk::{Call, stopwatch};
use super::site::Site;

#[tokio::test]
async fn a_call_too_many_hears_so_and_the_line_is_free_again_afterwards() {
    let mut site = Site::new();
    site.config.agi.max_calls = 1;
    let server = site.serve().await;
    let mut first = Call::dial(server.address).await;
    first.run_to("STREAM FILE \"dialgate/welcome\"").await.unwrap();
    let second = Call::dial(server.address).await.run().await;
    assert_eq!(second.heard(), ["busy"]);
    assert_eq!(second.result.as_deref(), Some("busy"));
    first.run().await;
    // The line is given back right after the first connection is closed.
    while Call::dial(server.address).await.run().await.result.as_deref() == Some("busy") {}
}

#[tokio::test]
async fn calls_beyond_those_told_busy_are_closed_at_once() {
    let mut site = Site::new();
    site.config.agi.max_calls = 1;
    let server = site.serve().await;
    let mut held = Vec::new();
    for _ in 0..17 {
        let mut call = Call::dial(server.address).await;
        call.run_to("SET AUTOHANGUP").await.unwrap();
        held.push(call);
    }
    assert_eq!(Call::dial(server.address).await.run().await.commands, ["nonce"]);
}

#[tokio::test(start_paused = true)]
async fn whoever_says_nothing_is_gone_after_two_seconds() {
    let site = Site::new();
    let server = site.serve().await;
    let mut stream = TcpStream::connect(server.address).await.unwrap();
    let begun = stopwatch();
    assert_eq!(stream.read(&mut [0; 16]).await.unwrap(), 0);
    assert!(begun.elapsed().abs_diff(Duration::from_secs(2)) < Duration::from_millis(10));
}

#[tokio::test(start_paused = true)]
async fn a_command_that_is_never_answered_ends_the_session() {
    let site = Site::new();
    let server = site.serve().await;
    let mut call = Call::dial(server.address).await;
    call.run_to("ANSWER").await.unwrap();
    assert!(call.command().await.is_some());
    assert_eq!(call.command().await, None);
}

#[tokio::test(start_paused = true)]
async fn whoever_goes_on_answering_does_not_keep_a_line_for_ever() {
    let site = Site::new();
    let server = site.serve().await;
    let mut call = Call::dial(server.address).await;
    let begun = stopwatch();
    while let Some(line) = call.command().await {
        if ["STREAM FILE", "GET DATA"].iter().any(|verb| line.starts_with(verb)) {
            sleep(Duration::from_secs(50)).await;
        }
        call.answer(&line).await;
    }
    // 330 s, seen when the last pause is over.
    assert!((330..=380).contains(&begun.elapsed().as_secs()));
    assert_eq!(call.record.result, None);
}

#[tokio::test(start_paused = true)]
async fn a_server_that_stops_lets_calls_end_for_ten_seconds() {
    let site = Site::new();
    let server = site.serve().await;
    let mut call = Call::dial(server.address).await;
    call.run_to("STREAM FILE \"dialgate/welcome\"").await.unwrap();
    let begun = stopwatch();
    server.stop.send(()).unwrap();
    server.ended.await.unwrap();
    assert!(begun.elapsed().abs_diff(Duration::from_secs(10)) < Duration::from_millis(10));
    assert!(TcpStream::connect(server.address).await.is_err());
}
