//! Who is where.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use crate::graph::Place;
use crate::graph::auth::Caller;
use crate::graph::error::GraphError;
use crate::shared::Shared;
use crate::world::World;

/// All places with their members.
#[derive(Debug, Default)]
pub(crate) struct Store {
    places: HashMap<Place, Entry>,
}

#[derive(Debug, Default)]
struct Entry {
    /// Object ids, lower case.
    members: HashSet<String>,
    /// What `POST /chats` answered, for chats made there.
    chat: Option<Value>,
}

impl Store {
    /// The seeded channel and group chat with all seeded users.
    pub(crate) fn new(world: &World) -> Self {
        let graph = &world.graph;
        let channel = Place::Channel {
            team: graph.team_id.clone(),
            channel: graph.channel_id.clone(),
        };
        let chat = Place::Chat {
            chat: graph.chat_id.clone(),
        };
        let members: HashSet<String> = graph.users.iter().map(|user| user.id.clone()).collect();
        let entry = |members| Entry {
            members,
            chat: None,
        };
        let places = HashMap::from([(channel, entry(members.clone())), (chat, entry(members))]);
        Self { places }
    }

    /// Refuses, in strict mode, an unknown place and a user who is no member.
    pub(crate) fn admit(
        &self,
        shared: &Shared,
        place: &Place,
        caller: &Caller,
    ) -> Result<(), GraphError> {
        if !shared.settings.is_strict {
            return Ok(());
        }
        let Some(entry) = self.places.get(place) else {
            return Err(GraphError::not_found("NotFound"));
        };
        if caller.is_user && !entry.members.contains(&caller.id) {
            let message = "User is not a member of the team, channel or chat.";
            return Err(GraphError::forbidden(message));
        }
        Ok(())
    }

    /// Whether that user takes part in the place.
    pub(crate) fn is_member(&self, place: &Place, user: &str) -> bool {
        let entry = self.places.get(place);
        entry.is_some_and(|entry| entry.members.contains(user))
    }

    /// Makes sure that the place is there and that `user` is in it.
    pub(crate) fn join(&mut self, place: &Place, user: &str) {
        let entry = match self.places.get_mut(place) {
            Some(entry) => entry,
            None => self.places.entry(place.clone()).or_default(),
        };
        if !entry.members.contains(user) {
            entry.members.insert(user.to_owned());
        }
    }

    /// The chat of that id as `POST /chats` answered it, made by `make` when it is new.
    pub(crate) fn chat(
        &mut self,
        chat: &str,
        members: &[String],
        make: impl FnOnce() -> Value,
    ) -> Value {
        let place = Place::Chat {
            chat: chat.to_owned(),
        };
        let entry = self.places.entry(place).or_default();
        entry.members.extend(members.iter().cloned());
        entry.chat.get_or_insert_with(make).clone()
    }

    /// The place that an injected message goes to: a known channel of any team, or a chat.
    pub(crate) fn place_of(&self, world: &World, conversation: &str) -> Place {
        let is_it = |place: &&Place| place.conversation() == conversation;
        if let Some(place) = self.places.keys().find(is_it) {
            return place.clone();
        }
        if conversation.ends_with("@thread.tacv2") || conversation.ends_with("@thread.skype") {
            return Place::Channel {
                team: world.graph.team_id.clone(),
                channel: conversation.to_owned(),
            };
        }
        Place::Chat {
            chat: conversation.to_owned(),
        }
    }
}
