use std::fs::{self, Permissions};
use std::net::{SocketAddr, TcpListener};
use std::os::unix::fs::PermissionsExt;
use std::os::unix::process::ExitStatusExt;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};
use std::time::Duration;

use dialgate_contract::Lifetime;
use rustix::process::{Pid, Resource, Rlimit, Signal, getrlimit, kill_process, prlimit};
use tokio::io::AsyncReadExt;
use tokio::net::TcpStream;

use super::asterisk::Call;
use super::site::Site;

#[expect(clippy::disallowed_methods, reason = "the program itself is tested")]
fn program() -> Command {
    let mut command = Command::new(env!("CARGO_BIN_EXE_dialgate-agi"));
    command.env_remove("RUST_LOG").stdin(Stdio::null());
    command
}

fn run(arguments: &[&str]) -> (Option<i32>, Output) {
    let output = program().args(arguments).output().unwrap();
    (output.status.code(), output)
}

fn configure(site: &Site, listen: SocketAddr) -> String {
    let mut config = site.config.clone();
    config.agi.listen = listen;
    let path = site.folder.path().join("dialgate.toml");
    fs::write(&path, toml::to_string(&config).unwrap()).unwrap();
    path.to_str().unwrap().to_owned()
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}

#[test]
fn the_command_line_is_explained_and_errors_in_it_exit_with_64() {
    assert_eq!(run(&["--version"]).0, Some(0));
    assert_eq!(run(&["--help"]).0, Some(0));
    let (code, output) = run(&["--confg", "x"]);
    assert_eq!(code, Some(64));
    assert!(stderr(&output).contains("--config"), "{}", stderr(&output));
}

#[test]
fn a_wrong_configuration_exits_with_78_and_names_the_key() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("dialgate.toml");
    fs::write(&path, "[agi]\nlisen = \"127.0.0.1:0\"\n").unwrap();
    let (code, output) = run(&["--config", path.to_str().unwrap()]);
    assert_eq!(code, Some(78));
    assert!(stderr(&output).contains("lisen"), "{}", stderr(&output));
}

#[test]
fn an_address_that_other_machines_reach_exits_with_78_and_says_how_to_allow_it() {
    let site = Site::new();
    let config = configure(&site, ([0, 0, 0, 0], 0).into());
    let (code, output) = run(&["--config", &config]);
    assert_eq!(code, Some(78));
    for told in [&config, "agi.listen", "no password", "127.0.0.1", "agi.allow-other-hosts = true"]
    {
        assert!(stderr(&output).contains(told), "{told}: {}", stderr(&output));
    }
}

#[tokio::test]
async fn an_address_that_other_machines_reach_is_warned_of_where_the_file_allows_it() {
    let mut site = Site::new();
    site.config.agi.allow_other_hosts = true;
    let mut command = program();
    command.args(["--config", &configure(&site, ([0, 0, 0, 0], 0).into())]);
    let (_child, address, logged) = serving(command).await;
    assert!(logged.contains("WARN") && logged.contains("agi.allow-other-hosts"), "{logged}");
    let call = Call::dial(([127, 0, 0, 1], address.port()).into()).await;
    assert_eq!(call.confirms("*").run().await.result.as_deref(), Some("refused"));
}

#[test]
fn a_missing_pepper_exits_with_78_and_says_what_to_do() {
    let site = Site::new();
    fs::remove_file(&site.config.pepper_file).unwrap();
    let (code, output) = run(&["--config", &configure(&site, ([127, 0, 0, 1], 0).into())]);
    assert_eq!(code, Some(78));
    assert!(stderr(&output).contains("dialgate init"), "{}", stderr(&output));
}

#[test]
fn a_port_in_use_exits_with_69_and_says_what_to_do() {
    let site = Site::new();
    let taken = TcpListener::bind("127.0.0.1:0").unwrap();
    let (code, output) = run(&["--config", &configure(&site, taken.local_addr().unwrap())]);
    assert_eq!(code, Some(69));
    assert!(stderr(&output).contains("running already"), "{}", stderr(&output));
}

