//! Teams and their channels as resources.

use std::collections::HashSet;

use serde_json::{Value, json};

use crate::{
    seed::Seed,
    services::graph::{
        directory::{member::Members, migrated::Migrated},
        place::encoded,
    },
    wire::clock,
};

/// A team.
#[derive(Debug)]
pub(crate) struct Team {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: String,
    /// Epoch milliseconds.
    pub(crate) created: u64,
    pub(crate) members: Members,
    /// In the order of their making; the first one is the primary one, `General`.
    channels: Vec<Channel>,
    /// Ids of deleted channels, which do not come back by use.
    deleted: HashSet<String>,
}

/// A channel.
#[derive(Debug)]
pub(crate) struct Channel {
    pub(crate) id: String,
    pub(crate) name: String,
    pub(crate) description: Option<String>,
    pub(crate) created: u64,
    pub(crate) migrated: Migrated,
    /// `standard`, `private` or `shared`.
    pub(crate) kind: &'static str,
    /// `post` or `chat`.
    pub(crate) layout: &'static str,
    pub(crate) is_favorite: Option<bool>,
    /// The members of a private or shared channel; those of the team are in a standard one.
    pub(crate) members: Option<Members>,
}

impl Channel {
    /// A standard channel.
    pub(crate) fn standard(id: &str, name: &str, now: u64) -> Self {
        Self {
            id: id.to_owned(),
            name: name.to_owned(),
            description: None,
            created: now,
            migrated: Migrated::default(),
            kind: "standard",
            layout: "post",
            is_favorite: None,
            members: None,
        }
    }

    /// The whole resource.
    pub(crate) fn render(&self, seed: &Seed, team: &str) -> Value {
        let tenant = &seed.graph.tenant_id;
        let url = format!(
            "https://teams.microsoft.com/l/channel/{}/{}?groupId={team}&tenantId={tenant}\
             &allowXTenantAccess=False",
            encoded(&self.id),
            encoded(&self.name)
        );
        json!({
            "id": self.id,
            "createdDateTime": clock::rfc3339_trimmed(self.created),
            "displayName": self.name,
            "description": self.description,
            "isFavoriteByDefault": self.is_favorite,
            "email": "",
            "tenantId": tenant,
            "webUrl": url,
            "membershipType": self.kind,
            "layoutType": self.layout,
            "isArchived": false,
            "migrationMode": self.migrated.mode,
            "originalCreatedDateTime": self.migrated.original.map(clock::rfc3339_trimmed),
        })
    }
}

impl Team {
    /// A team whose primary channel is `primary`.
    pub(crate) fn new(id: &str, name: String, now: u64, primary: &str) -> Self {
        Self {
            id: id.to_owned(),
            description: format!("The team {name}"),
            name,
            created: now,
            members: Members::default(),
            channels: vec![Channel::standard(primary, "General", now)],
            deleted: HashSet::new(),
        }
    }

    pub(crate) fn channels(&self) -> &[Channel] {
        &self.channels
    }

    pub(crate) fn channel(&self, id: &str) -> Option<&Channel> {
        self.channels.iter().find(|channel| channel.id == id)
    }

    pub(crate) fn channel_mut(&mut self, id: &str) -> Option<&mut Channel> {
        self.channels.iter_mut().find(|channel| channel.id == id)
    }

    pub(crate) fn was_deleted(&self, channel: &str) -> bool {
        self.deleted.contains(channel)
    }

    pub(crate) fn add(&mut self, channel: Channel) {
        self.channels.push(channel);
    }

    /// Makes the channel of that id on first use.
    pub(crate) fn on_first_use(&mut self, id: &str, now: u64) {
        if self.channel(id).is_none() && !self.was_deleted(id) {
            let name = format!("Channel {}", self.channels.len());
            self.channels.push(Channel::standard(id, &name, now));
        }
    }

    pub(crate) fn delete(&mut self, id: &str) {
        self.channels.retain(|channel| channel.id != id);
        self.deleted.insert(id.to_owned());
    }

    /// Who is in `channel`.
    pub(crate) fn members_of<'a>(&'a self, channel: &'a Channel) -> &'a Members {
        channel.members.as_ref().unwrap_or(&self.members)
    }

    /// The whole resource.
    pub(crate) fn render(&self, seed: &Seed) -> Value {
        let tenant = &seed.graph.tenant_id;
        let primary = self.channels.first().map_or("", |channel| &channel.id);
        json!({
            "id": self.id,
            "createdDateTime": clock::rfc3339_trimmed(self.created),
            "displayName": self.name,
            "description": self.description,
            "internalId": primary,
            "classification": null,
            "specialization": "none",
            "visibility": "private",
            "webUrl": format!(
                "https://teams.microsoft.com/l/team/{}/conversations?groupId={}&tenantId={tenant}",
                encoded(primary), self.id
            ),
            "isArchived": false,
            "isMembershipLimitedToOwners": false,
            "tenantId": tenant,
            "memberSettings": null,
            "guestSettings": null,
            "messagingSettings": null,
            "funSettings": null,
            "discoverySettings": null,
            "summary": null,
        })
    }

    /// The three members that a list of joined teams has.
    pub(crate) fn summary(&self) -> Value {
        json!({"id": self.id, "displayName": self.name, "description": self.description})
    }
}
