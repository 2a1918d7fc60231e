//! Gives each request a timeout.

use std::time::Duration;

use async_trait::async_trait;
use ms_messenger_core::{
    Capabilities, Capability, ErrorKind, Evidence, Messenger, Problems, Receipt, Result,
    SendRequest, Settled,
};

use crate::trace;

/// Gives each request a timeout. A longer one is shortened, a shorter one stays.
///
/// After the timeout the send ends with what is known: `NotSent` if nothing had left this machine,
/// else `Unknown` with the evidence that settling needs. Everything else is that of the messenger
/// inside, including its platform name.
///
/// ```
/// use std::time::Duration;
/// use ms_messenger_core::{MemoryMessenger, MessengerExt, Target};
/// use ms_messenger_layers::Deadline;
///
/// # tokio::runtime::Builder::new_current_thread().enable_time().build()?.block_on(async {
/// let messenger = Deadline::new(MemoryMessenger::new(), Duration::from_secs(30))?;
/// messenger.send_text(Target::conversation("1"), "hello").await?;
/// # Ok::<(), ms_messenger_core::Error>(()) })?;
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug)]
pub struct Deadline<M> {
    inner: M,
    timeout: Duration,
}

impl<M: Messenger> Deadline<M> {
    /// Ends the sends of `messenger` after `timeout`.
    ///
    /// # Errors
    ///
    /// `Config` for a timeout of zero, and for a messenger that does not support timeouts: dropping
    /// its send would lose the evidence.
    pub fn new(messenger: M, timeout: Duration) -> Result<Self> {
        let mut problems = Problems::new();
        problems.add_if(timeout.is_zero(), "timeout", "must be longer than zero");
        if !messenger.capabilities().supports(Capability::Deadline) {
            let rule = format!("{} supports no timeout", messenger.platform());
            problems.add("messenger", rule);
        }
        problems.into_result(ErrorKind::Config)?;
        Ok(Self {
            inner: messenger,
            timeout,
        })
    }
}

#[async_trait]
impl<M: Messenger> Messenger for Deadline<M> {
    fn platform(&self) -> &str {
        self.inner.platform()
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn send(&self, request: &SendRequest) -> Result<Receipt> {
        match request.timeout {
            Some(own) if own <= self.timeout => self.inner.send(request).await,
            _ => {
                let limited = request.clone().with_timeout(self.timeout);
                let outcome = self.inner.send(&limited).await;
                if let Err(error) = &outcome
                    && error.kind() == ErrorKind::Timeout
                {
                    trace::elapsed(self.inner.platform(), self.timeout, error);
                }
                outcome
            }
        }
    }

    async fn settle(&self, request: &SendRequest, evidence: &Evidence) -> Settled {
        self.inner.settle(request, evidence).await
    }
}
