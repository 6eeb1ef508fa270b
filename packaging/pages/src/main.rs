//! `dialgate-pages FOLDER`: makes the manual page and the completions of `dialgate` from what its command line
//! understands.

mod manual;

use std::io::{self, Write as _};
use std::path::Path;
use std::process::ExitCode;

use clap_complete::Shell;

const SHELLS: [Shell; 3] = [Shell::Bash, Shell::Zsh, Shell::Fish];

fn main() -> ExitCode {
    let mut arguments = std::env::args_os().skip(1);
    let (Some(folder), None) = (arguments.next(), arguments.next()) else {
        return failed("usage: dialgate-pages FOLDER", 64);
    };
    match write(Path::new(&folder)) {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => failed(&format!("writing to {}: {error}", folder.display()), 74),
    }
}

/// Puts `dialgate.1`, `dialgate.bash`, `_dialgate` and `dialgate.fish` into a folder that is there.
fn write(folder: &Path) -> io::Result<()> {
    std::fs::write(folder.join("dialgate.1"), manual::page(dialgate_admin::command())?)?;
    for shell in SHELLS {
        clap_complete::generate_to(shell, &mut dialgate_admin::command(), "dialgate", folder)?;
    }
    Ok(())
}

fn failed(words: &str, code: u8) -> ExitCode {
    // There is nowhere left to complain to.
    let _ = writeln!(io::stderr(), "dialgate-pages: {words}");
    ExitCode::from(code)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn page_and_completions_know_every_command() {
        let folder = tempfile::tempdir().unwrap();
        write(folder.path()).unwrap();
        for name in ["dialgate.1", "dialgate.bash", "_dialgate", "dialgate.fish"] {
            let text = std::fs::read_to_string(folder.path().join(name)).unwrap();
            for command in dialgate_admin::command().get_subcommands() {
                assert!(text.contains(command.get_name()), "{name}: {command}");
            }
        }
    }
}
