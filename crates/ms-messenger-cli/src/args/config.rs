//! Options of `msm config`.

use clap::{Args, Subcommand};

use super::connection::{ConnectionArgs, ENVIRONMENT};
use crate::profile::StoreArgs;

const EXAMPLES: &str = "\
Examples:
  msm config check
  msm config show --profile work

The file is TOML. Each profile has settings by the names of their variables, in lower case, and a
sign-in of its name (msm login --profile NAME). A secret is a reference and never in the file:

  [targets]
  ops = \"channel:TEAM/CHANNEL\"            # msm send --to @ops

  [profiles.work]
  acs_endpoint = \"https://contoso.communication.azure.com\"
  acs_access_key = \"file:~/.config/msm/acs.key\"
  acs_chat_token = \"env:CHAT_TOKEN\"       # or keyring:NAME";

const CHECK: &str = "\
Examples:
  msm config check
  msm config check --config ./msm.toml --json

It checks every profile: names, values, and that each secret can be read by its reference. Nothing
is sent. Exit code: 3 if there is a problem, else 0.";

#[derive(Args, Debug)]
#[command(after_help = EXAMPLES)]
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
#[command(after_help = CHECK)]
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
