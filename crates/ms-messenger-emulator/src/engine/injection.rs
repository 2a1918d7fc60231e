//! A message that a test injects: the document of `POST /_emulator/inject`, its members checked.

use std::fmt;

use serde_json::{Map, Value, json};

use crate::wire::{clock, request::Request};

/// Error returned when an injected message is invalid: every problem with its member.
///
/// ```
/// use ms_messenger_emulator::InjectError;
///
/// let error = InjectError::new("room: is unknown");
/// assert_eq!(error.to_string(), "invalid injection: room: is unknown");
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InjectError {
    /// One line per problem, for example `sender: is required and must be a string`.
    pub problems: Vec<String>,
}

impl InjectError {
    /// Creates an error with one problem, `member: rule`.
    pub fn new(problem: impl Into<String>) -> Self {
        Self {
            problems: vec![problem.into()],
        }
    }

    /// The members whose rules do not hold, each as `(member, whether it holds, rule)`.
    ///
    /// # Errors
    ///
    /// All of them at once.
    pub(crate) fn unless(rules: &[(&str, bool, &str)]) -> Result<(), Self> {
        let broken = rules.iter().filter(|(_, holds, _)| !holds);
        let problems: Vec<String> = broken
            .map(|(member, _, rule)| format!("{member}: {rule}"))
            .collect();
        if problems.is_empty() {
            Ok(())
        } else {
            Err(Self { problems })
        }
    }
}

impl fmt::Display for InjectError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid injection: {}", self.problems.join("; "))
    }
}

impl std::error::Error for InjectError {}

/// A message that a test injects, and the request that carried it.
#[derive(Clone, Copy, Debug)]
#[non_exhaustive]
pub struct Injection<'a> {
    /// The whole document, `platform` included.
    pub document: &'a Value,
    /// The request for the ledger row.
    pub request: &'a Request,
    now: u64,
}

impl<'a> Injection<'a> {
    /// `now` is the time of the services, epoch milliseconds.
    pub(crate) const fn new(document: &'a Value, request: &'a Request, now: u64) -> Self {
        Self {
            document,
            request,
            now,
        }
    }

    /// The same with another document.
    pub(crate) const fn with_document<'b>(&self, document: &'b Value) -> Injection<'b>
    where
        'a: 'b,
    {
        Injection { document, ..*self }
    }

    /// Reads the members of the document, which are all strings: the `required` ones, and those of
    /// the `optional` ones that are present.
    ///
    /// ```
    /// use ms_messenger_emulator::{InjectError, service::Injection};
    ///
    /// # fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// fn room(injection: &Injection<'_>) -> Result<String, InjectError> {
    ///     let fields = injection.fields(&["room", "text"], &["sender"])?;
    ///     Ok(fields.text("room").to_owned())
    /// }
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`InjectError`] names each member that is unknown, missing or empty.
    pub fn fields(
        &self,
        required: &[&str],
        optional: &[&str],
    ) -> Result<InjectedFields<'a>, InjectError> {
        self.read(required, optional, &[])
    }

    /// Reads the members, and also when the message was made: `created` (RFC 3339) or `age_ms`.
    ///
    /// # Errors
    ///
    /// As [`fields`](Self::fields), and for a time in the future.
    pub fn fields_with_time(
        &self,
        required: &[&str],
        optional: &[&str],
    ) -> Result<InjectedFields<'a>, InjectError> {
        self.read(required, optional, &TIMES)
    }

    fn read(
        &self,
        required: &[&str],
        optional: &[&str],
        times: &[&str],
    ) -> Result<InjectedFields<'a>, InjectError> {
        let members = self
            .document
            .as_object()
            .ok_or_else(|| InjectError::new("the message must be an object"))?;
        let all = [&["platform"], required, optional, times].concat();
        let mut problems = Vec::new();
        for name in members.keys().filter(|name| !all.contains(&name.as_str())) {
            let known = all.join(", ");
            problems.push(format!("{name}: is unknown here; known: {known}"));
        }
        check_texts(members, required, optional, &mut problems);
        let created = if times.is_empty() {
            None
        } else {
            created(members, self.now, &mut problems)
        };
        if problems.is_empty() {
            Ok(InjectedFields { members, created })
        } else {
            Err(InjectError { problems })
        }
    }
}

