//! `msm outbox`: messages that are handed over now and sent by a worker.

mod add;
mod change;
pub(crate) mod metrics;
pub(crate) mod open;
mod read;
mod run;
mod settle;

use crate::{
    args::{OutboxArgs, OutboxCommand, argument_of},
    exit::Exit,
    report,
};

/// Runs a command on an outbox.
pub(crate) async fn run(args: &OutboxArgs) -> Exit {
    let common = &args.common;
    let outcome = match &args.command {
        OutboxCommand::Add(args) => return add::run(args, common).await,
        OutboxCommand::Run(args) => Box::pin(run::run(args, common)).await,
        OutboxCommand::Status => read::status(common).await,
        OutboxCommand::List(args) => read::list(args, common).await,
        OutboxCommand::Show(args) => read::show(args, common).await,
        OutboxCommand::Settle(args) => settle::run(args, common).await,
        OutboxCommand::Retry(args) => change::retry(args, common).await,
        OutboxCommand::Cancel(args) => change::cancel(args, common).await,
        OutboxCommand::Confirm(args) => change::confirm(args, common).await,
        OutboxCommand::GiveUp(args) => change::give_up(args, common).await,
        OutboxCommand::Purge(args) => change::purge(args, common).await,
    };
    outcome.unwrap_or_else(|error| report::failed_at(error, common.json, None, argument_of))
}
