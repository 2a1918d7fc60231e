//! The command line.

use std::{net::SocketAddr, path::PathBuf, time::Duration, time::SystemTime};

use clap::{ArgGroup, Args, Parser, Subcommand, ValueEnum};
use ms_messenger::{Importance, Target};
use ms_messenger_emulator::{ErrorStyle, RetryAfter};
use secrecy::SecretString;
use url::Url;
use uuid::Uuid;

use crate::{exit, platform::Platform};

const TARGETS: &str = "\
Targets:
  conversation:ID       a conversation, chat thread or Teams chat
  channel:TEAM/CHANNEL  a channel of a Teams team
  tel:+14255550123      a telephone number (WhatsApp, through acs-messages)
  user:ID-OR-UPN        a person in Teams, in a one-on-one chat
  sip:user@host         a person in Skype for Business";

const ENVIRONMENT: &str = "\
Secrets are best given by environment or file: other users of the machine can read a command line.
An option wins over its environment variable; an empty variable counts as absent.";

/// Sends messages over Microsoft messaging platforms, and says whether they went out.
#[derive(Debug, Parser)]
#[command(name = "msm", version, after_long_help = exit::table())]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Sends over every platform to an embedded emulator: no account, no network
    Demo(DemoArgs),
    /// Sends one message
    Send(Box<SendArgs>),
    /// Signs a user in to Teams, and keeps the sign-in for the next commands
    Login(Box<LoginArgs>),
    /// Forgets the sign-in
    Logout(LogoutArgs),
    /// Says who is signed in; asks nobody
    Whoami(WhoamiArgs),
    /// Looks for what would keep messages from going out: settings, servers, clocks, permissions
    Doctor(Box<DoctorArgs>),
    /// Runs the emulator until it is interrupted; prints one JSON line when it is ready
    Emulator(EmulatorArgs),
    /// Prints the table of exit codes
    #[command(after_help = exit::table())]
    ExitCodes,
}

#[derive(Args, Debug)]
pub(crate) struct DemoArgs {
    /// Print one JSON document instead of tables
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
#[command(
    after_help = "The exit code is that with which sending would end; 3 when nothing is configured. \
        Nothing is sent. Skype for Business is signed in to, and out of again.",
    after_long_help = format!("{ENVIRONMENT}\n\n{}", exit::table()),
)]
pub(crate) struct DoctorArgs {
    /// Look at this platform only
    #[arg(long, value_enum)]
    pub(crate) platform: Option<Platform>,
    /// How long one answer may take, e.g. 30s; 100s when absent
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
    /// Print one line of JSON
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

#[derive(Args, Debug, Default)]
#[command(
    after_help = "The application needs the permissions as delegated ones; for a device code it \
        must allow public client flows, for --browser it needs the redirect URI http://localhost. \
        Nothing is written to the disk unencrypted.",
    after_long_help = exit::table(),
)]
pub(crate) struct LoginArgs {
    /// Id of the application that you registered [env: AZURE_CLIENT_ID]
    #[arg(long, value_name = "GUID")]
    pub(crate) client_id: Option<String>,
    /// Tenant, a GUID or a domain; any organization when absent [env: AZURE_TENANT_ID]
    #[arg(long, value_name = "TENANT")]
    pub(crate) tenant: Option<String>,
    /// Where to sign in, instead of the authority of the cloud [env: AZURE_AUTHORITY_HOST]
    #[arg(long, value_name = "URL")]
    pub(crate) authority: Option<String>,
    /// National cloud: global, us-gov-l4, us-gov-l5, china [env: MSGRAPH_CLOUD]
    #[arg(long, value_name = "CLOUD")]
    pub(crate) msgraph_cloud: Option<String>,
    /// Permission to ask for, e.g. Chat.Read; may be repeated; those of sending when absent
    #[arg(long, value_name = "SCOPE")]
    pub(crate) scope: Vec<String>,
    /// Sign in with the browser of this machine, not with a code on any device
    #[arg(long)]
    pub(crate) browser: bool,
    /// How long one answer may take, e.g. 30s; 100s when absent
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
    /// Print one line of JSON, errors too
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) store: StoreArgs,
}

