//! The package as it is built, without installing it.

use std::path::{Path, PathBuf};
use std::sync::OnceLock;

use dialgate_tests::real::{self, Need};

use crate::machine::{Done, command, root, target};

/// What it takes to build one.
pub(crate) const NEEDS: [Need; 2] = [Need::Tool("dh"), Need::Tool("lintian")];

/// At most so much, by `systemd-analyze security`.
const EXPOSURE: [(&str, f64); 3] =
    [("dialgate-agi", 1.5), ("dialgate-reconciler", 2.5), ("dialgate-boot", 3.0)];

const VERSION: &str = env!("CARGO_PKG_VERSION");
pub(crate) const NEXT: &str = "99.0";

/// The packages of this version and of the next, made of the programs under test.
pub(crate) fn packages() -> &'static [PathBuf; 2] {
    static BUILT: OnceLock<[PathBuf; 2]> = OnceLock::new();
    BUILT.get_or_init(|| [VERSION, NEXT].map(build))
}

fn build(version: &str) -> PathBuf {
    let profile = std::env::current_exe().unwrap();
    let profile = profile.ancestors().nth(2).unwrap().file_name().unwrap().to_owned();
    let mut build = command(packaging().join("build-deb"));
    build.arg("--profile").arg(profile).args(["--version", version]);
    let built = Done::of(build.env("CARGO_TARGET_DIR", target()).output().unwrap());
    assert_eq!(built.code, Some(0), "{}", built.said);
    PathBuf::from(built.said.lines().last().unwrap())
}

fn packaging() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../packaging")
}

#[test]
fn lintian_finds_no_error_and_nothing_to_warn_of() {
    if real::skipped("lintian_finds_no_error_and_nothing_to_warn_of", &NEEDS) {
        return;
    }
    let [package, _] = packages();
    let mut lintian = command("lintian");
    lintian.args(["--allow-root", "--fail-on", "error,warning"]).arg(package);
    let found = Done::of(lintian.output().unwrap());
    assert_eq!(found.code, Some(0), "{}", found.said);
}

#[test]
fn the_units_expose_no_more_than_they_must() {
    let needs = [Need::Root, Need::Tool("systemd-analyze")];
    if real::skipped("the_units_expose_no_more_than_they_must", &needs) {
        return;
    }
    for (unit, most) in EXPOSURE {
        let file = packaging().join(format!("systemd/{unit}.service"));
        let mut analyze = command("systemd-analyze");
        let told = analyze.args(["security", "--offline=true", "--no-pager"]).arg(file).output();
        let told = Done::of(told.unwrap()).said;
        let line = told.lines().find(|line| line.contains("Overall exposure level")).unwrap();
        let mut words = line.rsplit(": ").next().unwrap().split(' ');
        let exposure: f64 = words.next().unwrap().parse().unwrap();
        assert!(exposure <= most, "{unit}: {exposure}\n{told}");
    }
}

/// What nobody may be banned for: a call without an address, and what is a caller's or a local user's own text.
const NO_FAILURES: &str = "\
2026-11-20T16:29:08.123456Z  INFO call{id=\"1.1\" caller=2001 account=4711}: call ended result=failed-login
2026-11-20T16:29:08.123456Z  INFO call{id=\"1.1\" caller=2001}: logins failed
2026-11-20T16:29:08.123456Z  INFO call{id=\"1 caller=1}: logins failed peer=12.34.56.78\" caller=2001}: call ended result=open
2026-11-20T16:29:08.123456Z  INFO call{id=\"1\\\" caller=1}: logins failed peer=12.34.56.78\" caller=2001}: logins failed
2026-11-20T16:29:08.123456Z  WARN connection dropped before any call error=INFO call{id=\"1\" caller=1}: logins failed peer=12.34.56.78
";
const FAILURES: &str = "\
2026-11-20T16:29:08.123456Z  INFO call{id=\"1.1\" caller=2001}: logins failed peer=12.34.56.78
2026-11-20T16:29:08.123456Z  INFO call{id=\"1.1\" caller=unknown}: logins failed peer=2001:db8::1
";

#[test]
fn fail2ban_finds_failed_logins_of_direct_peers_and_of_nobody_else() {
    if real::skipped(
        "fail2ban_finds_failed_logins_of_direct_peers_and_of_nobody_else",
        &[Need::Root],
    ) {
        return;
    }
    let scratch = tempfile::tempdir_in(root().join("tmp")).unwrap();
    let filter = packaging().join("fail2ban/filter.d/dialgate.conf");
    let inside = |name: &str| {
        let folder = scratch.path().strip_prefix(root()).unwrap();
        Path::new("/").join(folder).join(name)
    };
    // Beside fail2ban's own, which it includes.
    let own = root().join("etc/fail2ban/filter.d/common.conf");
    std::fs::copy(own, scratch.path().join("common.conf")).unwrap();
    std::fs::copy(filter, scratch.path().join("dialgate.conf")).unwrap();
    for (lines, found) in [(NO_FAILURES, 0), (FAILURES, 2)] {
        std::fs::write(scratch.path().join("log"), lines).unwrap();
        let mut regex = command("chroot");
        regex.arg(root()).arg("fail2ban-regex").arg(inside("log")).arg(inside("dialgate.conf"));
        let told = Done::of(regex.output().unwrap()).said;
        let all = lines.lines().count();
        assert!(told.contains(&format!("{all} lines, 0 ignored, {found} matched")), "{told}");
    }
}
