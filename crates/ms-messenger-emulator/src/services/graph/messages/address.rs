//! The path by which a client names a channel or a chat.

use crate::services::graph::{
    context::Context,
    error::GraphError,
    place::{Place, encoded},
};

/// A channel or a chat, and the way there.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Address {
    pub(crate) via: Via,
    pub(crate) place: Place,
}

/// The beginning of the path.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Via {
    /// `/teams/…` or `/chats/…`.
    Direct,
    /// `/me/chats/…`.
    Me,
    /// `/users/{id or principal name}/chats/…`.
    User(String),
}

impl Address {
    /// The place with its ids in one spelling; refuses ids that no service issues, and the chats of
    /// another user.
    pub(crate) fn resolve(&self, context: &Context<'_>) -> Result<Self, GraphError> {
        let place = self.place.well_formed()?;
        let via = match &self.via {
            Via::User(user) => Via::User(own_id(context, user)?),
            other => other.clone(),
        };
        Ok(Self { via, place })
    }

    /// `teams/…`, `chats/…`, `me/chats/…` or `users/…/chats/…`, as the client called it.
    pub(crate) fn path(&self) -> String {
        let path = self.place.path();
        match &self.via {
            Via::Direct => path,
            Via::Me => format!("me/{path}"),
            Via::User(user) => format!("users/{user}/{path}"),
        }
    }

    /// The same as in `@odata.context`, where `/me` is the caller.
    pub(crate) fn context(&self, caller: &str) -> String {
        let context = self.place.context();
        match &self.via {
            Via::Direct => context,
            Via::Me => format!("users('{caller}')/{context}"),
            Via::User(user) => format!("users('{}')/{context}", encoded(user)),
        }
    }
}

/// The object id of the user named in a path. Users read their own chats only.
pub(crate) fn own_id(context: &Context<'_>, user: &str) -> Result<String, GraphError> {
    let mut users = context.service.seed.graph.users.iter();
    let is_it =
        |id: &str, upn: &str| id.eq_ignore_ascii_case(user) || upn.eq_ignore_ascii_case(user);
    let id = match users.find(|seeded| is_it(&seeded.id, &seeded.upn)) {
        Some(seeded) => seeded.id.clone(),
        None => user.to_ascii_lowercase(),
    };
    if context.caller.is_user && id != context.caller.id {
        let message = "The user in the path is not the caller.";
        return Err(GraphError::forbidden(message));
    }
    Ok(id)
}
