//! What happened to a message.

use crate::services::graph::{messages::template::Template, place::Place};

/// What happened to a message.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum ChangeType {
    Created,
    Updated,
    Deleted,
}

impl ChangeType {
    pub(crate) const fn as_str(self) -> &'static str {
        match self {
            Self::Created => "created",
            Self::Updated => "updated",
            Self::Deleted => "deleted",
        }
    }

    /// The change of that name.
    pub(crate) fn parse(name: &str) -> Option<Self> {
        let all = [Self::Created, Self::Updated, Self::Deleted];
        all.into_iter().find(|change| change.as_str() == name)
    }
}

/// A change of a message, and what it was then.
#[derive(Debug)]
pub(crate) struct Change {
    pub(crate) kind: ChangeType,
    pub(crate) place: Place,
    /// The channel message that it replies to.
    pub(crate) root: Option<u64>,
    pub(crate) id: u64,
    pub(crate) message: Template,
}

impl Change {
    /// The message in the form of keys: `chats('…')/messages('…')`.
    pub(crate) fn resource(&self) -> String {
        let place = match &self.place {
            Place::Channel { team, channel } => format!("teams('{team}')/channels('{channel}')"),
            Place::Chat { chat } => format!("chats('{chat}')"),
        };
        match self.root {
            Some(root) => format!("{place}/messages('{root}')/replies('{}')", self.id),
            None => format!("{place}/messages('{}')", self.id),
        }
    }
}
