//! What became of a send in doubt: the same request under the same key completes it once.

use async_trait::async_trait;
use ms_messenger_core::{Error, ErrorKind, InDoubt, Messenger as _, SendRequest, Settle, Settled};

use crate::{AcsMessagesClient, error::PLATFORM};

/// Repeats the request under the key of the attempt: within five minutes of its first use the
/// service executes one key at most once. **Settling may itself deliver the message**, if the
/// attempt did not; it never makes a second one. So it answers `Found` or `CannotTell`, never
/// `NotFound`: the latter after the five minutes, without a key, and when the repetition fails.
#[async_trait]
impl Settle for AcsMessagesClient {
    async fn settle(&self, request: &SendRequest, attempt: &InDoubt) -> Settled {
        let Some(key) = attempt.idempotency else {
            let why = "the attempt has no key by which the service recognises a repetition";
            return Settled::CannotTell(
                Error::new(ErrorKind::Unsupported, why).with_platform(PLATFORM),
            );
        };
        let mut again = request.clone();
        again.idempotency = Some(key);
        match self.send(&again).await {
            Ok(receipt) => Settled::Found(receipt),
            Err(error) => Settled::CannotTell(error),
        }
    }
}
