//! The contract that every backend keeps.

use std::{fmt, sync::Arc};

use async_trait::async_trait;

use crate::{
    capabilities::Capabilities,
    error::Result,
    receipt::Receipt,
    request::SendRequest,
    settle::{Evidence, Settled},
};

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
/// * An error with an unknown delivery carries [`Evidence`] for [`settle`](Messenger::settle). A
///   platform that cannot be asked answers it in one line: [`Settled::cannot_tell`].
/// * The conformance suite `ms-messenger-testkit` checks all this.
/// * A wrapper must forward every method: there are no default methods to fall through to.
///
/// # Cancel safety
///
/// `send` is not cancel-safe: dropping its future leaves it unknown whether the message went
/// out, and loses what settling needs: when the attempts ran, and the mark by which the message
/// can be recognised. The messenger itself stays usable. To end a send early without that loss,
/// give its request a [time-out](SendRequest::with_timeout) or a
/// [cancel handle](SendRequest::with_cancel). `settle` can be dropped at any time.
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

    /// Finds out what became of a send whose delivery is unknown. It never sends. `request` is
    /// the one that was sent; `evidence` comes from its error, here or in another process.
    ///
    /// It looks once and does not wait: [`MessengerExt::settle_with`](crate::MessengerExt::settle_with)
    /// looks again. What can be told differs by platform; each says so in its documentation.
    async fn settle(&self, request: &SendRequest, evidence: &Evidence) -> Settled;
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

            async fn settle(&self, request: &SendRequest, evidence: &Evidence) -> Settled {
                (**self).settle(request, evidence).await
            }
        }
    )+};
}

forward!(Arc<T>, Box<T>);
