//! The files that messages refer to.

use serde_json::Value;

use crate::services::graph::{
    drives::{item::Scope, store::Hit, store::Sent, store::Store},
    error::GraphError,
    messages::{share, validate::Draft},
    place::Place,
};

/// Writes the address and the name of the file in place of each share link, and returns the files
/// of the emulator that the draft refers to, with the addresses as they were sent.
///
/// `is_strict` refuses an address of the emulator's sites that leads to no file, and an id that is
/// not the GUID of its file.
pub(crate) fn settle(
    drives: &Store,
    draft: &mut Draft,
    is_strict: bool,
) -> Result<Vec<(Hit, String)>, GraphError> {
    let mut hits = Vec::new();
    let files = draft.attachments.iter_mut();
    for attachment in files.filter(|it| it["contentType"] == "reference") {
        let url = attachment["contentUrl"]
            .as_str()
            .unwrap_or_default()
            .to_owned();
        let hit = drives.find(&url);
        if let Some(hit) = &hit {
            fill(drives, attachment, hit, is_strict)?;
        } else if is_strict && drives.drives().any(|drive| drive.site.has(&url)) {
            return Err(refused(attachment));
        } else if let Some((address, name)) = share::file(&url) {
            attachment["contentUrl"] = address.into();
            if attachment["name"].is_null() {
                attachment["name"] = name.into();
            }
        }
        hits.extend(hit.map(|hit| (hit, url)));
    }
    Ok(hits)
}

/// Writes what is known of the file into the attachment.
fn fill(
    drives: &Store,
    attachment: &mut Value,
    hit: &Hit,
    is_strict: bool,
) -> Result<(), GraphError> {
    let drive = drives.drive(&hit.drive);
    let found = drive.and_then(|drive| Some((drive, drive.item(&hit.item)?)));
    let Some((drive, item)) = found else {
        return Ok(());
    };
    if hit.link.is_some() {
        attachment["contentUrl"] = drive.site.dav_url(&drive.path(item)).into();
    } else if is_strict {
        let plain = |text: &str| text.replace(['-', '{', '}'], "").to_uppercase();
        let id = plain(attachment["id"].as_str().unwrap_or_default());
        if id != plain(&item.guid_text()) {
            return Err(refused(attachment));
        }
    }
    if attachment["name"].is_null() {
        attachment["name"] = item.name.as_str().into();
    }
    Ok(())
}

fn refused(attachment: &Value) -> GraphError {
    let id = attachment["id"].as_str().unwrap_or_default();
    let message = format!("Failed to process content in attachment with Id '{id}'.");
    GraphError::bad_request(message)
}

/// Remembers which files a stored message refers to.
pub(crate) fn remember(
    drives: &mut Store,
    place: &Place,
    message_id: u64,
    hits: Vec<(Hit, String)>,
) {
    for (hit, url) in hits {
        drives.sent.push(Sent {
            place: place.clone(),
            message_id,
            drive: hit.drive,
            item: hit.item,
            url,
            link: hit.link,
        });
    }
}

/// The same for a message that was changed, whose files before count no more.
pub(crate) fn replace(
    drives: &mut Store,
    place: &Place,
    message_id: u64,
    hits: Vec<(Hit, String)>,
) {
    forget(drives, place.conversation(), message_id);
    remember(drives, place, message_id, hits);
}

/// Forgets the files of a message.
pub(crate) fn forget(drives: &mut Store, conversation: &str, message_id: u64) {
    let is_other =
        |sent: &Sent| sent.message_id != message_id || sent.place.conversation() != conversation;
    drives.sent.retain(is_other);
}

/// Whether the address that was sent opens the file for everyone in the tenant.
pub(crate) const fn is_open(link: Option<Scope>) -> bool {
    matches!(link, Some(Scope::Anonymous | Scope::Organization))
}
