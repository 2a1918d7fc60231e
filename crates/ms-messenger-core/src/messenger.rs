//! The contract that every backend keeps.

use std::{fmt, sync::Arc};

use async_trait::async_trait;

use crate::{Capabilities, Receipt, Result, SendRequest};

/// A backend that sends messages.
///
/// Convenience lives in [`MessengerExt`](crate::MessengerExt), which every messenger has.
///
/// # For implementers
///
/// * `send` refuses, before any I/O, whatever [`capabilities`](Messenger::capabilities) does not
///   name: start with `self.capabilities().check(self.platform(), request)?`.
/// * An error says whether the message went out; say [`Delivery::Unknown`](crate::Delivery)
///   whenever that is not proven.
/// * A receipt says only what is known.
/// * `send` may be called from many tasks at once.
/// * The conformance suite `ms-messenger-testkit` checks all this.
/// * A wrapper must forward every method: there are no default methods to fall through to.
///
/// # Cancel safety
///
/// `send` is not cancel-safe: dropping its future leaves it unknown whether the message went
/// out. The messenger itself stays usable.
#[async_trait]
pub trait Messenger: fmt::Debug + Send + Sync + 'static {
    /// The name of the platform, e.g. `msgraph-chat`. Stable: native bodies and logs refer to it.
    fn platform(&self) -> &str;

    /// What this messenger can carry, as it is set up now.
    fn capabilities(&self) -> Capabilities;

    /// Sends one message.
    ///
    /// # Errors
    ///
    /// [`Error::delivery`](crate::Error::delivery) says whether the message is out.
    async fn send(&self, request: &SendRequest) -> Result<Receipt>;
}

/// A messenger that is shared between tasks, of whatever platform.
pub type SharedMessenger = Arc<dyn Messenger>;

macro_rules! forward {
    ($($pointer:ty),+) => {$(
        #[deny(clippy::missing_trait_methods)]
        #[async_trait]
        impl<T: Messenger + ?Sized> Messenger for $pointer {
            fn platform(&self) -> &str {
                (**self).platform()
            }

            fn capabilities(&self) -> Capabilities {
                (**self).capabilities()
            }

            async fn send(&self, request: &SendRequest) -> Result<Receipt> {
                (**self).send(request).await
            }
        }
    )+};
}

forward!(Arc<T>, Box<T>);
