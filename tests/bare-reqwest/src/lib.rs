//! The yardstick of the benchmarks: what one would write by hand with reqwest. It does the same
//! typed work as our clients (serialise, authorise, send, check, read the receipt) and knows
//! nothing of certainty.

pub mod list;

use std::error::Error;

pub use reqwest::Client;
use serde::{Deserialize, Serialize};
use serde_json::Value;

/// A client with rustls and ring that trusts `root`, or the platform's certificates without it.
///
/// # Errors
///
/// When the certificate or the configuration is unusable.
pub fn client(root: Option<&[u8]>) -> Result<Client, Box<dyn Error>> {
    // reqwest asks for a process-wide provider when it is built without one of its own.
    // A second call finds it installed already, which is no failure.
    let _ = rustls::crypto::ring::default_provider().install_default();
    let mut builder = Client::builder();
    if let Some(root) = root {
        builder = builder.tls_certs_merge([reqwest::Certificate::from_pem(root)?]);
    }
    Ok(builder.build()?)
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct ItemBody<'a> {
    content_type: &'a str,
    content: &'a str,
}

#[derive(Serialize)]
struct ChatMessage<'a> {
    body: ItemBody<'a>,
}

/// What comes back from Graph, as far as a receipt needs it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Posted {
    /// The id of the message.
    pub id: String,
    /// When it was made.
    pub created_date_time: String,
}

/// Sends one text to a chat through Graph. `id` is the client request id, new for each call.
///
/// # Errors
///
/// When it fails in any way.
pub async fn send_graph(
    client: &Client,
    base: &str,
    token: &str,
    chat: &str,
    text: &str,
    id: &str,
) -> Result<Posted, reqwest::Error> {
    let body = ChatMessage {
        body: ItemBody {
            content_type: "text",
            content: text,
        },
    };
    client
        .post(format!("{base}/v1.0/chats/{chat}/messages"))
        .bearer_auth(token)
        .header("client-request-id", id)
        .json(&body)
        .send()
        .await?
        .error_for_status()?
        .json()
        .await
}

/// The whole message, as Graph returns it.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
#[allow(missing_docs, reason = "the names are those of Graph")]
pub struct Message {
    #[serde(rename = "@odata.context")]
    pub context: Option<String>,
    pub id: String,
    pub reply_to_id: Option<String>,
    pub etag: Option<String>,
    pub message_type: Option<String>,
    pub created_date_time: Option<String>,
    pub last_modified_date_time: Option<String>,
    pub last_edited_date_time: Option<String>,
    pub deleted_date_time: Option<String>,
    pub subject: Option<String>,
    pub summary: Option<String>,
    pub chat_id: Option<String>,
    pub importance: Option<String>,
    pub locale: Option<String>,
    pub web_url: Option<String>,
    pub channel_identity: Option<Value>,
    pub policy_violation: Option<Value>,
    pub event_detail: Option<Value>,
    pub from: Option<From>,
    pub body: Option<Body>,
    pub attachments: Vec<Value>,
    pub mentions: Vec<Value>,
    pub reactions: Vec<Value>,
    pub message_history: Vec<Value>,
}

/// The sender of a message.
#[derive(Debug, Deserialize)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the names are those of Graph")]
pub struct From {
    pub application: Option<Value>,
    pub device: Option<Value>,
    pub user: Option<User>,
}

/// A user.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
#[allow(missing_docs, reason = "the names are those of Graph")]
pub struct User {
    #[serde(rename = "@odata.type")]
    pub kind: Option<String>,
    pub id: String,
    pub display_name: Option<String>,
    pub user_identity_type: Option<String>,
    pub tenant_id: Option<String>,
}

/// The content of a message.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
#[allow(missing_docs, reason = "the names are those of Graph")]
pub struct Body {
    pub content_type: String,
    pub content: String,
}

