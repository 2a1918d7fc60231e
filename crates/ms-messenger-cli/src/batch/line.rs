//! One line of the input: a request, and what the outbox needs to know about it.

use std::{collections::BTreeSet, fmt, time::SystemTime};

use ms_messenger::{Problem, SendRequest, json};
use serde::{
    Deserialize, Deserializer,
    de::{DeserializeOwned, IgnoredAny, MapAccess, Visitor},
};
use serde_json::value::RawValue;

use crate::{args::rfc3339_time, platform::Platform, text};

/// The longest name of a member that an error repeats.
const LONGEST_NAME: usize = 40;

/// What a line says.
#[derive(Debug)]
pub(crate) struct LineRead {
    pub(crate) request: SendRequest,
    pub(crate) id: Option<String>,
    pub(crate) not_before: Option<SystemTime>,
    pub(crate) expires_at: Option<SystemTime>,
    pub(crate) order_key: Option<String>,
    pub(crate) platform: Option<Platform>,
}

/// The members of an object as they are written, and the names that appear twice.
#[derive(Default)]
struct Members {
    all: Vec<(String, Box<RawValue>)>,
    twice: Vec<String>,
}

impl<'de> Deserialize<'de> for Members {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        struct MembersVisitor;

        impl<'de> Visitor<'de> for MembersVisitor {
            type Value = Members;

            fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str(text::input::OBJECT)
            }

            fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Members, A::Error> {
                let mut members = Members::default();
                let mut names = BTreeSet::new();
                while let Some((name, value)) = map.next_entry::<String, Box<RawValue>>()? {
                    if !names.insert(name.clone()) {
                        members.twice.push(name.clone());
                    }
                    members.all.push((name, value));
                }
                Ok(members)
            }
        }

        input.deserialize_map(MembersVisitor)
    }
}

impl Members {
    /// Takes a member out and reads it; `null` counts as missing.
    fn take<T: DeserializeOwned>(&mut self, name: &str, problems: &mut Vec<Problem>) -> Option<T> {
        let index = self.all.iter().position(|(member, _)| member == name)?;
        let (_, raw) = self.all.swap_remove(index);
        json::from_str::<Option<T>>(raw.get()).unwrap_or_else(|mut error| {
            error.position = None;
            problems.push(error.into_problem_within(name));
            None
        })
    }

    fn take_time(&mut self, name: &str, problems: &mut Vec<Problem>) -> Option<SystemTime> {
        let text = self.take::<String>(name, problems)?;
        let time = rfc3339_time(&text);
        if time.is_none() {
            problems.push(Problem::new(name, text::options::NOT_A_TIME));
        }
        time
    }

    fn take_platform(&mut self, problems: &mut Vec<Problem>) -> Option<Platform> {
        let name = self.take::<String>("platform", problems)?;
        let platform = Platform::named(&name);
        if platform.is_none() {
            let known = Platform::ALL.map(Platform::as_str).join(", ");
            problems.push(Problem::new(
                "platform",
                text::batch::unknown_platform(&known),
            ));
        }
        platform
    }

    /// Returns the members that are left as an object.
    fn into_text(self) -> String {
        let members = self.all.iter().map(|(name, raw)| {
            let name = serde_json::Value::from(name.as_str());
            format!("{name}:{}", raw.get())
        });
        format!("{{{}}}", members.collect::<Vec<_>>().join(","))
    }
}

/// Reads a line.
///
/// # Errors
///
/// Every problem, with the path of the member; no value of the line.
pub(crate) fn read(text: &str) -> Result<LineRead, Vec<Problem>> {
    let whole = |rule: String| vec![Problem::new("", rule)];
    json::from_str::<IgnoredAny>(text).map_err(|error| {
        whole(match error.position {
            Some((_, column)) => text::batch::in_column(&error.rule, column),
            None => error.rule,
        })
    })?;
    let members = serde_json::from_str::<Members>(text);
    let mut members = members.map_err(|_| whole(text::input::NOT_AN_OBJECT.to_owned()))?;
    if let Some(name) = members.twice.first() {
        return Err(vec![Problem::new(shown(name), text::batch::TWICE)]);
    }
    let problems = &mut Vec::new();
    let id = members.take("id", problems);
    let not_before = members.take_time("not_before", problems);
    let expires_at = members.take_time("expires_at", problems);
    let order_key = members.take("order_key", problems);
    let platform = members.take_platform(problems);
    let request = request(members, problems);
    match request {
        Some(request) if problems.is_empty() => Ok(LineRead {
            request,
            id,
            not_before,
            expires_at,
            order_key,
            platform,
        }),
        _ => Err(std::mem::take(problems)),
    }
}

