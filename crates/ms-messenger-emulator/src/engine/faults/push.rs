//! What goes wrong with events and notifications that the emulator sends.

use serde_json::{Map, Value, json};

use crate::engine::faults::own::WrongMember;

/// The life of what a fault holds back for another event, in milliseconds.
const HELD_MS: u64 = 1000;
/// By how much a late event is late, in milliseconds: a day.
const LATE_MS: u64 = 86_400_000;
/// By how much an event can be late at most, in milliseconds: 30 days.
const MAX_LATE_MS: u64 = 30 * 86_400_000;
const RULE: &str = "must be a whole number from 0 to 2592000000";

/// A fault of an event or notification that the emulator sends (operations `event.deliver`,
/// `notification.deliver`, `notification.lifecycle`); requests to the emulator are left alone.
///
/// ```
/// use ms_messenger_emulator::{FaultAction, FaultRule, Faults, PushFault};
///
/// let rule = FaultRule::new(PushFault::Duplicate.into()).with_operation("event.deliver");
/// let document = Faults::new().with_rule(rule).to_json();
/// assert_eq!(document["rules"][0]["action"]["kind"], "duplicate");
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum PushFault {
    /// It is delivered twice.
    Duplicate,
    /// It is held back until the next one of the same subscription was delivered.
    Reorder {
        /// So long at most, in milliseconds by the services' clock.
        ms: u64,
    },
    /// It is late.
    Late {
        /// By so many milliseconds of the services' clock.
        ms: u64,
    },
    /// It is never delivered, and nothing says so.
    Lost,
    /// It is delivered at once, before the response of the request that caused it.
    BeforeResponse,
    /// Its body comes in chunks, without a `Content-Length`.
    Chunked,
    /// The names of its headers are in lower case.
    LowerCaseHeaders,
}

impl PushFault {
    pub(super) const KINDS: [(&'static str, &'static [&'static str]); 7] = [
        ("duplicate", &["kind"]),
        ("reorder", &["kind", "ms"]),
        ("late", &["kind", "ms"]),
        ("lost", &["kind"]),
        ("before_response", &["kind"]),
        ("chunked", &["kind"]),
        ("lower_case_headers", &["kind"]),
    ];

    /// Reads the members of an action of one of these kinds.
    pub(super) fn read(kind: &str, members: &Map<String, Value>) -> Result<Self, WrongMember> {
        let ms = |usual: u64| match members.get("ms") {
            None => Ok(usual),
            Some(ms) => {
                let ms = ms.as_u64().filter(|ms| *ms <= MAX_LATE_MS);
                ms.ok_or(("ms", RULE))
            }
        };
        Ok(match kind {
            "duplicate" => Self::Duplicate,
            "reorder" => Self::Reorder { ms: ms(HELD_MS)? },
            "late" => Self::Late { ms: ms(LATE_MS)? },
            "lost" => Self::Lost,
            "before_response" => Self::BeforeResponse,
            "chunked" => Self::Chunked,
            _ => Self::LowerCaseHeaders,
        })
    }

    pub(super) fn to_json(self) -> Value {
        match self {
            Self::Duplicate => json!({"kind": "duplicate"}),
            Self::Reorder { ms } => json!({"kind": "reorder", "ms": ms}),
            Self::Late { ms } => json!({"kind": "late", "ms": ms}),
            Self::Lost => json!({"kind": "lost"}),
            Self::BeforeResponse => json!({"kind": "before_response"}),
            Self::Chunked => json!({"kind": "chunked"}),
            Self::LowerCaseHeaders => json!({"kind": "lower_case_headers"}),
        }
    }
}
