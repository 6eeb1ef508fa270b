//! `dialgate why` beside a real kernel: what it counts, and who else keeps an address out.

#![expect(clippy::unwrap_used, reason = "what cannot be set up or looked at fails the test")]

use std::net::{IpAddr, Ipv4Addr};

use dialgate_contract::queue::Wish;
use dialgate_tests::internet::{Internet, send};
use dialgate_tests::namespace::run;
use dialgate_tests::real::{self, Need};
use dialgate_tests::root_side::RootSide;
use serde_json::Value;

const NEEDS: [Need; 1] = [Need::Site];
const ANN: &str = "4711";
const HOTEL: Ipv4Addr = Ipv4Addr::new(12, 34, 56, 78);

struct Scene {
    side: RootSide,
    internet: Internet,
}

impl Scene {
    fn set() -> Self {
        let side = RootSide::start(&[ANN], "").unwrap();
        let internet = Internet::join(side.namespace()).unwrap();
        Self { side, internet }
    }

    fn pass(&self) {
        assert!(self.side.once_behind(&[]).unwrap().success(), "{}", self.side.log().unwrap());
    }

    fn iptables(&self, words: &str) {
        run(self.side.namespace().command("iptables").args(words.split(' '))).unwrap();
    }

    /// As on one line.
    fn says(&self, target: &str) -> String {
        let said = self.side.dialgate(&["why", target]).unwrap();
        assert!(said.lines().all(|line| line.chars().count() <= 80), "{said}");
        said.split_whitespace().collect::<Vec<_>>().join(" ")
    }

    fn why(&self, target: &str) -> Value {
        let said = self.side.dialgate(&["why", target, "--service", "sip", "--json"]).unwrap();
        serde_json::from_str(&said).unwrap()
    }

    /// What is said of `sip` for the hotel: whether it is open, and how many packets came.
    fn sip(&self) -> (String, Option<u64>) {
        let why = self.why(&HOTEL.to_string());
        let row = why.pointer("/services/0").unwrap();
        let access = row.get("access").and_then(Value::as_str).unwrap().to_owned();
        (access, row.get("packets").and_then(Value::as_u64))
    }

    /// The first that stands in Ann's way, and what mends it.
    fn finding(&self) -> Option<(String, Option<String>)> {
        let why = self.why(ANN);
        let finding = why.pointer("/findings/0")?;
        let text = |key: &str| Some(finding.get(key)?.as_str()?.to_owned());
        Some((text("what").unwrap(), text("fix")))
    }
}

#[test]
fn what_the_kernel_counts_and_who_else_keeps_somebody_out_is_told() {
    if real::skipped("what_the_kernel_counts_and_who_else_keeps_somebody_out_is_told", &NEEDS) {
        return;
    }
    let mut scene = Scene::set();
    scene.pass();
    assert_eq!(scene.sip(), ("closed".to_owned(), None));
    scene.side.dialgate(&["lease", "grant", ANN, "12.34.56.79"]).unwrap();
    assert!(scene.says("12.34.56.79").contains("not in the kernel yet"));
    scene.side.ask(ANN, Wish::Open { address: IpAddr::V4(HOTEL), lifetime: None }).unwrap();
    scene.pass();
    assert_eq!(scene.sip(), ("open".to_owned(), Some(0)));
    let (what, _) = scene.finding().unwrap();
    assert!(what.contains("no packet has come from 12.34.56.78"), "{what}");

    scene
        .internet
        .enter(|| (0..3).try_for_each(|_| send(HOTEL.into(), 5060, b"x")))
        .unwrap()
        .unwrap();
    assert_eq!(scene.sip(), ("open".to_owned(), Some(3)));
    assert_eq!(scene.finding(), None);
    scene.side.dialgate(&["deny", "add", "12.35.0.0/16"]).unwrap();
    scene.pass();
    assert!(scene.says("12.34.56.78").contains("last packet"), "{}", scene.says("12.34.56.78"));

    scene.iptables("-N f2b-asterisk");
    scene.iptables("-A f2b-asterisk -s 12.34.56.78 -j REJECT");
    assert_eq!(scene.finding(), None, "no packet comes through that chain");
    scene.iptables("-I INPUT -p udp -j f2b-asterisk");
    let (what, fix) = scene.finding().unwrap();
    assert!(what.contains("fail2ban, chain f2b-asterisk"), "{what}");
    assert_eq!(fix.as_deref(), Some("fail2ban-client unban 12.34.56.78"));
    assert!(scene.says("12.34.56.78").contains("BANNED"), "{}", scene.says("12.34.56.78"));
    scene.iptables("-D INPUT -p udp -j f2b-asterisk");
    scene.iptables("-I INPUT -s 12.34.0.0/16 -j DROP");
    let said = scene.says("12.34.56.78");
    assert!(said.contains("DROPPED") && said.contains("-s 12.34.0.0/16 -j DROP"), "{said}");
    scene.iptables("-D INPUT -s 12.34.0.0/16 -j DROP");
    scene.iptables("-I INPUT -p udp --dport 5060 -j DROP");
    scene.iptables("-I INPUT -p tcp --dport 25 -j DROP");
    let said = scene.says("12.34.56.78");
    assert!(said.contains("--dport 5060 -j DROP") && !said.contains("--dport 25"), "{said}");
    scene.iptables("-D INPUT -p udp --dport 5060 -j DROP");

    scene.side.dialgate(&["lease", "revoke", ANN]).unwrap();
    scene.pass();
    assert_eq!(scene.sip(), ("closed".to_owned(), None));
    let said = scene.says("12.34.56.78");
    assert!(said.contains("SILENCED") && !said.contains("DROPPED"), "{said}");
    let (what, _) = scene.finding().unwrap();
    assert!(what.contains("L2 for 12.34.56.78 has ended (revoked)"), "{what}");
}
