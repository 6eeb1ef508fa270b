use std::io::{BufRead, BufReader};
use std::path::{Path, PathBuf};
use std::process::{Child, ChildStdout, Stdio};

use crate::support::{PYTHON, command};

/// `smtp_server.py`: a mail server that ends with its handle.
pub(crate) struct Server {
    process: Child,
    said: BufReader<ChildStdout>,
    pub(crate) port: u16,
}

impl Server {
    pub(crate) fn start(arguments: &[&str]) -> Self {
        let script = concat!(env!("CARGO_MANIFEST_DIR"), "/tests/smtp_server.py");
        let mut process = command(PYTHON)
            .arg(script)
            .args(arguments)
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .spawn()
            .unwrap();
        let said = BufReader::new(process.stdout.take().unwrap());
        let mut server = Self { process, said, port: 0 };
        server.port = u16::try_from(server.next().as_u64().unwrap()).unwrap();
        server
    }

    /// The next message it has accepted; waits for it.
    pub(crate) fn next(&mut self) -> serde_json::Value {
        let mut line = String::new();
        self.said.read_line(&mut line).unwrap();
        serde_json::from_str(&line).unwrap_or_else(|error| panic!("{error}: {line:?}"))
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        // It ends when its input does, but not while it waits for somebody.
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

/// A certificate for 127.0.0.1 and the authority that signed it.
pub(crate) struct Certificates {
    folder: tempfile::TempDir,
}

impl Certificates {
    pub(crate) fn make() -> Self {
        let folder = tempfile::tempdir().unwrap();
        let new = "req -x509 -newkey ec -pkeyopt ec_paramgen_curve:prime256v1 -nodes -days 2";
        openssl(folder.path(), &format!("{new} -subj /CN=authority -keyout ca.key -out ca.pem"));
        openssl(
            folder.path(),
            &format!(
                "{new} -subj /CN=mail.test -keyout server.pem -out certificate.pem -CA ca.pem -CAkey ca.key \
                 -addext subjectAltName=IP:127.0.0.1 -addext basicConstraints=critical,CA:FALSE"
            ),
        );
        let certificate = std::fs::read(folder.path().join("certificate.pem")).unwrap();
        let key = std::fs::read(folder.path().join("server.pem")).unwrap();
        std::fs::write(folder.path().join("server.pem"), [key, certificate].concat()).unwrap();
        Self { folder }
    }

    /// Whom to trust.
    pub(crate) fn authority(&self) -> PathBuf {
        self.folder.path().join("ca.pem")
    }

    /// Key and certificate of the server.
    pub(crate) fn server(&self) -> PathBuf {
        self.folder.path().join("server.pem")
    }
}

fn openssl(folder: &Path, arguments: &str) {
    let output =
        command("openssl").args(arguments.split_whitespace()).current_dir(folder).output().unwrap();
    assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
}
