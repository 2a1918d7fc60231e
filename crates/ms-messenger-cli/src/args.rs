//! The command line.

mod connection;
mod relations;
mod send;
mod settle;
mod values;

use std::{net::SocketAddr, path::PathBuf, time::Duration};

use clap::{Args, CommandFactory as _, Parser, Subcommand, ValueEnum};
use ms_messenger_emulator::{ErrorStyle, RetryAfter};

use self::values::{duration, keep};
pub(crate) use self::{
    connection::ConnectionArgs, relations::Relations, send::SendArgs, settle::SettleArgs,
};
use crate::{exit, platform::Platform};

const SIGN_IN: &str = "Stored sign-in";

const ENVIRONMENT: &str = "\
Secrets are best given by environment or file: other users of the machine can read a command line.
An option wins over its environment variable; an empty variable counts as absent.";

/// Sends messages over Microsoft messaging platforms, and says whether they went out.
#[derive(Debug, Parser)]
#[command(
    name = "msm",
    version,
    after_help = "Exit codes: msm exit-codes",
    after_long_help = exit::table(),
)]
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
    /// Asks what became of a message when `send` ended with exit code 8; sends nothing
    Settle(Box<SettleArgs>),
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
    after_help = format!("The exit code is that with which sending would end (msm exit-codes); 3 when \
        nothing is configured.\nNothing is sent. Skype for Business is signed in to, and out of \
        again.\n\n{ENVIRONMENT}"),
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
        Nothing is written to the disk unencrypted."
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
    /// Replace the sign-in of another authority that has this name
    #[arg(long)]
    pub(crate) replace: bool,
    /// Rename a sign-in of this name that cannot be read, and sign in all the same
    #[arg(long)]
    pub(crate) set_aside: bool,
    /// How long one response may take, e.g. 30s; 100s when absent
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
    /// Rename the sign-in where it cannot be read
    #[arg(long)]
    pub(crate) set_aside: bool,
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

/// Whether published rates hold.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Limits {
    Documented,
    Off,
}

/// How a response says when to come again.
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

/// The definition of the command line. The short help spares the options of connections.
pub(crate) fn command() -> clap::Command {
    let mut command = Cli::command();
    let names: Vec<String> = command
        .get_subcommands()
        .map(|command| command.get_name().to_owned())
        .collect();
    for name in names {
        command = command.mut_subcommand(name, |command| {
            command.mut_args(|arg| {
                let is_of_connections = arg.get_help_heading().is_some();
                arg.hide_short_help(is_of_connections)
            })
        });
    }
    command
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

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_definition_is_sound() {
        command().debug_assert();
    }

    #[test]
    fn what_does_not_parse_is_refused() {
        for line in [
            "send --to nowhere --text a",
            "send --to tel:+14255550123 --text a --msgraph-token t --msgraph-token-file f",
            "send --to tel:+14255550123 hello",
            "send --to tel:+14255550123 --text a --retries -1",
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
    fn what_does_not_belong_together_is_refused() {
        for line in [
            "send --to tel:+14255550123",
            "send --to tel:+14255550123 --text a --html b",
            "send --to tel:+14255550123 --text a -",
            "send --text a",
            "send --to tel:+14255550123 --template t",
            "send --to tel:+14255550123 --text a --caption c",
            "send --to tel:+14255550123 --text a --first-sent 2026-01-01T00:00:00Z",
            "send --to tel:+14255550123 --request r.json",
            "send --request r.json --subject s",
        ] {
            let words = std::iter::once("msm").chain(line.split(' '));
            let cli = Cli::try_parse_from(words).unwrap();
            let Command::Send(args) = cli.command else {
                panic!("not a send");
            };
            assert!(args.broken().is_some(), "{line}");
        }
    }

    #[test]
    fn secrets_are_not_in_the_debug_form() {
        for credential in [
            "--acs-access-key hunter2 --acs-chat-token hunter2 --msgraph-token hunter2",
            "--acs-access-token hunter2 --ucwa-password hunter2",
            "--acs-connection-string hunter2",
        ] {
            let line = format!("msm send --to user:a - {credential}");
            let cli = Cli::try_parse_from(line.split_whitespace()).unwrap();
            assert!(!format!("{cli:?}").contains("hunter2"), "{credential}");
        }
    }
}
