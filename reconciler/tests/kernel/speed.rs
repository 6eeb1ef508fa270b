use std::time::{Duration, Instant};

use dialgate_reconciler::firewall::Kernel;

use crate::network::in_own_network;
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

#[expect(clippy::disallowed_methods, reason = "what takes time is measured")]
fn now() -> Instant {
    Instant::now()
}
