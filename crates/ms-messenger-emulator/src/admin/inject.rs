//! `POST /_emulator/inject`: the other side speaks.

mod fields;

use std::fmt;

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use bytes::Bytes;
use http::{Method, Request};
use serde_json::{Value, json};

use crate::inbound::Inbound;
use crate::platform::Platform;
use crate::shared::Shared;
use crate::{acs_chat, acs_messages, graph, ucwa};

use fields::{Fields, Known};

/// Why a message of the other side is refused: every problem with its member.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct InvalidInjection {
    /// One line per problem, for example `sender: is required and must be a string`.
    pub problems: Vec<String>,
}

impl InvalidInjection {
    fn of(problem: impl Into<String>) -> Self {
        Self {
            problems: vec![problem.into()],
        }
    }
}

impl fmt::Display for InvalidInjection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "invalid injection: {}", self.problems.join("; "))
    }
}

impl std::error::Error for InvalidInjection {}

type Made = Result<Value, InvalidInjection>;

/// Stores a message of the other side, as if it had come in over HTTP.
pub(crate) fn inject(shared: &Shared, message: &Value) -> Made {
    let mut request = Request::new(());
    *request.method_mut() = Method::POST;
    *request.uri_mut() = http::Uri::from_static("/_emulator/inject");
    let body = Bytes::from(message.to_string());
    let inbound = Inbound::new(request.into_parts().0, body, &shared.authority);
    inject_request(shared, message, &inbound)
}

/// The same for a request of the admin API. Answers the ids it made.
pub(crate) fn inject_request(shared: &Shared, message: &Value, inbound: &Inbound) -> Made {
    let name = message.get("platform").and_then(Value::as_str);
    let action = message.get("action");
    let made = match (name.and_then(Platform::from_name), action) {
        (Some(Platform::AcsMessages), _) => of_acs_messages(shared, message, inbound),
        (Some(Platform::Ucwa), _) => of_ucwa(shared, message, inbound),
        (Some(platform @ (Platform::AcsChat | Platform::MsgraphChat)), Some(action)) => {
            match action.as_str() {
                Some("message") => said(shared, platform, message, inbound),
                Some("edit") => edited(shared, platform, message),
                Some("delete") => deleted(shared, platform, message),
                _ => Err(InvalidInjection::of(
                    "action: must be one of message, edit, delete",
                )),
            }
        }
        (Some(Platform::MsgraphChat), None) if message.get("event").is_some() => {
            graph_event(shared, message)
        }
        (Some(platform @ (Platform::AcsChat | Platform::MsgraphChat)), None) => {
            said(shared, platform, message, inbound)
        }
        _ => {
            let known = Platform::ALL.into_iter().filter(|p| *p != Platform::Entra);
            let known: Vec<&str> = known.map(Platform::as_str).collect();
            let known = known.join(", ");
            Err(InvalidInjection::of(format!(
                "platform: is required and must be one of {known}"
            )))
        }
    };
    let mut made = made?;
    made["platform"] = json!(name);
    shared.forget_dropped();
    shared.announce();
    Ok(made)
}

fn ids(conversation: &str, message_id: &str) -> Value {
    json!({"conversation": conversation, "message_id": message_id})
}

/// A message of a user of Chat or Graph.
fn said(shared: &Shared, platform: Platform, message: &Value, inbound: &Inbound) -> Made {
    let known = Known {
        required: &["platform", "conversation", "sender", "text"],
        optional: match platform {
            Platform::MsgraphChat => &["action", "content_type", "reply_to"],
            _ => &["action", "content_type"],
        },
        has_time: true,
    };
    let fields = Fields::read(message, &known, shared.now_ms())?;
    let said = Said {
        conversation: fields.text("conversation"),
        sender: fields.text("sender"),
        text: fields.text("text"),
        is_html: fields.is_html()?,
        created: fields.created,
    };
    let message_id = match platform {
        Platform::MsgraphChat => graph::inject(shared, &said, fields.optional("reply_to"), inbound)
            .map_err(InvalidInjection::of)?,
        _ => acs_chat::inject(shared, &said, inbound),
    };
    Ok(ids(said.conversation, &message_id))
}

/// A message of the other side.
#[derive(Debug)]
pub(crate) struct Said<'a> {
    pub(crate) conversation: &'a str,
    pub(crate) sender: &'a str,
    pub(crate) text: &'a str,
    pub(crate) is_html: bool,
    /// When it was made, epoch milliseconds; now when absent.
    pub(crate) created: Option<u64>,
}