fn request(members: Members, problems: &mut Vec<Problem>) -> Option<SendRequest> {
    let read = json::from_str::<SendRequest>(&members.into_text());
    read.map_err(|mut error| {
        // Positions in the object that is left say nothing of the line.
        error.position = None;
        let mut problem = error.into_problem("");
        let is_outermost = !problem.field.contains(['.', '[']);
        if is_outermost && problem.rule.starts_with(text::batch::UNKNOWN_MEMBER) {
            problem.rule = text::batch::UNKNOWN_MEMBER_OF_LINE.to_owned();
        }
        problems.push(problem);
    })
    .ok()
}

/// Returns a name if it looks like one.
fn shown(name: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || c == '_';
    if name.len() <= LONGEST_NAME && name.chars().all(is_plain) {
        name.to_owned()
    } else {
        text::batch::A_MEMBER.to_owned()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn problems(text: &str) -> String {
        let problems = read(text).unwrap_err();
        let texts: Vec<String> = problems.iter().map(ToString::to_string).collect();
        texts.join(" | ")
    }

    #[test]
    fn a_line_is_a_request_with_members_of_its_own() {
        let text = r#"{"id":"a","to":"sip:bob@contoso.com","platform":"ucwa","order_key":"k",
            "message":{"body":{"text":"hi"}},"not_before":"2026-12-01T08:00:00Z"}"#;
        let line = read(text).unwrap();
        assert_eq!(line.id.as_deref(), Some("a"));
        assert_eq!(line.platform, Some(Platform::Ucwa));
        assert_eq!(line.order_key.as_deref(), Some("k"));
        assert!(line.not_before.is_some() && line.expires_at.is_none());
        assert_eq!(line.request.to.to_string(), "sip:bob@contoso.com");
    }

    #[test]
    fn every_problem_has_its_path_and_no_value_is_repeated() {
        let body = r#""to":"sip:a@b.c","message":{"body":{"text":"hunter2"}}"#;
        for (text, expected) in [
            ("hunter2".to_owned(), "(column 1)"),
            ("[1]".to_owned(), "must be a JSON object"),
            (format!("{{{body},\"note\":1}}"), "note"),
            (format!("{{{body},\"id\":7}}"), "id: expected"),
            (
                format!("{{{body},\"id\":\"a\",\"id\":\"b\"}}"),
                "id: appears twice",
            ),
            (
                format!("{{{body},\"platform\":\"hunter2\"}}"),
                "platform: must be one of acs-messages",
            ),
            (
                format!("{{{body},\"not_before\":\"hunter2\"}}"),
                "not_before: must be written like",
            ),
            (
                r#"{"to":"sip:a@b.c","message":{"body":{"text":["hunter2"]}}}"#.to_owned(),
                "message.body.text: expected",
            ),
            (
                r#"{"to":"sip:a@b.c","message":{"body":{"text":"a"},"body":{"text":"hunter2"}}}"#
                    .to_owned(),
                "message",
            ),
            (r#"{"to":"sip:a@b.c"}"#.to_owned(), "message"),
        ] {
            let found = problems(&text);
            assert!(found.contains(expected), "{text}: {found}");
            assert!(!found.contains("hunter2"), "{found}");
        }
        let two = problems(&format!("{{{body},\"id\":7,\"expires_at\":1}}"));
        assert!(
            two.contains("id: ") && two.contains("expires_at: "),
            "{two}"
        );
    }

    #[test]
    fn deeply_nested_input_is_a_problem_and_no_crash() {
        let deep = format!("{{\"to\":{}", "[".repeat(100_000));
        assert!(read(&deep).is_err());
    }
}
