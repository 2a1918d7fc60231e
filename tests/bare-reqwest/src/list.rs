//! Lists, read page by page to their end.

use std::collections::BTreeMap;

use reqwest::Client;
use serde::{Deserialize, de::DeserializeOwned};
use serde_json::Value;
use uuid::Uuid;

use crate::Message;

#[derive(Deserialize)]
struct Page<T> {
    value: Vec<T>,
    #[serde(default, rename = "nextLink", alias = "@odata.nextLink")]
    next_link: Option<String>,
}

/// A message of ACS Chat.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
#[allow(missing_docs, reason = "the names are those of ACS Chat")]
pub struct ThreadMessage {
    pub id: String,
    pub r#type: String,
    pub sequence_id: String,
    pub version: String,
    pub content: Option<ThreadContent>,
    pub sender_display_name: Option<String>,
    pub sender_communication_identifier: Option<Identifier>,
    pub created_on: String,
    pub edited_on: Option<String>,
    pub deleted_on: Option<String>,
    pub metadata: Option<BTreeMap<String, String>>,
}

/// The content of a message of ACS Chat.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
#[allow(missing_docs, reason = "the names are those of ACS Chat")]
pub struct ThreadContent {
    pub message: Option<String>,
    pub topic: Option<String>,
    pub participants: Option<Vec<Value>>,
    pub attachments: Option<Vec<Value>>,
    pub initiator_communication_identifier: Option<Identifier>,
}

/// A participant.
#[derive(Debug, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
#[allow(missing_docs, reason = "the names are those of ACS Chat")]
pub struct Identifier {
    pub kind: Option<String>,
    pub raw_id: String,
    pub communication_user: Option<CommunicationUser>,
}

/// A user of an ACS resource.
#[derive(Debug, Deserialize)]
#[non_exhaustive]
#[allow(missing_docs, reason = "the names are those of ACS Chat")]
pub struct CommunicationUser {
    pub id: String,
}

/// Reads all messages of a chat through Graph, in pages of 50, and returns their number.
///
/// # Errors
///
/// When it fails in any way.
pub async fn graph(
    client: &Client,
    base: &str,
    token: &str,
    chat: &str,
) -> Result<usize, reqwest::Error> {
    let first = format!("{base}/v1.0/chats/{chat}/messages?$top=50");
    let headers = [
        ("client-request-id", None),
        ("prefer", Some("include-unknown-enum-members")),
    ];
    list::<Message>(client, first, token, &headers).await
}

/// Reads all messages of a thread of ACS Chat, in pages of 50, and returns their number.
///
/// # Errors
///
/// When it fails in any way.
pub async fn acs_chat(
    client: &Client,
    base: &str,
    token: &str,
    thread: &str,
) -> Result<usize, reqwest::Error> {
    let first =
        format!("{base}/chat/threads/{thread}/messages?maxPageSize=50&api-version=2025-03-15");
    list::<ThreadMessage>(client, first, token, &[("x-ms-client-request-id", None)]).await
}

/// A header without a value has a new id in each request.
async fn list<T: DeserializeOwned>(
    client: &Client,
    first: String,
    token: &str,
    headers: &[(&str, Option<&str>)],
) -> Result<usize, reqwest::Error> {
    let (mut next, mut count) = (Some(first), 0);
    while let Some(url) = next {
        let mut request = client.get(url).bearer_auth(token);
        for (name, value) in headers {
            request = match value {
                Some(value) => request.header(*name, *value),
                None => request.header(*name, Uuid::new_v4().to_string()),
            };
        }
        let page: Page<T> = request.send().await?.error_for_status()?.json().await?;
        count += page.value.len();
        next = page.next_link;
    }
    Ok(count)
}
