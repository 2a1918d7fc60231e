//! The newest message of a chat, as a list of chats shows it.

use serde_json::{Value, json};

use crate::graph::Place;
use crate::graph::messages::Store;

impl Store {
    /// When the newest message of the chat was made (epoch milliseconds), and its preview, a
    /// `chatMessageInfo`.
    pub(crate) fn last_in_chat(&self, chat: &str) -> Option<(u64, Value)> {
        let place = Place::Chat {
            chat: chat.to_owned(),
        };
        let (listed, _) = self.roots(&place, (u64::MAX, u64::MAX), 1, |_| true);
        let message: Value = serde_json::from_slice(&listed.first()?.rendered).ok()?;
        let id = message["id"].as_str()?.parse().ok()?;
        let preview = json!({
            "id": message["id"],
            "createdDateTime": message["createdDateTime"],
            "isDeleted": !message["deletedDateTime"].is_null(),
            "messageType": message["messageType"],
            "eventDetail": message["eventDetail"],
            "body": message["body"],
            "from": message["from"],
        });
        Some((id, preview))
    }
}
