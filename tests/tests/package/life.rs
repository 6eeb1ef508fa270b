//! From the installation to the purge.

use std::net::SocketAddr;

use dialgate_phone::{Call, CallerId, Transcript};
use dialgate_tests::mail_server::MailServer;
use dialgate_tests::real::{self, Need};
use dialgate_tests::site::{ACCOUNT, PIN, asking_for};

use crate::built::{NEEDS, NEXT, packages};
use crate::machine::Machine;
use crate::peer::guess;

const OF_THE_MACHINE: [Need; 5] = [
    Need::Root,
    Need::Tool("ip"),
    Need::Tool("nsenter"),
    Need::Tool("unshare"),
    Need::Package("/usr/lib/python3/dist-packages/aiosmtpd", "python3-aiosmtpd"),
];
/// FreePBX's folder of sounds, and Debian's with its links.
const ASTERISK: &str = "\
    mkdir -p /var/lib/asterisk/sounds/en/digits /usr/share/asterisk/sounds/es_MX/digits /etc/asterisk
    cd /usr/share/asterisk/sounds && mkdir en_US && ln -s en_US en && ln -s es_MX es && touch es_MX/digits/1.gsm";
const SOUNDS: &str = "find /usr/share/asterisk /var/lib/asterisk | sort";
const OURS: &str = "find / /run -xdev \\( -iname '*dialgate*' -o -name 'dg-*' -o -nouser -o -nogroup \\) \
     -not -path '/proc/*' -not -path '/sys/*'; grep -l dialgate /etc/passwd /etc/group /etc/shadow /etc/gshadow; \
     grep -rls dialgate /etc --exclude='*-'; true";
const AGI: &str = "127.0.0.1:4573";
const KERNEL: &str = "iptables -S; ip6tables -S; ipset list -name";

