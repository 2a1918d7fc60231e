//! Messages as the directory shows them: the newest of a chat, and those that are pinned.

use serde_json::{Value, json};

use crate::services::graph::{
    context::Context,
    messages::{preference::view, store::Store},
    place::Place,
};

impl Store {
    /// Whether `id` is a message of the chat.
    pub(crate) fn has_in_chat(&self, place: &Place, id: u64) -> bool {
        self.message(place, id).is_some()
    }

    /// The message `id` of the chat, for the caller.
    pub(crate) fn in_chat(&self, context: &Context<'_>, place: &Place, id: u64) -> Option<Value> {
        let template = self.template(place, None, id)?;
        serde_json::from_slice(&template.view(view(context))).ok()
    }

    /// When the newest message of the chat was made, epoch milliseconds.
    pub(crate) fn last_time_in_chat(&self, place: &Place) -> Option<u64> {
        let (id, _) = self.places.get(place)?.messages.last_key_value()?;
        Some(*id)
    }

    /// The preview of the newest message of the chat, a `chatMessageInfo`.
    pub(crate) fn last_in_chat(&self, context: &Context<'_>, place: &Place) -> Option<Value> {
        let message = self.in_chat(context, place, self.last_time_in_chat(place)?)?;
        Some(json!({
            "id": message["id"],
            "createdDateTime": message["createdDateTime"],
            "isDeleted": !message["deletedDateTime"].is_null(),
            "messageType": message["messageType"],
            "eventDetail": message["eventDetail"],
            "body": message["body"],
            "from": message["from"],
        }))
    }
}