#[derive(Args, Debug)]
#[command(
    after_help = "Entra ID is not told: what was issued lives until it ends or is revoked there."
)]
pub(crate) struct LogoutArgs {
    /// Print one line of JSON, errors too
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) store: StoreArgs,
}

#[derive(Args, Debug)]
pub(crate) struct WhoamiArgs {
    /// Print one line of JSON, errors too
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) store: StoreArgs,
}

/// Where sign-ins are kept.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StoreArgs {
    /// Name of the sign-in; `default` when absent [env: MSM_PROFILE]
    #[arg(long, value_name = "NAME", help_heading = SIGN_IN)]
    pub(crate) profile: Option<String>,
    /// Folder of the sign-ins; that of the user when absent [env: MSM_STATE_DIR]
    #[arg(long, value_name = "FOLDER", help_heading = SIGN_IN)]
    pub(crate) state_dir: Option<PathBuf>,
    /// File of their key, made by the first sign-in [env: MSM_STORE_KEY_FILE; MSM_STORE_KEY is the key itself]
    #[arg(long, value_name = "FILE", help_heading = SIGN_IN)]
    pub(crate) store_key_file: Option<PathBuf>,
}

#[derive(Args, Debug)]
pub(crate) struct EmulatorArgs {
    /// Address to listen on, of this machine only; port 0 is any free port
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8410")]
    pub(crate) http: SocketAddr,
    /// Address of the HTTPS listener, of this machine only; port 0 is any free port
    #[arg(long, value_name = "ADDRESS", default_value = "127.0.0.1:8411")]
    pub(crate) https: SocketAddr,
    /// File to write the certificate authority of the HTTPS listener to, in PEM
    #[arg(long, value_name = "FILE")]
    pub(crate) ca_out: Option<PathBuf>,
    /// One more name in the HTTPS certificate, under which the admin API may be asked; may be repeated
    #[arg(long, value_name = "NAME", value_parser = host)]
    pub(crate) host: Vec<String>,
    /// Seed of the keys, tokens and ids
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// Fault rules from the start on, in the form of PUT /_emulator/faults
    #[arg(long, value_name = "FILE")]
    pub(crate) faults: Option<PathBuf>,
    /// Whether the published rates of the services hold
    #[arg(long, value_enum, default_value_t = Limits::Off)]
    pub(crate) limits: Limits,
    /// How a request above a rate is told when to come again; needs --limits documented [default: seconds]
    #[arg(long, value_enum, value_name = "STYLE")]
    pub(crate) retry_after: Option<RetryAfterArg>,
    /// Keep the newest N messages and forget older ones; all of them when absent
    #[arg(long, value_name = "N", value_parser = keep)]
    pub(crate) keep: Option<usize>,
    /// How ACS Chat writes its errors
    #[arg(long, value_enum, value_name = "STYLE", default_value_t = ChatErrors::Spec)]
    pub(crate) acs_chat_errors: ChatErrors,
    /// How many times faster the clocks of UCWA run
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, value_parser = factor, allow_negative_numbers = true)]
    pub(crate) ucwa_time_scale: f64,
    /// How many hosts a client of UCWA meets on its way to its applications
    #[arg(long, value_enum, value_name = "HOSTS", default_value_t = Topology::OneHost)]
    pub(crate) ucwa_topology: Topology,
    /// How far the clock of the services is ahead of this machine's; behind it when negative
    #[arg(long, value_name = "SECONDS", default_value_t = 0, value_parser = clap::value_parser!(i64).range(-TEN_YEARS..=TEN_YEARS), allow_negative_numbers = true)]
    pub(crate) clock_offset: i64,
    /// The status by which Graph refuses an expired token; it was seen to use both
    #[arg(long, value_enum, value_name = "STATUS", default_value_t = GraphExpired::Unauthorized)]
    pub(crate) graph_expired: GraphExpired,
    /// Who approves sign-ins at Entra ID: nobody needs to, or a person at its pages
    #[arg(long, value_enum, value_name = "WHO", default_value_t = Approver::Auto)]
    pub(crate) entra_approver: Approver,
    /// Life of the access tokens that Entra ID issues
    #[arg(long, value_name = "SECONDS", default_value_t = 3600)]
    pub(crate) token_lifetime: u32,
    /// Answer 404 or 403 for ids that nobody made, instead of making them
    #[arg(long)]
    pub(crate) strict: bool,
}

