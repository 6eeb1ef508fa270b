//! A whole PBX but for Asterisk: a namespace whose INPUT drops what nobody allowed, dialgate's programs as they ship,
//! a mail server, and machines outside.

use std::fs::{self, Permissions};
use std::io::{self, Write};
use std::net::{Ipv4Addr, SocketAddr, SocketAddrV4, UdpSocket};
use std::os::unix::fs::PermissionsExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::time::Duration;

use dialgate_phone::{Call, CallerId, Script, Transcript};
use serde_json::Value;
use tempfile::TempDir;

use crate::disk::Disk;
use crate::host::Host;
use crate::mail_server::MailServer;
use crate::namespace::{Namespace, run};
use crate::{programs, wait};

/// Whom the telephone side and the children run as: an ordinary system user of Debian.
pub const USER: &str = "daemon";
/// The traveller's account.
pub const ACCOUNT: &str = "4711";
/// Its PIN.
pub const PIN: &str = "83920174";
/// Where the FastAGI server listens, as the dialplan has it.
pub const AGI_PORT: u16 = 4573;

const RECONCILER: &str = "dialgate-reconciler";
const AGI: &str = "dialgate-agi";
const PATIENCE: Duration = Duration::from_secs(20);

/// The PBX.
#[derive(Debug)]
pub struct Site {
    programs: Vec<Program>,
    mail: MailServer,
    sip: UdpSocket,
    config: PathBuf,
    disk: Option<Disk>,
    folder: TempDir,
    /// Last, so that all who live in it are gone first.
    namespace: Namespace,
}

impl Site {
    /// Sets it all up, with one account, and waits until calls are taken. `extra` is added to the configuration.
    ///
    /// # Errors
    /// When a part does not start.
    pub fn start(extra: &str) -> io::Result<Self> {
        Self::start_on(extra, |_| Ok(None))
    }

    /// The same, with its data on a disk of its own that holds so many MiB.
    ///
    /// # Errors
    /// When a part does not start.
    pub fn start_on_disk(extra: &str, mebibytes: u32) -> io::Result<Self> {
        Self::start_on(extra, |folder| Disk::mount(&folder.join("data"), mebibytes).map(Some))
    }

    fn start_on(
        extra: &str,
        disk: impl FnOnce(&Path) -> io::Result<Option<Disk>>,
    ) -> io::Result<Self> {
        let namespace = Namespace::create()?;
        for rule in ["-P INPUT DROP", "-A INPUT -i lo -j ACCEPT"] {
            run(namespace.command("iptables").args(rule.split(' ')))?;
        }
        let sip = namespace
            .enter(|| UdpSocket::bind(SocketAddrV4::new(Ipv4Addr::UNSPECIFIED, 5060)))??;
        sip.set_read_timeout(Some(Duration::from_secs(5)))?;
        let mail = MailServer::start(&namespace)?;
        let folder = tempfile::tempdir()?;
        fs::set_permissions(folder.path(), Permissions::from_mode(0o755))?;
        let config = folder.path().join("dialgate.toml");
        fs::write(&config, configuration(folder.path(), mail.port(), extra))?;
        let disk = disk(folder.path())?;
        let mut site = Self { programs: Vec::new(), mail, sip, config, disk, folder, namespace };
        site.dialgate(&["init"])?;
        site.add_account(ACCOUNT, PIN)?;
        site.start_program(RECONCILER, &["--watch"])?;
        site.start_program(AGI, &[])?;
        wait::until("dialgate-agi listens", PATIENCE, || {
            Ok(site.namespace.enter(|| std::net::TcpStream::connect(("127.0.0.1", AGI_PORT)))?.ok())
        })?;
        wait::until("the first pass", PATIENCE, || {
            let status = site.dialgate(&["status", "--json"])?;
            Ok(status.get("last_pass").filter(|pass| !pass.is_null()).map(|_| ()))
        })?;
        Ok(site)
    }

