//! The send that is looked for, and the clocks by which it is.

use ms_messenger_core::{ClockBasis, ClockOffset, Evidence, Window};

use crate::sends::Noted;

/// A send with an unknown delivery.
pub(super) struct Doubt<'a> {
    pub(super) evidence: &'a Evidence,
    /// When this client noted the send, if it made it, and so knows all its others.
    noted: Option<Noted>,
    /// The evidence without its reading of the clock, if this client made the send: while this machine
    /// still has the clock of that time, the client's readings are of it, and know more by now.
    unread: Option<Evidence>,
}

impl<'a> Doubt<'a> {
    pub(super) fn new(evidence: &'a Evidence, noted: Option<Noted>) -> Self {
        let reading = evidence.service_clock.map(|it| it.basis);
        let is_outdated = reading.is_some_and(|basis| basis != ClockBasis::Message);
        let unread = (noted.is_some() && is_outdated).then(|| {
            let mut unread = evidence.clone();
            unread.service_clock = None;
            unread
        });
        Self {
            evidence,
            noted,
            unread,
        }
    }

    /// By how many milliseconds the clock of this machine was set since the send, as far as that is known.
    fn clock_set_by(&self) -> i64 {
        self.noted.map_or(0, Noted::clock_set_by)
    }

    /// The evidence by which an absence is judged.
    pub(super) fn by(&self, clock: Option<ClockOffset>) -> &Evidence {
        let is_better = clock.is_some() && self.clock_set_by() == 0;
        let unread = self.unread.as_ref().filter(|_| is_better);
        unread.unwrap_or(self.evidence)
    }

    /// The span in which the message was created, if it was. The reading of the evidence decides
    /// nothing that the client knows better, but still rules nothing out.
    pub(super) fn window(&self, clock: Option<ClockOffset>) -> Option<Window> {
        let clock = clock.map(|it| self.for_the_send(it));
        let is_sender = self.noted.is_some();
        let widest = self.evidence.window(clock, is_sender)?;
        let mut window = self.by(clock).window(clock, is_sender)?;
        window.opens = window.opens.min(widest.opens);
        window.closes = window.closes.max(widest.closes);
        Some(window)
    }

    /// The offset for the times of the evidence, if it has none itself: that of now is another one if the
    /// clock of this machine was set since.
    fn for_the_send(&self, now: ClockOffset) -> ClockOffset {
        let set_by = self.clock_set_by();
        if set_by == 0 || self.evidence.service_clock.is_some() {
            return now;
        }
        let both = now.widened_by(now.displaced_by(set_by));
        both.with_basis(ClockBasis::Disputed)
    }
}
