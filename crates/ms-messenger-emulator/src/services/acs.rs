//! Azure Communication Services: Advanced Messaging, Chat and Identity, which share their credentials.

pub(crate) mod access_key;
pub(crate) mod auth;
pub(crate) mod chat;
pub(crate) mod chat_service;
pub(crate) mod claims;
pub(crate) mod error;
pub(crate) mod events;
pub(crate) mod family;
pub(crate) mod identity;
pub(crate) mod messages;
pub(crate) mod messages_service;

use std::sync::Arc;

use crate::{
    engine::{description::Description, mounted::Mounted, resources::Engine},
    seed::Seed,
    services::acs::{
        chat::style::AcsChatErrorStyle, chat_service::AcsChat, events::service::EventGrid,
        family::Acs, messages_service::AcsMessages,
    },
};

/// The services of the family.
pub(crate) const DESCRIPTIONS: [Description; 3] = [
    messages_service::DESCRIPTION,
    chat_service::DESCRIPTION,
    events::description::DESCRIPTION,
];

/// Makes the services of one ACS resource, in the order of their descriptions.
pub(crate) fn mount(
    engine: &Arc<Engine>,
    seed: &Arc<Seed>,
    error_style: AcsChatErrorStyle,
) -> Vec<Mounted> {
    let acs = Arc::new(Acs::new(engine, seed, error_style));
    vec![
        Mounted::shown(AcsMessages(Arc::clone(&acs))),
        Mounted::shown(AcsChat(Arc::clone(&acs))),
        Mounted::plain(EventGrid(acs)),
    ]
}
