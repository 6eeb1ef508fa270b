use dialgate_reconciler::firewall::{Fail2ban, Firewall, Kernel, Neighbour, Plan};
use dialgate_reconciler::pass::Bans;

use crate::network::{add_native_chain_that_drops, in_own_network, sh};
use crate::program::{Program, until};
use crate::site::{desired, nobody, service, settle};

#[test]
fn what_others_own_stays_byte_for_byte() {
    in_own_network(|| {
        sh("ipset create dg-my-list hash:ip; ipset add dg-my-list 9.9.9.9; ipset create country hash:net comment;
            ipset add country 10.0.0.0/8 comment 'add dg-sip-4 6.6.6.6'; iptables -N mine; iptables -P INPUT DROP;
            iptables -A mine -m set --match-set dg-my-list src -m comment --comment 'a \"b\" -j DIALGATE' -j ACCEPT;
            iptables -A INPUT -i lo -j ACCEPT; iptables -A INPUT -p tcp --dport 22 -j mine;
            iptables -A FORWARD -j DROP; iptables -t nat -A PREROUTING -p tcp --dport 80 -j REDIRECT --to-ports 8080;
            ip6tables -A INPUT -p ipv6-icmp -j ACCEPT");
        let before = foreign();
        let mut kernel = Kernel::new().unwrap();
        settle(&mut kernel, &nobody(&[service("sip", "tcp:1")]));
        assert_eq!(foreign(), before);
        settle(&mut kernel, &nobody(&[]));
        assert_eq!(foreign(), before);
    });
}

#[test]
fn fail2ban_stays_above_and_a_jump_elsewhere_or_twice_is_mended() {
    in_own_network(|| {
        let desired = desired(&[]);
        let mut kernel = Kernel::new().unwrap();
        sh("iptables -A INPUT -i lo -j ACCEPT");
        settle(&mut kernel, &desired);
        sh("iptables -N f2b-sshd; iptables -I INPUT -p tcp -m multiport --dports 22 -j f2b-sshd");
        let input = "-P INPUT ACCEPT\n-A INPUT -p tcp -m multiport --dports 22 -j f2b-sshd\n-A INPUT -j DIALGATE\n\
                     -A INPUT -i lo -j ACCEPT\n";
        assert_eq!(sh("iptables -S INPUT"), input);
        assert!(Plan::between(&desired, &kernel.read().unwrap()).unwrap().is_empty());
        for damage in [
            "iptables -I INPUT -j DIALGATE",
            "iptables -A INPUT -j DIALGATE; iptables -A INPUT -j DIALGATE",
            "iptables -D INPUT -j DIALGATE",
            "iptables -D INPUT -j DIALGATE; iptables -I INPUT -j DIALGATE",
            "iptables -D INPUT -j DIALGATE; iptables -A INPUT -j DIALGATE",
        ] {
            sh(damage);
            assert!(!settle(&mut kernel, &desired).is_empty(), "{damage}");
            assert_eq!(sh("iptables -S INPUT"), input, "{damage}");
        }
    });
}

#[test]
fn freepbx_is_entered_at_its_top_and_nothing_is_left_in_input() {
    in_own_network(|| {
        let desired = desired(&[]);
        let mut kernel = Kernel::new().unwrap();
        settle(&mut kernel, &desired);
        assert_eq!(sh("iptables -S INPUT"), "-P INPUT ACCEPT\n-A INPUT -j DIALGATE\n");
        sh("for ip in iptables ip6tables; do
                $ip -N fpbxfirewall; $ip -A fpbxfirewall -i lo -j ACCEPT; $ip -A INPUT -j fpbxfirewall
            done");
        assert!(!settle(&mut kernel, &desired).is_empty());
        assert_eq!(sh("iptables -S INPUT"), "-P INPUT ACCEPT\n-A INPUT -j fpbxfirewall\n");
        let inside =
            "-N fpbxfirewall\n-A fpbxfirewall -j DIALGATE\n-A fpbxfirewall -i lo -j ACCEPT\n";
        assert_eq!(sh("iptables -S fpbxfirewall; ip6tables -S fpbxfirewall"), inside.repeat(2));
        for damage in [
            "iptables -F; iptables -X; iptables -N fpbxfirewall; iptables -A fpbxfirewall -i lo -j ACCEPT;
             iptables -A INPUT -j fpbxfirewall",
            "iptables -I fpbxfirewall -s 10.0.0.1 -j DROP; iptables -D fpbxfirewall -s 10.0.0.1 -j DROP;
             iptables -I INPUT -j DIALGATE",
            "iptables -D fpbxfirewall -j DIALGATE; iptables -A fpbxfirewall -j DIALGATE",
        ] {
            sh(damage);
            assert!(!settle(&mut kernel, &desired).is_empty(), "{damage}");
            assert_eq!(sh("iptables -S fpbxfirewall"), inside, "{damage}");
            assert_eq!(sh("iptables -S INPUT"), "-P INPUT ACCEPT\n-A INPUT -j fpbxfirewall\n");
        }
        sh("iptables -F; iptables -X; ip6tables -F; ip6tables -X");
        settle(&mut kernel, &desired);
        assert_eq!(sh("iptables -S INPUT"), "-P INPUT ACCEPT\n-A INPUT -j DIALGATE\n");
    });
}

/// What `ufw reload` does, as long as it does not manage the kernel's own chains: its chains are emptied and filled
/// again, and its jumps appended only when they are gone.
#[test]
fn a_reload_of_ufw_leaves_the_jump_above_its_own() {
    in_own_network(|| {
        let desired = desired(&[]);
        let mut kernel = Kernel::new().unwrap();
        let reload = "iptables-restore -n <<.
*filter
:ufw-before-input - [0:0]
:ufw-reject-input - [0:0]
-A ufw-before-input -i lo -j ACCEPT
-A ufw-before-input -m conntrack --ctstate RELATED,ESTABLISHED -j ACCEPT
-A ufw-reject-input -j DROP
COMMIT
.
            iptables -C INPUT -j ufw-before-input 2>&1 || {
                iptables -A INPUT -j ufw-before-input; iptables -A INPUT -j ufw-reject-input; }";
        sh(&format!("iptables -P INPUT DROP; {reload}"));
        settle(&mut kernel, &desired);
        let input = "-P INPUT DROP\n-A INPUT -j DIALGATE\n-A INPUT -j ufw-before-input\n-A INPUT -j ufw-reject-input\n";
        assert_eq!(sh("iptables -S INPUT"), input);
        sh(&format!("iptables -F ufw-before-input; iptables -F ufw-reject-input; {reload}"));
        assert_eq!(sh("iptables -S INPUT"), input);
        assert!(Plan::between(&desired, &kernel.read().unwrap()).unwrap().is_empty());
        // With MANAGE_BUILTINS=yes it flushes everything, and finds itself below us again all the same.
        sh(&format!("iptables -F; iptables -X; {reload}"));
        settle(&mut kernel, &desired);
        assert_eq!(sh("iptables -S INPUT"), input);
    });
}

#[test]
fn who_drops_what_dialgate_lets_in_is_told_of() {
    in_own_network(|| {
        let mut kernel = Kernel::new().unwrap();
        settle(&mut kernel, &desired(&[]));
        sh("iptables -P INPUT DROP; iptables -A INPUT -j DROP");
        assert_eq!(kernel.neighbours(), [], "iptables is worked beside");
        sh("iptables-legacy -N quiet");
        assert_eq!(kernel.neighbours(), [], "a chain without rules is in nobody's way");
        sh("iptables-legacy -A INPUT -p udp -j DROP");
        let [Neighbour::Mixed(tool)] = kernel.neighbours()[..] else {
            panic!("{:?}", kernel.neighbours())
        };
        assert_eq!(tool, "/usr/sbin/iptables-legacy-save");
        sh("iptables-legacy -F; iptables-legacy -X");
        add_native_chain_that_drops();
        assert_eq!(kernel.neighbours(), [Neighbour::Drops(vec!["inet native in".to_owned()])]);
    });
}

#[test]
fn a_ruleset_in_the_way_is_told_once_and_shown_and_everything_goes_on() {
    in_own_network(|| {
        add_native_chain_that_drops();
        let mut program = Program::new("");
        program.lease(["12.34.56.78".to_owned()]);
        let (code, said) = program.once();
        assert_eq!(code, Some(0));
        assert!(said.contains("nft list chain inet native in"), "{said}");
        assert!(program.problem().unwrap().contains("nft list chain inet native in"));
        assert_eq!(program.once(), (Some(0), String::new()), "cron sends a letter for every line");
        program.watch();
        let seconds = std::time::Duration::from_secs(5);
        until("a look is written down", seconds, || program.problem().is_some());
        assert_eq!(program.log().matches("nft list chain").count(), 1, "{}", program.log());
        assert!(sh("ipset list dg-sip-4").contains("12.34.56.78"));
    });
}

#[test]
fn whom_fail2ban_bans_is_known_by_its_chains_and_sets() {
    in_own_network(|| {
        let mut kernel = Kernel::new().unwrap();
        sh("iptables -N f2b-sshd; iptables -A f2b-sshd -j RETURN;
            iptables -I INPUT -p tcp -m multiport --dports 22 -j f2b-sshd;
            iptables -I f2b-sshd 1 -s 6.6.6.6 -j REJECT --reject-with icmp-port-unreachable;
            ipset create f2b-web hash:ip timeout 600; ipset add f2b-web 7.7.7.7;
            iptables -I INPUT -p tcp -m multiport --dports 80 -m set --match-set f2b-web src -j REJECT;
            ip6tables -N f2b-sshd; ip6tables -A f2b-sshd -s 2a00::1 -j DROP;
            ipset create other hash:ip; ipset add other 9.9.9.9");
        settle(&mut kernel, &desired(&[]));
        let above = sh("iptables -S INPUT");
        assert!(above.ends_with("-j f2b-sshd\n-A INPUT -j DIALGATE\n"), "{above}");
        let banned = Fail2ban::of_this_machine().banned(&kernel.read().unwrap());
        let banned: Vec<String> = banned.iter().map(ToString::to_string).collect();
        assert_eq!(banned, ["6.6.6.6/32", "7.7.7.7/32", "2a00::1/128"]);

        let folder = tempfile::tempdir().unwrap();
        let client = folder.path().join("fail2ban-client");
        let text = "#!/bin/sh -e\ntest \"$1 $#\" = \"unban 2\"\n\
                    exec /usr/sbin/iptables -D f2b-sshd -s \"$2\" -j REJECT --reject-with icmp-port-unreachable\n";
        std::fs::write(&client, text).unwrap();
        sh(&format!("chmod 755 {}", client.display()));
        let mut fail2ban = Fail2ban::with_client(client);
        fail2ban.lift("6.6.6.6/32".parse().unwrap()).unwrap();
        assert_eq!(fail2ban.banned(&kernel.read().unwrap()).len(), 2);
        let error = fail2ban.lift("6.6.6.6/32".parse().unwrap()).unwrap_err().to_string();
        assert!(error.contains("fail2ban-client failed"), "{error}");
    });
}

/// All that the tools save, without what is ours, comments and counters.
fn foreign() -> Vec<String> {
    const OURS: [&str; 6] = [
        "#",
        "create dg-sip-",
        "add dg-sip-",
        ":DIALGATE ",
        "-A DIALGATE ",
        "-A INPUT -j DIALGATE",
    ];
    let saved = sh("ipset save; iptables-save; ip6tables-save");
    let theirs = saved.lines().filter(|line| !OURS.iter().any(|ours| line.starts_with(ours)));
    theirs
        .map(|line| if line.starts_with(':') { line.split(" [").next().unwrap() } else { line })
        .map(str::to_owned)
        .collect()
}
