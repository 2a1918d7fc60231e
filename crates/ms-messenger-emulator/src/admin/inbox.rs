//! The web inbox: a page, and the JSON and the events that it is made of.

pub(crate) mod assets;
pub(crate) mod conversations;
pub(crate) mod events;
pub(crate) mod exchanges;
pub(crate) mod html;
pub(crate) mod index;
pub(crate) mod item;
pub(crate) mod media;
pub(crate) mod messages;
pub(crate) mod query;
pub(crate) mod world;

use std::sync::{Arc, Mutex};

use http::Method;

use crate::{
    admin::inbox::{events::Readers, index::Index},
    engine::{
        admin_response::refusal, faults::delivery::respond, refusal::Refusal, registry::Registry,
        server::payload::Payload,
    },
    wire::request::Request,
};

/// The web inbox of one emulator.
#[derive(Debug, Default)]
pub(crate) struct Inbox {
    index: Mutex<Index>,
    readers: Arc<Readers>,
}

impl Inbox {
    /// Responds to a request that is one of the inbox; `path` is what follows `/_emulator/`.
    pub(crate) fn serve(
        &self,
        registry: &Arc<Registry>,
        path: &str,
        request: &Request,
    ) -> Option<http::Response<Payload>> {
        let asset = assets::find(path);
        let known = [
            "conversations",
            "events",
            "inbox/exchange",
            "inbox/exchanges",
            "inbox/media",
            "inbox/message",
            "inbox/messages",
            "inbox/world",
        ];
        if asset.is_none() && !known.contains(&path) {
            return None;
        }
        if request.method != Method::GET {
            return Some(respond(refusal(Refusal::WrongMethod)));
        }
        let registry_ref = &**registry;
        Some(respond(match path {
            "events" => return Some(events::stream(registry, &self.readers, request)),
            "conversations" => conversations::list(registry_ref, &self.index, request),
            "inbox/exchange" => exchanges::one(registry_ref, request),
            "inbox/exchanges" => exchanges::list(registry_ref, request),
            "inbox/media" => media::media(registry_ref, request),
            "inbox/message" => messages::one(registry_ref, request),
            "inbox/messages" => messages::list(registry_ref, &self.index, request),
            "inbox/world" => world::world(registry_ref),
            _ => assets::response(asset?),
        }))
    }
}
