//! Which outbox.

use std::path::PathBuf;

use clap::Args;

use crate::outbox_store::Address;

// Which outbox; for the commands of `msm outbox`, before or after the command.
#[derive(Args, Clone, Debug)]
pub(crate) struct StoreAddressArgs {
    /// The outbox: sqlite:PATH, postgres://… or nats://… [env: MSM_OUTBOX]
    #[arg(long, value_name = "ADDRESS", value_parser = Address::parse, global = true)]
    pub(crate) store: Option<Address>,
    /// File with the key that encrypts the contents, 32 bytes in base64; without it, MSM_OUTBOX_KEY holds the key itself
    #[arg(long, value_name = "PATH", global = true)]
    pub(crate) key_file: Option<PathBuf>,
}
