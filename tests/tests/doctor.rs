//! `dialgate doctor` beside a real Asterisk, the real kernel and a real mail server: it finds nothing where all is well,
//! and what is wrong where it is not, and what it shows to be done mends it.

use std::fs;
use std::io;
use std::net::Ipv4Addr;
use std::os::unix::fs::PermissionsExt;
use std::path::PathBuf;

use dialgate_tests::asterisk::{Asterisk, Recordings};
use dialgate_tests::namespace::run;
use dialgate_tests::programs;
use dialgate_tests::real::{self, Need};
use dialgate_tests::site::Site;
use serde_json::Value;

const NEEDS: [Need; 3] = [Need::Site, Need::Tool("unshare"), Need::Asterisk];
/// What depends on the machine that tests run on.
const OF_THE_MACHINE: [&str; 4] = ["clock", "disk", "fail2ban", "saved-rules"];

/// A PBX with its Asterisk, and the doctor as if that one's files were where it says they are.
struct Clinic {
    asterisk: Asterisk,
    site: Site,
    /// Where Asterisk says that its own folder is.
    seen: PathBuf,
}

impl Clinic {
    fn open() -> io::Result<Self> {
        let site = Site::start("")?;
        let asterisk = Asterisk::start(site.namespace(), Recordings::Installed)?;
        let own = asterisk.path("");
        let name = own.file_name().unwrap_or_default();
        let root = own.ancestors().nth(2).unwrap_or(&own);
        let seen = PathBuf::from("/tmp").join(name);
        fs::create_dir(&seen)?;
        let wrapper = site.folder().join("bin/asterisk");
        fs::create_dir(site.folder().join("bin"))?;
        let (root, inside) = (root.display(), seen.display());
        let script = format!(
            "#!/bin/sh\nexec chroot {root} asterisk -C {inside}/etc/asterisk.conf \"$@\"\n"
        );
        fs::write(&wrapper, script)?;
        fs::set_permissions(&wrapper, fs::Permissions::from_mode(0o755))?;
        Ok(Self { asterisk, site, seen })
    }

    /// In a mount namespace of its own, with the site's programs.
    fn shell(&self, script: &str) -> io::Result<String> {
        let own = self.asterisk.path("");
        let root = own.ancestors().nth(2).unwrap_or(&own);
        let programs = programs::path("dialgate")?;
        let programs = programs.parent().map(|it| it.display().to_string()).unwrap_or_default();
        let script = format!(
            "mount --bind {root}/usr/share /usr/share && mount --bind {own} {seen} && \
             PATH={bin}:{programs}:$PATH && {script}",
            root = root.display(),
            own = own.display(),
            seen = self.seen.display(),
            bin = self.site.folder().join("bin").display(),
        );
        let mut command = self.site.namespace().command("unshare");
        run(command.args(["--mount", "--propagation", "private", "sh", "-c", &script]))
    }

    fn checks(&self, arguments: &str) -> io::Result<Vec<Value>> {
        let folder = self.site.folder().display();
        let doctor = format!(
            "dialgate --config {folder}/dialgate.toml doctor --json --asterisk {folder}/bin/asterisk {arguments}"
        );
        // It ends as monitoring plugins do.
        let said = self.shell(&format!("{doctor} || [ $? -le 2 ]"))?;
        serde_json::from_str(&said).map_err(io::Error::from)
    }

    fn check(&self, name: &str) -> io::Result<Value> {
        let checks = self.checks("")?;
        let found = checks.iter().find(|check| check["name"] == name);
        found.cloned().ok_or_else(|| io::Error::other(format!("no {name} in {checks:?}")))
    }

    /// Does what is shown.
    fn mend(&self, check: &Value) -> io::Result<()> {
        let commands =
            check.pointer("/fix/run").and_then(Value::as_array).cloned().unwrap_or_default();
        if commands.is_empty() {
            return Err(io::Error::other(format!("no commands in {check}")));
        }
        commands.iter().filter_map(Value::as_str).try_for_each(|it| self.shell(it).map(|_| ()))
    }

    /// As the advice says: no log takes keys any more.
    fn keep_keys_out_of_logs(&self) -> io::Result<()> {
        let file = self.asterisk.path("etc/logger.conf");
        let text = fs::read_to_string(&file)?.replace(",dtmf", "");
        fs::write(file, text)?;
        self.asterisk.console(self.site.namespace(), "logger reload").map(|_| ())
    }
}

