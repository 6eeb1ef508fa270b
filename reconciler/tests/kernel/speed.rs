use std::time::{Duration, Instant};

use dialgate_reconciler::firewall::Kernel;

use crate::network::in_own_network;
use crate::program::Program;
use crate::site::{desired, settle, sip};

#[test]
fn ten_thousand_addresses_go_in_one_restore() {
    in_own_network(|| {
        let mut kernel = Kernel::new().unwrap();
        let many: Vec<String> =
            (0..10_000).map(|n| format!("10.1.{}.{}", n / 256, n % 256)).collect();
        let many = sip(&many.iter().map(|address| (address.as_str(), 3600)).collect::<Vec<_>>());
        let started = now();
        let plan = settle(&mut kernel, &many);
        println!(
            "measured: 10,000 addresses, planned, put in and read back: {:?}",
            started.elapsed()
        );
        assert_eq!(plan.batches().len(), 3);
    });
}

#[test]
fn a_small_change_takes_milliseconds() {
    in_own_network(|| {
        let mut kernel = Kernel::new().unwrap();
        settle(&mut kernel, &desired(&[]));
        let mut took: Vec<Duration> = (1..=50)
            .map(|n| {
                let started = now();
                settle(&mut kernel, &desired(&[(&format!("12.34.56.{n}"), 3600)]));
                started.elapsed()
            })
            .collect();
        took.sort();
        println!(
            "measured: read, change and read back: median {:?}, most {:?}",
            took[25], took[49]
        );
        assert!(took[25] < Duration::from_millis(150), "{:?}", took[25]);
    });
}

#[test]
fn a_pass_with_nothing_to_do_costs_the_same_whatever_the_number_of_leases() {
    in_own_network(|| {
        let program = Program::new("");
        let mut leases = 0;
        // Limits are those of the program as it ships: `cargo test --release`.
        let shipped = !cfg!(debug_assertions);
        for count in [0_u32, 1000, if shipped { 60_000 } else { 2000 }] {
            program.lease((leases..count).map(|n| format!("12.34.{}.{}", n / 250, n % 250)));
            leases = count;
            let (code, said) = program.once();
            assert_eq!(code, Some(0), "{said}");
            let mut took: Vec<Duration> = (0..31)
                .map(|_| {
                    let started = now();
                    assert_eq!(program.once(), (Some(0), String::new()));
                    started.elapsed()
                })
                .collect();
            took.sort();
            println!(
                "measured: --once with nothing to do at {count} leases: median {:?}, most {:?}",
                took[15], took[30]
            );
            assert!(!shipped || took[15] < Duration::from_millis(15), "{:?}", took[15]);
        }
    });
}

#[expect(clippy::disallowed_methods, reason = "what takes time is measured")]
fn now() -> Instant {
    Instant::now()
}