#[derive(Args, Debug)]
#[command(
    after_help = TARGETS,
    after_long_help = format!("{TARGETS}\n\n{ENVIRONMENT}\n\n{}", exit::table()),
    group(ArgGroup::new("content").required(true)),
    group(ArgGroup::new("media")),
)]
pub(crate) struct SendArgs {
    /// Where it goes; see the forms below
    #[arg(
        long,
        value_name = "TARGET",
        required_unless_present = "request",
        conflicts_with = "request"
    )]
    pub(crate) to: Option<Target>,
    /// The platform, when several that are configured carry the target
    #[arg(long, value_enum)]
    pub(crate) platform: Option<Platform>,

    /// Send this text; `-` reads standard input
    #[arg(long, value_name = "TEXT", group = "content")]
    pub(crate) text: Option<String>,
    /// Send this HTML; `-` reads standard input
    #[arg(long, value_name = "HTML", group = "content")]
    pub(crate) html: Option<String>,
    /// Send this template of WhatsApp
    #[arg(long, value_name = "NAME", group = "content", requires = "language")]
    pub(crate) template: Option<String>,
    /// Send the picture at this public address
    #[arg(long, value_name = "URL", groups = ["content", "media"])]
    pub(crate) image: Option<Url>,
    /// Send the document at this public address
    #[arg(long, value_name = "URL", groups = ["content", "media"])]
    pub(crate) document: Option<Url>,
    /// Send the video at this public address
    #[arg(long, value_name = "URL", groups = ["content", "media"])]
    pub(crate) video: Option<Url>,
    /// Send the sound at this public address
    #[arg(long, value_name = "URL", groups = ["content", "media"])]
    pub(crate) audio: Option<Url>,
    /// Send the whole request in this file, in the JSON form of SendRequest; `-` reads standard input
    #[arg(long, value_name = "FILE", group = "content")]
    pub(crate) request: Option<PathBuf>,
    /// Read the text from standard input
    #[arg(value_name = "-", value_parser = ["-"], hide_possible_values = true, group = "content")]
    pub(crate) stdin: Option<String>,

    /// What platforms without HTML send in its place
    #[arg(long, value_name = "TEXT", requires = "html")]
    pub(crate) text_alternative: Option<String>,
    /// Language of the template, e.g. en_US
    #[arg(long, requires = "template")]
    pub(crate) language: Option<String>,
    /// What fills the next placeholder of the template
    #[arg(long, value_name = "TEXT", requires = "template")]
    pub(crate) value: Vec<String>,
    /// Text shown with the picture, document or video
    #[arg(long, value_name = "TEXT", requires = "media")]
    pub(crate) caption: Option<String>,
    /// Name that the document gets
    #[arg(long, value_name = "NAME", requires = "document")]
    pub(crate) file_name: Option<String>,

    /// Title above the message
    #[arg(long, value_name = "TEXT", conflicts_with = "request")]
    pub(crate) subject: Option<String>,
    /// How urgent it is
    #[arg(long, value_enum, conflicts_with = "request")]
    pub(crate) importance: Option<ImportanceArg>,
    /// Answer this message
    #[arg(long, value_name = "MESSAGE-ID", conflicts_with = "request")]
    pub(crate) reply_to: Option<String>,
    /// Key under which the platform removes duplicates: run again with the same one
    #[arg(long, value_name = "UUID", conflicts_with = "request")]
    pub(crate) idempotency_key: Option<Uuid>,
    /// When the key was first used, RFC 3339; now when absent
    #[arg(long, value_name = "TIME", requires = "idempotency_key", value_parser = time)]
    pub(crate) first_sent: Option<SystemTime>,

    /// How long one try may take, e.g. 30s; 100s when absent
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
    /// How often a try that is proven harmless is repeated; 3 when absent
    #[arg(long, value_name = "N")]
    pub(crate) retries: Option<u32>,
    /// Check what can be checked without sending
    #[arg(long)]
    pub(crate) dry_run: bool,
    /// Print one line of JSON, errors too
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

