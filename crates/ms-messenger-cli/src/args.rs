//! The command line.

mod batch;
mod config;
mod connection;
mod doctor;
mod emulator;
mod fields;
mod habits;
mod listen;
mod negative;
mod outbox;
mod output;
mod pace;
mod read;
mod relations;
mod send;
mod settle;
mod short_help;
mod sign_in;
mod store;
mod values;
mod wait;
mod world;
pub(crate) mod written;

use clap::{Args, CommandFactory as _, Parser, Subcommand};

pub(crate) use self::{
    batch::BatchArgs,
    config::{ConfigArgs, ConfigCheckArgs, ConfigCommand, ConfigPathArgs, ConfigShowArgs},
    connection::{ConnectionArgs, Given},
    doctor::DoctorArgs,
    emulator::{
        EmulatorArgs, EmulatorCommand, EnvArgs, EnvFormat, ExecArgs, ExportArgs, HealthArgs,
        RecordArgs, RecordPlatformArg,
    },
    fields::{argument_of, is_content},
    habits::{CompletionsArgs, ManArgs, Names, ReportArgs, SchemaArgs, Shell},
    listen::ListenArgs,
    negative::joined,
    outbox::{
        AddArgs, IdArgs, ListArgs, OutboxArgs, OutboxCommand, OutboxOptions, PurgeArgs, RetryArgs,
        RunArgs, SettleMessagesArgs, ShowArgs,
    },
    output::{LogFormat, OutputArgs},
    read::{
        ApiArgs, CommonArgs, DeleteArgs, EditArgs, ListThingsArgs, MessageArgs, ReactArgs,
        ReadArgs, ReplyArgs, ShowMessageArgs, Things,
    },
    relations::Relations,
    send::SendArgs,
    settle::SettleArgs,
    short_help::without_headed,
    sign_in::{LoginArgs, LogoutArgs, WhoamiArgs},
    store::StoreAddressArgs,
    values::{SCHEMES, To, rfc3339_time},
    wait::WaitFor,
    world::{GraphExpired, Limits, WorldArgs},
};
use crate::exit;

/// Sends messages over Microsoft messaging platforms, and reports whether they were sent.
#[derive(Debug, Parser)]
#[command(
    name = "msm",
    version,
    after_help = "Exit codes: msm exit-codes",
    after_long_help = exit::table(),
)]
pub(crate) struct Cli {
    #[command(flatten)]
    pub(crate) output: OutputArgs,
    #[command(subcommand)]
    pub(crate) command: Command,
}

#[derive(Debug, Subcommand)]
#[command(defer = true)]
pub(crate) enum Command {
    /// Sends over every platform to an embedded emulator: no account, no network
    Demo(DemoArgs),
    /// Sends one message
    Send(Box<SendArgs>),
    /// Sends many messages, and goes on where an earlier run ended
    Batch(Box<BatchArgs>),
    /// Hands messages over to an outbox, sends what is in it, and reports on it
    Outbox(Box<OutboxArgs>),
    /// Finds out whether a message was sent, after exit code 8 of `send`; sends nothing
    Settle(Box<SettleArgs>),
    /// Prints the messages of a channel, chat, thread or conversation, and follows what arrives
    Read(Box<ReadArgs>),
    /// Prints everything of one message
    Show(Box<ShowMessageArgs>),
    /// Replies to a message; otherwise as `send`
    Reply(Box<ReplyArgs>),
    /// Changes the content of a message
    Edit(Box<EditArgs>),
    /// Deletes a message
    Delete(Box<DeleteArgs>),
    /// Adds a reaction to a message of Teams, or removes it
    React(Box<ReactArgs>),
    /// Lists teams, channels, chats, threads, conversations, templates or members
    List(Box<ListThingsArgs>),
    /// Makes a request to any path of a configured service
    Api(Box<ApiArgs>),
    /// Receives events of Event Grid and notifications of Graph, and keeps them
    Listen(Box<ListenArgs>),
    /// Signs a user in to Teams and stores the sign-in for later commands
    Login(Box<LoginArgs>),
    /// Deletes the stored sign-in
    Logout(LogoutArgs),
    /// Prints the stored sign-in, without any request
    Whoami(WhoamiArgs),
    /// Checks what would prevent a send: settings, servers, clocks, permissions
    Doctor(Box<DoctorArgs>),
    /// Shows and checks the configuration: profiles, targets, and where each setting comes from
    Config(Box<ConfigArgs>),
    /// Runs the emulator until it is interrupted; prints one JSON line when it is ready
    Emulator(Box<EmulatorArgs>),
    /// Writes what a report of a problem needs, without accounts and secrets
    Report(Box<ReportArgs>),
    /// Prints the completions for a shell
    Completions(CompletionsArgs),
    /// Writes the pages of the manual
    Man(ManArgs),
    /// Prints the JSON schema of an output
    Schema(SchemaArgs),
    /// Prints the table of exit codes
    ExitCodes(ExitCodesArgs),
}

#[derive(Args, Debug)]
#[command(after_help = format!(
    "Examples:\n  msm exit-codes\n  msm exit-codes --json | jq -r 'select(.code == 8).remedy'\n\n{}",
    exit::table()
))]
pub(crate) struct ExitCodesArgs {
    /// Print one line of JSON for each exit code
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Args, Debug)]
#[command(after_help = "Examples:\n  msm demo\n  msm demo --json")]
pub(crate) struct DemoArgs {
    /// Print one JSON document instead of tables
    #[arg(long)]
    pub(crate) json: bool,
}

/// Returns the definition of the command line. That of a command is complete once it is built, so
/// that only the one that is used costs time and memory.
pub(crate) fn command() -> clap::Command {
    Cli::command()
}

/// Returns the definition of the command line with those of all commands.
pub(crate) fn complete_command() -> clap::Command {
    let mut command = command().disable_help_subcommand(true);
    command.build();
    command
}

#[cfg(test)]
mod tests;
