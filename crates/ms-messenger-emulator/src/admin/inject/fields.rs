//! The members of an injection, checked: none unknown, none missing, each of its kind.

use serde_json::{Map, Value};

use super::InvalidInjection;
use crate::clock;

/// A time of a message that is injected: one of them.
const TIMES: [&str; 2] = ["created", "age_ms"];

/// The members that an injection has and may have; all strings but the times.
pub(super) struct Known {
    pub(super) required: &'static [&'static str],
    pub(super) optional: &'static [&'static str],
    /// Whether it may say when the message was made.
    pub(super) has_time: bool,
}

/// The members of an injection that passed.
pub(super) struct Fields<'a> {
    members: &'a Map<String, Value>,
    /// When the message was made, epoch milliseconds; now when absent.
    pub(super) created: Option<u64>,
}

impl<'a> Fields<'a> {
    /// Reads `message`; `now` is the time of the services.
    pub(super) fn read(
        message: &'a Value,
        known: &Known,
        now: u64,
    ) -> Result<Self, InvalidInjection> {
        let members = message
            .as_object()
            .ok_or_else(|| InvalidInjection::of("the message must be an object"))?;
        let times = if known.has_time { &TIMES[..] } else { &[] };
        let all = [known.required, known.optional, times].concat();
        let mut problems = Vec::new();
        for name in members.keys().filter(|name| !all.contains(&name.as_str())) {
            problems.push(format!(
                "{name}: is unknown here; known: {}",
                all.join(", ")
            ));
        }
        let texts = known.required.iter().chain(known.optional);
        for name in texts {
            match members.get(*name) {
                Some(Value::String(text)) if !text.is_empty() => {}
                None if known.optional.contains(name) => {}
                Some(_) if known.optional.contains(name) => {
                    problems.push(format!("{name}: must be a non-empty string"));
                }
                _ => problems.push(format!(
                    "{name}: is required and must be a non-empty string"
                )),
            }
        }
        let created = if known.has_time {
            created(members, now, &mut problems)
        } else {
            None
        };
        if problems.is_empty() {
            Ok(Self { members, created })
        } else {
            Err(InvalidInjection { problems })
        }
    }

    pub(super) fn optional(&self, name: &str) -> Option<&'a str> {
        self.members.get(name)?.as_str()
    }

    pub(super) fn text(&self, name: &str) -> &'a str {
        self.optional(name).unwrap_or_default()
    }

    /// Whether the text is HTML.
    pub(super) fn is_html(&self) -> Result<bool, InvalidInjection> {
        match self.optional("content_type") {
            None | Some("text") => Ok(false),
            Some("html") => Ok(true),
            Some(_) => Err(InvalidInjection::of(
                "content_type: must be one of text, html",
            )),
        }
    }
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
