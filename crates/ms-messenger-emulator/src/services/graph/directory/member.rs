//! Members of chats, channels and teams.

use std::collections::{BTreeMap, HashSet};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use serde_json::{Value, json};

use crate::{seed::Seed, wire::clock};

/// One membership.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Member {
    /// `owner`, `guest`, or nothing for an ordinary member of a team.
    pub(crate) role: Option<&'static str>,
    /// From when on the member sees messages, epoch milliseconds.
    pub(crate) history_from: u64,
}

impl Member {
    pub(crate) const fn owner() -> Self {
        Self {
            role: Some("owner"),
            history_from: 0,
        }
    }
}

/// The members, and the callers that may join by posting.
#[derive(Debug, Default)]
pub(crate) struct Members {
    /// By object id, lower case.
    present: BTreeMap<String, Member>,
    /// Removed members, which do not join again by posting.
    gone: HashSet<String>,
    /// Made by its own operation: only the users named then are members.
    pub(crate) is_closed: bool,
}

impl Members {
    pub(crate) fn of(users: impl IntoIterator<Item = (String, Member)>) -> Self {
        Self {
            present: users.into_iter().collect(),
            ..Self::default()
        }
    }

    pub(crate) fn has(&self, user: &str) -> bool {
        self.present.contains_key(user)
    }

    /// Whether `user` is in, or comes in on first use.
    pub(crate) fn admits(&self, user: &str) -> bool {
        self.has(user) || (!self.is_closed && !self.gone.contains(user))
    }

    pub(crate) fn join(&mut self, user: &str) {
        if !self.has(user) && self.admits(user) {
            self.present.insert(user.to_owned(), Member::owner());
        }
    }

    pub(crate) fn add(&mut self, user: String, member: Member) {
        self.gone.remove(&user);
        self.present.insert(user, member);
    }

    pub(crate) fn remove(&mut self, user: &str) -> bool {
        let was_in = self.present.remove(user).is_some();
        if was_in {
            self.gone.insert(user.to_owned());
        }
        was_in
    }

    pub(crate) fn len(&self) -> usize {
        self.present.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Member)> {
        self.present
            .iter()
            .map(|(id, member)| (id.as_str(), member))
    }

    /// The member of that membership id.
    pub(crate) fn by_id(&self, seed: &Seed, group: &str, id: &str) -> Option<(&str, &Member)> {
        self.iter()
            .find(|(user, _)| membership_id(seed, group, user) == id)
    }

    /// All members as Graph writes them.
    pub(crate) fn render(&self, seed: &Seed, group: &str) -> Vec<Value> {
        let one = |(user, member)| render(seed, group, user, member);
        self.iter().map(one).collect()
    }
}

/// The opaque id of a membership.
pub(crate) fn membership_id(seed: &Seed, group: &str, user: &str) -> String {
    let tenant = &seed.graph.tenant_id;
    STANDARD.encode(format!("0##1##{tenant}##{group}##{user}"))
}

/// An `aadUserConversationMember`.
pub(crate) fn render(seed: &Seed, group: &str, user: &str, member: &Member) -> Value {
    let seeded = seed.graph_user(user);
    let history = match member.history_from {
        0 => "0001-01-01T00:00:00Z".to_owned(),
        ms => clock::rfc3339_trimmed(ms),
    };
    json!({
        "@odata.type": "#microsoft.graph.aadUserConversationMember",
        "id": membership_id(seed, group, user),
        "roles": member.role.iter().collect::<Vec<_>>(),
        "displayName": seeded.map(|user| &user.display_name),
        "visibleHistoryStartDateTime": history,
        "userId": user,
        "email": seeded.map(|user| &user.upn),
        "tenantId": seed.graph.tenant_id,
    })
}