    /// Where it lives.
    #[must_use]
    pub const fn namespace(&self) -> &Namespace {
        &self.namespace
    }

    /// Its folder, with everything that is kept.
    #[must_use]
    pub fn folder(&self) -> &Path {
        self.folder.path()
    }

    /// The disk that its data is on, if it has one of its own.
    #[must_use]
    pub const fn disk(&self) -> Option<&Disk> {
        self.disk.as_ref()
    }

    /// Its mail server.
    pub const fn mail(&mut self) -> &mut MailServer {
        &mut self.mail
    }

    /// A machine outside, at `address`.
    ///
    /// # Errors
    /// When it cannot be joined.
    pub fn host(&self, address: Ipv4Addr) -> io::Result<Host> {
        Host::join(&self.namespace, address)
    }

    /// A call from the stand-in for Asterisk, whose recordings take no time.
    ///
    /// # Errors
    /// When it cannot be placed or does not end.
    pub fn call(&self, script: Script) -> io::Result<Transcript> {
        let server = SocketAddr::from(([127, 0, 0, 1], AGI_PORT));
        self.namespace.enter(|| {
            let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build()?;
            let call = Call::dial(server, CallerId::number("2001"), script);
            runtime.block_on(call).map_err(io::Error::other)
        })?
    }

    /// Runs the operator's command with `--json` output, where it prints.
    ///
    /// # Errors
    /// When it fails, with what it said.
    pub fn dialgate(&self, arguments: &[&str]) -> io::Result<Value> {
        let mut command = self.command("dialgate")?;
        let text = run(command.args(arguments))?;
        if arguments.contains(&"--json") {
            return serde_json::from_str(&text).map_err(io::Error::from);
        }
        Ok(Value::String(text))
    }

    /// Adds an account that may use `sip` and `rtp`.
    ///
    /// # Errors
    /// When the command fails.
    pub fn add_account(&self, number: &str, pin: &str) -> io::Result<()> {
        let mut command = self.command("dialgate")?;
        command.args(["account", "add", number, "--name", "Ann", "--email", "ann@example.net"]);
        command.args(["--services", "sip,rtp", "--pin-stdin", "--time-zone", "Europe/Paris"]);
        let mut child = command.stdin(Stdio::piped()).stdout(Stdio::null()).spawn()?;
        if let Some(mut stdin) = child.stdin.take() {
            writeln!(stdin, "{pin}")?;
        }
        let status = child.wait()?;
        if status.success() {
            Ok(())
        } else {
            Err(io::Error::other(format!("account add: {status}")))
        }
    }

    /// Whether a datagram from `host` to the SIP port arrives, while one from `allowed` does.
    ///
    /// # Errors
    /// When not even the one from `allowed` arrives.
    pub fn hears(&self, host: &Host, allowed: &Host) -> io::Result<bool> {
        host.send(5060, b"probe")?;
        allowed.send(5060, b"control")?;
        let mut heard = false;
        loop {
            let mut bytes = [0; 16];
            let (length, from) = self.sip.recv_from(&mut bytes)?;
            match bytes.get(..length) {
                Some(b"probe") if from.ip() == host.address() => heard = true,
                Some(b"control") => return Ok(heard),
                _ => {}
            }
        }
    }

    /// Waits until a datagram from `host` arrives at the SIP port.
    ///
    /// # Errors
    /// When none does in time.
    pub fn await_open(&self, host: &Host) -> io::Result<()> {
        self.sip.set_nonblocking(true)?;
        let arrived = wait::until("a datagram at the SIP port", PATIENCE, || {
            host.send(5060, b"open?")?;
            let mut bytes = [0; 16];
            match self.sip.recv_from(&mut bytes) {
                Ok((_, from)) => Ok((from.ip() == host.address()).then_some(())),
                Err(error) if error.kind() == io::ErrorKind::WouldBlock => Ok(None),
                Err(error) => Err(error),
            }
        });
        self.sip.set_nonblocking(false)?;
        arrived
    }

