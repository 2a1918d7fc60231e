//! Subscriptions in the data file: each is kept as it is after a change, so that neither its
//! handshake nor its deliveries are repeated when the emulator starts again.

use serde_json::{Value, json};

use crate::{
    services::acs::events::{hub::Hub, live::Live, read},
    wire::{request::Request, response::Response},
};

/// What a subscription is called in the journal. Clients have no such path.
const PATH: &str = "event-grid/subscription";

/// Records the subscription of that name as it is now, or that there is none.
pub(crate) fn keep(hub: &Hub, name: &str) {
    hub.source().engine.record_state(PATH, || {
        let found = hub.find(name);
        json!({
            "name": name,
            "subscription": found.as_ref().map(|live| live.subscription.to_json()),
            "awaited": found.and_then(|live| live.consent.awaited()),
        })
    });
}

/// Puts a subscription of the journal in force again; `None` for another path, or a client.
pub(crate) fn restore(hub: &Hub, path: &str, request: &Request) -> Option<Response> {
    let restore = |document: &Value| restore_one(hub, document);
    let engine = &hub.source().engine;
    engine.restore_state(&[PATH], path, request, restore)
}

fn restore_one(hub: &Hub, document: &Value) -> Option<()> {
    let name = document.get("name")?.as_str()?;
    let found = document.get("subscription")?;
    if found.is_null() {
        hub.remove(Some(name));
        return Some(());
    }
    let (subscription, address) = read::subscription(found).ok()?;
    let live = Live::new(subscription, address);
    if let Some(awaited) = document.get("awaited").filter(|it| !it.is_null()) {
        let code = awaited.get("code")?.as_str()?;
        live.consent
            .await_until(code, awaited.get("until")?.as_u64()?);
    }
    let resets = hub.source().engine.resets();
    hub.add(live, resets).ok().map(|_| ())
}
