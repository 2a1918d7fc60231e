//! Lets the readers of a chat read its files. Source: Graph, "driveItem: invite".

use ms_messenger_core::{ConversationId, Delivery, Error, ErrorKind, Result};
use ms_messenger_http::{Call, Response};
use serde::Deserialize;
use serde_json::{Value, json};

use super::{folder::Folder, lane::Lane};
use crate::{
    destination::segment,
    error::PLATFORM,
    models::ConversationMember,
    operations::{CHAT_MEMBER_LIST, DRIVE_INVITE},
};

#[derive(Deserialize)]
struct Granted {
    #[serde(default)]
    value: Vec<Grant>,
}

/// What the service returns for one recipient.
#[derive(Deserialize)]
struct Grant {
    #[serde(default)]
    error: Option<Value>,
}

/// The members of `chat` other than the sender, as an invitation names them.
pub(super) async fn readers(lane: &Lane<'_>, chat: &ConversationId) -> Result<Vec<Value>> {
    let own = lane.deadline.limit(lane.client.own_id()).await;
    let own = own.map_err(|reached| reached.into_error().with_platform(PLATFORM))??;
    let path = format!("/chats/{}/members", segment(chat.as_str()));
    let call = Call::of(&CHAT_MEMBER_LIST, path).with_deadline(lane.deadline.clone());
    let mut pages = lane.client.paged::<ConversationMember>(Ok(call));
    let mut readers = Vec::new();
    while let Some(members) = pages.next_page().await? {
        for ConversationMember { user_id, email, .. } in members {
            let id = user_id.filter(|id| !id.as_str().is_empty());
            match (id, email.filter(|email| !email.is_empty())) {
                (Some(id), _) if id.as_str().eq_ignore_ascii_case(own.as_str()) => {}
                (Some(id), _) => readers.push(json!({ "objectId": id.as_str() })),
                (None, Some(email)) => readers.push(json!({ "email": email })),
                (None, None) => return Err(denied("a member of the chat has no id and no email")),
            }
        }
    }
    Ok(readers)
}

/// Grants `readers` the right to read the item `id`.
pub(super) async fn invite(
    lane: &Lane<'_>,
    folder: &Folder,
    id: &str,
    readers: &[Value],
) -> Result<()> {
    let invitation = json!({
        "recipients": readers,
        "requireSignIn": true,
        "sendInvitation": false,
        "roles": ["read"],
    });
    let path = folder.item(id) + "/invite";
    let call = Call::of(&DRIVE_INVITE, path).with_json(&invitation)?;
    let response: Response = lane.call(call).await?;
    let granted: Granted = response.json()?;
    let refused = granted.value.iter().filter(|grant| grant.error.is_some());
    match refused.count() {
        0 => Ok(()),
        count => {
            let members = readers.len();
            let message = format!("the service granted no access to {count} of {members} members");
            Err(denied(message))
        }
    }
}

fn denied(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::PermissionDenied, message)
        .with_delivery(Delivery::NotSent)
        .with_platform(PLATFORM)
}
