//! A difference between a recording and the emulator.

use std::fmt;

use serde::{Deserialize, Serialize};

/// Where a response of the emulator differs from the recorded one.
#[derive(Clone, Debug, PartialEq, Eq, Deserialize, Serialize)]
#[non_exhaustive]
pub struct ReplayDifference {
    /// The method of the request.
    pub method: String,
    /// The shape of its path: `/v1.0/chats/{id}/messages`.
    pub path: String,
    /// What differs: `status`, `header NAME`, or a place in the body: `$.value[].body.content`.
    pub at: String,
    /// What was recorded: a status, `absent`, or kinds of values: `string`, `date`, `null` …
    pub recorded: String,
    /// What the emulator responds with.
    pub ours: String,
    /// The number of the first exchange with it.
    pub exchange: u64,
    /// How many exchanges had it.
    pub count: u64,
}

impl ReplayDifference {
    /// Whether it is the same difference, in whichever exchange.
    pub(crate) fn is_same(&self, other: &Self) -> bool {
        let key = |it: &Self| {
            let it = it.clone();
            (it.method, it.path, it.at, it.recorded, it.ours)
        };
        key(self) == key(other)
    }
}

impl fmt::Display for ReplayDifference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self {
            method,
            path,
            at,
            recorded,
            ours,
            ..
        } = self;
        write!(f, "{method} {path}: {at}: recorded {recorded}, ours {ours}")
    }
}
