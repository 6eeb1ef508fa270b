//! Questions on the terminal.

use std::fmt::Display;
use std::io::{IsTerminal, stderr, stdin};
use std::str::FromStr;

use dialoguer::Input;

use super::error::SetupError;

/// Who answers what no option says.
pub(super) enum Asker {
    Terminal,
    /// Nobody; the options that would have said it.
    Nobody(Vec<&'static str>),
}

impl Asker {
    /// Whoever sits at the terminal, if somebody does.
    pub(super) fn find() -> Self {
        match stdin().is_terminal() && stderr().is_terminal() {
            true => Self::Terminal,
            false => Self::Nobody(Vec::new()),
        }
    }

    pub(super) const fn is_terminal(&self) -> bool {
        matches!(self, Self::Terminal)
    }

    /// What is answered, asked again until it makes sense; `None` when nobody is there, who would have said `option`.
    pub(super) fn ask<T>(
        &mut self,
        question: &str,
        option: &'static str,
        default: Option<String>,
    ) -> Result<Option<T>, SetupError>
    where
        T: FromStr<Err: Display>,
    {
        match self {
            Self::Terminal => {
                let input = Input::<String>::new().with_prompt(question);
                let input = match default {
                    Some(default) => input.default(default),
                    None => input,
                };
                let text = input.validate_with(|text: &String| judge::<T>(text)).interact_text();
                text.map(|text| text.trim().parse().ok()).map_err(failed)
            }
            Self::Nobody(missing) => {
                missing.push(option);
                Ok(None)
            }
        }
    }

    /// The same where nothing is an answer, too; without a terminal it is the answer.
    pub(super) fn ask_if_any<T>(&self, question: &str) -> Result<Option<T>, SetupError>
    where
        T: FromStr<Err: Display>,
    {
        if !self.is_terminal() {
            return Ok(None);
        }
        let input = Input::<String>::new().with_prompt(question).allow_empty(true);
        let fits = |text: &String| if text.trim().is_empty() { Ok(()) } else { judge::<T>(text) };
        let text = input.validate_with(fits).interact_text().map_err(failed)?;
        Ok(text.trim().parse().ok())
    }

    /// Whether all was answered.
    pub(super) fn end(self) -> Result<(), SetupError> {
        match self {
            Self::Nobody(missing) if !missing.is_empty() => {
                Err(SetupError::Missing(missing.join(", ")))
            }
            Self::Nobody(_) | Self::Terminal => Ok(()),
        }
    }
}

/// Whether to go on, asked on the terminal.
pub(super) fn proceed() -> Result<bool, SetupError> {
    let answer = Asker::Terminal.ask("Proceed? y or n", "--yes", Some("n".to_owned()))?;
    Ok(answer == Some(Decision::Yes))
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Decision {
    Yes,
    No,
}

impl FromStr for Decision {
    type Err = &'static str;

    fn from_str(text: &str) -> Result<Self, Self::Err> {
        match text.to_ascii_lowercase().as_str() {
            "y" | "yes" => Ok(Self::Yes),
            "n" | "no" => Ok(Self::No),
            _ => Err("type y or n"),
        }
    }
}

fn judge<T: FromStr<Err: Display>>(text: &str) -> Result<(), String> {
    text.trim().parse::<T>().map(|_| ()).map_err(|error| error.to_string())
}

fn failed(error: dialoguer::Error) -> SetupError {
    let dialoguer::Error::IO(error) = error;
    SetupError::Terminal(error)
}
