use std::collections::BTreeMap;
use std::net::IpAddr;
use std::time::{Duration, Instant};

use dialgate_contract::{HostName, SystemUser};
use dialgate_reconciler::resolver::{Answer, BadAnswer, Resolver};
use rustix::event::{PollFd, PollFlags, Timespec, poll};

use crate::dns::{Says, serve};
use crate::namespace::with_own_dns;

type Answers = BTreeMap<String, Result<Vec<String>, BadAnswer>>;

/// Asks for all of them at once, as the reconciler's loop does.
fn ask(allow_private: bool, names: &[&str]) -> Answers {
    let user = SystemUser { name: "nobody".to_owned(), uid: 65_534, gid: 65_534 };
    let program = env!("CARGO_BIN_EXE_dialgate-reconciler").into();
    let mut resolver = Resolver::with_program(Some(user), allow_private, program);
    resolver.ask(names.iter().chain(names).map(|name| name.parse::<HostName>().unwrap()));
    let mut answers = Answers::new();
    while !resolver.is_idle() {
        for answer in resolver.answers(now()) {
            let addresses = answer.addresses.map(|all| all.iter().map(IpAddr::to_string).collect());
            let before = answers.insert(answer.name.to_string(), addresses);
            assert_eq!(before, None, "one answer for each name");
        }
        wait(&resolver);
    }
    answers
}

fn wait(resolver: &Resolver) {
    let until = resolver.deadline(now()).unwrap_or_else(now);
    let timeout = Timespec::try_from(until.saturating_duration_since(now())).unwrap();
    let mut fds: Vec<PollFd<'_>> =
        resolver.fds().map(|fd| PollFd::from_borrowed_fd(fd, PollFlags::IN)).collect();
    poll(&mut fds, Some(&timeout)).unwrap();
}

#[expect(clippy::disallowed_methods, reason = "tests meet real deadlines")]
fn now() -> Instant {
    Instant::now()
}

fn addresses(addresses: &[&str]) -> Says {
    Says::Addresses(addresses.iter().map(|address| address.parse().unwrap()).collect())
}

fn says(name: &str) -> Says {
    match name {
        "both.example.net" => addresses(&["12.34.56.79", "12.34.56.78", "2a01:4f8::1"]),
        "six.example.net" => addresses(&["2a01:4f8::6"]),
        "alias.example.net" => Says::Alias("real.example.org", "12.34.56.80".parse().unwrap()),
        "empty.example.net" => addresses(&[]),
        "inside.example.net" => addresses(&["12.34.56.78", "10.0.0.1"]),
        "metadata.example.net" => addresses(&["169.254.169.254"]),
        "loopback.example.net" => addresses(&["2a01:4f8::1", "::1"]),
        "mapped.example.net" => addresses(&["::ffff:12.34.56.78"]),
        "broken.example.net" => Says::Failure,
        "silent.example.net" => Says::Silence,
        "garbage.example.net" => Says::Garbage,
        "thousand.example.net" => {
            let (high, low) = (0..4_u8, 0..250_u8);
            let all = high.flat_map(|high| low.clone().map(move |low| [12, 34, high, low].into()));
            Says::Addresses(all.collect())
        }
        _ => Says::NoSuchName,
    }
}

const ALL: [&str; 13] = [
    "silent.example.net",
    "garbage.example.net",
    "thousand.example.net",
    "broken.example.net",
    "gone.example.net",
    "empty.example.net",
    "inside.example.net",
    "metadata.example.net",
    "loopback.example.net",
    "mapped.example.net",
    "alias.example.net",
    "six.example.net",
    "both.example.net",
];

