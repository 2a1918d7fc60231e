//! Options of `msm outbox`.

use std::time::{Duration, SystemTime};

use clap::{Args, Subcommand, ValueEnum};
use ms_messenger_outbox::State;

use super::{
    connection::ConnectionArgs,
    pace::PaceArgs,
    store::StoreAddressArgs,
    values::{duration, time_or_age},
};
use crate::{
    platform::Platform,
    text::examples::{ENVIRONMENT, OUTBOX, OUTBOX_ADD, OUTBOX_RUN, OUTBOX_SETTLE},
};

#[derive(Args, Debug)]
#[command(after_help = OUTBOX)]
pub(crate) struct OutboxArgs {
    #[command(flatten)]
    pub(crate) common: OutboxOptions,
    #[command(subcommand)]
    pub(crate) command: OutboxCommand,
}

#[derive(Debug, Subcommand)]
pub(crate) enum OutboxCommand {
    /// Hands messages over: JSON lines on standard input, as of `msm batch`, each with an id
    Add(Box<AddArgs>),
    /// Sends what is due until it is interrupted, or until nothing waits
    Run(Box<RunArgs>),
    /// Counts the messages by platform and state
    #[command(
        after_help = "Examples:\n  msm outbox status --store sqlite:out.db\n  msm outbox status --store sqlite:out.db --json"
    )]
    Status,
    /// Lists messages in the order in which they were handed over
    List(ListArgs),
    /// Prints everything that is known of a message
    Show(ShowArgs),
    /// Asks the platform about unconfirmed messages, and notes what it says
    Settle(Box<SettleMessagesArgs>),
    /// Queues a refused or expired message again, or an unconfirmed one at the risk of a duplicate
    #[command(
        after_help = "Examples:\n  msm outbox retry order-4711 --store sqlite:out.db\n  msm outbox retry order-4711 --allow-duplicate --store sqlite:out.db"
    )]
    Retry(RetryArgs),
    /// Cancels a message that is not being sent yet
    #[command(
        after_help = "Examples:\n  msm outbox cancel order-4711 --store sqlite:out.db\n  msm outbox cancel order-4711 --json --store sqlite:out.db"
    )]
    Cancel(IdArgs),
    /// Notes that an unconfirmed message was sent
    #[command(
        after_help = "Examples:\n  msm outbox list --state unconfirmed --store sqlite:out.db\n  msm outbox confirm order-4711 --store sqlite:out.db"
    )]
    Confirm(IdArgs),
    /// Notes that an unconfirmed message was not sent, and is not to be sent
    #[command(
        after_help = "Examples:\n  msm outbox list --state unconfirmed --store sqlite:out.db\n  msm outbox give-up order-4711 --store sqlite:out.db"
    )]
    GiveUp(IdArgs),
    /// Deletes messages that are sent, refused, expired or cancelled
    Purge(PurgeArgs),
}

