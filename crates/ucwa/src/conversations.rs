//! The state of the conversations under its lock, and the wait for its changes.

use std::sync::{Arc, Mutex, MutexGuard, PoisonError};

use ms_messenger_core::Deadline;
use tokio::sync::watch;

use crate::{
    application::Application,
    lifecycle::Lifecycle,
    state::{ConversationState, State},
};

/// The conversations, operations and pending messages of a session.
#[derive(Debug)]
pub(crate) struct Conversations {
    state: Mutex<State>,
    changed: watch::Sender<u64>,
    lifecycle: Arc<Lifecycle>,
}

impl Conversations {
    pub(crate) fn new(state: State, lifecycle: Arc<Lifecycle>) -> Self {
        Self {
            state: Mutex::new(state),
            changed: watch::Sender::new(0),
            lifecycle,
        }
    }

    /// Locks the state. The guard must not be held across an await.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Returns a copy of what is known of a conversation.
    pub(crate) fn snapshot(&self, conversation: &str) -> Option<ConversationState> {
        self.state().conversations.get(conversation).cloned()
    }

    /// Wakes everything that waits for a change of the state.
    pub(crate) fn notify_waiters(&self) {
        self.changed.send_modify(|generation| *generation += 1);
    }

    /// Subscribes to the changes of the state from now on.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changed.subscribe()
    }

    /// Waits until `look` finds something in the state. `None` at the deadline and at the end of
    /// the session.
    pub(crate) async fn wait_for<T>(
        &self,
        deadline: &Deadline,
        mut look: impl FnMut(&mut State) -> Option<T>,
    ) -> Option<T> {
        let mut changes = self.changes();
        loop {
            if let Some(found) = look(&mut self.state()) {
                return Some(found);
            }
            if self.lifecycle.check().is_err() {
                return None;
            }
            let changed = deadline.limit(changes.changed()).await;
            if !matches!(changed, Ok(Ok(()))) {
                return None;
            }
        }
    }

    /// Drops everything that the application reported; its later events do not count either.
    pub(crate) fn forget(&self, why: &'static str) {
        let mut state = self.state();
        state.application = 0;
        state.forget(why);
        drop(state);
        self.notify_waiters();
    }

    /// Drops everything that `application` has reported so far, if it is still the current one.
    pub(crate) fn reset(&self, application: &Application, why: &'static str) {
        let mut state = self.state();
        if state.application == application.id {
            state.forget(why);
        }
    }
}
