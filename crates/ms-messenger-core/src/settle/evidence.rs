//! What is known of a send with an unknown delivery.

use std::time::SystemTime;

use serde::{Deserialize, Deserializer, Serialize, Serializer, de::Error as _};

use super::clock::ClockOffset;
use crate::{
    error::{Delivery, Error, ErrorKind, Result},
    idempotency::IdempotencyKey,
    ids::{ConversationId, MessageId},
    json,
    member_report::MemberReport,
    open_enum,
};

/// The version of the JSON form that is written.
const VERSION: u32 = 2;

open_enum! {
    /// The kind of a [`Mark`].
    pub enum MarkKind {
        /// An id that the client wrote into the metadata of the message (ACS Chat).
        ClientMessageId = "client_message_id",
        /// The id of an attachment that the client assigned for this message alone (Teams).
        AttachmentId = "attachment_id",
        /// The id of the operation that sent the message (UCWA).
        OperationId = "operation_id",
        /// The URL under which the platform stores the message (UCWA).
        Location = "location",
    }
}

/// A value by which one message can be recognised among all others.
#[derive(Clone, Debug, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Mark {
    /// The kind of the mark.
    pub kind: MarkKind,
    /// The value of the mark.
    pub value: String,
}

impl Mark {
    /// Creates a mark.
    pub fn new(kind: MarkKind, value: impl Into<String>) -> Self {
        Self {
            kind,
            value: value.into(),
        }
    }
}

/// Everything needed to find out later whether a send succeeded. Store it with the request to settle
/// the send, in this or another process.
///
/// # JSON form
///
/// Versioned. Members that are not known are absent. The first form, without a version, is still
/// read; verdicts on it are more careful.
///
/// ```json
/// {"version": 2, "platform": "acs-chat", "began_at": "2026-04-01T12:34:56.789Z",
///  "ended_at": "2026-04-01T12:35:26.789Z", "pending_until": "2026-04-01T12:35:56.789Z",
///  "service_clock": {"at_least_ms": -40, "at_most_ms": 960},
///  "mark": {"kind": "client_message_id", "value": "5b1f0a5e-3f5b-4a43-a8d9-93a57a7fc0a5"}}
/// ```
///
/// ```
/// use ms_messenger_core::{Error, ErrorKind, Evidence};
///
/// let error = Error::new(ErrorKind::Timeout, "no response in time")
///     .with_began_at(std::time::SystemTime::now());
/// let evidence = Evidence::of(&error).unwrap();
/// assert_eq!(Evidence::from_json(&serde_json::to_string(&evidence)?)?, evidence);
/// assert!(Evidence::of(&Error::new(ErrorKind::Connect, "no connection")).is_none());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct Evidence {
    #[serde(default)]
    version: Version,
    /// The platform of the send, e.g. `msgraph-chat`. A messenger of another platform rejects the
    /// evidence.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub platform: Option<String>,
    /// When the first attempt began, by the clock of the machine that sent.
    #[serde(with = "crate::timestamp")]
    pub began_at: SystemTime,
    /// When the last attempt ended, by the same clock.
    #[serde(default, with = "crate::timestamp::optional")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub ended_at: Option<SystemTime>,
    /// Until when the last attempt can still be executed, by the same clock.
    #[serde(default, with = "crate::timestamp::optional")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pending_until: Option<SystemTime>,
    /// How far the service's clock was ahead of that clock.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub service_clock: Option<ClockOffset>,
    /// The id that the client assigned to the call.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub client_request_id: Option<String>,
    /// The key by which the platform removes duplicates.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub idempotency: Option<IdempotencyKey>,
    /// The mark by which the message can be recognised. `None` if it has none, or if the evidence is
    /// of the first form.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub mark: Option<Mark>,
    /// The sending account, as the platform names it, if messages are recognised by it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub sender: Option<String>,
    /// The conversation of the message, if the target is a person and does not name it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub conversation: Option<ConversationId>,
    /// Messages with the same content for which the sending client has receipts, so that they are
    /// not the message of this send.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub claimed: Vec<MessageId>,
    /// Whether the sending client had another send with the same content in progress, or with an
    /// unknown delivery.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub has_twins: bool,
    /// Whether `claimed` and `has_twins` speak for all sends of this content, and not only for those of
    /// the client that sent: an outbox through which all of them go sets it. A message that appeared in the
    /// second after the last attempt is then that of this send, if it is not claimed.
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    pub knows_rivals: bool,
    /// What each member of a composition did. A composition settles by it through the members
    /// whose delivery is unknown. Empty for a client of a platform.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub members: Vec<MemberReport>,
}

