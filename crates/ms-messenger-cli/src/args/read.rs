//! Options of the commands that read and change messages.

use std::{
    path::PathBuf,
    time::{Duration, SystemTime},
};

use clap::{Args, ValueEnum};

use super::{
    connection::ConnectionArgs,
    send::SendArgs,
    values::{To, duration, place, place_after_emoji, time_or_age},
};
use crate::{
    platform::Platform,
    text::examples::{API, ENVIRONMENT, LIST, READ},
};

// What every command that names a message has.
#[derive(Args, Debug)]
pub(crate) struct MessageArgs {
    /// Where the message is, as of `msm send --to`; or a Teams link to the message
    #[arg(value_name = "TARGET", value_parser = place)]
    pub(crate) target: To,
    /// Id of the message, if the target is no link to it
    #[arg(value_name = "MESSAGE")]
    pub(crate) message: Option<String>,
    /// The message of a channel that it replies to, if it is a reply
    #[arg(long, value_name = "MESSAGE")]
    pub(crate) root: Option<String>,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

// What every command that reads has.
#[derive(Args, Debug)]
pub(crate) struct CommonArgs {
    /// Platform, if several configured ones support the target
    #[arg(long, value_enum)]
    pub(crate) platform: Option<Platform>,
    /// Time-out of one request, e.g. 30s; by default 100s
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) timeout: Option<Duration>,
    /// Print JSON, one line for each item, also for errors
    #[arg(long)]
    pub(crate) json: bool,
    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

#[derive(Args, Debug)]
#[command(after_help = READ, after_long_help = format!("{READ}\n\n{ENVIRONMENT}"))]
pub(crate) struct ReadArgs {
    /// Where the messages are, as of `msm send --to`
    #[arg(value_name = "TARGET")]
    pub(crate) target: To,
    /// The most messages; by default 20
    #[arg(long, value_name = "N", default_value_t = 20, hide_default_value = true,
        value_parser = clap::value_parser!(u32).range(1..=10_000))]
    pub(crate) last: u32,
    /// Only messages since this time: RFC 3339, or an age like 2h
    #[arg(long, value_name = "TIME|AGE", value_parser = time_or_age)]
    pub(crate) since: Option<SystemTime>,
    /// Go on with what arrives, until Ctrl-C
    #[arg(long)]
    pub(crate) follow: bool,
    /// The time between two looks of --follow; by default 60s for Teams, else 5s
    #[arg(long, value_name = "TIME", value_parser = duration)]
    pub(crate) interval: Option<Duration>,
    /// End --follow after this time
    #[arg(long = "for", value_name = "TIME", value_parser = duration)]
    pub(crate) at_most: Option<Duration>,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  msm show channel:@Contoso/General 1616965872395\n  \
    msm show https://teams.microsoft.com/l/message/… --json"
)]
pub(crate) struct ShowMessageArgs {
    #[command(flatten)]
    pub(crate) message: MessageArgs,
}

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  msm edit channel:@Contoso/General 1616965872395 --text 'green again'\n  \
    msm edit conversation:ID 1616965872395 --html '<b>green</b>'"
)]
pub(crate) struct EditArgs {
    /// The new text; `-` reads standard input
    #[arg(
        long,
        value_name = "TEXT",
        allow_hyphen_values = true,
        conflicts_with = "html"
    )]
    pub(crate) text: Option<String>,
    /// The new HTML; `-` reads standard input
    #[arg(long, value_name = "HTML", allow_hyphen_values = true)]
    pub(crate) html: Option<String>,
    /// Remove terminal escapes (colours) and other control characters from it
    #[arg(long)]
    pub(crate) strip_ansi: bool,
    #[command(flatten)]
    pub(crate) message: MessageArgs,
}

#[derive(Args, Debug)]
#[command(
    after_help = "Examples:\n  msm delete channel:@Contoso/General 1616965872395\n  \
    msm delete https://teams.microsoft.com/l/message/… --undo"
)]
pub(crate) struct DeleteArgs {
    /// Restore a message of Teams that was deleted
    #[arg(long)]
    pub(crate) undo: bool,
    #[command(flatten)]
    pub(crate) message: MessageArgs,
}

#[derive(Args, Debug)]
#[command(
    mut_args(|arg| match arg.get_id().as_str() {
        "target" => arg.value_parser(place_after_emoji),
        _ => arg,
    }),
    after_help = "Examples:\n  msm react 👍 channel:@Contoso/General 1616965872395\n  \
    msm react 👍 https://teams.microsoft.com/l/message/… --undo"
)]
pub(crate) struct ReactArgs {
    /// The emoji itself, e.g. 👍
    #[arg(value_name = "EMOJI")]
    pub(crate) emoji: String,
    /// Remove the reaction
    #[arg(long)]
    pub(crate) undo: bool,
    #[command(flatten)]
    pub(crate) message: MessageArgs,
}

