//! Travellers who call again and again, each from another address than before, and look whether it is as they heard.

use std::fs::File;
use std::net::SocketAddr;
use std::os::fd::AsFd;
use std::process::Command;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};
use std::thread::JoinHandle;
use std::time::Duration;

use dialgate_phone::{Call, CallerId, Script};
use dialgate_tests::site::{AGI_PORT, PIN, Site};
use rustix::thread::{LinkNameSpaceType, move_into_link_name_space};

/// The callers at work.
pub(crate) struct Callers {
    over: Arc<AtomicBool>,
    threads: Vec<JoinHandle<Calls>>,
}

/// How calls ended.
#[derive(Debug, Default)]
pub(crate) struct Calls {
    /// Heard that it is open.
    pub(crate) open: usize,
    /// Heard that it takes longer.
    pub(crate) queued: usize,
    /// Ended otherwise: the server was killed.
    pub(crate) broken: usize,
    /// Heard that it is open, and it was not.
    pub(crate) untrue: Vec<String>,
}

impl Callers {
    /// One for each account.
    pub(crate) fn start(site: &Site, accounts: &[&str]) -> Self {
        let over = Arc::new(AtomicBool::new(false));
        let threads = (1..).zip(accounts).map(|(n, account)| {
            let (over, account) = (Arc::clone(&over), (*account).to_owned());
            let namespace = format!("/run/netns/{}", site.namespace().name());
            std::thread::spawn(move || {
                let link = File::open(namespace).unwrap();
                move_into_link_name_space(link.as_fd(), Some(LinkNameSpaceType::Network)).unwrap();
                calls(n, &account, &over)
            })
        });
        Self { threads: threads.collect(), over }
    }

    /// After the calls that are being made.
    pub(crate) fn stop(self) -> Calls {
        self.over.store(true, Ordering::Relaxed);
        let mut all = Calls::default();
        for thread in self.threads {
            let one = thread.join().unwrap();
            all.open += one.open;
            all.queued += one.queued;
            all.broken += one.broken;
            all.untrue.extend(one.untrue);
        }
        all
    }
}

fn calls(n: u8, account: &str, over: &AtomicBool) -> Calls {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
    let mut calls = Calls::default();
    for last in (1..=3).cycle() {
        if over.load(Ordering::Relaxed) {
            break;
        }
        let script = Script::new()
            .on("dialgate/enter-account", &format!("{account}#"))
            .on("dialgate/enter-pin", &format!("{PIN}#"))
            .on("dialgate/enter-address", &format!("12*34*{n}*{last}#"))
            .on("dialgate/confirm-address", "1")
            .on("dialgate/menu-open", "1")
            .on("dialgate/choose-lifetime-1-3-7", "1");
        let server = SocketAddr::from(([127, 0, 0, 1], AGI_PORT));
        let call = runtime.block_on(Call::dial(server, CallerId::number("2001"), script));
        match call.as_ref().ok().and_then(|transcript| transcript.result()) {
            Some("open" | "extended") => {
                calls.open += 1;
                let address = format!("12.34.{n}.{last}");
                if !is_in("dg-sip-4", &address) || !is_in("dg-rtp-4", &address) {
                    calls.untrue.push(address);
                }
            }
            Some("queued") => calls.queued += 1,
            Some(_) | None => {
                calls.broken += 1;
                std::thread::sleep(Duration::from_millis(20));
            }
        }
    }
    calls
}

#[expect(clippy::disallowed_methods, reason = "the kernel is asked by its own tool")]
fn is_in(set: &str, address: &str) -> bool {
    Command::new("ipset").args(["-quiet", "test", set, address]).status().unwrap().success()
}