    /// What listens at the SIP port, behind the firewall.
    #[must_use]
    pub const fn sip(&self) -> &UdpSocket {
        &self.sip
    }

    /// Ends the reconciler by force.
    pub fn end_reconciler(&mut self) {
        self.programs.retain(|program| program.name != RECONCILER);
    }

    /// Ends the telephone side by force.
    pub fn end_agi(&mut self) {
        self.programs.retain(|program| program.name != AGI);
    }

    /// Ends the reconciler by force and starts it again.
    ///
    /// # Errors
    /// When it does not start.
    pub fn restart_reconciler(&mut self) -> io::Result<()> {
        self.programs.retain(|program| program.name != RECONCILER);
        self.start_program(RECONCILER, &["--watch"])
    }

    /// Ends the telephone side by force and starts it again.
    ///
    /// # Errors
    /// When it does not start.
    pub fn restart_agi(&mut self) -> io::Result<()> {
        self.programs.retain(|program| program.name != AGI);
        self.start_program(AGI, &[])
    }

    /// The process id of the telephone side.
    ///
    /// # Errors
    /// When it does not run.
    pub fn agi_id(&self) -> io::Result<u32> {
        let agi = self.programs.iter().find(|program| program.name == AGI);
        agi.map(|agi| agi.child.id()).ok_or_else(|| io::Error::other("dialgate-agi does not run"))
    }

    /// What all programs have written to their logs.
    ///
    /// # Errors
    /// When a log cannot be read.
    pub fn logs(&self) -> io::Result<String> {
        let mut logs = String::new();
        for program in &self.programs {
            logs += &fs::read_to_string(self.log_file(program.name))?;
        }
        Ok(logs)
    }

    fn log_file(&self, name: &str) -> PathBuf {
        self.folder.path().join(format!("{name}.log"))
    }

    fn start_program(&mut self, name: &'static str, arguments: &[&str]) -> io::Result<()> {
        let log = fs::File::options().create(true).append(true).open(self.log_file(name))?;
        let mut command = self.command(name)?;
        command.args(arguments).stdin(Stdio::null()).stdout(log.try_clone()?).stderr(log);
        self.programs.push(Program { name, child: command.spawn()? });
        Ok(())
    }

    fn command(&self, name: &str) -> io::Result<Command> {
        let mut command = self.namespace.command(programs::path(name)?);
        command.arg("--config").arg(&self.config);
        Ok(command)
    }
}

/// A caller who types the account, its PIN and `address`, such as `12*34*56*78`, and confirms.
#[must_use]
pub fn asking_for(address: &str) -> Script {
    Script::new()
        .on("dialgate/enter-account", &format!("{ACCOUNT}#"))
        .on("dialgate/enter-pin", &format!("{PIN}#"))
        .on("dialgate/enter-address", &format!("{address}#"))
        .on("dialgate/confirm-address", "1")
        // Whoever is let in already chooses a new address, and all how long.
        .on("dialgate/menu-open", "1")
        .on("dialgate/choose-lifetime-1-3-7", "1")
}

fn configuration(folder: &Path, mail_port: u16, extra: &str) -> String {
    let folder = folder.display();
    format!(
        "data-dir = \"{folder}/data\"\npepper-file = \"{folder}/pepper\"\nuser = \"{USER}\"\n\
         [mail]\nhost = \"127.0.0.1\"\nport = {mail_port}\noperator = [\"operator@example.net\"]\n{extra}"
    )
}

/// Killed and reaped on drop: what it leaves undone is what the next one must cope with.
#[derive(Debug)]
struct Program {
    name: &'static str,
    child: Child,
}

impl Drop for Program {
    fn drop(&mut self) {
        // It can only fail because the process is gone already.
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}