#[tokio::test]
async fn a_served_call_leaves_no_pin_in_log_or_database_and_the_queue_is_private() {
    const NEW_PIN: &str = "90817264";
    let mut site = Site::new();
    site.config.agi.wait_for_open = Lifetime::from_seconds(1).unwrap();
    fs::create_dir(site.config.queue_dir()).unwrap();
    fs::set_permissions(site.config.queue_dir(), Permissions::from_mode(0o755)).unwrap();
    let mut command = program();
    command.args(["--config", &configure(&site, ([127, 0, 0, 1], 0).into())]);
    command.env("RUST_LOG", "trace");
    let (mut child, address, mut logged) = serving(command).await;
    let mut log = child.stderr.take().unwrap();

    // The PIN in the place of the account, a wrong one, the right one, and a new one.
    let call = Call::dial(address).await.types("dialgate/enter-account", "12345678");
    let call = call.types("dialgate/enter-pin", "87654321").logs_in();
    let call = call.types("dialgate/enter-address", "9").types("dialgate/enter-new-pin", NEW_PIN);
    let record = call.types("dialgate/enter-new-pin-again", NEW_PIN).run().await;
    assert_eq!(record.result.as_deref(), Some("queued"));
    let pid = Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap()).unwrap();
    kill_process(pid, Signal::TERM).unwrap();
    assert!(child.wait().await.unwrap().success());
    log.read_to_string(&mut logged).await.unwrap();

    assert!(logged.contains("call ended") && logged.contains("account=\"4711\""), "{logged}");
    for secret in ["12345678", "87654321", NEW_PIN] {
        assert!(!logged.contains(secret), "{logged}");
        for folder in [&site.config.data_dir, &site.config.queue_dir()] {
            assert_eq!(files_with(folder, secret), [] as [PathBuf; 0]);
        }
    }
    assert_eq!(mode(&site.config.queue_dir()), 0o700);
    for file in ["queue.db", "queue.db-wal", "queue.db-shm"] {
        assert_eq!(mode(&site.config.queue_dir().join(file)), 0o600, "{file}");
    }
    tokio::time::timeout(Duration::from_secs(1), child.wait()).await.unwrap().unwrap();
}

/// A disk that is full, where the log goes to a file.
#[tokio::test]
async fn a_log_that_cannot_be_written_costs_no_call() {
    let site = Site::new();
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut command = program();
    command.args(["--config", &configure(&site, address)]);
    command.stderr(fs::File::options().write(true).open("/dev/full").unwrap());
    let _child = started(command, address).await;
    let record = Call::dial(address).await.confirms("*").run().await;
    assert_eq!(record.result.as_deref(), Some("refused"));
}

/// The name of the file is what Linux has when nobody has chosen another.
#[tokio::test]
async fn a_crash_leaves_no_core_file() {
    let site = Site::new();
    let address = TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap();
    let mut command = program();
    command.args(["--config", &configure(&site, address)]);
    command.current_dir(site.folder.path()).stderr(Stdio::null());
    let mut child = started(command, address).await;
    let pid = Pid::from_raw(i32::try_from(child.id().unwrap()).unwrap()).unwrap();
    let Rlimit { maximum, .. } = getrlimit(Resource::Core);
    prlimit(Some(pid), Resource::Core, Rlimit { current: maximum, maximum }).unwrap();
    kill_process(pid, Signal::ABORT).unwrap();
    let status = child.wait().await.unwrap();
    assert_eq!((status.signal(), status.core_dumped()), (Some(Signal::ABORT.as_raw()), false));
    assert!(!site.folder.path().join("core").exists());
}

/// Starts the program and reads its log until it serves; where that is, and the log so far.
async fn serving(mut command: Command) -> (tokio::process::Child, SocketAddr, String) {
    command.stderr(Stdio::piped());
    let mut child = tokio::process::Command::from(command).kill_on_drop(true).spawn().unwrap();
    let (mut logged, log) = (String::new(), child.stderr.as_mut().unwrap());
    loop {
        let byte = log.read_u8().await.unwrap_or_else(|error| panic!("{error}: {logged}"));
        logged.push(char::from(byte));
        let told =
            logged.strip_suffix('\n').and_then(|text| text.rsplit_once("serving calls address="));
        if let Some((_, address)) = told {
            return (child, address.parse().unwrap(), logged);
        }
    }
}

async fn started(command: Command, address: SocketAddr) -> tokio::process::Child {
    let mut child = tokio::process::Command::from(command).kill_on_drop(true).spawn().unwrap();
    while TcpStream::connect(address).await.is_err() {
        assert_eq!(child.try_wait().unwrap(), None, "the program has ended");
        tokio::time::sleep(Duration::from_millis(5)).await;
    }
    child
}

fn files_with(folder: &Path, text: &str) -> Vec<PathBuf> {
    let files = fs::read_dir(folder).unwrap().map(|entry| entry.unwrap().path());
    let holds = |file: &PathBuf| {
        let bytes = fs::read(file).unwrap();
        bytes.windows(text.len()).any(|part| part == text.as_bytes())
    };
    files.filter(|file| file.is_file() && holds(file)).collect()
}

fn mode(path: &Path) -> u32 {
    fs::metadata(path).unwrap().permissions().mode() & 0o777
}
