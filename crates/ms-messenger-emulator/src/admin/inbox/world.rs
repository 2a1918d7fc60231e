//! What the page's forms offer.

use serde_json::{Value, json};

use crate::{
    admin::inbox::item::STATES,
    engine::{admin_response::ok, registry::Registry},
    wire::response::Response,
};

/// Responds with the platforms, their operations, and the states that messages have.
pub(super) fn world(registry: &Registry) -> Response {
    let services = registry.catalog().services().map(|service| {
        json!({
            "name": service.platform.as_str(),
            "operations": service.operations,
            "has_injections": service.has_injections,
        })
    });
    ok(&json!({
        "version": env!("CARGO_PKG_VERSION"),
        "platforms": services.collect::<Vec<Value>>(),
        "states": STATES,
    }))
}
