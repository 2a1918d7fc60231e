//! `msm outbox`: messages that are handed over now and sent by a worker.

mod add;
mod change;
mod metrics;
mod read;
mod run;
mod settle;

use ms_messenger::{Error, ErrorKind, Result};
use ms_messenger_outbox::Outbox;

use crate::{
    args::{OutboxCommand, StoreAddressArgs},
    environment::{self, variable},
    exit::Exit,
    outbox_store::{self, Address},
    report,
};

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

/// An outbox that is open, and its address.
#[derive(Debug)]
struct Opened {
    outbox: Outbox,
    address: Address,
}

/// Returns the address of the outbox.
///
/// # Errors
///
/// `Config` when there is none, or it cannot be used.
fn address(args: &StoreAddressArgs) -> Result<Address> {
    if let Some(address) = &args.store {
        return Ok(address.clone());
    }
    let named = variable(&environment::process, "MSM_OUTBOX");
    let invalid = |text: String| Error::new(ErrorKind::Config, text);
    match named.as_deref().map(Address::parse) {
        Some(Ok(address)) => Ok(address),
        Some(Err(rule)) => Err(invalid(format!("MSM_OUTBOX: {rule}"))),
        None => Err(invalid(
            "no outbox is named: give --store sqlite:PATH, or set MSM_OUTBOX".to_owned(),
        )),
    }
}

/// Opens the outbox, which is created if there is none.
///
/// # Errors
///
/// `Config` when it cannot be used.
async fn open_or_create(args: &StoreAddressArgs) -> Result<Opened> {
    let address = address(args)?;
    let keys = outbox_store::keys(args.key_file.as_deref(), &environment::process)?;
    let outbox = address.open(keys).await?;
    Ok(Opened { outbox, address })
}

/// Opens an outbox that exists.
///
/// # Errors
///
/// `Config` when it does not exist, or cannot be used.
async fn open(args: &StoreAddressArgs) -> Result<Opened> {
    let address = address(args)?;
    if let Some(path) = address.file().filter(|path| !path.exists()) {
        let text = format!("{}: no such file", path.display());
        return Err(Error::new(ErrorKind::Config, text));
    }
    open_or_create(args).await
}