#[test]
fn the_package_is_installed_used_upgraded_removed_and_purged() {
    let name = "the_package_is_installed_used_upgraded_removed_and_purged";
    if real::skipped(name, &[&NEEDS[..], &OF_THE_MACHINE].concat()) {
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    for (package, name) in packages().iter().zip(["now.deb", "next.deb"]) {
        std::fs::copy(package, folder.path().join(name)).unwrap();
    }
    let machine = Machine::boot(folder.path());
    machine.sh(ASTERISK);
    let sounds = machine.sh(SOUNDS);
    assert_eq!(machine.sh(OURS), "");

    installed(&machine);
    let mail = used(&machine);
    upgraded(&machine);
    base_policy_keeps_it(&machine);
    removed(&machine, &sounds);
    installed_again(&machine);
    purged(&machine, &sounds);
    drop(mail);
}

fn apt(machine: &Machine, what: &str) -> String {
    machine.sh(&format!("apt-get -y --no-install-recommends {what}"))
}

fn running(machine: &Machine) {
    for unit in ["dialgate-agi", "dialgate-reconciler"] {
        machine.until(&format!("systemctl is-active {unit}"));
        assert_eq!(machine.sh(&format!("systemctl show -P NRestarts {unit}")), "0\n", "{unit}");
    }
    machine.until(
        "ss -ltn 2>/dev/null | grep -q 127.0.0.1:4573 || grep -q '0100007F:11DD' /proc/net/tcp",
    );
}

fn installed(machine: &Machine) {
    let said = apt(machine, "install /srv/now.deb");
    assert!(said.contains("dialgate setup"), "{said}");
    running(machine);
    assert!(machine.sh(OURS).contains("/var/lib/dialgate\n"), "{}", machine.sh(OURS));
    machine.sh("systemctl is-enabled dialgate-boot dialgate-agi dialgate-reconciler");
    let files = "/usr/bin/dialgate /usr/sbin/dialgate-agi /etc/dialgate/dialgate.toml /etc/dialgate/pepper \
                 /var/lib/dialgate /var/lib/dialgate/ledger.db /var/lib/dialgate/queue";
    assert_eq!(
        machine.sh(&format!("stat -c '%a %U:%G %n' {files}")),
        "755 root:root /usr/bin/dialgate\n755 root:root /usr/sbin/dialgate-agi\n\
         640 root:dialgate /etc/dialgate/dialgate.toml\n640 root:dialgate /etc/dialgate/pepper\n\
         750 root:dialgate /var/lib/dialgate\n640 root:dialgate /var/lib/dialgate/ledger.db\n\
         700 dialgate:dialgate /var/lib/dialgate/queue\n"
    );
    let user = machine.sh("getent passwd dialgate");
    assert!(user.ends_with(":/nonexistent:/usr/sbin/nologin\n"), "{user}");
    assert!(machine.sh("iptables -S").contains("-A INPUT -j DIALGATE"));
    for link in [
        "/usr/share/asterisk/sounds/en_US/dialgate/welcome.wav",
        "/usr/share/asterisk/sounds/es/dialgate/goodbye.gsm",
        "/usr/share/asterisk/sounds/es/digits/100.gsm",
        "/usr/share/asterisk/sounds/de/digits/7.gsm",
        "/var/lib/asterisk/sounds/en/dialgate/welcome.wav",
        "/var/lib/asterisk/sounds/de/letters/a.gsm",
    ] {
        machine.sh(&format!("test -s {link}"));
    }
    machine.sh("test ! -e /var/lib/asterisk/sounds/es");
    machine.sh("test -s /usr/share/bash-completion/completions/dialgate && bash -n /usr/share/bash-completion/completions/dialgate");
    // What is to be read is left out of small installations like this one, by dpkg's own configuration, but for this.
    machine.sh("dpkg -L dialgate | grep -q man/man1/dialgate.1.gz && dpkg -L dialgate | grep -q man5/dialgate.toml.5.gz");
    // Sounds that come later are linked by dpkg's trigger.
    machine.sh("mkdir -p /usr/share/asterisk/sounds/fr && dpkg-trigger --by-package=dialgate /usr/share/asterisk/sounds && dpkg --configure -a");
    machine.sh("test -s /usr/share/asterisk/sounds/fr/dialgate/welcome.gsm && rm -r /usr/share/asterisk/sounds/fr");
}

/// Under the restrictions of the units: a call is served, the kernel lets in, and a letter arrives.
fn used(machine: &Machine) -> MailServer {
    let mut mail = MailServer::start(&machine.network).unwrap();
    machine.sh(&format!(
        "sed -i 's/^#host = .*/host = \"127.0.0.1\"/; s/^#port = .*/port = {}/' /etc/dialgate/dialgate.toml && \
         dialgate init && systemctl reload dialgate-reconciler",
        mail.port()
    ));
    machine.sh(&format!(
        "echo {PIN} | dialgate account add {ACCOUNT} --name Ann --email ann@example.net --services sip,rtp --pin-stdin"
    ));
    let transcript = call(machine, "12*34*56*78");
    assert_eq!(transcript.result(), Some("open"), "{transcript:?}");
    machine.sh("ipset test dg-sip-4 12.34.56.78");
    let letter = mail.next_message().unwrap().to_string();
    assert!(letter.contains("ann@example.net"), "{letter}");
    machine.sh("dialgate lease grant 4711 12.34.56.79 --for 4h");
    machine.until("ipset test dg-sip-4 12.34.56.79 && ! ipset test dg-sip-4 12.34.56.78");
    // A telephone of this machine's own whose user guesses.
    machine.network.enter(|| guess(AGI.parse().unwrap())).unwrap();
    let regex =
        "fail2ban-regex --print-all-matched systemd-journal /etc/fail2ban/filter.d/dialgate.conf";
    machine.until(&format!("{regex} | tee /tmp/regex | grep -q ' 1 matched'"));
    assert!(
        machine.sh("cat /tmp/regex").contains(" peer=12.34.56.99"),
        "{}",
        machine.sh("cat /tmp/regex")
    );
    // Somebody else empties the firewall.
    machine.sh("iptables -F INPUT");
    machine.until("iptables -S INPUT | grep -q DIALGATE");
    // Early in the boot, before saved rules that name the sets.
    machine.sh(
        "systemctl stop dialgate-reconciler && iptables -F && ipset flush dg-sip-4 && systemctl restart dialgate-boot \
         && iptables -S INPUT | grep -q DIALGATE && ipset test dg-sip-4 12.34.56.79 \
         && systemctl start dialgate-reconciler",
    );
    let complaints = machine.sh("journalctl -b -u 'dialgate-*' --no-pager | grep -e ERROR -e 'not permitted' -e SIGSYS || true");
    assert_eq!(complaints, "");
    mail
}

fn call(machine: &Machine, address: &str) -> Transcript {
    let server: SocketAddr = AGI.parse().unwrap();
    let call = machine.network.enter(|| {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        runtime.block_on(Call::dial(server, CallerId::number("2001"), asking_for(address)))
    });
    call.unwrap().unwrap()
}

fn upgraded(machine: &Machine) {
    machine.sh("echo '# kept' | tee -a /etc/dialgate/dialgate.toml /etc/cron.d/dialgate /etc/fail2ban/jail.d/dialgate.conf");
    let kept = "sha256sum /etc/dialgate/* /etc/cron.d/dialgate /etc/fail2ban/jail.d/dialgate.conf; \
                dialgate account list --json; dialgate lease list --json";
    let before = machine.sh(kept);
    let pid = machine.sh("systemctl show -P MainPID dialgate-agi");
    apt(machine, "install /srv/next.deb");
    assert_eq!(machine.sh("dpkg-query -W -f '${Version}' dialgate"), NEXT);
    assert_eq!(machine.sh(kept), before);
    running(machine);
    let new = machine.sh("systemctl show -P MainPID dialgate-agi");
    assert_ne!(new, pid, "the new program runs");
    machine.sh("ipset test dg-sip-4 12.34.56.79");
}

fn base_policy_keeps_it(machine: &Machine) {
    machine.sh("dialgate firewall apply && dialgate firewall confirm");
    machine.until("iptables -S DIALGATE | tail -n 1 | grep -q DROP");
    let refused = machine.run("apt-get -y remove dialgate");
    assert_eq!(refused.code, Some(100), "{}", refused.said);
    assert!(refused.said.contains("dialgate firewall off"), "{}", refused.said);
    assert!(machine.sh("iptables -S DIALGATE").contains("DROP"));
    running(machine);
    machine.sh("dialgate firewall off");
    machine.until("! iptables -S DIALGATE | grep -qx -- '-A DIALGATE -j DROP'");
}

fn removed(machine: &Machine, sounds: &str) {
    let data = "find /etc/dialgate /var/lib/dialgate -not -name 'ledger.db-*' -not -name 'queue.db-*' | sort";
    let before = machine.sh(data);
    let ours = machine.sh("iptables -S | grep -v DIALGATE");
    apt(machine, "remove dialgate");
    assert_eq!(
        machine
            .sh("ls /usr/bin/dialgate* /usr/sbin/dialgate* /usr/share/dialgate 2>/dev/null | cat"),
        ""
    );
    assert_eq!(machine.sh(data), before);
    assert_eq!(machine.sh(SOUNDS), *sounds);
    assert_eq!(machine.sh("iptables -S"), ours);
    let kernel = machine.sh(KERNEL);
    assert!(!kernel.contains("DIALGATE") && !kernel.contains("dg-"), "{kernel}");
    machine.sh("! systemctl is-active dialgate-agi dialgate-reconciler");
    // What is left in /etc/cron.d must not complain by mail each minute.
    machine.sh("sh -c \"$(sed -n 's/^[*] [*] [*] [*] [*] root //p' /etc/cron.d/dialgate)\"");
}

fn installed_again(machine: &Machine) {
    apt(machine, "install /srv/next.deb");
    running(machine);
    assert!(machine.sh("dialgate account list").contains(ACCOUNT));
    machine.until("ipset test dg-sip-4 12.34.56.79");
}

fn purged(machine: &Machine, sounds: &str) {
    apt(machine, "purge dialgate");
    assert_eq!(machine.sh(OURS), "");
    assert_eq!(machine.sh(SOUNDS), *sounds);
    let kernel = machine.sh(KERNEL);
    assert!(!kernel.contains("DIALGATE") && !kernel.contains("dg-"), "{kernel}");
}
