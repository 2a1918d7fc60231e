//! Reads the envelope of notifications.

use serde::Deserialize;
use serde_json::value::RawValue;

use super::notification::{ChangeNotification, LifecycleNotification, Notification};
use crate::{limits::Limits, rejection::Rejection};

const EXPECTED: Rejection = Rejection::Malformed("a collection of change notifications");

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Collection<'a> {
    #[serde(borrow)]
    value: Vec<&'a RawValue>,
    validation_tokens: Option<Vec<String>>,
}

/// The members by which an item is checked.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
pub(super) struct Item {
    pub(super) subscription_id: String,
    pub(super) client_state: Option<String>,
    pub(super) tenant_id: Option<String>,
    pub(super) encrypted_content: Option<EncryptedContent>,
    lifecycle_event: Option<String>,
    #[serde(skip)]
    json: String,
}

/// A resource that is encrypted for a certificate.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
#[cfg_attr(
    not(feature = "decryption"),
    allow(dead_code, reason = "only that it is there matters then")
)]
pub(super) struct EncryptedContent {
    pub(super) data: String,
    pub(super) data_signature: String,
    pub(super) data_key: String,
    pub(super) encryption_certificate_id: Option<String>,
    pub(super) encryption_certificate_thumbprint: Option<String>,
}

/// Reads a body: its items, and the validation tokens.
pub(super) fn read(body: &[u8], limits: &Limits) -> Result<(Vec<Item>, Vec<String>), Rejection> {
    let collection: Collection<'_> = serde_json::from_slice(body).map_err(|_| EXPECTED)?;
    let tokens = collection.validation_tokens.unwrap_or_default();
    limits.check_items(collection.value.len().max(tokens.len()))?;
    let items = collection.value.into_iter().map(|json| {
        let item: Item = serde_json::from_str(json.get()).map_err(|_| EXPECTED)?;
        Ok(Item {
            json: json.get().to_owned(),
            ..item
        })
    });
    Ok((items.collect::<Result<_, Rejection>>()?, tokens))
}

impl Item {
    /// Reads the rest of the item.
    pub(super) fn notification(&self) -> Result<Notification, Rejection> {
        let json = &self.json;
        if self.lifecycle_event.is_some() {
            let event: LifecycleNotification = serde_json::from_str(json).map_err(|_| EXPECTED)?;
            return Ok(Notification::Lifecycle(event));
        }
        let mut change: ChangeNotification = serde_json::from_str(json).map_err(|_| EXPECTED)?;
        // Only what was decrypted here is content.
        change.content = None;
        Ok(Notification::Change(Box::new(change)))
    }
}
