//! The trait of every backend.

use std::{fmt, sync::Arc};

use async_trait::async_trait;

use crate::{
    capabilities::Capabilities,
    error::Result,
    receipt::Receipt,
    request::SendRequest,
    settle::{Evidence, Settled},
};

/// A backend that sends messages through one platform.
///
/// [`MessengerExt`](crate::MessengerExt) adds convenience methods to every messenger.
///
/// ```
/// use ms_messenger_core::{
///     Acceptance, Capabilities, Capability, Evidence, Messenger, MessengerExt as _, Receipt, Result,
///     SendRequest, Settled, Target, async_trait,
/// };
///
/// /// Prints messages.
/// #[derive(Debug)]
/// struct Console;
///
/// #[async_trait]
/// impl Messenger for Console {
///     fn platform(&self) -> &str {
///         "console"
///     }
///
///     fn capabilities(&self) -> Capabilities {
///         Capabilities::new(&[Capability::ToConversation, Capability::Text])
///     }
///
///     async fn send(&self, request: &SendRequest) -> Result<Receipt> {
///         self.capabilities().check(self.platform(), request)?;
///         if let ms_messenger_core::Body::Text(text) = &request.message.body {
///             println!("{}: {text}", request.to);
///         }
///         Ok(Receipt::new(Acceptance::Delivered))
///     }
///
///     async fn settle(&self, _: &SendRequest, _: &Evidence) -> Settled {
///         Settled::cannot_tell("console", "a console keeps no messages")
///     }
/// }
///
/// # tokio::runtime::Builder::new_current_thread().build()?.block_on(async {
/// let receipt = Console.send_text(Target::conversation("stdout"), "hello").await?;
/// assert_eq!(receipt.acceptance, Acceptance::Delivered);
/// # Ok::<(), ms_messenger_core::Error>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # For implementers
///
/// * `send` rejects, before any I/O, whatever [`capabilities`](Messenger::capabilities) does not
///   list: start with `self.capabilities().check(self.platform(), request)?`.
/// * An error says whether the message was sent: [`Delivery::Unknown`](crate::Delivery) whenever
///   neither is proven.
/// * A receipt says only what is known.
/// * `send` may be called from many tasks at once.
/// * An error with an unknown delivery has [`Evidence`] for [`settle`](Messenger::settle). A
///   platform that cannot be asked implements it in one line: [`Settled::cannot_tell`].
/// * A wrapper forwards every method: there are no default methods.
/// * The conformance suite `ms-messenger-testkit` checks all of this.
///
/// # Cancel safety
///
/// `send` is not cancel-safe: dropping its future leaves it unknown whether the message was sent,
/// and loses what settling needs: when the attempts ran, and the mark by which the message can be
/// recognised. The messenger itself stays usable. To end a send early without that loss, give its
/// request a [timeout](SendRequest::with_timeout) or a
/// [cancel handle](SendRequest::with_cancel). `settle` can be dropped at any time.
#[async_trait]
pub trait Messenger: fmt::Debug + Send + Sync + 'static {
    /// Returns the name of the platform, e.g. `msgraph-chat`. It is stable: native bodies, evidence
    /// and logs refer to it.
    fn platform(&self) -> &str;

    /// Returns what this messenger supports in its current configuration.
    fn capabilities(&self) -> Capabilities;

    /// Sends one message.
    ///
    /// # Errors
    ///
    /// [`Error::delivery`](crate::Error::delivery) says whether the message was sent.
    async fn send(&self, request: &SendRequest) -> Result<Receipt>;

    /// Finds out whether a send with an unknown delivery was executed. It never sends. `request` is
    /// the one that was sent; `evidence` is from its error, in this or another process.
    ///
    /// It asks the platform once and does not wait:
    /// [`MessengerExt::settle_with`](crate::MessengerExt::settle_with) asks repeatedly. What can be
    /// found out depends on the platform; the crate of each documents it.
    async fn settle(&self, request: &SendRequest, evidence: &Evidence) -> Settled;
}

/// A messenger of any platform that tasks share.
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
