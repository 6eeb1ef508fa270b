//! The folders and files of one Asterisk, inside the root that it is confined to.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use dialgate_contract::Language;
use tempfile::TempDir;

use super::Recordings;
use crate::namespace::{command, run};

/// The languages whose core sounds `tests/asterisk/build-root` installs.
const CORE_SOUNDS: [&str; 3] = ["en", "es", "fr"];

/// Where `tests/asterisk/build-root` puts the root.
pub(super) fn root() -> PathBuf {
    repository().join("target/asterisk-root")
}

/// One Asterisk's own folder, removed on drop.
#[derive(Debug)]
pub(super) struct Instance {
    folder: TempDir,
}

impl Instance {
    /// Lays out configuration, sounds and empty work folders.
    pub(super) fn lay_out(recordings: Recordings) -> io::Result<Self> {
        let folder = tempfile::Builder::new().prefix("dialgate-").tempdir_in(root().join("tmp"))?;
        let instance = Self { folder };
        for name in ["etc", "lib", "run", "log", "spool/tmp", "spool/outgoing", "data/sounds/en"] {
            fs::create_dir_all(instance.path(name))?;
        }
        instance.write_configuration()?;
        instance.link_core_data()?;
        if recordings == Recordings::Installed {
            instance.install_recordings()?;
        }
        Ok(instance)
    }

    /// A path in the folder as this process sees it.
    pub(super) fn path(&self, name: &str) -> PathBuf {
        self.folder.path().join(name)
    }

    /// The same path as Asterisk sees it.
    pub(super) fn path_inside(&self, name: &str) -> String {
        let path = self.path(name);
        let inside = path.strip_prefix(root()).unwrap_or(&path);
        format!("/{}", inside.display())
    }

    fn write_configuration(&self) -> io::Result<()> {
        let own = self.path_inside("");
        for template in fs::read_dir(repository().join("tests/asterisk/etc"))? {
            let template = template?;
            let text = fs::read_to_string(template.path())?;
            let text = text.replace("@DIR@", own.trim_end_matches('/'));
            fs::write(self.path("etc").join(template.file_name()), text)?;
        }
        let dialplan = repository().join("dialplan/dialgate.conf");
        fs::copy(dialplan, self.path("etc/dialgate.conf")).map(|_| ())
    }

    /// Takes away what leads calls to dialgate.
    pub(super) fn remove_dialplan(&self) -> io::Result<()> {
        fs::remove_file(self.path("etc/dialgate.conf"))?;
        let extensions = self.path("etc/extensions.conf");
        let text = fs::read_to_string(&extensions)?;
        let others: Vec<&str> = text.lines().filter(|line| !line.contains("dialgate")).collect();
        fs::write(extensions, others.join("\n"))
    }

    /// Asterisk's own data: the documentation that its modules need to load, and the core sounds of Debian.
    fn link_core_data(&self) -> io::Result<()> {
        const DATA: &str = "/usr/share/asterisk";
        self.link_entries(DATA, "data")?;
        for language in CORE_SOUNDS {
            let sounds = format!("{DATA}/sounds/{language}");
            let sounds = run(command("chroot").arg(root()).args(["readlink", "-f", &sounds]))?;
            self.link_core_sounds(sounds.trim_end(), language)?;
        }
        Ok(())
    }

    /// Links the recordings one by one: others are put beside them.
    fn link_core_sounds(&self, sounds: &str, language: &str) -> io::Result<()> {
        let own = format!("data/sounds/{language}");
        for part in ["digits", "letters"] {
            let own = format!("{own}/{part}");
            fs::create_dir_all(self.path(&own))?;
            self.link_entries(&format!("{sounds}/{part}"), &own)?;
        }
        self.link_entries(sounds, &own)
    }

    /// Links what is in `folder` (as Asterisk sees it) into `into`, except what is there already.
    fn link_entries(&self, folder: &str, into: &str) -> io::Result<()> {
        for entry in fs::read_dir(root().join(folder.trim_start_matches('/')))? {
            let name = entry?.file_name();
            let link = self.path(into).join(&name);
            if !link.exists() {
                symlink(Path::new(folder).join(&name), link)?;
            }
        }
        Ok(())
    }

    /// As `sounds/README.md` says.
    fn install_recordings(&self) -> io::Result<()> {
        let sounds = repository().join("sounds");
        for language in Language::ALL {
            let installed = self.path("data/sounds").join(language.as_str()).join("dialgate");
            copy_files(&sounds.join(language.as_str()), &installed)?;
        }
        for language in fs::read_dir(sounds.join("core"))? {
            let language = language?;
            let installed = self.path("data/sounds").join(language.file_name());
            for part in fs::read_dir(language.path())? {
                let part = part?;
                copy_files(&part.path(), &installed.join(part.file_name()))?;
            }
        }
        Ok(())
    }
}

fn copy_files(from: &Path, to: &Path) -> io::Result<()> {
    fs::create_dir_all(to)?;
    for file in fs::read_dir(from)? {
        let file = file?;
        fs::copy(file.path(), to.join(file.file_name()))?;
    }
    Ok(())
}

/// The folder of our English recordings.
pub(super) fn recordings() -> PathBuf {
    repository().join("sounds/en")
}

fn repository() -> PathBuf {
    let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
    tests.parent().unwrap_or(tests).to_owned()
}
