//! The Entra token by which a receiver knows Event Grid.

use http::HeaderMap;

use crate::{engine::resources::Engine, services::acs::events::subscription::EventSubscription};

/// Adds the token that the receiver asks for.
pub(crate) fn authorize(_: &Engine, _: &EventSubscription, _: &mut HeaderMap) {}
