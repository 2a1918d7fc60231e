//! What can be typed.

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::{Args, Parser, Subcommand, ValueEnum};
use ms_messenger::Target;
use url::Url;
use uuid::Uuid;

use crate::exit;

/// Send messages over Microsoft messaging platforms, and know whether they went out.
#[derive(Debug, Parser)]
#[command(name = "msm", version, after_help = exit::TABLE)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Send over every platform to an embedded emulator: no account, no network.
    Demo(DemoArgs),
    /// Send one message.
    Send(Box<SendArgs>),
    /// Run the emulator until Ctrl-C or SIGTERM; prints one JSON line when it is ready.
    Emulator(EmulatorArgs),
}

#[derive(Debug, Args)]
pub(crate) struct DemoArgs {
    /// Print one JSON document instead of tables.
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, Args)]
pub(crate) struct EmulatorArgs {
    /// Address to listen on, of this machine; port 0 takes a free one.
    #[arg(long, default_value = "127.0.0.1:8410")]
    pub(crate) http: SocketAddr,
    /// Seed of keys, tokens, ids and faults.
    #[arg(long, default_value_t = 0)]
    pub(crate) seed: u64,
    /// Refuse ids that are not of the seeded world, instead of creating them.
    #[arg(long)]
    pub(crate) strict: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum PlatformName {
    AcsMessages,
    AcsChat,
    MsgraphChat,
}

#[derive(Clone, Copy, Debug, Default, PartialEq, Eq, ValueEnum)]
pub(crate) enum ImportanceName {
    #[default]
    Normal,
    High,
    Urgent,
}

#[derive(Debug, Args)]
#[command(after_help = exit::TABLE)]
pub(crate) struct SendArgs {
    /// Where to: conversation:ID, channel:TEAM/CHANNEL, tel:+14255550123, user:ID, sip:user@host.
    #[arg(long, required_unless_present = "request")]
    pub(crate) to: Option<Target>,
    /// The platform, when more than one of those that are set up carries the target.
    #[arg(long)]
    pub(crate) platform: Option<PlatformName>,
    #[command(flatten)]
    pub(crate) content: ContentArgs,
    /// Text that platforms without HTML send in its place.
    #[arg(long, requires = "html")]
    pub(crate) text_alternative: Option<String>,
    /// Text shown with --image.
    #[arg(long, requires = "image")]
    pub(crate) caption: Option<String>,
    /// Language of --template, e.g. en_US.
    #[arg(long, requires = "template", default_value = "en_US")]
    pub(crate) language: String,
    /// Value for the next placeholder of --template; may stand several times.
    #[arg(long = "value", requires = "template")]
    pub(crate) values: Vec<String>,
    /// Title above the message (Teams channels).
    #[arg(long)]
    pub(crate) subject: Option<String>,
    /// How urgent it is.
    #[arg(long, value_enum, default_value_t)]
    pub(crate) importance: ImportanceName,
    /// Id of the message that it answers.
    #[arg(long)]
    pub(crate) reply_to: Option<String>,
    /// Key by which the platform removes duplicates, first used now (ACS Advanced Messaging).
    #[arg(long)]
    pub(crate) idempotency_key: Option<Uuid>,
    /// Print the outcome as one line of JSON.
    #[arg(long)]
    pub(crate) json: bool,
    /// Check everything that can be checked without a network, and send nothing.
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Seconds that one try may take.
    #[arg(long, value_parser = seconds, default_value = "100")]
    pub(crate) timeout: Duration,
    /// Most tries, the first included.
    #[arg(long, default_value_t = 4)]
    pub(crate) tries: u32,
    #[command(flatten)]
    pub(crate) access: AccessArgs,
}

/// What to send: exactly one of them.
#[derive(Debug, Args)]
#[group(required = true, multiple = false)]
pub(crate) struct ContentArgs {
    /// Plain text.
    #[arg(long)]
    pub(crate) text: Option<String>,
    /// HTML.
    #[arg(long)]
    pub(crate) html: Option<String>,
    /// Picture by URL (WhatsApp).
    #[arg(long)]
    pub(crate) image: Option<Url>,
    /// Template by name (WhatsApp).
    #[arg(long)]
    pub(crate) template: Option<String>,
    /// A whole request as JSON, from a file or from standard input (-); it names the target itself.
    #[arg(long, value_name = "FILE", conflicts_with_all = ["to", "subject", "reply_to", "idempotency_key"])]
    pub(crate) request: Option<PathBuf>,
    /// Plain text from standard input.
    #[arg(value_name = "-", value_parser = ["-"])]
    pub(crate) stdin: Option<String>,
}

/// Where the platforms are and who speaks. Secrets come from the environment or from files.
#[derive(Debug, Args)]
#[command(next_help_heading = "Access")]
pub(crate) struct AccessArgs {
    /// Connection string of the ACS resource, as the portal prints it.
    #[arg(long, env = "ACS_CONNECTION_STRING", hide_env_values = true)]
    pub(crate) acs_connection_string: Option<String>,
    /// Endpoint of the ACS resource, without a connection string.
    #[arg(long, env = "ACS_ENDPOINT")]
    pub(crate) acs_endpoint: Option<String>,
    /// Access key of the ACS resource, without a connection string.
    #[arg(long, env = "ACS_ACCESS_KEY", hide_env_values = true)]
    pub(crate) acs_access_key: Option<String>,
    /// Entra token for ACS Advanced Messaging, instead of a key.
    #[arg(long, env = "ACS_ACCESS_TOKEN", hide_env_values = true)]
    pub(crate) acs_access_token: Option<String>,
    /// Channel registration (a GUID) from which messages to numbers go.
    #[arg(long, env = "ACS_CHANNEL_REGISTRATION_ID")]
    pub(crate) acs_channel_registration_id: Option<String>,
    /// User access token for ACS Chat.
    #[arg(long, env = "ACS_CHAT_TOKEN", hide_env_values = true)]
    pub(crate) acs_chat_token: Option<String>,
    /// Endpoint for ACS Chat, if it is not that of the ACS resource.
    #[arg(long, env = "ACS_CHAT_ENDPOINT")]
    pub(crate) acs_chat_endpoint: Option<String>,
    /// Delegated token for Microsoft Graph.
    #[arg(long, env = "MSGRAPH_TOKEN", hide_env_values = true)]
    pub(crate) msgraph_token: Option<String>,
    /// File that holds the delegated token for Microsoft Graph.
    #[arg(long, value_name = "FILE", conflicts_with = "msgraph_token")]
    pub(crate) msgraph_token_file: Option<PathBuf>,
    /// Base address of Graph, version included, if it is not the global cloud.
    #[arg(long, env = "MSGRAPH_BASE_URL")]
    pub(crate) msgraph_base_url: Option<String>,
    /// The signed-in user's own id: allows user:ID, in the chat of two.
    #[arg(long, env = "MSGRAPH_USER_ID")]
    pub(crate) msgraph_user_id: Option<String>,
}

fn seconds(text: &str) -> Result<Duration, String> {
    let seconds: f64 = text
        .parse()
        .map_err(|_| "must be a number of seconds".to_owned())?;
    match Duration::try_from_secs_f64(seconds) {
        Ok(duration) if !duration.is_zero() => Ok(duration),
        _ => Err("must be more than 0 seconds".to_owned()),
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_arguments_are_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn help_never_shows_the_value_of_a_secret() {
        let command = Cli::command();
        let send = command.find_subcommand("send").unwrap();
        for secret in [
            "acs_connection_string",
            "acs_access_key",
            "acs_access_token",
            "acs_chat_token",
            "msgraph_token",
        ] {
            let arg = send
                .get_arguments()
                .find(|arg| arg.get_id() == secret)
                .unwrap();
            assert!(arg.is_hide_env_values_set(), "{secret}");
        }
    }
}
