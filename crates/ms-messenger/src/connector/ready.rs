//! Clients that connect when they send.

use std::{future, sync::Arc};

use ms_messenger_core::{Messenger, SharedMessenger};
use ms_messenger_layers::Pending;

/// A client that needs nothing more before it sends.
pub(super) fn ready(client: impl Messenger) -> Pending {
    let client: SharedMessenger = Arc::new(client);
    Box::pin(future::ready(Ok(client)))
}
