//! `msm outbox`: messages that are handed over now and sent by a worker.

mod add;
mod change;
mod metrics;
mod open;
mod read;
mod run;
mod settle;

use ms_messenger::Result;

use crate::{args::OutboxCommand, exit::Exit, report};

/// Runs a command on an outbox.
pub(crate) async fn run(command: &OutboxCommand) -> Exit {
    match command {
        OutboxCommand::Add(args) => add::run(args).await,
        OutboxCommand::Run(args) => Box::pin(run::run(args)).await,
        OutboxCommand::Status(args) => ended(read::status(args).await, args.json),
        OutboxCommand::List(args) => ended(read::list(args).await, args.json),
        OutboxCommand::Show(args) => ended(read::show(args).await, args.json),
        OutboxCommand::Settle(args) => ended(settle::run(args).await, args.json),
        OutboxCommand::Retry(args) => ended(change::retry(args).await, args.message.json),
        OutboxCommand::Cancel(args) => ended(change::cancel(args).await, args.json),
        OutboxCommand::Confirm(args) => ended(change::confirm(args).await, args.json),
        OutboxCommand::GiveUp(args) => ended(change::give_up(args).await, args.json),
        OutboxCommand::Purge(args) => ended(change::purge(args).await, args.json),
    }
}

fn ended(outcome: Result<Exit>, json: bool) -> Exit {
    outcome.unwrap_or_else(|error| report::failed(error, json))
}
