//! The server's verdict on one message, and on which part of it.

use std::time::SystemTime;

use tokio::sync::oneshot;

use crate::reason::Reason;

/// How a message ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The server reports that it was delivered.
    Delivered(Arrival),
    /// The server reports that it was not delivered.
    Failed(Option<Reason>),
    /// The server reports that it ended, but not how.
    Unsaid,
    /// The server will report nothing more.
    Lost(&'static str),
}

/// The delivery that an event of the server reports.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Arrival {
    pub(crate) href: String,
    pub(crate) at: Option<SystemTime>,
    /// The participants that did not receive it.
    pub(crate) failed: Vec<String>,
    pub(crate) reach: Reach,
}

/// The participants that a message reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    Everyone,
    /// Some did not receive it, or the list of those could not be read.
    NotProven,
    Nobody,
}

/// One part of a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// Its number, from 0.
    pub(crate) number: usize,
    /// The number of parts of the message.
    pub(crate) of: usize,
    /// Whether all parts before it reached everyone.
    pub(crate) reached_all: bool,
    /// Whether it is in an invitation, which shows it before it is accepted.
    pub(crate) in_invitation: bool,
}

impl Part {
    /// A message in one part.
    pub(crate) const WHOLE: Self = Self {
        number: 0,
        of: 1,
        reached_all: true,
        in_invitation: false,
    };

    /// A message in an invitation.
    pub(crate) const INVITATION: Self = Self {
        in_invitation: true,
        ..Self::WHOLE
    };
}

/// The verdict on one message, before and after it has come.
#[derive(Debug)]
pub(crate) struct AwaitedVerdict {
    pub(crate) channel: oneshot::Receiver<Verdict>,
    peeked: Option<Verdict>,
}

impl AwaitedVerdict {
    pub(crate) fn new(channel: oneshot::Receiver<Verdict>) -> Self {
        Self {
            channel,
            peeked: None,
        }
    }

    /// Returns the verdict if it has come. [`wait`](Self::wait) still returns it afterwards.
    pub(crate) fn peek(&mut self) -> Option<&Verdict> {
        if self.peeked.is_none() {
            self.peeked = self.channel.try_recv().ok();
        }
        self.peeked.as_ref()
    }

    /// Waits for the verdict; `None` when none can come any more.
    pub(crate) async fn wait(&mut self) -> Option<Verdict> {
        match self.peeked.take() {
            Some(verdict) => Some(verdict),
            None => (&mut self.channel).await.ok(),
        }
    }
}
