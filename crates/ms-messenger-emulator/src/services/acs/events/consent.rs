//! Whether a receiver agreed to its events.

use std::sync::Mutex;

use serde_json::{Value, json};

use crate::wire::lock::lock;

/// How long a subscription waits to be validated by hand, in milliseconds.
const PATIENCE_MS: u64 = 600_000;

/// Whether a receiver agreed: in the handshake, or by hand within ten minutes.
#[derive(Debug, Default)]
pub(crate) struct Consent(Mutex<State>);

#[derive(Debug, Default)]
enum State {
    #[default]
    Given,
    Awaited {
        code: String,
        /// Epoch milliseconds.
        until: u64,
    },
}

impl Consent {
    /// Waits from `now` on for the request that names `code`.
    pub(crate) fn await_by_hand(&self, code: &str, now: u64) {
        self.await_until(code, now.saturating_add(PATIENCE_MS));
    }

    /// Waits until then for the request that names `code`.
    pub(crate) fn await_until(&self, code: &str, until: u64) {
        *lock(&self.0) = State::Awaited {
            code: code.to_owned(),
            until,
        };
    }

    /// What it waits for, and until when; `None` once it is given.
    pub(crate) fn awaited(&self) -> Option<Value> {
        match &*lock(&self.0) {
            State::Given => None,
            State::Awaited { code, until } => Some(json!({"code": code, "until": until})),
        }
    }

    pub(crate) fn is_given(&self) -> bool {
        matches!(*lock(&self.0), State::Given)
    }

    /// Gives it by the code. Returns whether that was in time, and the right one.
    pub(crate) fn give(&self, named: &str, now: u64) -> bool {
        let mut state = lock(&self.0);
        match &*state {
            State::Awaited { code, until } if code == named && now < *until => {
                *state = State::Given;
                true
            }
            _ => false,
        }
    }

    /// `provisioningState` of the service.
    pub(crate) fn as_str(&self, now: u64) -> &'static str {
        match &*lock(&self.0) {
            State::Given => "Succeeded",
            State::Awaited { until, .. } if now < *until => "AwaitingManualAction",
            State::Awaited { .. } => "Failed",
        }
    }
}
