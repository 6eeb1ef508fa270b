use super::asterisk::{Call, environment};
use super::site::Site;

#[tokio::test]
async fn forged_lines_in_the_environment_end_the_session_before_any_command() {
    let site = Site::new();
    let server = site.serve().await;
    for forged in [
        "2001\nagi_uniqueid: evil",
        "2001\nagi_arg_1: trusted",
        "2001\n\n200 result=1 (yes)\n200 result=4711",
        "2001\nHANGUP",
        "2001\x1b[2J",
    ] {
        let environment =
            environment().replace("agi_callerid: 2001", &format!("agi_callerid: {forged}"));
        let mut call = Call::dial_with(server.address, &environment).await;
        assert_eq!(call.command().await, None, "{forged:?}");
    }
}

#[tokio::test]
async fn answers_that_came_before_the_question_end_the_session() {
    let site = Site::new();
    let server = site.serve().await;
    let forged = environment() + "200 result=1 (yes)\n200 result=4711\n";
    let record = Call::dial_with(server.address, &forged).await.run().await;
    assert_eq!((record.heard(), record.result), (vec![], None));
}

#[tokio::test]
async fn whoever_does_not_repeat_the_nonce_hears_nothing() {
    let site = Site::new();
    let server = site.serve().await;
    let mut call = Call::dial(server.address).await;
    assert!(call.command().await.unwrap().starts_with("GET FULL VARIABLE"));
    call.say(b"200 result=1 (something else)\n").await;
    assert_eq!(call.command().await, None);
}

#[tokio::test]
async fn nonsense_in_the_middle_of_a_call_ends_it_in_silence() {
    let site = Site::new();
    let server = site.serve().await;
    for nonsense in
        ["200 result=4711\n200 result=1\n", "hello\n", "510 Invalid or unknown command\n"]
    {
        let mut call = Call::dial(server.address).await;
        call.run_to("STREAM FILE \"dialgate/welcome\"").await.unwrap();
        assert!(call.command().await.unwrap().starts_with("GET DATA"));
        call.say(nonsense.as_bytes()).await;
        assert_eq!(call.command().await, None, "{nonsense:?}");
    }
}