impl Drop for Clinic {
    fn drop(&mut self) {
        // It is empty: what was mounted there is gone with whoever saw it.
        let _ = fs::remove_dir(&self.seen);
    }
}

fn worse_than_well(checks: &[Value]) -> Vec<&Value> {
    let bad = |check: &&Value| {
        let of_the_machine = OF_THE_MACHINE.iter().any(|name| check["name"] == *name);
        check["outcome"] != "ok" && !of_the_machine
    };
    checks.iter().filter(bad).collect()
}

#[test]
fn where_all_is_well_nothing_is_found_and_the_letter_is_in_the_mailbox() {
    let name = "where_all_is_well_nothing_is_found_and_the_letter_is_in_the_mailbox";
    if real::skipped(name, &NEEDS) {
        return;
    }
    let mut clinic = Clinic::open().unwrap();
    let logs = clinic.check("logs").unwrap();
    assert_eq!(logs["outcome"], "fail", "{logs}");
    assert!(logs["what"].to_string().contains("log/full"), "{logs}");
    clinic.keep_keys_out_of_logs().unwrap();
    // This Asterisk has loaded only what calls of others need.
    let call = clinic.check("call").unwrap();
    assert_eq!(call["outcome"], "skip", "{call}");
    clinic.mend(&call).unwrap();

    let checks = clinic.checks("--letter doctor@example.net").unwrap();
    assert_eq!(worse_than_well(&checks), [] as [&Value; 0], "{}", clinic.site.logs().unwrap());
    for name in [
        "firewall",
        "fastagi",
        "dialplan",
        "route",
        "prompts",
        "codecs",
        "call",
        "agi-debug",
        "letter",
    ] {
        assert!(checks.iter().any(|check| check["name"] == name), "{name}: {checks:?}");
    }
    let message = clinic.site.mail().next_message().unwrap();
    assert_eq!(message["to"], serde_json::json!(["doctor@example.net"]));

    // It has looked, and nothing else: who was let in still is, and nobody else.
    let site = &clinic.site;
    let host = site.host(Ipv4Addr::new(12, 34, 56, 78)).unwrap();
    let stranger = site.host(Ipv4Addr::new(12, 34, 56, 79)).unwrap();
    site.dialgate(&["lease", "grant", "4711", "12.34.56.78"]).unwrap();
    site.await_open(&host).unwrap();
    assert_eq!(clinic.check("firewall").unwrap()["outcome"], "ok");
    assert!(!clinic.site.hears(&stranger, &host).unwrap());
}

#[test]
fn what_somebody_has_broken_is_found_and_mended_by_what_is_shown() {
    let name = "what_somebody_has_broken_is_found_and_mended_by_what_is_shown";
    if real::skipped(name, &NEEDS) {
        return;
    }
    let mut clinic = Clinic::open().unwrap();
    clinic.keep_keys_out_of_logs().unwrap();
    clinic.shell("asterisk -rx 'module load res_clioriginate.so'").unwrap();
    clinic.site.end_reconciler();
    for (damage, name) in [
        ("asterisk -rx 'dialplan remove context dialgate'", "dialplan"),
        ("asterisk -rx 'agi set debug on'", "agi-debug"),
        ("asterisk -rx 'module unload format_gsm.so'", "prompts"),
        ("iptables -F DIALGATE", "firewall"),
        ("iptables -D INPUT -j DIALGATE && iptables -A INPUT -j DIALGATE", "firewall"),
        (
            "ipset destroy dg-all-4 2>&- || iptables -F DIALGATE && ipset destroy dg-all-4",
            "firewall",
        ),
    ] {
        assert_eq!(clinic.check(name).unwrap()["outcome"], "ok", "before {damage}");
        clinic.shell(damage).unwrap();
        let check = clinic.check(name).unwrap();
        assert_eq!(check["outcome"], "fail", "{damage}: {check}");
        clinic.mend(&check).unwrap();
        let mended = clinic.check(name).unwrap();
        assert_eq!(mended["outcome"], "ok", "{damage}, mended by {check}: {mended}");
    }
    clinic.site.end_agi();
    for name in ["fastagi", "call"] {
        let check = clinic.check(name).unwrap();
        assert_eq!(check["outcome"], "fail", "{check}");
    }
}
