//! Options of `msm completions`, `msm man`, `msm schema` and `msm report`.

use std::{path::PathBuf, time::Duration};

use clap::{Args, ValueEnum};

use super::{connection::ConnectionArgs, values::duration, written};
use crate::{
    schema,
    text::examples::{ENVIRONMENT, REPORT},
};

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  msm completions bash > ~/.local/share/bash-completion/completions/msm
  msm completions fish > ~/.config/fish/completions/msm.fish

For zsh, write it to a file _msm in a folder of $fpath.")]
pub(crate) struct CompletionsArgs {
    /// The shell
    #[arg(value_enum, required_unless_present = "names")]
    pub(crate) shell: Option<Shell>,
    /// Print names for the completions
    #[arg(long, value_enum, hide = true, conflicts_with = "shell")]
    pub(crate) names: Option<Names>,
}

/// Names that the completions offer.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Names {
    /// The profiles of the configuration file
    Profiles,
    /// What targets begin with, and the targets of the configuration file
    Targets,
}

/// A shell.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Shell {
    Bash,
    Zsh,
    Fish,
    #[value(name = "powershell")]
    Power,
    Elvish,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  msm man .\n  msm man ~/.local/share/man/man1")]
pub(crate) struct ManArgs {
    /// The folder; it is created if there is none
    #[arg(value_name = "FOLDER", value_parser = written::folder())]
    pub(crate) folder: PathBuf,
}

#[derive(Args, Debug)]
#[command(after_help = "\
Examples:
  msm schema
  msm schema send > send.schema.json

Without a name, it lists the names. The schemas are JSON Schema 2020-12.")]
pub(crate) struct SchemaArgs {
    /// The output to describe
    #[arg(value_name = "NAME", value_parser = schema::names())]
    pub(crate) name: Option<String>,
}

#[derive(Args, Debug)]
#[command(after_help = REPORT, after_long_help = format!("{REPORT}\n\n{ENVIRONMENT}"))]
pub(crate) struct ReportArgs {
    /// Write it to this new file; by default, and for `-`, it is printed
    #[arg(long, short, value_name = "FILE")]
    pub(crate) output: Option<PathBuf>,
    /// Make no requests: leave the findings of msm doctor out
    #[arg(long)]
    pub(crate) offline: bool,
    /// Time-out of one request, e.g. 30s; by default 10s
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
    /// Print one line of JSON, also for errors
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}
