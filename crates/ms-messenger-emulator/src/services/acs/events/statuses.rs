//! What becomes of messages after they were accepted: Sent, Delivered, Read, or Failed.

use serde_json::{Map, Value, json};

const MAX_MS: u64 = 30 * 86_400_000;
const TIME: &str = "must be a whole number from 0 to 2592000000, or null";

/// What becomes of the messages that ACS accepts: the events
/// `AdvancedMessageDeliveryStatusUpdated` that follow, and when.
///
/// The times are milliseconds of the services' clock after the message was stored. By default a message is
/// `Sent` and `Delivered` at once, and never `Read`.
///
/// ```
/// use ms_messenger_emulator::MessageStatuses;
///
/// let statuses = MessageStatuses::new()
///     .with_delivered(Some(200))
///     .with_read(Some(5_000))
///     .with_failure("+14255550199", "131026");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct MessageStatuses {
    /// When a message is `Sent`; `None`: never said.
    pub sent_ms: Option<u64>,
    /// When it is `Delivered`.
    pub delivered_ms: Option<u64>,
    /// When it is `Read`.
    pub read_ms: Option<u64>,
    /// When it is `Failed`, where it fails.
    pub failed_ms: u64,
    failures: Vec<(String, Failure)>,
}

/// Why WhatsApp did not deliver a message.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Failure {
    pub(crate) code: String,
    pub(crate) message: String,
}

impl Failure {
    /// A failure with that code of WhatsApp, and its usual text.
    pub(crate) fn new(code: &str) -> Self {
        let message = match code {
            "130429" => "Rate limit hit.",
            "131026" => "Message Undeliverable.",
            "131031" => "Account has been locked.",
            "131047" => "Re-engagement message.",
            "131048" => "Spam rate limit hit.",
            "131049" => "Meta chose not to deliver.",
            "131051" => "Unsupported message type.",
            "131052" => "Media download error.",
            "131053" => "Media upload error.",
            "131056" => "Pair rate limit hit.",
            _ => "Message failed to send.",
        };
        Self {
            code: code.to_owned(),
            message: message.to_owned(),
        }
    }
}

impl Default for MessageStatuses {
    fn default() -> Self {
        Self {
            sent_ms: Some(0),
            delivered_ms: Some(0),
            read_ms: None,
            failed_ms: 0,
            failures: Vec::new(),
        }
    }
}

impl MessageStatuses {
    /// `Sent` and `Delivered` at once.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets when a message is `Sent`; `None`: never said.
    #[must_use]
    pub fn with_sent(mut self, ms: Option<u64>) -> Self {
        self.sent_ms = ms;
        self
    }

    /// Sets when a message is `Delivered`; `None`: never said.
    #[must_use]
    pub fn with_delivered(mut self, ms: Option<u64>) -> Self {
        self.delivered_ms = ms;
        self
    }

    /// Sets when a message is `Read`; `None`, the default: never.
    #[must_use]
    pub fn with_read(mut self, ms: Option<u64>) -> Self {
        self.read_ms = ms;
        self
    }

    /// Sets when a message that fails is `Failed`. Default 0.
    #[must_use]
    pub fn with_failed(mut self, ms: u64) -> Self {
        self.failed_ms = ms;
        self
    }

    /// Lets every message to that recipient end as `Failed` with a code of WhatsApp, `131026` for example.
    #[must_use]
    pub fn with_failure(mut self, recipient: impl Into<String>, code: &str) -> Self {
        self.failures.push((recipient.into(), Failure::new(code)));
        self
    }

    pub(crate) fn failure_of(&self, recipient: &str) -> Option<&Failure> {
        let mut failures = self.failures.iter();
        let found = failures.find(|(known, _)| digits(known) == digits(recipient));
        found.map(|(_, failure)| failure)
    }

    /// Reads the document of `PUT /_emulator/message-statuses`, or says what is wrong with it.
    pub(crate) fn read(document: &Value) -> Result<Self, Vec<String>> {
        let Some(members) = document.as_object() else {
            return Err(vec!["the statuses must be an object".to_owned()]);
        };
        let mut problems = Vec::new();
        let known = [
            "sent_ms",
            "delivered_ms",
            "read_ms",
            "failed_ms",
            "failures",
        ];
        for name in members
            .keys()
            .filter(|name| !known.contains(&name.as_str()))
        {
            let known = known.join(", ");
            problems.push(format!("{name}: is unknown here; known: {known}"));
        }
        let mut time = |name: &str, usual: Option<u64>| match members.get(name) {
            None => usual,
            Some(Value::Null) => None,
            Some(ms) => {
                let ms = ms.as_u64().filter(|ms| *ms <= MAX_MS);
                if ms.is_none() {
                    problems.push(format!("{name}: {TIME}"));
                }
                ms
            }
        };
        let usual = Self::default();
        let statuses = Self {
            sent_ms: time("sent_ms", usual.sent_ms),
            delivered_ms: time("delivered_ms", usual.delivered_ms),
            read_ms: time("read_ms", usual.read_ms),
            failed_ms: time("failed_ms", Some(usual.failed_ms)).unwrap_or_default(),
            failures: failures(members, &mut problems),
        };
        if problems.is_empty() {
            Ok(statuses)
        } else {
            Err(problems)
        }
    }

    pub(crate) fn to_json(&self) -> Value {
        let failure = |(to, failure): &(String, Failure)| json!({"to": to, "code": failure.code, "message": failure.message});
        json!({
            "sent_ms": self.sent_ms,
            "delivered_ms": self.delivered_ms,
            "read_ms": self.read_ms,
            "failed_ms": self.failed_ms,
            "failures": self.failures.iter().map(failure).collect::<Vec<Value>>(),
        })
    }
}

/// A phone number without what people write between its digits.
fn digits(number: &str) -> String {
    let written = [' ', '-', '(', ')', '+'];
    number.chars().filter(|c| !written.contains(c)).collect()
}

fn failures(members: &Map<String, Value>, problems: &mut Vec<String>) -> Vec<(String, Failure)> {
    let Some(list) = members.get("failures") else {
        return Vec::new();
    };
    let one = |item: &Value| {
        let text = |name: &str| item.get(name).and_then(Value::as_str);
        let mut failure = Failure::new(text("code")?);
        if let Some(message) = text("message") {
            message.clone_into(&mut failure.message);
        }
        Some((text("to")?.to_owned(), failure))
    };
    let read = list.as_array().map(|list| list.iter().map(one).collect());
    match read {
        Some(Some(failures)) => failures,
        _ => {
            problems
                .push("failures: must be an array of {to, code, message}, all strings".to_owned());
            Vec::new()
        }
    }
}