/// As [`send_graph`], but reads the whole message that comes back.
///
/// # Errors
///
/// When it fails in any way.
pub async fn send_graph_message(
    client: &Client,
    base: &str,
    token: &str,
    chat: &str,
    text: &str,
    id: &str,
) -> Result<Message, reqwest::Error> {
    let body = ChatMessage {
        body: ItemBody {
            content_type: "text",
            content: text,
        },
    };
    client
        .post(format!("{base}/v1.0/chats/{chat}/messages"))
        .bearer_auth(token)
        .header("client-request-id", id)
        .json(&body)
        .send()
        .await?
        .error_for_status()?
        .json()
        .await
}

#[derive(Serialize)]
struct ChatSend<'a> {
    content: &'a str,
    r#type: &'a str,
}

/// What comes back from ACS Chat.
#[derive(Debug, Deserialize)]
#[non_exhaustive]
pub struct ChatSent {
    /// The id of the message.
    pub id: String,
}

/// Sends one text to a thread of ACS Chat. `id` is the client request id, new for each call.
///
/// # Errors
///
/// When it fails in any way.
pub async fn send_acs_chat(
    client: &Client,
    base: &str,
    token: &str,
    thread: &str,
    text: &str,
    id: &str,
) -> Result<ChatSent, reqwest::Error> {
    let body = ChatSend {
        content: text,
        r#type: "text",
    };
    client
        .post(format!(
            "{base}/chat/threads/{thread}/messages?api-version=2025-03-15"
        ))
        .bearer_auth(token)
        .header("x-ms-client-request-id", id)
        .json(&body)
        .send()
        .await?
        .error_for_status()?
        .json()
        .await
}

#[derive(Serialize)]
struct ConversationSend<'a> {
    request: ConversationText<'a>,
}

#[derive(Serialize)]
struct ConversationText<'a> {
    kind: &'a str,
    content: &'a str,
}

/// What comes back from ACS Advanced Messaging.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ConversationSent {
    /// The id of the message.
    pub message_id: String,
}

/// Sends one text to a conversation of ACS Advanced Messaging. `id` is the client request id and
/// `key` the Repeatability key, both new for each call, with the date of the key.
///
/// # Errors
///
/// When it fails in any way.
pub async fn send_conversation(
    client: &Client,
    base: &str,
    token: &str,
    conversation: &str,
    text: &str,
    (id, key, date): (&str, &str, &str),
) -> Result<ConversationSent, reqwest::Error> {
    let body = ConversationSend {
        request: ConversationText {
            kind: "text",
            content: text,
        },
    };
    client
        .post(format!(
            "{base}/messages/conversations/{conversation}/messages:send?api-version=2025-04-01-preview"
        ))
        .bearer_auth(token)
        .header("x-ms-client-request-id", id)
        .header("repeatability-request-id", key)
        .header("repeatability-first-sent", date)
        .json(&body)
        .send()
        .await?
        .error_for_status()?
        .json()
        .await
}

#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Notification<'a> {
    channel_registration_id: &'a str,
    to: [&'a str; 1],
    kind: &'a str,
    content: &'a str,
}

/// What comes back for a notification.
#[derive(Debug, Deserialize)]
#[non_exhaustive]
pub struct NotificationSent {
    /// One per recipient.
    pub receipts: Vec<NotificationReceipt>,
}

/// The receipt of one recipient.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct NotificationReceipt {
    /// The id of the message.
    pub message_id: String,
    /// The recipient.
    pub to: String,
}

/// Sends one text to a phone number by ACS Advanced Messaging, under ids as
/// [`send_conversation`].
///
/// # Errors
///
/// When it fails in any way.
pub async fn send_notification(
    client: &Client,
    base: &str,
    token: &str,
    (channel, to): (&str, &str),
    text: &str,
    (id, key, date): (&str, &str, &str),
) -> Result<NotificationSent, reqwest::Error> {
    let body = Notification {
        channel_registration_id: channel,
        to: [to],
        kind: "text",
        content: text,
    };
    client
        .post(format!(
            "{base}/messages/notifications:send?api-version=2024-08-30"
        ))
        .bearer_auth(token)
        .header("x-ms-client-request-id", id)
        .header("repeatability-request-id", key)
        .header("repeatability-first-sent", date)
        .json(&body)
        .send()
        .await?
        .error_for_status()?
        .json()
        .await
}
