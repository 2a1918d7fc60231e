//! A chat as a resource.

use serde_json::{Value, json};

use crate::{
    seed::Seed,
    services::graph::{
        directory::{
            member::{Member, Members},
            migrated::Migrated,
        },
        place::{Place, encoded},
    },
    wire::clock,
};

/// A chat with its members and pinned messages.
#[derive(Debug)]
pub(crate) struct Chat {
    pub(crate) id: String,
    /// `oneOnOne`, `group` or `meeting`.
    pub(crate) kind: &'static str,
    pub(crate) topic: Option<String>,
    /// Epoch milliseconds.
    pub(crate) created: u64,
    /// When it was renamed, or its members changed.
    pub(crate) updated: u64,
    pub(crate) migrated: Migrated,
    pub(crate) members: Members,
    /// Ids of the pinned messages, in the order of pinning.
    pub(crate) pins: Vec<u64>,
}

impl Chat {
    /// A chat without members; its kind follows from its id.
    pub(crate) fn new(id: &str, now: u64) -> Self {
        let kind = if id.ends_with("@unq.gbl.spaces") {
            "oneOnOne"
        } else if id.starts_with("19:meeting_") {
            "meeting"
        } else {
            "group"
        };
        Self {
            id: id.to_owned(),
            kind,
            topic: None,
            created: now,
            updated: now,
            migrated: Migrated::default(),
            members: Members::default(),
            pins: Vec::new(),
        }
    }

    /// A chat that was created on first use: the id of a one-on-one chat names its two users.
    pub(crate) fn on_first_use(id: &str, now: u64) -> Self {
        let mut chat = Self::new(id, now);
        if let Some((one, other)) = pair(id) {
            for user in [one, other] {
                chat.members.add(user.to_ascii_lowercase(), Member::owner());
            }
        }
        chat
    }

    /// Where its messages are.
    pub(crate) fn place(&self) -> Place {
        Place::Chat {
            chat: self.id.clone(),
        }
    }

    /// The whole resource; `is_user` callers have a viewpoint.
    pub(crate) fn render(&self, seed: &Seed, is_user: bool) -> Value {
        let viewpoint = is_user.then(|| {
            json!({
                "isHidden": false,
                "lastMessageReadDateTime": "0001-01-01T00:00:00Z",
            })
        });
        let tenant = &seed.graph.tenant_id;
        let url = format!(
            "https://teams.microsoft.com/l/chat/{}/0?tenantId={tenant}",
            encoded(&self.id)
        );
        json!({
            "id": self.id,
            "topic": self.topic,
            "createdDateTime": clock::rfc3339_trimmed(self.created),
            "lastUpdatedDateTime": clock::rfc3339_trimmed(self.updated),
            "chatType": self.kind,
            "webUrl": url,
            "tenantId": tenant,
            "onlineMeetingInfo": null,
            "viewpoint": viewpoint,
            "isHiddenForAllMembers": false,
            "migrationMode": self.migrated.mode,
            "originalCreatedDateTime": self.migrated.original.map(clock::rfc3339_trimmed),
        })
    }
}

fn pair(id: &str) -> Option<(&str, &str)> {
    let ids = id.strip_prefix("19:")?.strip_suffix("@unq.gbl.spaces")?;
    let (one, other) = ids.split_once('_')?;
    let is_guid = |id| uuid::Uuid::try_parse(id).is_ok();
    (is_guid(one) && is_guid(other)).then_some((one, other))
}
