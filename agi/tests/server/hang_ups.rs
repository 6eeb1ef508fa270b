use super::asterisk::Call;
use super::site::Site;

#[tokio::test]
async fn a_hang_up_before_the_confirmation_leaves_no_request_and_is_told() {
    let site = Site::new();
    let server = site.serve().await;
    for prompt in [
        "dialgate/welcome",
        "dialgate/enter-account",
        "dialgate/enter-pin",
        "dialgate/enter-address",
        "dialgate/you-entered",
        "12.34.56.78",
        "dialgate/confirm-address",
    ] {
        let call = Call::dial(server.address).await.hangs_up_at(prompt).confirms("12*34*56*78");
        let record = call.run().await;
        assert_eq!(record.result.as_deref(), Some("hangup"), "{prompt}");
        assert!(record.heard().last().unwrap().ends_with(prompt.trim_start_matches("dialgate/")));
        assert_eq!(site.queued(), [], "{prompt}");
    }
}

#[tokio::test]
async fn a_hang_up_after_the_confirmation_leaves_the_request() {
    let site = Site::new();
    let server = site.serve().await;
    let call = Call::dial(server.address).await;
    let record = call.hangs_up_at("dialgate/one-moment").confirms("12*34*56*78").run().await;
    assert_eq!(record.result.as_deref(), Some("hangup"));
    assert_eq!(site.queued().len(), 1);
}

#[tokio::test]
async fn a_hang_up_ends_the_wait_for_the_verdict() {
    let site = Site::new();
    let server = site.serve().await;
    let mut call = Call::dial(server.address).await.confirms("12*34*56*78");
    call.run_to("STREAM FILE \"dialgate/one-moment\"").await.unwrap();
    call.say(b"HANGUP\n").await;
    assert_eq!(call.command().await.unwrap(), "SET VARIABLE \"DIALGATE_RESULT\" \"hangup\"");
    assert_eq!(site.queued().len(), 1);
}

#[tokio::test]
async fn a_hang_up_ends_the_check_of_the_pin() {
    let site = Site::new();
    let server = site.serve().await;
    let mut call = Call::dial(server.address).await.logs_in();
    call.run_to("GET DATA \"dialgate/enter-pin\"").await.unwrap();
    assert!(call.command().await.unwrap().starts_with("GET DATA \"\""), "keys typed ahead");
    call.say(b"200 result=-1\nHANGUP\n").await;
    assert_eq!(call.command().await.unwrap(), "CHANNEL STATUS");
    call.say(b"511 Command Not Permitted on a dead channel or intercept routine\n").await;
    assert_eq!(call.command().await.unwrap(), "SET VARIABLE \"DIALGATE_RESULT\" \"hangup\"");
}

#[tokio::test]
async fn asterisk_going_away_leaves_no_request() {
    let site = Site::new();
    let server = site.serve().await;
    let mut call = Call::dial(server.address).await.confirms("12*34*56*78");
    call.run_to("GET DATA \"dialgate/enter-address\"").await.unwrap();
    drop(call);
    server.stop.send(()).unwrap();
    server.ended.await.unwrap();
    assert_eq!(site.queued(), []);
}
