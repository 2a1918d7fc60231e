//! What a send returns: the id at once, the whole message when it is asked for.

use std::{borrow::Cow, fmt};

use ms_messenger_core::{Delivery, Error, ErrorKind, MessageId, Result};
use ms_messenger_http::{Bytes, Response, one_line};
use serde::{
    Deserialize, Deserializer as _,
    de::{IgnoredAny, MapAccess, Visitor},
};

use crate::{
    error::PLATFORM,
    models::{ChatMessage, Timestamp},
};

/// A message that Graph stored. `Debug` does not show it.
///
/// ```
/// use ms_messenger_core::StaticToken;
/// use ms_messenger_emulator::Emulator;
/// use msgraph_chat::GraphChatClient;
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = Emulator::start().await?;
/// let graph = &emulator.seed().graph;
/// let token = StaticToken::new(graph.token.as_str());
/// let client = GraphChatClient::builder(token).with_base_url(&graph.base).build()?;
///
/// let channel = client.channel(graph.team_id.as_str(), graph.channel_id.as_str());
/// let posted = channel.send("The build is red").await?;
/// assert!(posted.request_id.is_some());
/// assert!(posted.message()?.web_url.is_some());
/// channel.reply(posted.id, "It is green again").await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct PostedMessage {
    /// The id: Unix milliseconds as a text, unique within its channel or chat only.
    pub id: MessageId,
    /// The `request-id` of the response, which Microsoft's support asks for.
    pub request_id: Option<String>,
    body: Bytes,
}

impl PostedMessage {
    /// Reads the message as the service returned it, again at each call. A send itself reads the id
    /// only, so that a message with anything unexpected in it is a sent one too.
    ///
    /// # Errors
    ///
    /// `Protocol`, with delivery `Sent`, if the service returned no message.
    pub fn message(&self) -> Result<ChatMessage> {
        serde_json::from_slice(&self.body).map_err(|error| {
            let error = Error::new(ErrorKind::Protocol, unreadable(&error))
                .with_platform(PLATFORM)
                .with_delivery(Delivery::Sent);
            match &self.request_id {
                Some(id) => error.with_request_id(one_line(id)),
                None => error,
            }
        })
    }

    /// The message `id` of `response`.
    pub(crate) fn new(id: MessageId, response: &Response) -> Self {
        Self {
            id,
            request_id: response.request_id().map(str::to_owned),
            body: response.body().clone(),
        }
    }
}

impl fmt::Debug for PostedMessage {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PostedMessage")
            .field("id", &self.id)
            .field("request_id", &self.request_id)
            .field("body_bytes", &self.body.len())
            .finish()
    }
}

/// Where a response is not a message. The error of serde would quote it.
fn unreadable(error: &serde_json::Error) -> String {
    let (line, column) = (error.line(), error.column());
    format!("the response is not what the contract says, at line {line} column {column}")
}

/// What a receipt says of a stored message.
#[derive(Debug)]
pub(crate) struct StoredId {
    pub(crate) id: MessageId,
    /// When it was stored.
    pub(crate) created: Option<Timestamp>,
    /// Where the service shows it.
    pub(crate) web_url: Option<String>,
}

/// Reads the id of a stored message, and its time and address if they are `wanted` and the message
/// has them. Once they are found, the rest is not looked at: it takes nothing from the fact that the
/// message is stored under this id. The error is why there is no id.
pub(crate) fn read_id(json: &[u8], wanted: bool) -> Result<StoredId, Cow<'static, str>> {
    let mut start = Start {
        wanted,
        ..Start::default()
    };
    let read = serde_json::Deserializer::from_slice(json).deserialize_map(&mut start);
    match (start.id, read) {
        (Some(id), _) if !id.is_empty() => Ok(StoredId {
            id: MessageId::new(id),
            created: start.created,
            web_url: start.web_url,
        }),
        (None, Err(error)) => Err(unreadable(&error).into()),
        _ => Err("the response names no message".into()),
    }
}

/// The members that a receipt needs; they stand at the start of a message.
#[derive(Default)]
struct Start {
    wanted: bool,
    id: Option<String>,
    created: Option<Timestamp>,
    web_url: Option<String>,
    has_web_url: bool,
}