/// The members that are ids: they stand in addresses, too.
const IDS: [&str; 5] = ["conversation", "sender", "from", "to", "message_id"];
const LONGEST_ID: usize = 1000;

fn check_texts(
    members: &Map<String, Value>,
    required: &[&str],
    optional: &[&str],
    problems: &mut Vec<String>,
) {
    for name in required.iter().chain(optional) {
        match members.get(*name) {
            Some(Value::String(text)) if IDS.contains(name) && text.len() > LONGEST_ID => {
                problems.push(format!("{name}: must have {LONGEST_ID} bytes at most"));
            }
            Some(Value::String(text)) if !text.is_empty() => {}
            None if optional.contains(name) => {}
            Some(_) if optional.contains(name) => {
                problems.push(format!("{name}: must be a non-empty string"));
            }
            _ => problems.push(format!(
                "{name}: is required and must be a non-empty string"
            )),
        }
    }
}

/// The time of a message that is injected: one of these members.
const TIMES: [&str; 2] = ["created", "age_ms"];

/// The members of a valid injected message.
#[derive(Clone, Copy, Debug)]
pub struct InjectedFields<'a> {
    members: &'a Map<String, Value>,
    created: Option<u64>,
}

impl<'a> InjectedFields<'a> {
    /// Returns an optional member.
    pub fn optional(&self, name: &str) -> Option<&'a str> {
        self.members.get(name)?.as_str()
    }

    /// Returns a required member.
    pub fn text(&self, name: &str) -> &'a str {
        self.optional(name).unwrap_or_default()
    }

    /// Returns when the message was made, in epoch milliseconds; `None` means now.
    pub const fn created(&self) -> Option<u64> {
        self.created
    }

    /// Returns whether the text is HTML: the member `content_type` is `html`.
    ///
    /// # Errors
    ///
    /// [`InjectError`] for another value than `text` and `html`.
    pub fn is_html(&self) -> Result<bool, InjectError> {
        match self.optional("content_type") {
            None | Some("text") => Ok(false),
            Some("html") => Ok(true),
            Some(_) => Err(InjectError::new("content_type: must be one of text, html")),
        }
    }
}

/// The ids of a message that was injected.
pub(crate) fn ids(conversation: &str, message_id: &str) -> Value {
    json!({"conversation": conversation, "message_id": message_id})
}

/// The ids of a message that was changed; an error when it is not there.
pub(crate) fn ids_of_changed(
    is_there: bool,
    conversation: &str,
    message_id: &str,
) -> Result<Value, InjectError> {
    if is_there {
        return Ok(ids(conversation, message_id));
    }
    let problem = "message_id: the conversation has no such message, or it is deleted";
    Err(InjectError::new(problem))
}

/// What `created` (RFC 3339) or `age_ms` says; nothing is made in the future.
fn created(members: &Map<String, Value>, now: u64, problems: &mut Vec<String>) -> Option<u64> {
    match (members.get("created"), members.get("age_ms")) {
        (None, None) => None,
        (Some(_), Some(_)) => {
            problems.push("created: takes one of created, age_ms, not both".to_owned());
            None
        }
        (Some(time), None) => {
            let time = time.as_str().and_then(clock::parse_rfc3339);
            let time = time.filter(|time| (1..=now).contains(time));
            if time.is_none() {
                let rule = "must be an RFC 3339 time that is not in the future";
                problems.push(format!("created: {rule}"));
            }
            time
        }
        (None, Some(age)) => {
            let time = age.as_u64().and_then(|age| now.checked_sub(age));
            let time = time.filter(|time| *time > 0);
            if time.is_none() {
                let rule = "must be a whole number from 0 and after 1970";
                problems.push(format!("age_ms: {rule}"));
            }
            time
        }
    }
}