#[derive(Args, Debug, Default)]
#[command(next_help_heading = "Azure Communication Services")]
pub(crate) struct ConnectionArgs {
    /// Connection string, as the portal prints it [env: ACS_CONNECTION_STRING, COMMUNICATION_SERVICES_CONNECTION_STRING]
    #[arg(long, value_name = "STRING", value_parser = secret)]
    pub(crate) acs_connection_string: Option<SecretString>,
    /// File that holds the connection string
    #[arg(long, value_name = "FILE", conflicts_with = "acs_connection_string")]
    pub(crate) acs_connection_string_file: Option<PathBuf>,
    /// Endpoint, if no connection string says it [env: ACS_ENDPOINT]
    #[arg(long, value_name = "URL")]
    pub(crate) acs_endpoint: Option<String>,
    /// Access key for acs-messages [env: ACS_ACCESS_KEY]
    #[arg(long, value_name = "KEY", value_parser = secret)]
    pub(crate) acs_access_key: Option<SecretString>,
    /// File that holds the access key
    #[arg(long, value_name = "FILE", conflicts_with = "acs_access_key")]
    pub(crate) acs_access_key_file: Option<PathBuf>,
    /// Entra ID or user access token for acs-messages [env: ACS_ACCESS_TOKEN]
    #[arg(long, value_name = "TOKEN", value_parser = secret)]
    pub(crate) acs_access_token: Option<SecretString>,
    /// File that holds the token for acs-messages
    #[arg(long, value_name = "FILE", conflicts_with = "acs_access_token")]
    pub(crate) acs_access_token_file: Option<PathBuf>,
    /// Channel that messages to telephone numbers come from, a GUID [env: ACS_CHANNEL_REGISTRATION_ID]
    #[arg(long, value_name = "GUID")]
    pub(crate) acs_channel_registration_id: Option<String>,
    /// Endpoint of acs-chat; that of acs-messages when absent [env: ACS_CHAT_ENDPOINT]
    #[arg(long, value_name = "URL")]
    pub(crate) acs_chat_endpoint: Option<String>,
    /// User access token with the scope chat, for acs-chat [env: ACS_CHAT_TOKEN]
    #[arg(long, value_name = "TOKEN", value_parser = secret)]
    pub(crate) acs_chat_token: Option<SecretString>,
    /// File that holds the token for acs-chat
    #[arg(long, value_name = "FILE", conflicts_with = "acs_chat_token")]
    pub(crate) acs_chat_token_file: Option<PathBuf>,

    /// Delegated token for Graph; that of `msm login` when absent [env: MSGRAPH_TOKEN]
    #[arg(long, value_name = "TOKEN", value_parser = secret, help_heading = TEAMS)]
    pub(crate) msgraph_token: Option<SecretString>,
    /// File that holds the token for Graph
    #[arg(long, value_name = "FILE", conflicts_with = "msgraph_token", help_heading = TEAMS)]
    pub(crate) msgraph_token_file: Option<PathBuf>,
    /// National cloud: global, us-gov-l4, us-gov-l5, china [env: MSGRAPH_CLOUD]
    #[arg(long, value_name = "CLOUD", help_heading = TEAMS)]
    pub(crate) msgraph_cloud: Option<String>,
    /// Base address with its version, instead of that of the cloud [env: MSGRAPH_BASE_URL]
    #[arg(long, value_name = "URL", conflicts_with = "msgraph_cloud", help_heading = TEAMS)]
    pub(crate) msgraph_base_url: Option<String>,
    /// Your own id or user principal name, to send to user: targets [env: MSGRAPH_USER]
    #[arg(long, value_name = "USER", help_heading = TEAMS)]
    pub(crate) msgraph_user: Option<String>,

