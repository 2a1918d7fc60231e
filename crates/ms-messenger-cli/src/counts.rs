//! How many messages are in which state.

use ms_messenger_outbox::State;

use crate::{exit::Exit, text};

/// How many messages are in which state.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Counts {
    pub(crate) sent: u64,
    pub(crate) refused: u64,
    pub(crate) unconfirmed: u64,
    pub(crate) expired: u64,
    pub(crate) cancelled: u64,
    pub(crate) waiting: u64,
    /// An attempt has begun, and its outcome is not known yet.
    pub(crate) sending: u64,
}

impl Counts {
    /// Counts messages.
    pub(crate) fn of(states: impl IntoIterator<Item = State>) -> Self {
        let mut counts = Self::default();
        states.into_iter().for_each(|state| counts.add(state));
        counts
    }

    /// Counts a message.
    pub(crate) fn add(&mut self, state: State) {
        let count = match state {
            State::Queued => &mut self.waiting,
            State::Sending => &mut self.sending,
            State::Sent => &mut self.sent,
            State::Refused => &mut self.refused,
            State::Expired => &mut self.expired,
            State::Cancelled => &mut self.cancelled,
            // Whatever else there is: it is not known to be sent or not.
            _ => &mut self.unconfirmed,
        };
        *count += 1;
    }

    /// Returns how many have come to their end, or need a person.
    pub(crate) fn ended(self) -> u64 {
        self.sent + self.refused + self.unconfirmed + self.expired + self.cancelled
    }

    /// Returns the counts for a line of progress.
    pub(crate) fn short(self) -> String {
        text::outbox::counts(self)
    }

    /// Returns all counts that are not zero.
    pub(crate) fn long(self) -> String {
        text::outbox::all_counts(self)
    }

    /// Returns the exit code that says the worst.
    pub(crate) fn exit(self) -> Exit {
        if self.unconfirmed + self.sending > 0 {
            Exit::Unknown
        } else if self.refused > 0 {
            Exit::Rejected
        } else if self.waiting + self.expired + self.cancelled > 0 {
            Exit::Temporary
        } else {
            Exit::Success
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_exit_code_says_the_worst() {
        use State::{Expired, Queued, Refused, Sending, Sent, Unconfirmed};
        for (states, exit) in [
            (&[Sent, Sent][..], Exit::Success),
            (&[Sent, Expired], Exit::Temporary),
            (&[Sent, Queued], Exit::Temporary),
            (&[Refused, Queued], Exit::Rejected),
            (&[Refused, Unconfirmed], Exit::Unknown),
            (&[Sent, Sending], Exit::Unknown),
        ] {
            assert_eq!(
                Counts::of(states.iter().copied()).exit(),
                exit,
                "{states:?}"
            );
        }
    }
}
