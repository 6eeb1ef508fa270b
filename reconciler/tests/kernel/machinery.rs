use std::time::Duration;

use dialgate_contract::ledger::{account, lease};
use jiff::SignedDuration;
use rustix::process::Signal;

use crate::network::{in_own_network, sh};
use crate::program::{Program, command, now, until};
use crate::wishes::ann;

/// `EX_TEMPFAIL`, of sysexits.h.
const TRY_AGAIN: i32 = 75;
const SOON: Duration = Duration::from_secs(5);
/// Nothing is waited for.
const AT_ONCE: Duration = Duration::from_secs(1);

#[test]
fn sigterm_ends_it_at_once_idle_or_at_work() {
    in_own_network(|| {
        let mut program = Program::new("");
        program.lease((0..2000).map(|n| format!("12.34.{}.{}", n / 250, n % 250)));
        program.watch();
        let end = |program: &mut Program, what: &str| {
            program.signal(Signal::TERM);
            let mut status = None;
            let took = until(what, AT_ONCE, || {
                status = Some(program.wait());
                true
            });
            println!("measured: SIGTERM {what}: ended after {} ms", took.as_millis());
            assert!(took < AT_ONCE, "{what}: {took:?}");
        };
        end(&mut program, "while idle");
        // In the middle of a pass that fills the sets again.
        sh("iptables -F; iptables -X; ip6tables -F; ip6tables -X; ipset destroy");
        let mut watching = program.command(&["--watch"]);
        let child = watching.stderr(std::process::Stdio::null()).spawn().unwrap();
        program.adopt(child);
        until("it is at work", SOON, || sh("ipset list -name").contains("dg-"));
        end(&mut program, "in the middle of a pass");
        program.watch();
        assert_eq!(sh("ipset save dg-sip-4 | grep -c ^add").trim(), "2000");
        assert!(sh("iptables -S INPUT").contains("-A INPUT -j DIALGATE\n"));
    });
}

#[test]
fn who_is_to_be_reminded_is_when_it_is_due_and_not_at_the_next_look() {
    in_own_network(|| {
        let mut program = Program::new("[lease]\nreminder = \"30m\"\n");
        // After the look a second after the start, and long before the next, ten seconds later.
        let end = now() + SignedDuration::from_mins(30) + SignedDuration::from_secs(4);
        let (from, ann) = (now() - SignedDuration::from_hours(1), ann());
        let address = "12.34.56.78".parse().unwrap();
        program
            .ledger()
            .write(|tx| {
                account::insert(tx, &ann, "-")?;
                lease::open(tx, &ann.number, address, &ann.services, from, end)
            })
            .unwrap();
        program.watch();
        assert!(!program.log().contains("lease-reminder"), "{}", program.log());
        until("the reminder", Duration::from_secs(6), || program.log().contains("lease-reminder"));
        assert_eq!(program.log().matches("lease-reminder").count(), 1);
    });
}

#[test]
fn sighup_reads_the_configuration_again_and_a_bad_one_changes_nothing() {
    in_own_network(|| {
        let mut program = Program::new("");
        program.watch();
        program.configure("[firewall]\nchain = \"OTHER\"\nnonsense = 1\n");
        program.signal(Signal::HUP);
        until("the bad one is told of", SOON, || program.log().contains("stays as it was"));
        assert!(program.log().contains("nonsense"));
        sh(
            "iptables -N mine; iptables -I INPUT -j mine; ip6tables -N mine; ip6tables -I INPUT -j mine",
        );
        program.configure("[firewall]\nanchor = \"mine\"\n");
        program.signal(Signal::HUP);
        until("the jump is moved", Duration::from_secs(1), || {
            sh("iptables -S mine; ip6tables -S mine").matches("-A mine -j DIALGATE\n").count() == 2
        });
        assert!(!sh("iptables -S INPUT").contains("DIALGATE"));
        assert_eq!(program.audited("firewall-healed").0, 0, "nobody had changed anything");
        program.configure("[firewall]\nbackend = \"dry-run\"\n");
        program.signal(Signal::HUP);
        until("it is told of", SOON, || program.log().contains("restart dialgate-reconciler"));
    });
}

#[test]
fn two_at_a_time_do_not_work_beside_each_other() {
    in_own_network(|| {
        let mut program = Program::new("");
        program.lease(["12.34.56.78".to_owned()]);
        let mut together: Vec<_> = (0..8)
            .map(|_| {
                program.command(&["--once"]).stderr(std::process::Stdio::null()).spawn().unwrap()
            })
            .collect();
        let codes: Vec<_> =
            together.iter_mut().map(|child| child.wait().unwrap().code().unwrap()).collect();
        assert!(codes.contains(&0), "{codes:?}");
        assert!(codes.iter().all(|code| [0, TRY_AGAIN].contains(code)), "{codes:?}");
        program.watch();
        let (code, said) = program.once();
        assert_eq!(code, Some(TRY_AGAIN));
        assert!(said.contains("another dialgate-reconciler is at work"), "{said}");
    });
}

