use std::io;

use clap::Command;
use clap_mangen::Man;

/// What the command line does not say of itself.
const FOOTER: &str = include_str!("footer.roff");

/// `dialgate.1`: the command itself, then each of its commands, then the files.
pub(crate) fn page(mut command: Command) -> io::Result<Vec<u8>> {
    command.build();
    let leaves = leaves(&command, "");
    let man = Man::new(command.disable_help_subcommand(true))
        .title("DIALGATE")
        .section("1")
        .date("")
        .manual("dialgate");
    let mut page = Vec::new();
    man.render_title(&mut page)?;
    man.render_name_section(&mut page)?;
    page.extend(b".SH SYNOPSIS\n\\fBdialgate\\fR [\\fB\\-\\-json\\fR] [\\fB\\-\\-config\\fR \\fIFILE\\fR] \\fICOMMAND\\fR ...\n");
    man.render_description_section(&mut page)?;
    man.render_options_section(&mut page)?;
    page.extend(b".SH COMMANDS\n");
    for (name, command) in leaves {
        page.extend(section(&name, command)?);
    }
    page.extend(examples(&man)?);
    page.extend(FOOTER.as_bytes());
    Ok(page)
}

/// The commands that do something, each with all its words.
fn leaves(command: &Command, words: &str) -> Vec<(String, Command)> {
    let told = |below: &&Command| below.get_name() != "help" && !below.is_hide_set();
    let below = command.get_subcommands().filter(told);
    let below = below.flat_map(|below| {
        let words = format!("{words} {}", below.get_name());
        let words = words.trim().to_owned();
        let alone = (!below.is_subcommand_required_set()).then(|| (words.clone(), below.clone()));
        alone.into_iter().chain(leaves(below, &words)).collect::<Vec<_>>()
    });
    below.collect()
}

/// A section of its own is made a part of one: what all commands understand is told once.
fn section(name: &str, command: Command) -> io::Result<Vec<u8>> {
    let command =
        command.bin_name(format!("dialgate {name}")).disable_help_flag(true).mut_args(|argument| {
            let everywhere = argument.is_global_set() || argument.get_id() == "help";
            argument.hide(everywhere)
        });
    let examples = command.get_after_help().is_some();
    let man = Man::new(command);
    let mut text = Vec::new();
    man.render_synopsis_section(&mut text)?;
    man.render_description_section(&mut text)?;
    man.render_options_section(&mut text)?;
    if examples {
        man.render_extra_section(&mut text)?;
    }
    let text = String::from_utf8_lossy(&text)
        .replace(".SH SYNOPSIS\n", "")
        .replace(".SH DESCRIPTION\n", ".PP\n")
        .replace(".SH OPTIONS\n", "")
        .replace(".SH EXTRA\n", ".PP\n.nf\n");
    let end = if examples { ".fi\n" } else { "" };
    Ok(format!(".SS \"{name}\"\n{text}{end}").into_bytes())
}

fn examples(man: &Man) -> io::Result<Vec<u8>> {
    let mut text = Vec::new();
    man.render_extra_section(&mut text)?;
    let text = String::from_utf8_lossy(&text);
    let text = text.replace(".SH EXTRA\n", ".SH EXAMPLES\n.nf\n").replace("Examples:\n", "");
    Ok((text + ".fi\n").into_bytes())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_command_has_its_section_with_its_options_but_not_those_of_all() {
        let page = String::from_utf8(page(dialgate_admin::command()).unwrap()).unwrap();
        for name in ["init", "account add", "lease grant", "firewall apply", "audit"] {
            assert!(page.contains(&format!(".SS \"{name}\"\n")), "{name}");
        }
        assert_eq!(page.matches("\\fB\\-\\-json\\fR").count(), 2, "synopsis and options");
        assert!(page.contains("\\-\\-pin\\-stdin") && !page.contains(".SS \"help"));
        assert_eq!(page.matches("\n.nf\n").count(), page.matches("\n.fi\n").count());
    }
}