#[derive(Args, Debug)]
#[command(
    override_usage = "msm reply TARGET MESSAGE --text TEXT [OPTIONS]\n       msm reply LINK --text TEXT [OPTIONS]",
    mut_arg("to", |arg| arg.hide(true)),
    mut_arg("reply_to", |arg| arg.hide(true)),
    mut_arg("request", |arg| arg.hide(true)),
    after_help = "Examples:\n  msm reply channel:@Contoso/General 1616965872395 --text 'On it'\n  \
    msm reply https://teams.microsoft.com/l/message/… --text 'On it'\n\nThe options are those of msm send.",
    after_long_help = "Examples:\n  msm reply channel:@Contoso/General 1616965872395 --text 'On it'\n  \
    msm reply https://teams.microsoft.com/l/message/… --text 'On it'\n\nThe options are those of msm send."
)]
pub(crate) struct ReplyArgs {
    /// Where the message is, as of `msm send --to`; or a Teams link to the message
    #[arg(value_name = "TARGET", value_parser = place)]
    pub(crate) target: To,
    /// Id of the message, if the target is no link to it
    #[arg(value_name = "MESSAGE")]
    pub(crate) message: Option<String>,
    #[command(flatten)]
    pub(crate) send: SendArgs,
}

#[derive(Args, Debug)]
#[command(after_help = LIST, after_long_help = format!("{LIST}\n\n{ENVIRONMENT}"))]
pub(crate) struct ListThingsArgs {
    /// What is listed
    #[arg(value_enum, value_name = "WHAT")]
    pub(crate) what: Things,
    /// The team of `channels`, by name or id; the target of `members`; the name or
    /// address that `contacts` searches for
    #[arg(value_name = "OF")]
    pub(crate) of: Option<String>,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

/// What can be listed.
#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Things {
    Teams,
    Channels,
    Chats,
    Threads,
    Templates,
    Members,
    Conversations,
    Contacts,
}

#[derive(Args, Debug)]
#[command(
    after_help = API,
    after_long_help = format!("{API}\n\n{ENVIRONMENT}"),
    override_usage = "msm api [METHOD] PATH [OPTIONS]"
)]
pub(crate) struct ApiArgs {
    /// The method; without it, GET
    #[arg(value_name = "METHOD")]
    first: String,
    /// The path, e.g. /me/joinedTeams
    #[arg(value_name = "PATH")]
    second: Option<String>,
    /// The body in this file; `-` reads standard input
    #[arg(long, value_name = "FILE")]
    pub(crate) input: Option<PathBuf>,
    /// A header, e.g. 'Prefer: include-unknown-enum-members'; can be repeated
    #[arg(long, short = 'H', value_name = "NAME: VALUE")]
    pub(crate) header: Vec<String>,
    /// Read every page of a list, and print its items, one a line
    #[arg(long)]
    pub(crate) paginate: bool,
    /// Print what this JSONPath (RFC 9535) selects of the response, one value a line; with `--paginate` of the
    /// array of the items
    #[arg(long, value_name = "PATH", allow_hyphen_values = true)]
    pub(crate) filter: Option<String>,
    #[command(flatten)]
    pub(crate) common: CommonArgs,
}

impl ApiArgs {
    /// The method, in capital letters: `GET` for a path alone. `None` if it is none that can be requested.
    pub(crate) fn method(&self) -> Option<&'static str> {
        let given = self.second.as_ref().map_or("GET", |_| self.first.trim());
        known_method(given)
    }

    /// The path; `None` if there is a method alone.
    pub(crate) fn path(&self) -> Option<&str> {
        let alone = || {
            known_method(self.first.trim())
                .is_none()
                .then_some(&*self.first)
        };
        self.second.as_deref().or_else(alone)
    }

    /// Whether the request changes nothing.
    pub(crate) fn is_read(&self) -> bool {
        matches!(self.method(), Some("GET" | "HEAD"))
    }
}

/// Returns a method as the requests name it.
fn known_method(given: &str) -> Option<&'static str> {
    let mut known = ["GET", "HEAD", "POST", "PUT", "PATCH", "DELETE"].into_iter();
    known.find(|method| given.eq_ignore_ascii_case(method))
}