// Options of every command on an outbox.
#[derive(Args, Clone, Debug)]
pub(crate) struct OutboxOptions {
    #[command(flatten)]
    pub(crate) outbox: StoreAddressArgs,
    /// Print one line of JSON, also for errors
    #[arg(long, global = true)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
#[command(
    after_help = OUTBOX_ADD,
    after_long_help = format!("{OUTBOX_ADD}\n\n{ENVIRONMENT}"),
)]
pub(crate) struct AddArgs {
    /// Platform of messages that name none, if several configured ones support the target
    #[arg(long, value_enum)]
    pub(crate) platform: Option<Platform>,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

#[derive(Args, Debug)]
#[command(
    after_help = OUTBOX_RUN,
    after_long_help = format!("{OUTBOX_RUN}\n\n{ENVIRONMENT}"),
)]
pub(crate) struct RunArgs {
    /// End when no message of the configured platforms waits
    #[arg(long)]
    pub(crate) until_empty: bool,
    /// Serve the counts and rates as Prometheus text at this loopback address, e.g. 127.0.0.1:9464
    #[arg(long, value_name = "ADDRESS")]
    pub(crate) metrics: Option<std::net::SocketAddr>,
    /// Send over this platform only
    #[arg(long, value_enum)]
    pub(crate) platform: Option<Platform>,
    #[command(flatten)]
    pub(crate) pace: PaceArgs,
    /// Erase the content of each message once it is sent
    #[arg(long)]
    pub(crate) erase_content: bool,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  msm outbox list --store sqlite:out.db --state unconfirmed\n  \
    msm outbox list --store sqlite:out.db --limit 1000 --after 1000\n\n\
    Each message is one JSON line; --after takes the member seq of the last one."
)]
pub(crate) struct ListArgs {
    /// Only messages in this state; can be repeated
    #[arg(long, value_enum)]
    pub(crate) state: Vec<StateArg>,
    /// Only messages of this platform
    #[arg(long, value_name = "PLATFORM")]
    pub(crate) route: Option<String>,
    /// The most messages; by default 100
    #[arg(long, value_name = "N", default_value_t = 100, hide_default_value = true,
        value_parser = clap::value_parser!(u32).range(1..=100_000))]
    pub(crate) limit: u32,
    /// Only messages after this sequence number
    #[arg(
        long,
        value_name = "SEQ",
        default_value_t = 0,
        hide_default_value = true
    )]
    pub(crate) after: u64,
}

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  msm outbox show order-4711 --store sqlite:out.db\n  \
    msm outbox show order-4711 --store sqlite:out.db --content"
)]
pub(crate) struct ShowArgs {
    /// Id of the message
    #[arg(value_name = "ID")]
    pub(crate) id: String,
    /// Also print the request
    #[arg(long)]
    pub(crate) content: bool,
}

#[derive(Args, Debug)]
#[command(
    after_help = OUTBOX_SETTLE,
    after_long_help = format!("{OUTBOX_SETTLE}\n\n{ENVIRONMENT}"),
)]
pub(crate) struct SettleMessagesArgs {
    /// Id of the message
    #[arg(value_name = "ID", required_unless_present = "all")]
    pub(crate) id: Option<String>,
    /// Every unconfirmed message of the configured platforms
    #[arg(long, conflicts_with = "id")]
    pub(crate) all: bool,
    /// Time-out of one request, e.g. 30s; by default 100s
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

#[derive(Args, Debug)]
pub(crate) struct IdArgs {
    /// Id of the message
    #[arg(value_name = "ID")]
    pub(crate) id: String,
}

#[derive(Args, Debug)]
pub(crate) struct RetryArgs {
    /// Queue it even if it is unknown whether it was sent: it may be sent twice
    #[arg(long)]
    pub(crate) allow_duplicate: bool,
    #[command(flatten)]
    pub(crate) message: IdArgs,
}

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  msm outbox purge --before 30d --store sqlite:out.db\n  \
    msm outbox purge --before 2026-11-01T00:00:00Z --state sent --store sqlite:out.db"
)]
pub(crate) struct PurgeArgs {
    /// Those that were last changed before this time, e.g. 30d or 2026-11-28T21:22:06Z
    #[arg(long, value_name = "TIME|AGE", value_parser = time_or_age)]
    pub(crate) before: SystemTime,
    /// Only messages in this state; can be repeated
    #[arg(long, value_enum)]
    pub(crate) state: Vec<StateArg>,
}

/// State of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum StateArg {
    Queued,
    Sending,
    Sent,
    Refused,
    Unconfirmed,
    Expired,
    Cancelled,
}

impl From<StateArg> for State {
    fn from(state: StateArg) -> Self {
        match state {
            StateArg::Queued => Self::Queued,
            StateArg::Sending => Self::Sending,
            StateArg::Sent => Self::Sent,
            StateArg::Refused => Self::Refused,
            StateArg::Unconfirmed => Self::Unconfirmed,
            StateArg::Expired => Self::Expired,
            StateArg::Cancelled => Self::Cancelled,
        }
    }
}
