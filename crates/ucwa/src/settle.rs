//! What became of a send in doubt: the server's event may have come after all.

use ms_messenger_core::{Acceptance, Error, ErrorKind, Evidence, Receipt, Settled};

use crate::{UcwaSession, error::PLATFORM, flight::Verdict};

impl UcwaSession {
    /// The body of [`Messenger::settle`](ms_messenger_core::Messenger::settle).
    pub(crate) fn verdict(&self, evidence: &Evidence) -> Settled {
        if let Err(error) = evidence.check_platform(PLATFORM) {
            return Settled::CannotTell(error);
        }
        let id = evidence.client_request_id.as_deref();
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
