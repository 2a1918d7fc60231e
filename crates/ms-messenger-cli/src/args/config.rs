//! Options of `msm config`.

use clap::{Args, Subcommand};

use super::connection::ConnectionArgs;
use crate::{
    profile::StoreArgs,
    text::examples::{CONFIG, CONFIG_CHECK, ENVIRONMENT},
};

#[derive(Args, Debug)]
#[command(after_help = CONFIG)]
pub(crate) struct ConfigArgs {
    #[command(subcommand)]
    pub(crate) command: ConfigCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum ConfigCommand {
    /// Prints each setting of the profile and its origin, and the named targets; no secret
    Show(Box<ConfigShowArgs>),
    /// Checks the configuration file with all its profiles
    Check(ConfigCheckArgs),
    /// Prints where the configuration file is, whether it exists or not
    Path(ConfigPathArgs),
}

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  msm config show\n  msm config show --profile work --json",
    after_long_help = format!("Examples:\n  msm config show\n  msm config show --profile work --json\n\n{ENVIRONMENT}")
)]
pub(crate) struct ConfigShowArgs {
    /// Print one line of JSON, also for errors
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

#[derive(Args, Debug)]
#[command(after_help = CONFIG_CHECK)]
pub(crate) struct ConfigCheckArgs {
    /// Print one line of JSON, also for errors
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  msm config path\n  msm config path --json")]
pub(crate) struct ConfigPathArgs {
    /// Print one line of JSON, also for errors
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) store: StoreArgs,
}