#[test]
fn systemd_hears_of_readiness_life_and_reloads() {
    in_own_network(|| {
        let mut program = Program::new("");
        let told = program.watch_and_listen();
        let mut heard = vec![crate::program::told(&told)];
        while !heard.last().unwrap().contains("READY=1") {
            heard.push(crate::program::told(&told));
        }
        program.signal(Signal::HUP);
        while heard.iter().filter(|line: &&String| line.contains("READY=1")).count() < 2 {
            heard.push(crate::program::told(&told));
        }
        let position = |what: &str| heard.iter().position(|line| line.contains(what));
        assert!(position("READY=1") < position("RELOADING=1"), "{heard:?}");
        assert!(heard[position("RELOADING=1").unwrap()].contains("MONOTONIC_USEC="), "{heard:?}");
        while !crate::program::told(&told).contains("WATCHDOG=1") {}
    });
}

/// What the unit gives it: to change the firewall, and to start children as another user.
const CAPABILITIES: [(&str, u32); 4] =
    [("setgid", 6), ("setuid", 7), ("net_admin", 12), ("net_raw", 13)];

#[test]
fn it_runs_with_four_capabilities_and_its_children_with_none() {
    in_own_network(|| {
        let mut program = Program::new("");
        program.lease(["12.34.56.78".to_owned()]);
        let queue = program.data().join("queue");
        drop(dialgate_contract::queue::Queue::open(&queue.join("queue.db")).unwrap());
        sh(&format!("chown -R daemon:daemon {0}; chgrp daemon {0}/..", queue.display()));
        let names: Vec<String> = CAPABILITIES.iter().map(|(name, _)| format!("+{name}")).collect();
        let set = format!("-all,{}", names.join(","));
        let mut confined = command("setpriv");
        confined.args(["--no-new-privs", "--bounding-set", &set, "--inh-caps", "-all"]);
        confined.arg(env!("CARGO_BIN_EXE_dialgate-reconciler"));
        confined.args(["--watch", "--config"]).arg(program.config());
        program.start(confined);
        assert!(sh("ipset list dg-sip-4").contains("12.34.56.78"), "{}", program.log());
        let mask: u64 = CAPABILITIES.iter().map(|(_, number)| 1 << number).sum();
        let parent = program.pid();
        let status = Status::of(parent);
        assert_eq!(status.value("CapEff"), format!("{mask:016x}"));
        assert_eq!(status.value("CapBnd"), format!("{mask:016x}"));
        assert_eq!(status.value("NoNewPrivs"), "1");
        assert_eq!(status.value("Uid"), "0\t0\t0\t0");
        let mut children = String::new();
        until("the queue is read", SOON, || {
            children = sh(&format!("ps -o pid= --ppid {parent} || true"));
            !children.is_empty()
        });
        let daemon = sh("id -u daemon").trim().to_owned();
        assert!(!children.is_empty());
        for child in children.split_whitespace() {
            let status = Status::of(child.parse().unwrap());
            for set in ["CapEff", "CapPrm", "CapInh", "CapAmb"] {
                assert_eq!(status.value(set), "0000000000000000", "{set}");
            }
            assert_eq!(status.value("Uid"), [daemon.as_str(); 4].join("\t"));
            assert_eq!(status.value("NoNewPrivs"), "1");
            assert_eq!(status.value("Groups").trim(), "");
            assert_eq!(status.value("SigBlk"), "0000000000000000");
        }
        let data = program.data();
        let modes = |files: &str| sh(&format!("cd {}; stat -c '%n %U %a' {files}", data.display()));
        assert_eq!(modes("reconciler.lock"), "reconciler.lock root 600\n");
        assert!(
            modes("queue/*").lines().all(|line| line.contains(" daemon ")),
            "{}",
            modes("queue/*")
        );
        let ledger = modes("ledger.db ledger.db-wal ledger.db-shm");
        assert!(
            ledger.lines().all(|line| line.contains(" root ") && !line.ends_with('6')),
            "{ledger}"
        );
        // One that hangs is ended all the same, and replaced.
        let hanging: i32 = children.split_whitespace().next().unwrap().parse().unwrap();
        let pid = rustix::process::Pid::from_raw(hanging).unwrap();
        rustix::process::kill_process(pid, Signal::STOP).unwrap();
        let gone = || {
            Status::find(hanging).is_none_or(|status| status.value("PPid") != parent.to_string())
        };
        until("the child that hangs is ended", Duration::from_secs(20), gone);
        until("it is replaced", SOON, || {
            !sh(&format!("ps -o pid= --ppid {parent} || true")).is_empty()
        });
        // It heals, too, and its tools are let do what they must.
        sh("iptables -F; ip6tables -F");
        until("it is healed", SOON, || sh("iptables -S INPUT").contains("-j DIALGATE"));
        // What it leaves behind when it dies ends by itself: nobody reads what it says.
        let children = sh(&format!("ps -o pid= --ppid {parent}"));
        let left: Vec<i32> = children.split_whitespace().map(|pid| pid.parse().unwrap()).collect();
        assert!(!left.is_empty());
        program.signal(Signal::KILL);
        program.wait();
        let is_gone = |pid: &i32| {
            Status::find(*pid).is_none_or(|status| status.value("State").starts_with('Z'))
        };
        until("its children are gone", SOON, || left.iter().all(is_gone));
    });
}

/// `/proc/PID/status`
struct Status(String);

impl Status {
    fn of(pid: i32) -> Self {
        Self::find(pid).unwrap()
    }

    fn find(pid: i32) -> Option<Self> {
        std::fs::read_to_string(format!("/proc/{pid}/status")).ok().map(Self)
    }

    fn value(&self, key: &str) -> &str {
        let line = self.0.lines().find_map(|line| line.strip_prefix(key)?.strip_prefix(":\t"));
        line.unwrap_or_default()
    }
}