#[test]
fn good_names_are_answered_whatever_the_dns_says_of_others_beside_them() {
    with_own_dns(|| {
        serve(says);
        let begun = now();
        let answers = ask(false, &ALL);
        let took = begun.elapsed();
        assert!(took < Duration::from_secs(8), "{took:?}");
        let good = |name: &str| answers[name].clone().unwrap();
        assert_eq!(good("both.example.net"), ["12.34.56.78", "12.34.56.79", "2a01:4f8::1"]);
        assert_eq!(good("six.example.net"), ["2a01:4f8::6"]);
        assert_eq!(good("alias.example.net"), ["12.34.56.80"]);
        let bad = |name: &str| answers[name].clone().unwrap_err();
        assert_eq!(bad("silent.example.net"), BadAnswer::Late);
        assert_eq!(bad("garbage.example.net"), BadAnswer::Late);
        assert_eq!(bad("thousand.example.net"), BadAnswer::TooMany);
        assert_eq!(bad("inside.example.net"), BadAnswer::Private("10.0.0.1".parse().unwrap()));
        for name in ["metadata.example.net", "loopback.example.net", "mapped.example.net"] {
            assert!(matches!(bad(name), BadAnswer::Special(..)), "{name}: {:?}", bad(name));
        }
        for name in ["broken.example.net", "gone.example.net", "empty.example.net"] {
            let BadAnswer::Failed(reason) = bad(name) else { panic!("{name}: {:?}", bad(name)) };
            assert!(reason.contains("lookup"), "{reason}");
        }
    });
}

#[test]
fn a_laboratory_may_name_its_own_hosts() {
    with_own_dns(|| {
        serve(says);
        let answers = ask(true, &["inside.example.net"]);
        assert_eq!(
            answers["inside.example.net"],
            Ok(vec!["10.0.0.1".into(), "12.34.56.78".into()])
        );
    });
}

#[test]
fn many_names_wait_for_each_other_and_all_are_answered() {
    with_own_dns(|| {
        serve(|name| {
            let n: u8 = name.trim_end_matches(".example.net").parse().unwrap();
            Says::Addresses(vec![IpAddr::from([12, 34, 56, n])])
        });
        let names: Vec<String> = (0..60).map(|n| format!("{n}.example.net")).collect();
        let names: Vec<&str> = names.iter().map(String::as_str).collect();
        let answers = ask(false, &names);
        assert_eq!(answers.len(), 60);
        assert_eq!(answers["59.example.net"], Ok(vec!["12.34.56.59".to_owned()]));
    });
}

#[test]
fn a_child_that_says_anything_but_one_answer_is_not_believed() {
    let folder = tempfile::tempdir().unwrap();
    for (number, script) in [
        "echo addresses 12.34.56.78; echo addresses 12.34.56.79",
        "echo addresses 0.0.0.0/0",
        "echo addresses localhost",
        "head -c 5000 /dev/zero",
        "printf 'addresses 12.34.56.78'",
        "exit 0",
    ]
    .into_iter()
    .enumerate()
    {
        let program = folder.path().join(number.to_string());
        std::fs::write(&program, format!("#!/bin/sh\n{script}\n")).unwrap();
        let mode = std::os::unix::fs::PermissionsExt::from_mode(0o755);
        std::fs::set_permissions(&program, mode).unwrap();
        let mut resolver = Resolver::with_program(None, false, program);
        resolver.ask(["a.example.net".parse().unwrap()]);
        let answer = (0..1000).find_map(|_| {
            let answer = resolver.answers(now()).pop();
            let is_busy = |answer: &Answer| {
                matches!(&answer.addresses, Err(BadAnswer::Failed(why)) if why.contains("busy"))
            };
            // Another test's child may hold the script open for a moment.
            if answer.as_ref().is_some_and(is_busy) {
                resolver.ask(["a.example.net".parse().unwrap()]);
                return None;
            }
            if answer.is_none() {
                wait(&resolver);
            }
            answer
        });
        let answer = answer.unwrap();
        assert!(
            matches!(&answer.addresses, Err(BadAnswer::Failed(why)) if why.contains("no answer")),
            "{script}: {answer:?}"
        );
    }
}
