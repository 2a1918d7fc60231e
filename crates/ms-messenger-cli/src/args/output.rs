//! Options of every command that say what is printed on standard error.

use clap::{ArgAction, Args, ValueEnum};

/// Heading in the help.
pub(crate) const HEADING: &str = "Diagnostics";

#[derive(Args, Clone, Copy, Debug, Default)]
#[command(next_help_heading = HEADING)]
pub(crate) struct OutputArgs {
    /// Print each call with its time and ids on standard error; -vv also each attempt
    #[arg(long, short, action = ArgAction::Count, global = true)]
    pub(crate) verbose: u8,
    /// Form of what -v prints
    #[arg(long, value_enum, value_name = "FORM", default_value_t = LogFormat::Text, global = true)]
    pub(crate) log_format: LogFormat,
    /// Print errors on standard error, and no notes, warnings or progress
    #[arg(long, short, global = true)]
    pub(crate) quiet: bool,
}

/// Form of what `-v` prints.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum LogFormat {
    /// A line for people
    #[default]
    Text,
    /// One JSON object a line
    Json,
}