impl Evidence {
    /// Creates evidence of a send that began at `began_at`.
    #[must_use]
    pub fn new(began_at: SystemTime) -> Self {
        Self {
            version: Version,
            platform: None,
            began_at,
            ended_at: None,
            pending_until: None,
            service_clock: None,
            client_request_id: None,
            idempotency: None,
            mark: None,
            sender: None,
            conversation: None,
            claimed: Vec::new(),
            has_twins: false,
            knows_rivals: false,
            members: Vec::new(),
        }
    }

    /// Returns what an error says about its send. `None` unless the delivery is unknown and the error
    /// says when the send began.
    pub fn of(error: &Error) -> Option<Self> {
        if error.delivery() != Delivery::Unknown {
            return None;
        }
        let mut evidence = match error.evidence() {
            Some(evidence) => evidence.clone(),
            None => Self::new(error.began_at()?),
        };
        let or = |own: Option<String>, other: Option<&str>| own.or(other.map(str::to_owned));
        evidence.platform = or(evidence.platform, error.platform());
        evidence.client_request_id = or(evidence.client_request_id, error.client_request_id());
        evidence.idempotency = evidence.idempotency.or(error.idempotency().copied());
        Some(evidence)
    }

    /// Sets the platform, e.g. `msgraph-chat`.
    #[must_use]
    pub fn with_platform(mut self, platform: impl Into<String>) -> Self {
        self.platform = Some(platform.into());
        self
    }

    /// Sets when the last attempt ended, and until when it can still be executed.
    #[must_use]
    pub fn with_end(mut self, ended_at: SystemTime, pending_until: SystemTime) -> Self {
        self.ended_at = Some(ended_at);
        self.pending_until = Some(pending_until);
        self
    }

    /// Sets how far the service's clock was ahead.
    #[must_use]
    pub fn with_service_clock(mut self, offset: ClockOffset) -> Self {
        self.service_clock = Some(offset);
        self
    }

    /// Sets the id that the client assigned to the call.
    #[must_use]
    pub fn with_client_request_id(mut self, id: impl Into<String>) -> Self {
        self.client_request_id = Some(id.into());
        self
    }

    /// Sets the key by which the platform removes duplicates.
    #[must_use]
    pub fn with_idempotency(mut self, key: IdempotencyKey) -> Self {
        self.idempotency = Some(key);
        self
    }

    /// Sets the mark by which the message can be recognised.
    #[must_use]
    pub fn with_mark(mut self, mark: Mark) -> Self {
        self.mark = Some(mark);
        self
    }

    /// Sets the sending account.
    #[must_use]
    pub fn with_sender(mut self, account: impl Into<String>) -> Self {
        self.sender = Some(account.into());
        self
    }

    /// Sets the conversation of the message.
    #[must_use]
    pub fn with_conversation(mut self, id: impl Into<ConversationId>) -> Self {
        self.conversation = Some(id.into());
        self
    }

    /// Returns the value of the mark, if it is of this kind.
    pub fn mark_of(&self, kind: &MarkKind) -> Option<&str> {
        let mark = self.mark.as_ref().filter(|mark| mark.kind == *kind);
        mark.map(|mark| mark.value.as_str())
    }

