use clap::Args;

/// How things stand, as it can be asked for.
#[derive(Debug, Args)]
pub(crate) struct StatusArguments {
    /// Go on showing it as it changes, until q or Ctrl-C
    #[arg(short, long, conflicts_with = "check")]
    pub(crate) watch: bool,
    /// End with 69 when there is a problem, for scripts; `dialgate doctor` looks at more
    #[arg(long)]
    pub(crate) check: bool,
}
