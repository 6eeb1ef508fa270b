use proptest::prelude::*;

use crate::site::{ANN, Site};

/// What may change how long an account is open.
const LINES: [&str; 14] = [
    "account set 4711 --max 1h",
    "account set 4711 --max 3d",
    "account set 4711 --max default",
    "account set 4711 --services sip",
    "account set 4711 --services sip,rtp,ssh",
    "account set 4711 --lease 2h",
    "account set 4711 --lease default --name Eve",
    "service set ssh --max 30m",
    "service set ssh --max default",
    "service set rtp --max 2h",
    "service set rtp --max 5d --ports udp:9",
    "lease grant 4711 12.34.56.78",
    "lease grant 4711 12.34.56.78 --for 6d",
    "lease grant 4711 12.34.56.79 --for 45m",
];

/// Whether every open lease ends within the longest time that its account may have from now on.
fn holds(site: &Site) -> bool {
    let shown = site.json("account show 4711");
    let max: dialgate_contract::Lifetime = shown["terms"]["max"].as_str().unwrap().parse().unwrap();
    let ends = shown["leases"]
        .as_array()
        .unwrap()
        .iter()
        .map(|lease| lease["expires_at"].as_str().unwrap().parse::<jiff::Timestamp>().unwrap());
    let latest = crate::site::now() + max.signed();
    ends.into_iter().all(|end| end <= latest)
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(8))]
    #[test]
    fn no_lease_outlasts_the_limits_whatever_is_changed_one_after_the_other(
        lines in proptest::collection::vec(proptest::sample::select(&LINES[..]), 1..20),
    ) {
        let site = Site::new();
        site.ok(ANN);
        site.ok("account set 4711 --addresses 2");
        for line in lines {
            let answer = site.run(line);
            prop_assert!([0, 65].contains(&answer.code), "{}: {:?}", line, answer);
            prop_assert!(holds(&site), "{}", line);
        }
    }
}