    /// Rejects evidence of a send through another platform: call it first in a
    /// [`settle`](crate::Messenger::settle). Evidence without a platform is accepted.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` for `platform`, with an unknown delivery.
    pub fn check_platform(&self, platform: &str) -> Result<()> {
        match &self.platform {
            Some(other) if other != platform => {
                let rule = format!("is evidence of another platform, not of {platform}");
                // A rejected check says nothing about the send.
                Err(Error::invalid("evidence.platform", rule)
                    .with_delivery(Delivery::Unknown)
                    .with_platform(platform.to_owned()))
            }
            _ => Ok(()),
        }
    }

    /// Reads the JSON form.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` with the member that is unknown, missing or unusable, or with the version if
    /// it is newer than this library.
    pub fn from_json(text: &str) -> Result<Self> {
        json::from_str(text).map_err(|error| {
            let problem = error.into_problem("evidence");
            problem.into_error(ErrorKind::InvalidRequest)
        })
    }
}

/// The version of the JSON form: the newest is written, and every known one is read. The first form
/// had none.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
struct Version;

impl Serialize for Version {
    fn serialize<S: Serializer>(&self, out: S) -> Result<S::Ok, S::Error> {
        out.serialize_u32(VERSION)
    }
}

impl<'de> Deserialize<'de> for Version {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let version = u32::deserialize(input)?;
        if (1..=VERSION).contains(&version) {
            Ok(Self)
        } else {
            Err(D::Error::custom("is not known to this library"))
        }
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;
    use crate::settle::{ClockBasis, Window};

    fn at(seconds: u64) -> SystemTime {
        SystemTime::UNIX_EPOCH + Duration::from_secs(seconds)
    }

    fn whole() -> Evidence {
        Evidence::new(at(1000))
            .with_platform("acs-chat")
            .with_end(at(1100), at(1130))
            .with_service_clock(ClockOffset::new(-40, 960))
            .with_client_request_id("id")
            .with_idempotency(IdempotencyKey::random())
            .with_mark(Mark::new(MarkKind::ClientMessageId, "mark"))
    }

