//! The machine: its Asterisk, its FreePBX and its firewall, as its files show them.

use std::path::{Path, PathBuf};
use std::time::Duration;

use dialgate_contract::config::Anchor;

use super::asterisk_conf;
use super::error::SetupError;
use super::folder::{Folder, below};
use crate::asterisk::ASTERISK;
use crate::child;
use crate::cli::SetupOptions;
use crate::error::Error;

/// Where Asterisk's own configuration is, unless it is told otherwise.
pub(crate) const ASTERISK_CONF: &str = "/etc/asterisk/asterisk.conf";
/// Where packages and `make install` put Asterisk's data.
const DATA: [&str; 2] = ["/usr/share/asterisk", "/var/lib/asterisk"];
/// Where our recordings are.
const RECORDINGS: [&str; 2] = ["/usr/share/dialgate/sounds", "/usr/local/share/dialgate/sounds"];
const FREEPBX: [&str; 2] = ["/etc/freepbx.conf", "/etc/amportal.conf"];
/// How long a program may take that changes something.
const PATIENCE: Duration = Duration::from_secs(60);

/// The machine, as it was found.
pub(super) struct Machine {
    /// What its files are below.
    pub(super) root: PathBuf,
    conf: PathBuf,
    /// Asterisk's configuration.
    pub(super) etc: PathBuf,
    pub(super) sounds: Option<PathBuf>,
    /// Our recordings.
    pub(super) recordings: Option<PathBuf>,
    pub(super) is_freepbx: bool,
}

impl Machine {
    pub(super) fn look(options: &SetupOptions) -> Result<Self, Error> {
        let (root, conf) = (options.root.clone(), options.asterisk_conf.clone());
        let none = || SetupError::NoAsterisk(below(&root, &conf));
        let (Some(etc), Some(name)) = (conf.parent(), conf.file_name()) else {
            return Err(none().into());
        };
        let (folder, name) = (Folder::open(&root, etc)?, name.to_string_lossy());
        let text = folder.as_ref().map(|folder| folder.read(&name)).transpose()?.flatten();
        // What was done to an Asterisk that has gone can still be taken back elsewhere.
        if text.is_none() && !options.undo {
            return Err(none().into());
        }
        let text = text.unwrap_or_default();
        let told = asterisk_conf::read(&String::from_utf8_lossy(&text));
        if let (Some(folder), Some(other)) = (&folder, &told.etc)
            && other != etc
            && folder.is_others_to_write(&name)?
            && Folder::open(&root, other)?.is_some_and(|other| !other.is_of_others())
        {
            let what = "a folder of root's, named by an asterisk.conf that another user can change";
            return Err(Error::Foreign { path: below(&root, other), what });
        }
        let mut machine = Self {
            etc: told.etc.unwrap_or_else(|| etc.to_owned()),
            sounds: None,
            recordings: options.recordings.clone(),
            is_freepbx: FREEPBX.iter().any(|file| below(&root, Path::new(file)).exists()),
            root,
            conf,
        };
        if machine.recordings.is_none() {
            machine.recordings =
                RECORDINGS.map(PathBuf::from).into_iter().find(|it| machine.has(it));
        }
        let data = told.data.into_iter().chain(DATA.map(PathBuf::from));
        machine.sounds = data.map(|data| data.join("sounds")).find(|sounds| machine.has(sounds));
        Ok(machine)
    }

    /// The file of the dialplan that is the operator's to change.
    pub(super) fn dialplan(&self) -> PathBuf {
        let name = if self.is_freepbx { "extensions_custom.conf" } else { "extensions.conf" };
        self.etc.join(name)
    }

    /// A folder of the machine's.
    pub(super) fn folder(&self, path: &Path) -> Result<Option<Folder>, Error> {
        Folder::open(&self.root, path)
    }

    pub(super) fn has(&self, path: &Path) -> bool {
        below(&self.root, path).exists()
    }

    /// What Asterisk says to a command, or what went wrong, in words.
    pub(super) fn ask(&self, question: &str) -> Result<String, String> {
        let mut command = child::command(&below(&self.root, Path::new(ASTERISK)));
        if self.conf != Path::new(ASTERISK_CONF) {
            command.arg("-C").arg(&self.conf);
        }
        let answer = child::run(command.args(["-rx", question]), PATIENCE)?;
        if answer.is_success {
            Ok(answer.out)
        } else {
            Err("did not answer (does it run?)".to_owned())
        }
    }

    /// Runs one of the machine's programs that changes something.
    pub(super) fn run(&self, line: &str) -> Result<(), Error> {
        let mut words = line.split(' ');
        let program = below(&self.root, Path::new(words.next().unwrap_or_default()));
        let problem = match child::run(child::command(&program).args(words), PATIENCE) {
            Ok(answer) if answer.is_success => return Ok(()),
            Ok(answer) => format!("failed: {}", answer.err.trim()),
            Err(problem) => problem,
        };
        Err(SetupError::Command { command: line.to_owned(), problem }.into())
    }

    /// Whether systemd runs it.
    pub(super) fn has_systemd(&self) -> bool {
        self.has(Path::new("/run/systemd/system"))
    }

    /// What the reconciler will do with the firewall that it finds, for people.
    pub(super) fn firewall(&self, anchor: &Anchor) -> String {
        let ufw = std::fs::read_to_string(below(&self.root, Path::new("/etc/ufw/ufw.conf")));
        let has_ufw = ufw.is_ok_and(|text| text.lines().any(|line| line.trim() == "ENABLED=yes"));
        let firewalld =
            ["/run/firewalld", "/etc/systemd/system/multi-user.target.wants/firewalld.service"];
        if let Anchor::Chain(chain) = anchor {
            return format!(
                "the jump to dialgate's chain goes to {chain}, as the configuration says"
            );
        }
        let place = "the jump to dialgate's chain goes to the top of INPUT, below fail2ban's rules";
        if self.is_freepbx {
            return format!(
                "FreePBX: {place}, or to the top of fpbxfirewall where FreePBX's firewall runs"
            );
        }
        if firewalld.iter().any(|file| self.has(Path::new(file))) {
            return "firewalld decides for itself whom it lets in, whatever dialgate opens: `dialgate status` tells what to do".to_owned();
        }
        if has_ufw {
            return format!("ufw: {place}, before ufw's own");
        }
        format!("{place}; INPUT must drop what nobody allowed")
    }
}
