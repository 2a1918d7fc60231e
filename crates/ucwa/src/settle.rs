//! What became of a send in doubt: the server's event may have come after all.

use async_trait::async_trait;
use ms_messenger_core::{
    Acceptance, Error, ErrorKind, InDoubt, Receipt, SendRequest, Settle, Settled,
};

use crate::{UcwaSession, error::PLATFORM, flight::Verdict};

/// UCWA keeps no messages that could be looked for. What can be told is told by the event that
/// carries the verdict: while the session and the conversation live it may come after the send
/// was given up. So only the session that sent can tell, and `CannotTell` may become a fact a
/// moment later.
#[async_trait]
impl Settle for UcwaSession {
    async fn settle(&self, _: &SendRequest, attempt: &InDoubt) -> Settled {
        let id = attempt.client_request_id.as_deref();
        let state = self.inner().state();
        match id.and_then(|id| state.flights.late(id)) {
            Some(Verdict::Delivered { href, at, .. }) => {
                let mut receipt =
                    Receipt::new(Acceptance::Delivered).with_message_id(href.as_str());
                receipt.accepted_at = *at;
                Settled::Found(receipt)
            }
            Some(Verdict::Failed(_)) => Settled::NotFound,
            _ => Settled::CannotTell(
                Error::new(ErrorKind::Other, "the server's verdict has not come")
                    .with_platform(PLATFORM),
            ),
        }
    }
}
