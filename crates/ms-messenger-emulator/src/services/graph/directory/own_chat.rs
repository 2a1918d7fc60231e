//! The chats of a caller.

use crate::services::graph::{
    context::Context,
    directory::{chats, person, routes::PathUser},
    error::GraphError,
    place::Place,
};

/// The place of a chat id of a form that the service issues.
pub(crate) fn chat_place(id: &str) -> Result<Place, GraphError> {
    let place = Place::Chat {
        chat: id.to_owned(),
    };
    place.well_formed()
}

/// Refuses a chat below a user that is not a member of it.
pub(crate) fn own_chat(
    context: &Context<'_>,
    path_user: &PathUser,
    place: &Place,
) -> Result<(), GraphError> {
    if *path_user == PathUser::Open {
        return Ok(());
    }
    let Some(owner) = person::of(context, path_user)? else {
        return Ok(());
    };
    let store = context.service.store();
    let chat = store.directory.chat(place.conversation());
    let is_strict = context.service.engine.is_strict();
    if chat.is_some_and(|chat| !chat.members.has(&owner)) && (is_strict || !context.caller.is_user)
    {
        return Err(chats::no_chat());
    }
    Ok(())
}