    /// Your own SIP address, e.g. sip:bot@contoso.com [env: UCWA_SIP]
    #[arg(long, value_name = "SIP", help_heading = SKYPE)]
    pub(crate) ucwa_sip: Option<String>,
    /// User name, DOMAIN\\user or a UPN; the SIP address without sip: when absent [env: UCWA_USERNAME]
    #[arg(long, value_name = "NAME", help_heading = SKYPE)]
    pub(crate) ucwa_username: Option<String>,
    /// Password [env: UCWA_PASSWORD]
    #[arg(long, value_name = "PASSWORD", value_parser = secret, help_heading = SKYPE)]
    pub(crate) ucwa_password: Option<SecretString>,
    /// File that holds the password
    #[arg(long, value_name = "FILE", conflicts_with = "ucwa_password", help_heading = SKYPE)]
    pub(crate) ucwa_password_file: Option<PathBuf>,
    /// Where discovery begins, instead of the names of the domain [env: UCWA_DISCOVERY_URL]
    #[arg(long, value_name = "URL", help_heading = SKYPE)]
    pub(crate) ucwa_discovery_url: Option<String>,
    /// Id of this installation: keep it [env: UCWA_ENDPOINT_ID]
    #[arg(long, value_name = "ID", help_heading = SKYPE)]
    pub(crate) ucwa_endpoint_id: Option<String>,
    /// Domain that the server may lead to, besides that of the SIP address [env: UCWA_TRUSTED_DOMAIN]
    #[arg(long, value_name = "DOMAIN", help_heading = SKYPE)]
    pub(crate) ucwa_trusted_domain: Option<String>,

    #[command(flatten)]
    pub(crate) store: StoreArgs,
}

const SIGN_IN: &str = "Stored sign-in";
const SKYPE: &str = "Skype for Business through UCWA";
const TEAMS: &str = "Teams through Microsoft Graph";

/// Whether published rates hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Limits {
    Documented,
    Off,
}

/// How an answer says when to come again.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum RetryAfterArg {
    /// Whole seconds
    Seconds,
    /// Seconds with a fraction
    Fraction,
    /// An HTTP date
    Date,
    /// Not at all
    None,
}

impl From<RetryAfterArg> for RetryAfter {
    fn from(style: RetryAfterArg) -> Self {
        match style {
            RetryAfterArg::Seconds => Self::Seconds,
            RetryAfterArg::Fraction => Self::Fraction,
            RetryAfterArg::Date => Self::Date,
            RetryAfterArg::None => Self::Absent,
        }
    }
}

/// How many hosts a client of UCWA meets.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Topology {
    /// One
    OneHost,
    /// Discovery redirects to the other name of this machine
    Redirect,
    /// The applications are in a pool at the other name of this machine
    TwoPools,
}

impl From<Topology> for ms_messenger_emulator::UcwaTopology {
    fn from(topology: Topology) -> Self {
        match topology {
            Topology::OneHost => Self::OneHost,
            Topology::Redirect => Self::Redirect,
            Topology::TwoPools => Self::TwoPools,
        }
    }
}

/// The status by which Graph refuses an expired token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphExpired {
    /// As documented
    #[value(name = "401")]
    Unauthorized,
    /// "No authorization information present on the request."
    #[value(name = "403")]
    Forbidden,
}

/// Who approves sign-ins at Entra ID.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Approver {
    /// The first poll of a device code
    Auto,
    /// The request for the code already
    AtOnce,
    /// A person, or a test through the admin API
    Manual,
}

impl From<Approver> for ms_messenger_emulator::EntraApprover {
    fn from(approver: Approver) -> Self {
        match approver {
            Approver::Auto => Self::AfterFirstPoll,
            Approver::AtOnce => Self::AtOnce,
            Approver::Manual => Self::Manual,
        }
    }
}

/// How ACS Chat writes its errors.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ChatErrors {
    Spec,
    Pascal,
    Camel,
    Empty,
}

impl From<ChatErrors> for ErrorStyle {
    fn from(style: ChatErrors) -> Self {
        match style {
            ChatErrors::Spec => Self::Spec,
            ChatErrors::Pascal => Self::Pascal,
            ChatErrors::Camel => Self::Camel,
            ChatErrors::Empty => Self::Empty,
        }
    }
}

/// How urgent a message is.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ImportanceArg {
    Normal,
    High,
    Urgent,
}

impl From<ImportanceArg> for Importance {
    fn from(importance: ImportanceArg) -> Self {
        match importance {
            ImportanceArg::Normal => Self::Normal,
            ImportanceArg::High => Self::High,
            ImportanceArg::Urgent => Self::Urgent,
        }
    }
}

