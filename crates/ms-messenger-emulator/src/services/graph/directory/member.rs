//! Members of chats, channels and teams.

use std::collections::{BTreeMap, HashSet};

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use percent_encoding::percent_decode_str;
use serde_json::{Value, json};
use uuid::Uuid;

use crate::engine::resources::Shared;
use crate::seed::Seed;
use crate::services::graph::error::GraphError;
use crate::wire::clock;

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

/// Who is in, and who may come in by merely speaking.
#[derive(Debug, Default)]
pub(crate) struct Roll {
    /// By object id, lower case.
    members: BTreeMap<String, Member>,
    /// Removed members, who do not come back by themselves.
    gone: HashSet<String>,
    /// Made by its own operation: only who was named is in.
    pub(crate) is_closed: bool,
}

impl Roll {
    pub(crate) fn of(users: impl IntoIterator<Item = (String, Member)>) -> Self {
        Self {
            members: users.into_iter().collect(),
            ..Self::default()
        }
    }

    pub(crate) fn has(&self, user: &str) -> bool {
        self.members.contains_key(user)
    }

    /// Whether `user` is in, or comes in on first use.
    pub(crate) fn admits(&self, user: &str) -> bool {
        self.has(user) || (!self.is_closed && !self.gone.contains(user))
    }

    pub(crate) fn join(&mut self, user: &str) {
        if !self.has(user) && self.admits(user) {
            self.members.insert(user.to_owned(), Member::owner());
        }
    }

    pub(crate) fn add(&mut self, user: String, member: Member) {
        self.gone.remove(&user);
        self.members.insert(user, member);
    }

    pub(crate) fn remove(&mut self, user: &str) -> bool {
        let was_in = self.members.remove(user).is_some();
        if was_in {
            self.gone.insert(user.to_owned());
        }
        was_in
    }

    pub(crate) fn len(&self) -> usize {
        self.members.len()
    }

    pub(crate) fn iter(&self) -> impl Iterator<Item = (&str, &Member)> {
        self.members
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

/// The member that a request body describes: its object id and its membership.
pub(crate) fn parse(
    shared: &Shared,
    body: &Value,
    needs_role: bool,
) -> Result<(String, Member), GraphError> {
    let roles = match &body["roles"] {
        Value::Null => &[][..],
        Value::Array(roles) => roles,
        _ => return Err(GraphError::invalid_body()),
    };
    let role = match roles {
        [] if !needs_role => None,
        [role] if role == "owner" => Some("owner"),
        [role] if role == "guest" => Some("guest"),
        _ => {
            let message = "Each member needs the role owner or guest.";
            return Err(GraphError::bad_request(message));
        }
    };
    let history_from = match &body["visibleHistoryStartDateTime"] {
        // Without it nothing of the history is shared.
        Value::Null => shared.now_ms(),
        time => {
            let time = time.as_str().and_then(clock::parse_rfc3339);
            time.ok_or_else(GraphError::invalid_body)?
        }
    };
    let bind = body["user@odata.bind"].as_str().unwrap_or_default();
    let member = Member { role, history_from };
    Ok((bound_user(shared, bind)?, member))
}

/// The object id in `…/users('ID or UPN')` or `…/users/ID`.
fn bound_user(shared: &Shared, bind: &str) -> Result<String, GraphError> {
    let key = bind.rsplit_once("/users").map_or("", |(_, key)| key);
    let key = percent_decode_str(key)
        .decode_utf8_lossy()
        .replace("''", "'");
    let key = key
        .trim_start_matches(['(', '\'', '/'])
        .trim_end_matches([')', '\'']);
    if key.is_empty() {
        let message = "Each member needs user@odata.bind with a user's id or principal name.";
        return Err(GraphError::bad_request(message));
    }
    user_id(shared, key)
}

/// The object id of the user with that id or principal name; any GUID is a user unless strict.
pub(crate) fn user_id(shared: &Shared, key: &str) -> Result<String, GraphError> {
    let mut users = shared.seed.graph.users.iter();
    let seeded = users.find(|u| u.id.eq_ignore_ascii_case(key) || u.upn.eq_ignore_ascii_case(key));
    if let Some(user) = seeded {
        return Ok(user.id.clone());
    }
    match Uuid::try_parse(key) {
        Ok(id) if !shared.settings.is_strict => Ok(id.to_string()),
        _ => Err(GraphError::not_found(format!(
            "Resource '{key}' does not exist or one of its queried reference-property objects are \
             not present."
        ))),
    }
}
