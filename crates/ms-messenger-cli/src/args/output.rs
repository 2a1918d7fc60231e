//! Options of every command that say what is printed on standard error.

use clap::{ArgAction, Args, ValueEnum};

/// They follow the options of the command. A heading of their own would stand before those of a
/// command that is defined when it is used.
const LAST: usize = 900;

#[derive(Args, Clone, Copy, Debug, Default)]
pub(crate) struct OutputArgs {
    /// Print each call with its time and ids on standard error; -vv also each attempt
    #[arg(long, short, action = ArgAction::Count, global = true, display_order = LAST)]
    pub(crate) verbose: u8,
    /// Form of what -v prints
    #[arg(long, value_enum, value_name = "FORM", default_value_t = LogFormat::Text, global = true, display_order = LAST + 1)]
    pub(crate) log_format: LogFormat,
    /// Print errors on standard error, and no notes, warnings or progress
    #[arg(long, short, global = true, display_order = LAST + 2)]
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
