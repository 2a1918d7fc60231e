//! A journal for tests.

use std::sync::{
    Arc, Mutex, PoisonError,
    atomic::{AtomicBool, Ordering},
};

use ms_messenger_core::{Evidence, Journal, Result, SendJournal, async_trait};

/// A journal in memory, for the tests of a messenger. Clones share its notes.
///
/// ```
/// use ms_messenger_core::{MemoryMessenger, Messenger as _, SendRequest, Target};
/// use ms_messenger_testkit::JournalDouble;
///
/// # #[tokio::main]
/// # async fn main() -> ms_messenger_core::Result<()> {
/// let (messenger, double) = (MemoryMessenger::new(), JournalDouble::new());
/// let request = SendRequest::new(Target::conversation("1"), "hello").with_journal(double.journal());
/// messenger.send(&request).await?;
/// assert_eq!(double.noted()[0].platform.as_deref(), Some("memory"));
///
/// double.hold_back();
/// assert!(messenger.send(&request).await.is_err());
/// assert_eq!(messenger.sent().len(), 1);
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug, Default)]
pub struct JournalDouble(Arc<Notes>);

#[derive(Debug, Default)]
struct Notes {
    noted: Mutex<Vec<Evidence>>,
    holds_back: AtomicBool,
}

impl JournalDouble {
    /// Creates a journal without notes, whose messages may leave.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Returns the journal for a request.
    #[must_use]
    pub fn journal(&self) -> Journal {
        Journal::shared(Arc::<Notes>::clone(&self.0))
    }

    /// Returns the evidence of every attempt so far, the oldest first.
    #[must_use]
    pub fn noted(&self) -> Vec<Evidence> {
        let noted = self.0.noted.lock();
        noted.unwrap_or_else(PoisonError::into_inner).clone()
    }

    /// Lets no message leave any more. Attempts are noted as before.
    pub fn hold_back(&self) {
        self.0.holds_back.store(true, Ordering::Release);
    }
}

#[async_trait]
impl SendJournal for Notes {
    async fn attempt_begins(&self, evidence: &Evidence) -> Result<()> {
        let noted = self.noted.lock();
        let mut noted = noted.unwrap_or_else(PoisonError::into_inner);
        noted.push(evidence.clone());
        Ok(())
    }

    fn may_leave(&self) -> bool {
        !self.holds_back.load(Ordering::Acquire)
    }
}
