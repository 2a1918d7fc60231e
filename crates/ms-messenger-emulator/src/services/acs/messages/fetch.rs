//! The media of a message, fetched as WhatsApp does it after the message was accepted.

use std::{sync::Arc, time::Duration};

use serde_json::Value;

use crate::{
    engine::push::{address::Address, fetch::can_be_fetched},
    services::acs::{
        events::{
            statuses::Failure,
            timeline::{self, Fate, Stored},
        },
        family::Acs,
    },
};

/// The largest media, those of documents, in bytes.
const MAX_BYTES: u64 = 100 * 1024 * 1024;
const PATIENCE: Duration = Duration::from_secs(10);
/// WhatsApp could not download the media.
const DOWNLOAD_ERROR: &str = "131052";

/// Publishes what becomes of a message, after its media on loopback were fetched: it fails where they
/// cannot be. Nothing is fetched while there is no subscription.
pub(crate) fn publish(service: &Arc<Acs>, message: &Value, stored: Stored, fate: &Fate) {
    let addresses = addresses(message);
    if addresses.is_empty() || service.events.is_idle() {
        return timeline::publish(&service.events, &stored, fate);
    }
    let Some(runtime) = service.engine.runtime() else {
        return;
    };
    let (service, mut fate) = (Arc::clone(service), fate.clone());
    let resets = service.engine.resets();
    runtime.spawn(async move {
        for address in addresses {
            if !can_be_fetched(&address, PATIENCE, MAX_BYTES).await {
                fate.failure = Some(Failure::new(DOWNLOAD_ERROR));
            }
        }
        // Of a message before the reset, nothing is said.
        if service.engine.resets() == resets {
            timeline::publish(&service.events, &stored, &fate);
        }
    });
}

/// Where the media of a message are, those on loopback alone: no other address is called.
fn addresses(message: &Value) -> Vec<Address> {
    let header = &message["interactiveMessage"]["header"];
    let values = message["template"]["values"].as_array();
    let media_values = values.into_iter().flatten().filter(|value| {
        let kind = value["kind"].as_str().unwrap_or_default();
        ["image", "document", "video"].contains(&kind)
    });
    let urls = [&message["mediaUri"], &header["mediaUri"]].into_iter();
    let urls = urls.chain(media_values.map(|value| &value["url"]));
    let urls = urls.filter_map(Value::as_str);
    urls.filter_map(Address::of_media).collect()
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn found(message: &Value) -> Vec<String> {
        let found = addresses(message);
        found.iter().map(Address::without_query).collect()
    }

    #[test]
    fn media_on_loopback_are_found_wherever_they_are() {
        let url = "http://127.0.0.1:81/a?k=1";
        for message in [
            json!({"kind": "image", "mediaUri": url}),
            json!({"interactiveMessage": {"header": {"kind": "image", "mediaUri": url}}}),
            json!({"template": {"values": [{"kind": "text", "url": 1}, {"kind": "video", "url": url}]}}),
        ] {
            assert_eq!(found(&message), ["http://127.0.0.1:81/a"]);
        }
    }

    #[test]
    fn other_addresses_are_never_called() {
        for url in [
            "https://example.org/",
            "http://example.org/",
            "http://10.0.0.1/",
            "x",
        ] {
            assert!(found(&json!({"mediaUri": url})).is_empty(), "{url}");
        }
        assert!(found(&json!({"kind": "text", "content": "http://127.0.0.1/"})).is_empty());
    }
}
