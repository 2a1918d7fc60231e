//! Opens the outbox that options or environment name.

use ms_messenger::{Error, ErrorKind, Result};
use ms_messenger_outbox::{Outbox, OutboxError};

use crate::{
    args::StoreAddressArgs,
    environment::{self, variable},
    outbox_store::{self, Address},
    text,
};

/// An outbox that is open, and its address.
#[derive(Debug)]
pub(crate) struct Opened {
    pub(crate) outbox: Outbox,
    pub(crate) address: Address,
}

impl Opened {
    /// Returns the error of an operation, as [`Address::error`] does.
    pub(crate) fn error(&self, error: OutboxError) -> Error {
        self.address.error(error)
    }
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
        None => Err(invalid(text::outbox::UNNAMED.to_owned())),
    }
}

/// Opens the outbox, which is created if there is none.
///
/// # Errors
///
/// `Config` when it cannot be used.
pub(crate) async fn open_or_create(args: &StoreAddressArgs) -> Result<Opened> {
    opened(args, true).await
}

/// Opens an outbox that exists. Nothing is created.
///
/// # Errors
///
/// `Config` when it does not exist, or cannot be used.
pub(crate) async fn open(args: &StoreAddressArgs) -> Result<Opened> {
    opened(args, false).await
}

async fn opened(args: &StoreAddressArgs, creates: bool) -> Result<Opened> {
    let address = address(args)?;
    address.check_name()?;
    let keys = outbox_store::keys(args.key_file.as_deref(), &environment::process)?;
    let outbox = address.open(keys, creates).await?;
    Ok(Opened { outbox, address })
}
