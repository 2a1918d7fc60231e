//! Subscriptions in the data file: each is kept as it is after a change, so that neither its
//! handshake nor its deliveries are repeated when the emulator starts again.

use std::sync::{Arc, atomic::Ordering};

use serde_json::{Value, json};

use crate::{
    services::graph::notifications::{
        hub::Hub,
        live::Live,
        read::{Owner, wanted},
        resource::Watch,
    },
    wire::{clock, request::Request, response::Response},
};

/// What a subscription is called in the journal. Clients have no such path.
const PATH: &str = "graph-notifications/subscription";

/// Records a subscription after a change.
pub(crate) fn keep(hub: &Hub, live: &Live) {
    hub.engine.record_state(PATH, || document(hub, live));
}

fn document(hub: &Hub, live: &Live) -> Value {
    // A reset may have ended it meanwhile.
    let is_there = hub
        .all()
        .iter()
        .any(|it| std::ptr::eq(&raw const **it, live));
    let subscription = live.subscription();
    if live.is_removed.load(Ordering::Relaxed) || !is_there {
        return json!({"id": subscription.id});
    }
    let certificate = subscription.certificate.as_ref();
    let user = match &subscription.watch {
        Watch::ChatsOf(user) => user.as_deref(),
        _ => None,
    };
    let mut body = subscription.to_json();
    body["clientState"] = json!(subscription.client_state);
    body["encryptionCertificate"] = json!(certificate.map(|it| &it.text));
    body["expirationDateTime"] = json!(clock::rfc3339_millis(subscription.expires));
    json!({
        "id": subscription.id,
        "number": subscription.number,
        "app": subscription.app,
        "creator": subscription.creator,
        "user": user,
        "is_paused": live.is_paused.load(Ordering::Relaxed),
        "body": body,
    })
}

/// Puts a subscription of the journal in force again; `None` for another path, or a client.
pub(crate) fn restore(hub: &Hub, path: &str, request: &Request) -> Option<Response> {
    let restore = |document: &Value| restore_one(hub, document);
    hub.engine.restore_state(&[PATH], path, request, restore)
}

fn restore_one(hub: &Hub, document: &Value) -> Option<()> {
    let text = |name: &str| document.get(name)?.as_str().map(str::to_owned);
    let id = text("id")?;
    let all = hub.all();
    let mut known = all.into_iter().filter(|it| it.subscription().id == id);
    if let Some(known) = known.next() {
        hub.remove(&known);
    }
    let Some(body) = document.get("body") else {
        return Some(());
    };
    let expires = clock::parse_rfc3339(body.get("expirationDateTime")?.as_str()?)?;
    // It was accepted: whatever its length, it is now.
    let mut wanted = wanted(body, expires.checked_sub(1)?).ok()?;
    if let Watch::ChatsOf(user) = &mut wanted.watch {
        *user = text("user");
    }
    let number = document.get("number")?.as_u64()?;
    hub.continue_after(number);
    let owner = Owner {
        id,
        number,
        app: text("app")?,
        creator: text("creator")?,
    };
    let live = Live::new(wanted.owned_by(owner));
    let is_paused = document.get("is_paused")?.as_bool()?;
    live.is_paused.store(is_paused, Ordering::Relaxed);
    hub.add(Arc::new(live)).then_some(())
}
