//! The send that is looked for, and the clocks by which it is.

use ms_messenger_core::{ClockBasis, ClockOffset, Evidence, Window};

/// A send with an unknown delivery.
pub(super) struct Doubt<'a> {
    pub(super) evidence: &'a Evidence,
    /// Whether this client made the send, and so knows all its others.
    pub(super) is_sender: bool,
    /// The evidence without its reading of the clock, if this client made the send by the clock that
    /// this machine still has: the client's readings are then of that clock, and know more by now.
    unread: Option<Evidence>,
}

impl<'a> Doubt<'a> {
    pub(super) fn new(evidence: &'a Evidence, is_sender: bool, has_same_clock: bool) -> Self {
        let reading = evidence.service_clock.map(|it| it.basis);
        let is_outdated = reading.is_some_and(|basis| basis != ClockBasis::Message);
        let unread = (is_sender && has_same_clock && is_outdated).then(|| {
            let mut unread = evidence.clone();
            unread.service_clock = None;
            unread
        });
        Self {
            evidence,
            is_sender,
            unread,
        }
    }

    /// The evidence by which an absence is judged.
    pub(super) fn by(&self, clock: Option<ClockOffset>) -> &Evidence {
        let unread = self.unread.as_ref().filter(|_| clock.is_some());
        unread.unwrap_or(self.evidence)
    }

    /// The span in which the message was created, if it was. The reading of the evidence decides
    /// nothing that the client knows better, but still rules nothing out.
    pub(super) fn window(&self, clock: Option<ClockOffset>) -> Option<Window> {
        let widest = self.evidence.window(clock, self.is_sender)?;
        let mut window = self.by(clock).window(clock, self.is_sender)?;
        window.opens = window.opens.min(widest.opens);
        window.closes = window.closes.max(widest.closes);
        Some(window)
    }
}
