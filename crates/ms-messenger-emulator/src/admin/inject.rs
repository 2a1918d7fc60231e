//! `POST /_emulator/inject`: the other side speaks.

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Method, Request};
use serde_json::{Map, Value, json};

use crate::inbound::Inbound;
use crate::platform::Platform;
use crate::shared::Shared;
use crate::{acs_chat, acs_messages, graph, ucwa};

/// Why a message of the other side is refused: every problem with its member.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidInjection {
    /// One line per problem, for example `sender: is required and must be a string`.
    pub problems: Vec<String>,
}

impl fmt::Display for InvalidInjection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid injection: {}", self.problems.join("; "))
    }
}

impl std::error::Error for InvalidInjection {}

/// Stores a message of the other side, as if it had come in over HTTP.
pub(crate) fn inject(shared: &Shared, message: &Value) -> Result<Value, InvalidInjection> {
    let mut request = Request::new(());
    *request.method_mut() = Method::POST;
    *request.uri_mut() = http::Uri::from_static("/_emulator/inject");
    let body = Bytes::from(message.to_string());
    let inbound = Inbound::new(request.into_parts().0, body, &shared.authority);
    inject_request(shared, message, &inbound)
}

/// The same for a request of the admin API. Answers the ids it made.
pub(crate) fn inject_request(
    shared: &Shared,
    message: &Value,
    inbound: &Inbound,
) -> Result<Value, InvalidInjection> {
    let platform = message.get("platform").and_then(Value::as_str);
    let known: &[&str] = match platform.and_then(Platform::from_name) {
        Some(Platform::AcsMessages) => &[
            "platform",
            "from",
            "text",
            "conversation",
            "media_type",
            "media",
        ],
        Some(_) => &["platform", "conversation", "sender", "text"],
        None => {
            let known = Platform::ALL.map(Platform::as_str).join(", ");
            return Err(InvalidInjection {
                problems: vec![format!("platform: is required and must be one of {known}")],
            });
        }
    };
    if platform == Some(Platform::Ucwa.as_str()) {
        return ucwa(shared, message, inbound);
    }
    if platform == Some(Platform::MsgraphChat.as_str()) && message.get("event").is_some() {
        return graph_event(shared, message);
    }
    let fields = Fields::read(message, known)?;
    let mut media_id = None;
    let (conversation, message_id) = match platform.and_then(Platform::from_name) {
        Some(Platform::AcsMessages) => {
            let (conversation, message_id, medium) = acs_messages::inject(
                shared,
                fields.text("from"),
                fields.optional("conversation"),
                fields.text("text"),
                medium(&fields)?,
                inbound,
            );
            media_id = medium;
            (conversation, message_id)
        }
        Some(Platform::AcsChat) => {
            let thread = fields.text("conversation");
            acs_chat::inject(
                shared,
                thread,
                fields.text("sender"),
                fields.text("text"),
                inbound,
            )
        }
        _ => {
            let place = fields.text("conversation");
            graph::inject(
                shared,
                place,
                fields.text("sender"),
                fields.text("text"),
                inbound,
            )
        }
    };
    shared.announce();
    let mut made =
        json!({"platform": platform, "conversation": conversation, "message_id": message_id});
    if let Some(media_id) = media_id {
        made["media_id"] = json!(media_id);
    }
    Ok(made)
}

/// The medium of an injection: `media_type` and, in Base64, `media`; both or neither.
fn medium<'a>(fields: &Fields<'a>) -> Result<Option<acs_messages::Medium<'a>>, InvalidInjection> {
    let problem = |text: &str| InvalidInjection {
        problems: vec![text.to_owned()],
    };
    match (fields.optional("media_type"), fields.optional("media")) {
        (None, None) => Ok(None),
        (Some(media_type), Some(media)) => {
            let content = STANDARD.decode(media);
            let content = content.map_err(|_| problem("media: must be Base64"))?;
            Ok(Some((media_type, content)))
        }
        _ => Err(problem("media: is needed together with media_type")),
    }
}

/// Something happened in a channel or a chat; `event` is its kind or its whole `eventDetail`.
fn graph_event(shared: &Shared, message: &Value) -> Result<Value, InvalidInjection> {
    let mut named = message.clone();
    named["event"] = "judged by itself".into();
    let fields = Fields::read(&named, &["platform", "conversation", "sender", "event"])?;
    let (place, sender) = (fields.text("conversation"), fields.text("sender"));
    let made = graph::inject_event(shared, place, sender, &message["event"]);
    let (conversation, message_id) = made.map_err(|problem| InvalidInjection {
        problems: vec![problem],
    })?;
    let platform = Platform::MsgraphChat.as_str();
    Ok(json!({"platform": platform, "conversation": conversation, "message_id": message_id}))
}

/// A contact of UCWA does something; what it is decides which members there are.
fn ucwa(shared: &Shared, message: &Value, inbound: &Inbound) -> Result<Value, InvalidInjection> {
    let is_message = message.get("action").and_then(Value::as_str) == Some("message");
    let known: &[&str] = if is_message || message.get("text").is_some() {
        &["platform", "from", "to", "action", "text"]
    } else {
        &["platform", "from", "to", "action"]
    };
    let fields = Fields::read(message, known)?;
    let injection = ucwa::Injection {
        from: fields.text("from"),
        to: fields.text("to"),
        action: fields.text("action"),
        text: fields.optional("text"),
    };
    let made = ucwa::inject(shared, &injection, inbound);
    let mut made = made.map_err(|problem| InvalidInjection {
        problems: vec![problem],
    })?;
    made["platform"] = Platform::Ucwa.as_str().into();
    made["action"] = injection.action.into();
    shared.announce();
    Ok(made)
}

/// The members of an injection, checked: all strings, none unknown, none missing.
struct Fields<'a>(&'a Map<String, Value>);

impl<'a> Fields<'a> {
    fn read(message: &'a Value, known: &[&str]) -> Result<Self, InvalidInjection> {
        let empty = || InvalidInjection {
            problems: vec!["the message must be an object".to_owned()],
        };
        let members = message.as_object().ok_or_else(empty)?;
        let mut problems = Vec::new();
        for name in members
            .keys()
            .filter(|name| !known.contains(&name.as_str()))
        {
            problems.push(format!(
                "{name}: is unknown here; known: {}",
                known.join(", ")
            ));
        }
        // These may be absent where there is a `from`.
        let may_lack = |name: &str| {
            matches!(name, "conversation" | "media_type" | "media") && known.contains(&"from")
        };
        for name in known {
            match members.get(*name) {
                Some(Value::String(text)) if !text.is_empty() => {}
                None if may_lack(name) => {}
                _ => problems.push(format!(
                    "{name}: is required and must be a non-empty string"
                )),
            }
        }
        if problems.is_empty() {
            Ok(Self(members))
        } else {
            Err(InvalidInjection { problems })
        }
    }

    fn optional(&self, name: &str) -> Option<&'a str> {
        self.0.get(name)?.as_str()
    }

    fn text(&self, name: &str) -> &'a str {
        self.optional(name).unwrap_or_default()
    }
}
