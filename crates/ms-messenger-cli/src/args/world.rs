//! Options that say what the emulator is like.

use std::{net::SocketAddr, path::PathBuf};

use clap::{Args, ValueEnum};
use ms_messenger_emulator::{AcsChatErrorStyle, EntraApprover, RetryAfter, UcwaTopology};

use super::{values::keep, written};
use crate::text;

/// Limit of the clock offset, in seconds.
const TEN_YEARS: i64 = 10 * 365 * 86_400;

#[derive(Args, Debug)]
pub(crate) struct WorldArgs {
    /// Address of the HTTP listener; port 0 chooses a free port [default: 127.0.0.1:8410; `exec`: a free port]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) http: Option<SocketAddr>,
    /// Address of the HTTPS listener; port 0 chooses a free port [default: 127.0.0.1:8411; a free port if that of --http is]
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) https: Option<SocketAddr>,
    /// Allow addresses that other machines can reach, for a container: the keys are public. Every request must name a loopback host or one of --host
    #[arg(long)]
    pub(crate) listen_any: bool,
    /// Write the certificate authority of the HTTPS listener to this file, in PEM
    #[arg(long, value_name = "FILE", value_parser = written::file())]
    pub(crate) ca_out: Option<PathBuf>,
    /// Additional name of this machine, in the HTTPS certificate and accepted in requests; can be repeated
    #[arg(long, value_name = "NAME", value_parser = host)]
    pub(crate) host: Vec<String>,
    /// Seed of keys, tokens and ids
    #[arg(long, value_name = "N", default_value_t = 0)]
    pub(crate) seed: u64,
    /// Start with the fault rules in this file, in the form of PUT /_emulator/faults
    #[arg(long, value_name = "FILE")]
    pub(crate) faults: Option<PathBuf>,
    /// Whether the documented rate limits of the services apply
    #[arg(long, value_enum, default_value_t = Limits::Off)]
    pub(crate) limits: Limits,
    /// Form of the retry time in a 429 response; needs --limits documented [default: seconds]
    #[arg(long, value_enum, value_name = "STYLE")]
    pub(crate) retry_after: Option<RetryAfterArg>,
    /// Keep only the newest N messages; by default all
    #[arg(long, value_name = "N", value_parser = keep)]
    pub(crate) keep: Option<usize>,
    /// Format of the error bodies of ACS Chat
    #[arg(long, value_enum, value_name = "STYLE", default_value_t = ChatErrors::Spec)]
    pub(crate) acs_chat_errors: ChatErrors,
    /// Factor by which the clocks of UCWA run faster
    #[arg(long, value_name = "FACTOR", default_value_t = 1.0, value_parser = factor, allow_negative_numbers = true)]
    pub(crate) ucwa_time_scale: f64,
    /// Hosts that a client of UCWA is led through to its application
    #[arg(long, value_enum, value_name = "HOSTS", default_value_t = Topology::OneHost)]
    pub(crate) ucwa_topology: Topology,
    /// How far the clock of the services is ahead of this machine's; negative when behind
    #[arg(long, value_name = "SECONDS", default_value_t = 0, value_parser = clap::value_parser!(i64).range(-TEN_YEARS..=TEN_YEARS), allow_negative_numbers = true)]
    pub(crate) clock_offset: i64,
    /// Status with which Graph rejects an expired token; the service uses both
    #[arg(long, value_enum, value_name = "STATUS", default_value_t = GraphExpired::Unauthorized)]
    pub(crate) graph_expired: GraphExpired,
    /// How sign-ins at Entra ID are approved
    #[arg(long, value_enum, value_name = "APPROVAL", default_value_t = Approver::Auto)]
    pub(crate) entra_approver: Approver,
    /// Pause that a client makes between two polls of a device code; Entra ID's is 5
    #[arg(long, value_name = "SECONDS", default_value_t = 0)]
    pub(crate) device_interval: u32,
    /// Lifetime of the access tokens that Entra ID issues
    #[arg(long, value_name = "SECONDS", default_value_t = 3600, value_parser = clap::value_parser!(u32).range(1..))]
    pub(crate) token_lifetime: u32,
    /// Keep the world in this file, so that the next start has it again; it must be of the same --seed and --strict
    #[arg(long, value_name = "FILE", value_parser = written::file())]
    pub(crate) data: Option<PathBuf>,
    /// Respond with this recording of `msm emulator record`, and report where the emulator's own responses differ
    #[arg(long, value_name = "FILE", conflicts_with = "data")]
    pub(crate) replay: Option<PathBuf>,
    /// Post each stored message to this http URL, on loopback or on a host of --receiver-host
    #[arg(long, value_name = "URL")]
    pub(crate) on_message: Option<String>,
    /// Host beside loopback that --on-message may name; can be repeated
    #[arg(long, value_name = "NAME", value_parser = host)]
    pub(crate) receiver_host: Vec<String>,
    /// Return 404 or 403 for unknown ids instead of creating them
    #[arg(long)]
    pub(crate) strict: bool,
}