fn secret(text: &str) -> Result<SecretString, std::convert::Infallible> {
    Ok(SecretString::from(text))
}

/// A number alone counts as seconds.
fn duration(text: &str) -> Result<Duration, String> {
    let seconds = text.parse().ok().map(Duration::try_from_secs_f64);
    let duration = match seconds {
        Some(duration) => duration.map_err(|e| e.to_string())?,
        None => humantime::parse_duration(text).map_err(|e| e.to_string())?,
    };
    if duration.is_zero() {
        return Err("must be longer than nothing".to_owned());
    }
    Ok(duration)
}

fn keep(text: &str) -> Result<usize, String> {
    match text.parse() {
        Ok(0) => Err("must be at least 1".to_owned()),
        Ok(messages) => Ok(messages),
        Err(_) => Err("must be a whole number from 1".to_owned()),
    }
}

/// A bound of the emulator's clock, in seconds.
const TEN_YEARS: i64 = 10 * 365 * 86_400;

fn factor(text: &str) -> Result<f64, String> {
    let factor = text.parse().ok();
    let factor = factor.filter(|factor: &f64| factor.is_finite() && *factor > 0.0);
    factor.ok_or_else(|| "must be a finite number above 0".to_owned())
}

fn host(text: &str) -> Result<String, String> {
    let is_label = |label: &str| {
        let is_letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        !label.is_empty() && label.len() < 64 && label.chars().all(is_letter)
    };
    let is_address = text.parse::<std::net::IpAddr>().is_ok();
    if is_address || (text.len() < 254 && text.split('.').all(is_label)) {
        Ok(text.to_owned())
    } else {
        Err("must be a DNS name or an IP address, without a port".to_owned())
    }
}

fn time(text: &str) -> Result<SystemTime, humantime::TimestampError> {
    humantime::parse_rfc3339(text)
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn the_definition_is_sound() {
        Cli::command().debug_assert();
    }

    #[test]
    fn a_duration_is_seconds_or_has_a_unit() {
        assert_eq!(duration("0.5"), Ok(Duration::from_millis(500)));
        assert_eq!(duration("1m 30s"), Ok(Duration::from_secs(90)));
        for text in ["0", "-1", "nan", "soon", ""] {
            assert!(duration(text).is_err(), "{text}");
        }
    }

    #[test]
    fn what_does_not_belong_together_is_refused() {
        for line in [
            "send --to tel:+14255550123",
            "send --to tel:+14255550123 --text a --html b",
            "send --to tel:+14255550123 --text a -",
            "send --text a",
            "send --to nowhere --text a",
            "send --to tel:+14255550123 --template t",
            "send --to tel:+14255550123 --text a --caption c",
            "send --to tel:+14255550123 --text a --first-sent 2026-01-01T00:00:00Z",
            "send --to tel:+14255550123 --request r.json",
            "send --request r.json --subject s",
            "send --to tel:+14255550123 --text a --msgraph-token t --msgraph-token-file f",
            "send --to tel:+14255550123 hello",
            "demo extra",
            "emulator --http nowhere",
            "emulator --keep 0",
            "emulator --keep some",
            "emulator --retry-after soon",
            "emulator --ucwa-time-scale 0",
            "emulator --ucwa-time-scale -1",
            "emulator --ucwa-time-scale NaN",
            "emulator --ucwa-time-scale inf",
            "emulator --host bad:host",
            "emulator --host a..b",
            "emulator --host ",
            "emulator --clock-offset soon",
            "emulator --clock-offset 9223372036854775807",
            "emulator --graph-expired 500",
        ] {
            let words = std::iter::once("msm").chain(line.split(' '));
            assert!(Cli::try_parse_from(words).is_err(), "{line}");
        }
    }

    #[test]
    fn secrets_are_not_in_the_debug_form() {
        let line = "msm send --to user:a - --msgraph-token hunter2 --acs-access-key hunter2 \
             --acs-access-token hunter2 --acs-chat-token hunter2 --acs-connection-string hunter2 \
             --ucwa-password hunter2";
        let cli = Cli::try_parse_from(line.split_whitespace()).unwrap();
        assert!(!format!("{cli:?}").contains("hunter2"));
    }
}
