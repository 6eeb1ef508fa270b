use crossterm::style::Stylize;

/// Whether text is emphasised by colour and weight, or is plain.
#[derive(Clone, Copy, PartialEq, Eq, Debug)]
pub(crate) enum Style {
    /// As it is: files, pipes, and whoever sets `NO_COLOR`.
    Plain,
    /// With the terminal's own means.
    Ansi,
}

impl Style {
    /// What stands out.
    pub(crate) fn strong(self, text: &str) -> String {
        self.apply(text, |text| text.bold().to_string())
    }

    /// What stands back.
    pub(crate) fn faint(self, text: &str) -> String {
        self.apply(text, |text| text.dim().to_string())
    }

    /// What the caller does.
    pub(crate) fn own(self, text: &str) -> String {
        self.apply(text, |text| text.cyan().bold().to_string())
    }

    /// What is as it should be.
    pub(crate) fn good(self, text: &str) -> String {
        self.apply(text, |text| text.green().to_string())
    }

    /// What is not.
    pub(crate) fn bad(self, text: &str) -> String {
        self.apply(text, |text| text.red().bold().to_string())
    }

    fn apply(self, text: &str, emphasise: impl Fn(&str) -> String) -> String {
        match self {
            Style::Plain => text.to_owned(),
            Style::Ansi => emphasise(text),
        }
    }
}
