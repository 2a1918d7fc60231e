//! Which outbox, of a command that is about more than an outbox.

use std::path::PathBuf;

use clap::Args;

use super::outbox::OutboxOptions;
use crate::outbox_store::Address;

/// Which outbox.
#[derive(Args, Clone, Debug)]
pub(crate) struct StoreAddressArgs {
    /// The outbox: sqlite:PATH, postgres://… or nats://… [env: MSM_OUTBOX]
    #[arg(long, value_name = "ADDRESS", value_parser = Address::parse)]
    pub(crate) store: Option<Address>,
    /// File with the key that encrypts the contents, 32 bytes in base64 [env: MSM_OUTBOX_KEY]
    #[arg(long, value_name = "PATH")]
    pub(crate) key_file: Option<PathBuf>,
}

impl StoreAddressArgs {
    /// Returns them as the options of a command on an outbox.
    pub(crate) fn options(&self) -> OutboxOptions {
        OutboxOptions {
            store: self.store.clone(),
            key_file: self.key_file.clone(),
            json: false,
        }
    }
}