#[derive(Deserialize)]
#[serde(field_identifier, rename_all = "camelCase")]
enum Member {
    Id,
    CreatedDateTime,
    WebUrl,
    #[serde(other)]
    Other,
}

impl<'de> Visitor<'de> for &mut Start {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a message")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut members: A) -> Result<(), A::Error> {
        while let Some(member) = members.next_key()? {
            match member {
                Member::Id => self.id = members.next_value()?,
                Member::CreatedDateTime => self.created = members.next_value()?,
                Member::WebUrl => {
                    self.has_web_url = true;
                    self.web_url = members.next_value()?;
                }
                Member::Other => drop(members.next_value::<IgnoredAny>()?),
            }
            let has_rest = self.created.is_some() && self.has_web_url;
            if self.id.is_some() && (has_rest || !self.wanted) {
                break;
            }
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn id(json: &str) -> Result<String, Cow<'static, str>> {
        let id = read_id(json.as_bytes(), false)?.id;
        assert_eq!(id, read_id(json.as_bytes(), true)?.id);
        Ok(id.to_string())
    }

    #[test]
    fn the_id_is_found_wherever_it_stands() {
        for json in [
            r#"{"id":"1"}"#,
            r#"{"id":"1","createdDateTime":null,"body":null}"#,
            r#"{"body":{"id":"2"},"createdDateTime":"2026-03-29T03:53:52Z","id":"1"}"#,
            r#"{"createdDateTime":"2026-03-29T03:53:52Z","id":"1","createdDateTime":7}"#,
        ] {
            assert_eq!(id(json).as_deref(), Ok("1"), "{json}");
        }
    }

    #[test]
    fn nothing_behind_the_id_makes_a_sent_message_an_error() {
        for rest in [
            r#","createdDateTime":7}"#,
            r#","webUrl":7,"createdDateTime":"2026-03-29T03:53:52Z"}"#,
            r#","createdDateTime":"2026-03-29T03:53:52Z","body":7}"#,
            r#","createdDateTime":"2026-03-29T03:53:52Z","bo"#,
            "",
        ] {
            let json = [r#"{"id":"1""#, rest].concat();
            assert_eq!(id(&json).as_deref(), Ok("1"), "{json}");
        }
    }

    #[test]
    fn the_address_is_read_if_it_is_wanted() {
        let json = br#"{"id":"1","createdDateTime":"2026-03-29T03:53:52Z","webUrl":"https://a"}"#;
        let read = read_id(json, true).unwrap();
        assert_eq!(read.web_url.as_deref(), Some("https://a"));
        assert!(read.created.is_some());
        assert_eq!(read_id(json, false).unwrap().web_url, None);
    }

    #[test]
    fn a_response_without_a_usable_id_is_found_out() {
        for json in [
            "{}",
            r#"{"id":null}"#,
            r#"{"id":""}"#,
            r#"{"id":"","createdDateTime":"x","a":"#,
        ] {
            assert_eq!(
                id(json).unwrap_err(),
                "the response names no message",
                "{json}"
            );
        }
        for json in [
            "",
            "[]",
            "null",
            "x",
            r#"{"id":7}"#,
            r#"{"id":"1"#,
            r#"{"body":{"id":"1"}"#,
        ] {
            let error = id(json).unwrap_err();
            assert!(
                error.contains("the contract says, at line"),
                "{json}: {error}"
            );
        }
    }

    proptest! {
        #[test]
        fn hostile_bodies_do_no_harm(json in any::<Vec<u8>>(), text in r#"[\[\]{}":,a-z0-9]{0,60}"#) {
            let _ = (read_id(&json, true), read_id(text.as_bytes(), true));
            let _ = read_id(["{\"id\":", &text].concat().as_bytes(), true);
        }

        #[test]
        fn the_id_of_any_message_is_that_of_its_model(id in "[^\0]{1,20}", other in ".{0,20}") {
            let json = serde_json::json!({"a": {"id": &other}, "id": &id, "other": other}).to_string();
            let message: ChatMessage = serde_json::from_str(&json).unwrap();
            let id = read_id(json.as_bytes(), false).unwrap().id;
            prop_assert_eq!(Some(id.as_str()), message.id.as_deref());
        }
    }
}
