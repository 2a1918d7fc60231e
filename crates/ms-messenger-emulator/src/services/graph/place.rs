//! A channel or a chat, which holds messages.

use percent_encoding::{AsciiSet, CONTROLS, utf8_percent_encode};
use uuid::Uuid;

use crate::{services::graph::error::GraphError, wire::path::may_be_id};

/// A place that holds messages.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
pub(crate) enum Place {
    Channel { team: String, channel: String },
    Chat { chat: String },
}

/// What Graph encodes of an id in contexts and in `webUrl`.
const ID: &AsciiSet = &CONTROLS
    .add(b':')
    .add(b'@')
    .add(b'/')
    .add(b'?')
    .add(b'#')
    .add(b' ')
    .add(b'%');

pub(crate) fn encoded(id: &str) -> String {
    utf8_percent_encode(id, ID).to_string()
}

impl Place {
    /// `teams('…')/channels('…')` or `chats('…')`, as in `@odata.context`.
    pub(crate) fn context(&self) -> String {
        match self {
            Self::Channel { team, channel } => {
                format!("teams('{team}')/channels('{}')", encoded(channel))
            }
            Self::Chat { chat } => format!("chats('{}')", encoded(chat)),
        }
    }

    /// `teams/…/channels/…` or `chats/…`, ids raw as in the service's own links.
    pub(crate) fn path(&self) -> String {
        match self {
            Self::Channel { team, channel } => format!("teams/{team}/channels/{channel}"),
            Self::Chat { chat } => format!("chats/{chat}"),
        }
    }

    /// The channel or chat id.
    pub(crate) fn conversation(&self) -> &str {
        match self {
            Self::Channel { channel, .. } => channel,
            Self::Chat { chat } => chat,
        }
    }

    pub(crate) const fn is_channel(&self) -> bool {
        matches!(self, Self::Channel { .. })
    }

    /// The place with its ids in one spelling; refuses ids that no service issues.
    pub(crate) fn well_formed(&self) -> Result<Self, GraphError> {
        let id = self.conversation();
        let is_known_kind = id.starts_with("19:") || id.starts_with("48:");
        if !is_known_kind || !may_be_id(id) {
            return Err(GraphError::bad_request(format!(
                "Invalid thread id '{id}'."
            )));
        }
        match self {
            Self::Chat { .. } => Ok(self.clone()),
            Self::Channel { team, channel } => Ok(Self::Channel {
                team: team_id(team)?,
                channel: channel.clone(),
            }),
        }
    }
}

/// A team's id in its one spelling.
pub(crate) fn team_id(team: &str) -> Result<String, GraphError> {
    let id = Uuid::try_parse(team)
        .map_err(|_| GraphError::bad_request("teamId needs to be a valid GUID."))?;
    Ok(id.to_string())
}