    #[test]
    fn the_json_form_is_versioned_and_reads_back() {
        let mut evidence = whole();
        evidence.claimed.push(MessageId::new("7"));
        evidence.has_twins = true;
        let json = serde_json::to_string(&evidence).unwrap();
        assert!(json.starts_with(r#"{"version":2,"#), "{json}");
        assert_eq!(Evidence::from_json(&json).unwrap(), evidence);
        let bare = serde_json::to_string(&Evidence::new(at(1))).unwrap();
        assert_eq!(bare, r#"{"version":2,"began_at":"1970-01-01T00:00:01Z"}"#);
    }

    #[test]
    fn the_first_form_is_read_and_proves_no_absence() {
        let json = r#"{"began_at":"2026-04-01T12:34:56Z","client_request_id":"a"}"#;
        let evidence = Evidence::from_json(json).unwrap();
        assert_eq!(evidence.client_request_id.as_deref(), Some("a"));
        let clock = Some(ClockOffset::new(0, 10));
        assert_eq!(evidence.conclusive_from(clock), None);
        assert_eq!(evidence.window(clock, false).unwrap().closes, None);
    }

    #[test]
    fn what_cannot_be_read_is_named_and_not_quoted() {
        for (json, field) in [
            (
                r#"{"version":3,"began_at":"2026-04-01T12:34:56Z"}"#,
                "version",
            ),
            (
                r#"{"version":"attack","began_at":"2026-04-01T12:34:56Z"}"#,
                "version",
            ),
            (r#"{"began_at":"attack at dawn"}"#, "began_at"),
            (
                r#"{"began_at":"2026-04-01T12:34:56Z","mark":{"kind":"x","value":["attack"]}}"#,
                "mark.value",
            ),
            (r#"{"began_at":"2026-04-01T12:34:56Z"} attack"#, "evidence"),
        ] {
            let error = Evidence::from_json(json).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::InvalidRequest);
            assert_eq!(error.problems()[0].field, field, "{json}");
            assert!(!format!("{error}{error:?}").contains("attack"), "{error:?}");
        }
    }

    #[test]
    fn evidence_of_another_platform_is_refused_and_stays_unknown() {
        let error = whole().check_platform("msgraph-chat").unwrap_err();
        assert_eq!(error.delivery(), Delivery::Unknown);
        assert!(whole().check_platform("acs-chat").is_ok());
        assert!(Evidence::new(at(1)).check_platform("acs-chat").is_ok());
    }

    fn verdicts(window: Window, seconds: &[u64]) -> Vec<Option<bool>> {
        seconds.iter().map(|s| window.contains(at(*s))).collect()
    }

    #[test]
    fn the_window_is_that_of_the_services_clock() {
        // The service is five minutes ahead of the sender, known to a second by a message.
        let mut evidence = whole();
        let ahead = ClockOffset::new(300_000, 301_000);
        evidence.service_clock = Some(ahead.with_basis(ClockBasis::Message));
        let window = evidence.window(None, false).unwrap();
        let seconds = [999, 1000, 1299, 1300, 1400, 1401, 1431, 1432];
        let (no, yes) = (Some(false), Some(true));
        assert_eq!(
            verdicts(window, &seconds),
            [no, None, None, yes, yes, None, None, no]
        );
        // The sender knows its later sends, so the whole time of effect counts.
        let window = evidence.window(evidence.service_clock, true).unwrap();
        assert_eq!(window.contains(at(1430)), Some(true));
        // A date may be that of a server with a wrong clock: nothing is inside.
        evidence.service_clock = Some(ahead);
        let window = evidence.window(None, false).unwrap();
        assert!(window.is_disputed);
        assert_eq!(
            verdicts(window, &seconds),
            [None, None, None, None, None, None, None, no]
        );
    }

    #[test]
    fn a_clock_that_was_set_after_the_send_narrows_no_window_and_no_last_moment() {
        let mut evidence = whole();
        evidence.service_clock = Some(ClockOffset::new(-40, 960));
        // Set ten minutes forth since, so that the service seems to be as much behind.
        let set = Some(ClockOffset::new(-600_040, -599_040));
        let window = evidence.window(set, true).unwrap();
        assert_eq!(
            verdicts(window, &[399, 401, 999, 1000]),
            [Some(false), None, None, Some(true)]
        );
        let from = at(1130 + 601);
        assert_eq!(evidence.conclusive_from(set), Some(from));
        // A reading of a few more milliseconds is the same clock.
        let closer = Some(ClockOffset::new(200, 700));
        assert_eq!(evidence.conclusive_from(closer), Some(at(1130)));
    }

    #[test]
    fn without_a_reading_of_the_senders_clock_equal_messages_of_a_day_leave_it_open() {
        let mut evidence = whole();
        evidence.service_clock = None;
        assert_eq!(evidence.window(None, true), None);
        let evidence = Evidence {
            began_at: at(200_000),
            ..evidence
        }
        .with_end(at(200_100), at(200_130));
        let window = evidence
            .window(Some(ClockOffset::new(0, 500)), false)
            .unwrap();
        assert_eq!(
            verdicts(
                window,
                &[113_000, 199_000, 200_050, 200_120, 286_000, 287_000]
            ),
            [Some(false), None, Some(true), None, None, Some(false)]
        );
    }

    #[test]
    fn a_look_counts_after_the_last_moment_of_effect_by_both_clocks() {
        let evidence = whole();
        let here = Some(ClockOffset::new(-40, 960));
        assert_eq!(evidence.conclusive_from(here), Some(at(1130)));
        // This machine's clock is an hour behind that of the sender, or its reading is wrong.
        let behind = Some(ClockOffset::new(3_600_000, 3_601_000));
        assert_eq!(evidence.conclusive_from(behind), Some(at(1130)));
    }
}
