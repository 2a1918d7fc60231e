//! What became of a send in doubt: the message is looked for by the id that this client wrote
//! into it.

use std::time::{Duration, SystemTime};

use async_trait::async_trait;
use ms_messenger_core::{
    Acceptance, ConversationId, Error, ErrorKind, InDoubt, Receipt, Result, SendRequest, Settle,
    Settled, Target,
};
use ms_messenger_http::{Call, segment};
use serde::Deserialize;

use crate::{AcsChatClient, error::PLATFORM, models::CLIENT_MESSAGE_ID};

/// How far the clocks of this machine and of the service may be apart.
const SKEW: Duration = Duration::from_secs(120);
/// The most pages of 200 messages that are looked through.
const MAX_PAGES: usize = 10;

/// Lists the thread from two minutes before the attempt on and looks for the id that the client
/// wrote into the message; for that it must be set up with
/// [`with_client_message_ids`](crate::AcsChatBuilder::with_client_message_ids), which changes
/// what is sent. Without it, or when the thread cannot be listed to its end, it answers
/// `CannotTell`. A message that the service stores only after it was asked is not found: give a
/// request that timed out a moment before settling it.
#[async_trait]
impl Settle for AcsChatClient {
    async fn settle(&self, request: &SendRequest, attempt: &InDoubt) -> Settled {
        let (Target::Conversation(thread), Some(id), true) = (
            &request.to,
            &attempt.client_request_id,
            self.writes_client_message_ids(),
        ) else {
            let why = "the message carries no id of this client: set it up with_client_message_ids";
            return Settled::CannotTell(
                Error::new(ErrorKind::Unsupported, why).with_platform(PLATFORM),
            );
        };
        match self.find(thread, id, attempt.began_at).await {
            Ok(Some(receipt)) => Settled::Found(receipt),
            Ok(None) => Settled::NotFound,
            Err(error) => Settled::CannotTell(error),
        }
    }
}

#[derive(Deserialize)]
struct Page {
    value: Vec<Item>,
    #[serde(default, rename = "nextLink")]
    next_link: Option<String>,
}

#[derive(Deserialize)]
struct Item {
    id: String,
    #[serde(default)]
    metadata: Option<serde_json::Map<String, serde_json::Value>>,
}

impl AcsChatClient {
    async fn find(
        &self,
        thread: &ConversationId,
        id: &str,
        began_at: SystemTime,
    ) -> Result<Option<Receipt>> {
        let start = began_at.checked_sub(SKEW).unwrap_or(SystemTime::UNIX_EPOCH);
        let mut path = format!(
            "/chat/threads/{}/messages?maxPageSize=200&startTime={}&api-version={}",
            segment(thread.as_str()),
            segment(&humantime::format_rfc3339_millis(start).to_string()),
            self.api_version()
        );
        for _ in 0..MAX_PAGES {
            let page: Page = self
                .pipeline()
                .call(Call::get("list", path))
                .await?
                .json()?;
            let is_it = |item: &&Item| {
                let written = item
                    .metadata
                    .as_ref()
                    .and_then(|m| m.get(CLIENT_MESSAGE_ID));
                written.and_then(serde_json::Value::as_str) == Some(id)
            };
            if let Some(item) = page.value.iter().find(is_it) {
                let receipt = Receipt::new(Acceptance::Posted)
                    .with_message_id(item.id.as_str())
                    .with_conversation(thread.clone());
                return Ok(Some(receipt));
            }
            // The link is absolute; its origin is checked before the credential goes there.
            match page.next_link.filter(|link| !link.is_empty()) {
                Some(link) => path = self.pipeline().endpoint().follow_path(&link)?,
                None => return Ok(None),
            }
        }
        let why = "the thread has too many messages since the attempt to look through";
        Err(Error::new(ErrorKind::Other, why).with_platform(PLATFORM))
    }
}
