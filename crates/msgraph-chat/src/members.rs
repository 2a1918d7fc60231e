//! Users who become members.

use std::time::SystemTime;

use ms_messenger_core::{Problems, UserId};
use ms_messenger_http::{Endpoint, check_id};
use serde_json::{Value, json};

use crate::{destination::literal, models::MemberRole, times::rfc3339};

/// The time from which a member sees everything.
const WHOLE_HISTORY: &str = "0001-01-01T00:00:00Z";

/// A user of the directory who becomes a member of a chat, team or channel. An id or user principal
/// name converts into one.
///
/// ```
/// use msgraph_chat::NewMember;
///
/// let guest = NewMember::new("robin_fabrikam.com#EXT#@contoso.com").with_guest_role();
/// let member = NewMember::new("lene@contoso.com").with_whole_history();
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use = "a member does nothing until it is added"]
pub struct NewMember {
    user: UserId,
    role: Option<MemberRole>,
    history: History,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum History {
    None,
    Since(SystemTime),
    Whole,
}

/// What a user becomes a member of.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Group {
    /// Every member of a chat has a role.
    Chat,
    /// An ordinary member of a team or channel has none.
    Team,
}

impl NewMember {
    /// Returns the user of that id or user principal name, as an ordinary member who sees no earlier
    /// messages.
    pub fn new(user: impl Into<UserId>) -> Self {
        Self {
            user: user.into(),
            role: None,
            history: History::None,
        }
    }

    /// Makes the member an owner of a team or channel. Every member of a chat is an owner.
    pub fn with_owner_role(mut self) -> Self {
        self.role = Some(MemberRole::Owner);
        self
    }

    /// Sets the role of a user who is a guest of the tenant; a chat needs it.
    pub fn with_guest_role(mut self) -> Self {
        self.role = Some(MemberRole::Guest);
        self
    }

    /// Shows messages since `time` to a member who is added to a chat.
    pub fn with_history_since(mut self, time: SystemTime) -> Self {
        self.history = History::Since(time);
        self
    }

    /// Shows all earlier messages to a member who is added to a chat.
    pub fn with_whole_history(mut self) -> Self {
        self.history = History::Whole;
        self
    }

    /// Adds what is wrong with the member.
    pub(crate) fn check(&self, problems: &mut Problems) {
        check_id(self.user.as_str(), "member", problems);
    }

    /// The member on the wire.
    pub(crate) fn to_json(&self, group: Group, endpoint: &Endpoint) -> Value {
        let role = match (&self.role, group) {
            (None, Group::Chat) => Some("owner"),
            (role, _) => role.as_ref().map(MemberRole::as_str),
        };
        let user = literal(self.user.as_str());
        let mut member = json!({
            "@odata.type": "#microsoft.graph.aadUserConversationMember",
            "roles": Vec::from_iter(role),
            "user@odata.bind": format!("{endpoint}/users('{user}')"),
        });
        let since = match self.history {
            History::None => return member,
            History::Since(time) => rfc3339(time),
            History::Whole => WHOLE_HISTORY.to_owned(),
        };
        member["visibleHistoryStartDateTime"] = since.into();
        member
    }
}

impl From<UserId> for NewMember {
    fn from(user: UserId) -> Self {
        Self::new(user)
    }
}

impl From<&str> for NewMember {
    fn from(user: &str) -> Self {
        Self::new(user)
    }
}

impl From<String> for NewMember {
    fn from(user: String) -> Self {
        Self::new(user)
    }
}
