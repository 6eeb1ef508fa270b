//! `asterisk.conf`: where Asterisk has its files.

use std::path::PathBuf;

/// What the file says, where it says it.
#[derive(Debug, Default, PartialEq, Eq)]
pub(super) struct Directories {
    /// Its configuration.
    pub(super) etc: Option<PathBuf>,
    /// What `sounds` is in.
    pub(super) data: Option<PathBuf>,
}

/// Reads `[directories]`. A section marked as a template, as in the file that Asterisk ships, says nothing.
pub(super) fn read(text: &str) -> Directories {
    let mut directories = Directories::default();
    let mut is_inside = false;
    for line in text.lines() {
        let line = line.split(';').next().unwrap_or_default().trim();
        if line.starts_with('[') {
            is_inside = line.starts_with("[directories]") && !line.contains("(!");
        }
        let Some((key, value)) = line.split_once('=') else { continue };
        let value = PathBuf::from(value.trim_start_matches('>').trim());
        if !is_inside || !value.is_absolute() {
            continue;
        }
        match key.trim().to_ascii_lowercase().as_str() {
            "astetcdir" => directories.etc = Some(value),
            "astdatadir" => directories.data = Some(value),
            _ => {}
        }
    }
    directories
}

#[cfg(test)]
mod tests {
    use super::*;

    fn both(etc: &str, data: &str) -> Directories {
        Directories { etc: Some(etc.into()), data: Some(data.into()) }
    }

    #[test]
    fn the_directories_are_read_as_freepbx_and_debian_write_them() {
        let freepbx = "[directories]\nastetcdir=/etc/asterisk\nastdatadir=/var/lib/asterisk\n[options]\nastdatadir=/x\n";
        assert_eq!(read(freepbx), both("/etc/asterisk", "/var/lib/asterisk"));
        let debian =
            "[directories]\nastetcdir => /etc/asterisk ; here\nastdatadir => /usr/share/asterisk\n";
        assert_eq!(read(debian), both("/etc/asterisk", "/usr/share/asterisk"));
    }

    #[test]
    fn a_template_and_a_relative_path_say_nothing() {
        for text in ["", "[directories](!)\nastetcdir => /x\n", "[directories]\nastetcdir => x\n"] {
            assert_eq!(read(text), Directories::default(), "{text:?}");
        }
    }
}
