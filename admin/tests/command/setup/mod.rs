//! `dialgate setup` on the files of a machine, with a script in Asterisk's place that writes down what it is told.

mod asked;
mod done;
mod linked;
mod refused;
mod removed;
mod undone;

use std::collections::BTreeMap;
use std::fs;
use std::os::unix::fs::{PermissionsExt, symlink};
use std::path::{Path, PathBuf};

use crate::site::{Answer, Site};

const EXTENSIONS: &str =
    "[general]\nstatic=yes\n\n[from-carrier]\nexten => 100,1,Hangup()\n\n[internal]";
const CUSTOM: &str = "[from-internal-custom]\nexten => 1234,1,Hangup()\n";
const NUMBER: &str = "15125550100";
const FLAGS: [&str; 11] = [
    "--number",
    NUMBER,
    "--mail-server",
    "mail.example.net:587",
    "--mail-from",
    "pbx@example.net",
    "--name",
    "Ann",
    "--email",
    "ann@example.net",
    "--yes",
];

/// A machine with Asterisk, whose files are in a folder.
struct Machine {
    site: Site,
}

impl Machine {
    fn plain() -> Self {
        let machine = Self { site: Site::bare("user = \"\"") };
        let etc = machine.path("etc/asterisk");
        let sounds = machine.path("usr/share/asterisk/sounds");
        for folder in [&etc, &sounds.join("en_US"), &sounds.join("es"), &machine.path("usr/sbin")] {
            fs::create_dir_all(folder).unwrap();
        }
        fs::create_dir_all(machine.path("etc/alternatives")).unwrap();
        symlink("/etc/alternatives/prompt-en", sounds.join("en")).unwrap();
        symlink("/usr/share/asterisk/sounds/en_US", machine.path("etc/alternatives/prompt-en"))
            .unwrap();
        for language in ["en", "es", "de"] {
            let recordings = machine.path("usr/share/dialgate/sounds").join(language);
            fs::create_dir_all(&recordings).unwrap();
            fs::write(recordings.join("welcome.gsm"), language).unwrap();
        }
        let directories =
            "[directories]\nastetcdir => /etc/asterisk\nastdatadir => /usr/share/asterisk\n";
        fs::write(etc.join("asterisk.conf"), directories).unwrap();
        fs::write(etc.join("extensions.conf"), EXTENSIONS).unwrap();
        machine.install_asterisk();
        machine
    }

    fn freepbx() -> Self {
        let machine = Self::plain();
        fs::write(machine.path("etc/freepbx.conf"), "<?php\n").unwrap();
        fs::write(machine.path("etc/asterisk/extensions_custom.conf"), CUSTOM).unwrap();
        machine
    }

    fn install_asterisk(&self) {
        let told = self.site.path("told");
        let script = format!(
            "#!/bin/sh\necho \"$2\" >> {told:?}\ncase \"$2\" in\n\
             'dialplan show s@'*) echo 'AGI(agi://127.0.0.1:4573/whitelist)' ;;\n\
             'dialplan show '*) echo 'Goto(dialgate,s,1)' ;;\nesac\n"
        );
        let program = self.path("usr/sbin/asterisk");
        fs::write(&program, script).unwrap();
        fs::set_permissions(program, PermissionsExt::from_mode(0o755)).unwrap();
    }

    fn path(&self, name: &str) -> PathBuf {
        self.site.path("machine").join(name)
    }

    fn read(&self, name: &str) -> String {
        fs::read_to_string(self.path(name)).unwrap()
    }

    fn setup(&self, options: &[&str]) -> Answer {
        let root = self.site.path("machine");
        let mut arguments = vec!["setup", "--root", root.to_str().unwrap()];
        arguments.extend(options);
        self.site.run_with(&arguments, b"")
    }

    /// With what is missing for a plain Asterisk.
    fn set_up(&self) -> Answer {
        let answer = self.setup(&[&FLAGS[..], &["--context", "from-carrier"]].concat());
        assert_eq!((answer.code, answer.err.as_str()), (0, ""), "{answer:?}");
        answer
    }

    /// What Asterisk was told since it was last asked.
    fn told(&self) -> Vec<String> {
        let path = self.site.path("told");
        let told = fs::read_to_string(&path).unwrap_or_default();
        let _ = fs::remove_file(path);
        told.lines().map(str::to_owned).collect()
    }

    /// All files and links of the machine and the configuration, with what is in them.
    fn everything(&self) -> BTreeMap<PathBuf, String> {
        let mut found = BTreeMap::new();
        collect(&self.site.path("machine"), &mut found);
        found.insert(self.site.config(), fs::read_to_string(self.site.config()).unwrap());
        found
    }
}

fn collect(folder: &Path, found: &mut BTreeMap<PathBuf, String>) {
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        if path.is_symlink() {
            found.insert(path.clone(), format!("-> {}", fs::read_link(&path).unwrap().display()));
        } else if path.is_dir() {
            found.insert(path.clone(), "folder".to_owned());
            collect(&path, found);
        } else {
            let mode = fs::metadata(&path).unwrap().permissions().mode();
            found.insert(path.clone(), format!("{mode:o} {}", fs::read_to_string(&path).unwrap()));
        }
    }
}