/// Whether documented rate limits apply.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Limits {
    Documented,
    Off,
}

/// Form of the retry time in a response.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum RetryAfterArg {
    /// Whole seconds
    Seconds,
    /// Seconds with a fraction
    Fraction,
    /// An HTTP date
    Date,
    /// No retry time
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

/// Hosts that a client of UCWA is led through.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Topology {
    /// One host
    OneHost,
    /// Discovery redirects to the other name of this machine
    Redirect,
    /// The applications are in a pool at the other name of this machine
    TwoPools,
}

impl From<Topology> for UcwaTopology {
    fn from(topology: Topology) -> Self {
        match topology {
            Topology::OneHost => Self::OneHost,
            Topology::Redirect => Self::Redirect,
            Topology::TwoPools => Self::TwoPools,
        }
    }
}

/// Status with which Graph rejects an expired token.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum GraphExpired {
    /// As documented
    #[value(name = "401")]
    Unauthorized,
    /// As it often happens: no authorization information present on the request
    #[value(name = "403")]
    Forbidden,
}

/// How sign-ins at Entra ID are approved.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum Approver {
    /// Automatically, at the first poll of a device code
    Auto,
    /// Automatically, when the code is requested
    AtOnce,
    /// At its pages, or by a test through the admin API
    Manual,
}

impl From<Approver> for EntraApprover {
    fn from(approver: Approver) -> Self {
        match approver {
            Approver::Auto => Self::AfterFirstPoll,
            Approver::AtOnce => Self::AtOnce,
            Approver::Manual => Self::Manual,
        }
    }
}

/// Format of the error bodies of ACS Chat.
#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ChatErrors {
    Spec,
    Pascal,
    Camel,
    Empty,
}

impl From<ChatErrors> for AcsChatErrorStyle {
    fn from(style: ChatErrors) -> Self {
        match style {
            ChatErrors::Spec => Self::Spec,
            ChatErrors::Pascal => Self::Pascal,
            ChatErrors::Camel => Self::Camel,
            ChatErrors::Empty => Self::Empty,
        }
    }
}

/// Parses a factor above 0.
fn factor(text: &str) -> Result<f64, String> {
    let factor = text.parse().ok();
    let factor = factor.filter(|factor: &f64| factor.is_finite() && *factor > 0.0);
    factor.ok_or_else(|| text::options::NOT_A_FACTOR.to_owned())
}

/// Parses a DNS name or an IP address.
fn host(text: &str) -> Result<String, String> {
    let is_label = |label: &str| {
        let is_letter = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_');
        let is_inner = !label.starts_with('-') && !label.ends_with('-');
        !label.is_empty() && label.len() < 64 && label.chars().all(is_letter) && is_inner
    };
    let is_name = text.len() < 254 && text.split('.').all(is_label) && !ends_in_number(text);
    let is_address = text.parse::<std::net::IpAddr>().is_ok();
    if is_address || is_name {
        Ok(text.to_owned())
    } else {
        Err(text::options::NOT_A_HOST.to_owned())
    }
}

/// Whether a resolver may take the name for a short form of an IP address: `127.1`, `0x7f`, `0`.
fn ends_in_number(name: &str) -> bool {
    let last = name.rsplit('.').next().unwrap_or_default();
    let hex = last.strip_prefix("0x").or_else(|| last.strip_prefix("0X"));
    let is_hex = hex.is_some_and(|hex| hex.chars().all(|c| c.is_ascii_hexdigit()));
    is_hex || last.chars().all(|c| c.is_ascii_digit())
}
