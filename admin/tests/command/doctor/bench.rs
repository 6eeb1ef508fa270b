//! A site on which everything is well, with a stand-in for Asterisk and one for dialgate-agi.

use std::fs::Permissions;
use std::io::{BufRead, BufReader, Write};
use std::net::{SocketAddr, TcpListener, TcpStream};
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::Path;
use std::sync::Arc;
use std::sync::atomic::{AtomicBool, Ordering};

use serde_json::Value;

use crate::site::{Answer, Site, answer, program, shell};

const NONCE: &str = "GET FULL VARIABLE \"00112233445566778899aabbccddeeff\"\n";
/// What Asterisk's own recordings are, as far as they are looked for in English.
const CORE: &str = "digits/0 digits/1 digits/2 digits/3 digits/4 digits/5 digits/6 digits/7 digits/8 digits/9 \
    digits/oclock digits/today digits/tomorrow digits/at digits/oh digits/a-m digits/p-m letters/a letters/b \
    letters/c letters/d letters/e letters/dot";

/// The site.
pub(super) struct Bench {
    pub(super) site: Site,
    pub(super) server: Server,
}

/// What listens in dialgate-agi's place, and says one line before the environment is answered and one after it.
pub(super) struct Server {
    address: SocketAddr,
    is_over: Arc<AtomicBool>,
}

impl Bench {
    pub(super) fn new() -> Self {
        Self::with_server(NONCE)
    }

    pub(super) fn with_server(first: &'static str) -> Self {
        let server = Server::start(first);
        let site = Site::with(&format!(
            "user = \"\"\n[firewall]\nbackend = \"dry-run\"\n[agi]\nlisten = \"{}\"",
            server.address
        ));
        site.pass_now(None);
        let bench = Self { site, server };
        bench.install_asterisk();
        bench.install_sounds();
        bench
    }

    /// Everything that was looked at.
    pub(super) fn checks(&self) -> Value {
        let answer = self.answer(&["--json"]);
        serde_json::from_str(&answer.out).unwrap_or_else(|error| panic!("{error}: {answer:?}"))
    }

    /// The worst of what was looked at under this name.
    pub(super) fn check(&self, name: &str) -> Value {
        let checks = self.checks();
        let found = checks.as_array().unwrap().iter().filter(|check| check["name"] == name);
        let rank = |check: &&Value| {
            ["ok", "skip", "warn", "fail"].iter().position(|it| check["outcome"] == **it)
        };
        found.max_by_key(rank).unwrap_or_else(|| panic!("no {name} in {checks}")).clone()
    }

    /// The names of what fails.
    pub(super) fn faults(&self) -> Vec<String> {
        let checks = self.checks();
        let failed = checks.as_array().unwrap().iter().filter(|check| check["outcome"] == "fail");
        failed.map(ToString::to_string).collect()
    }

    pub(super) fn answer(&self, arguments: &[&str]) -> Answer {
        let mut command = program();
        command.arg("--config").arg(self.site.config()).arg("doctor");
        if !arguments.contains(&"--asterisk") {
            command.arg("--asterisk").arg(self.site.path("bin/asterisk"));
        }
        command.args(arguments);
        answer(command, b"")
    }

    /// Runs a script in the site's folder, with the programs of the site.
    pub(super) fn shell(&self, script: &str) {
        let mut command = shell(script);
        let path = format!("{}:/usr/sbin:/usr/bin:/sbin:/bin", self.site.path("bin").display());
        command.current_dir(self.site.path("")).env("PATH", path);
        let answer = answer(command, b"");
        assert_eq!(answer.code, 0, "{script}: {answer:?}");
    }

    fn install_asterisk(&self) {
        let stand_in = Path::new(env!("CARGO_MANIFEST_DIR")).join("tests/stand-in/doctor");
        std::fs::create_dir(self.site.path("bin")).unwrap();
        symlink(env!("CARGO_BIN_EXE_dialgate"), self.site.path("bin/dialgate")).unwrap();
        for (name, folder) in [("answers", "answers"), ("answers", "good")] {
            std::fs::create_dir(self.site.path(folder)).unwrap();
            for entry in std::fs::read_dir(stand_in.join(name)).unwrap() {
                let entry = entry.unwrap();
                let text = std::fs::read_to_string(entry.path()).unwrap();
                let text = text
                    .replace("@SITE@", self.site.path("").to_str().unwrap().trim_end_matches('/'))
                    .replace("@LISTEN@", &self.server.address.to_string());
                std::fs::write(self.site.path(folder).join(entry.file_name()), text).unwrap();
            }
        }
        let program = self.site.path("bin/asterisk");
        std::fs::copy(stand_in.join("asterisk"), &program).unwrap();
        std::fs::set_permissions(program, Permissions::from_mode(0o755)).unwrap();
        std::fs::create_dir(self.site.path("etc")).unwrap();
        std::fs::write(self.site.path("etc/extensions.conf"), "#include dialgate.conf\n").unwrap();
        for file in ["log", "up"] {
            std::fs::write(self.site.path(file), "").unwrap();
        }
    }

    fn install_sounds(&self) {
        let ours = Path::new(env!("CARGO_MANIFEST_DIR")).join("../sounds/en");
        let sounds = self.site.path("sounds/en");
        for part in ["dialgate", "digits", "letters"] {
            std::fs::create_dir_all(sounds.join(part)).unwrap();
        }
        for entry in std::fs::read_dir(ours).unwrap() {
            let entry = entry.unwrap();
            symlink(entry.path(), sounds.join("dialgate").join(entry.file_name())).unwrap();
        }
        for name in CORE.split(' ') {
            std::fs::write(sounds.join(format!("{name}.gsm")), "x").unwrap();
        }
    }
}

impl Server {
    fn start(first: &'static str) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let address = listener.local_addr().unwrap();
        let is_over = Arc::new(AtomicBool::new(false));
        let over = Arc::clone(&is_over);
        std::thread::spawn(move || {
            for stream in listener.incoming().map_while(Result::ok) {
                if over.load(Ordering::Relaxed) {
                    return;
                }
                // Whoever hangs up early has heard enough.
                let _ = serve(&stream, first);
            }
        });
        Self { address, is_over }
    }

    /// Nobody listens there any more.
    pub(super) fn stop(&self) {
        self.is_over.store(true, Ordering::Relaxed);
        while TcpStream::connect(self.address).is_ok() {}
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        self.stop();
    }
}

fn serve(mut stream: &TcpStream, first: &str) -> std::io::Result<()> {
    let mut lines = BufReader::new(stream).lines();
    while lines.next().transpose()?.is_some_and(|line| !line.is_empty()) {}
    stream.write_all(first.as_bytes())?;
    lines.next().transpose()?;
    stream.write_all(b"ANSWER\n")
}
