//! What the suite needs of a platform.

use std::{sync::Arc, time::Duration};

use ms_messenger::{Messenger, RetryPolicy, Target};
use ms_messenger_emulator::Emulator;

/// Lets one recipient send a message.
pub(crate) type Peers = Box<dyn Fn() + Send>;

/// A platform under test, with its own emulator.
pub(crate) trait Platform: Send + Sync {
    /// Returns the name of the platform.
    fn name(&self) -> &'static str;
    /// Returns its name in the table.
    fn label(&self) -> String {
        self.name().to_owned()
    }
    /// Returns its emulator.
    fn emulator(&self) -> &Emulator;
    /// Returns a client that sends. A send without response cannot take effect after `margin`.
    fn client(&self, margin: Duration) -> Arc<dyn Messenger>;
    /// Returns a client of another process, which knows nothing about the sends; `None` if only the
    /// sender can settle.
    fn fresh(&self) -> Option<Arc<dyn Messenger>>;
    /// Returns the target of the nth send of a cell.
    fn target(&self, cell: usize, number: usize) -> Target;
    /// Returns the id of the account that sends.
    fn own_account(&self) -> String;
    /// Returns the id of another account.
    fn other_account(&self) -> String;
    /// Returns what lets the recipients of a cell send.
    fn peers(&self, _: usize) -> Peers {
        Box::new(|| {})
    }
    /// Returns whether requests have a key of the caller: without, with, or both.
    fn keys(&self) -> &'static [bool] {
        &[false]
    }
    /// Returns whether the ledger must not be emptied between cells.
    fn keeps_ledger(&self) -> bool {
        false
    }
    /// Returns whether the emulator can count the attempts of one send.
    fn counts_attempts(&self) -> bool {
        true
    }
    /// Returns whether the platform cannot be asked, but removes duplicates by key.
    fn is_keyed(&self) -> bool {
        false
    }
    /// Returns whether messages have an id by which they are found.
    fn marks_messages(&self) -> bool {
        self.name() == "acs-chat"
    }
    /// Returns whether every unknown send can be settled if nothing interferes.
    fn always_settles(&self) -> bool {
        true
    }
}

/// Returns the retry policy of all clients: three attempts at most.
pub(crate) fn retry() -> RetryPolicy {
    RetryPolicy::default()
        .with_max_attempts(3)
        .with_backoff(Duration::from_millis(1), Duration::from_millis(2))
}