/// The text of a message changes, whoever said it.
fn edited(shared: &Shared, platform: Platform, message: &Value) -> Made {
    let known = Known {
        required: &["platform", "action", "conversation", "message_id", "text"],
        optional: &["content_type"],
        has_time: false,
    };
    let fields = Fields::read(message, &known, shared.now_ms())?;
    let (conversation, id) = (fields.text("conversation"), fields.text("message_id"));
    let (text, is_html) = (fields.text("text"), fields.is_html()?);
    let is_there = match platform {
        Platform::MsgraphChat => graph::inject_edit(shared, conversation, id, text, is_html),
        _ if fields.optional("content_type").is_some() => {
            return Err(InvalidInjection::of(
                "content_type: an edit keeps the type of the message",
            ));
        }
        _ => acs_chat::inject_edit(shared, conversation, id, text),
    };
    changed(is_there, conversation, id)
}

/// A message is deleted, whoever said it.
fn deleted(shared: &Shared, platform: Platform, message: &Value) -> Made {
    let known = Known {
        required: &["platform", "action", "conversation", "message_id"],
        optional: &[],
        has_time: false,
    };
    let fields = Fields::read(message, &known, shared.now_ms())?;
    let (conversation, id) = (fields.text("conversation"), fields.text("message_id"));
    let is_there = match platform {
        Platform::MsgraphChat => graph::inject_delete(shared, conversation, id),
        _ => acs_chat::inject_delete(shared, conversation, id),
    };
    changed(is_there, conversation, id)
}

fn changed(is_there: bool, conversation: &str, id: &str) -> Made {
    if is_there {
        return Ok(ids(conversation, id));
    }
    let problem = "message_id: the conversation has no such message, or it is deleted";
    Err(InvalidInjection::of(problem))
}

/// An inbound message of ACS Messages, with its medium if it has one.
fn of_acs_messages(shared: &Shared, message: &Value, inbound: &Inbound) -> Made {
    let known = Known {
        required: &["platform", "from", "text"],
        optional: &["conversation", "media_type", "media"],
        has_time: true,
    };
    let fields = Fields::read(message, &known, shared.now_ms())?;
    let conversation = fields.optional("conversation");
    if fields.created.is_some() && conversation.is_none() {
        let problem = "created: only a message of a conversation is listed with its time";
        return Err(InvalidInjection::of(problem));
    }
    let (conversation, message_id, media_id) = acs_messages::inject(
        shared,
        &acs_messages::Incoming {
            from: fields.text("from"),
            conversation,
            text: fields.text("text"),
            created: fields.created,
        },
        medium(&fields)?,
        inbound,
    );
    let mut made = ids(&conversation, &message_id);
    if let Some(media_id) = media_id {
        made["media_id"] = json!(media_id);
    }
    Ok(made)
}

/// The medium of an injection: `media_type` and, in Base64, `media`; both or neither.
fn medium<'a>(fields: &Fields<'a>) -> Result<Option<acs_messages::Medium<'a>>, InvalidInjection> {
    match (fields.optional("media_type"), fields.optional("media")) {
        (None, None) => Ok(None),
        (Some(media_type), Some(media)) => {
            let content = STANDARD.decode(media);
            let content = content.map_err(|_| InvalidInjection::of("media: must be Base64"))?;
            Ok(Some((media_type, content)))
        }
        _ => Err(InvalidInjection::of(
            "media: is needed together with media_type",
        )),
    }
}

/// Something happened in a channel or a chat; `event` is its kind or its whole `eventDetail`.
fn graph_event(shared: &Shared, message: &Value) -> Made {
    let mut named = message.clone();
    named["event"] = "judged by itself".into();
    let known = Known {
        required: &["platform", "conversation", "sender", "event"],
        optional: &[],
        has_time: false,
    };
    let fields = Fields::read(&named, &known, shared.now_ms())?;
    let (place, sender) = (fields.text("conversation"), fields.text("sender"));
    let made = graph::inject_event(shared, place, sender, &message["event"]);
    let (conversation, message_id) = made.map_err(InvalidInjection::of)?;
    Ok(ids(&conversation, &message_id))
}

/// A contact of UCWA does something; what it is decides which members there are.
fn of_ucwa(shared: &Shared, message: &Value, inbound: &Inbound) -> Made {
    let is_message = message.get("action").and_then(Value::as_str) == Some("message");
    let known = Known {
        required: if is_message || message.get("text").is_some() {
            &["platform", "from", "to", "action", "text"]
        } else {
            &["platform", "from", "to", "action"]
        },
        optional: &[],
        has_time: false,
    };
    let fields = Fields::read(message, &known, shared.now_ms())?;
    let injection = ucwa::Injection {
        from: fields.text("from"),
        to: fields.text("to"),
        action: fields.text("action"),
        text: fields.optional("text"),
    };
    let made = ucwa::inject(shared, &injection, inbound);
    let mut made = made.map_err(InvalidInjection::of)?;
    made["action"] = injection.action.into();
    Ok(made)
}
