//! Who is not Event Grid is refused for good; what may be Event Grid comes again.

use std::time::Duration;

use ms_messenger::{MessengerExt as _, Target};
use ms_messenger_emulator::{Emulator, EventSchema, EventSubscription, MessageStatuses};
use ms_messenger_events::{EntraTokens, EventGrid, Rejection, SigningKeys, TokenError};
use serde_json::{Value, json};

use crate::{
    admin,
    deliveries::client,
    hook::{Hook, KEY, in_time},
};

const AUDIENCE: &str = "api://webhook";
const EVENT_GRID: &str = "4962773b-9cdb-44cf-a8bf-237846a00ab7";
const OTHER: &str = "11111111-2222-3333-4444-555555555555";

fn receiver(tokens: EntraTokens) -> EventGrid {
    EventGrid::builder().with_tokens(tokens).build().unwrap()
}

/// A webhook for tokens of the emulator, subscribed; each message has one event.
async fn scene(schema: EventSchema) -> (Emulator, Hook) {
    let emulator = Emulator::start().await.unwrap();
    let statuses = MessageStatuses::new().with_delivered(None);
    emulator.set_message_statuses(&statuses).await;
    let hook = Hook::start().await;
    hook.set_events(receiver(admin::tokens(&emulator, AUDIENCE).await));
    let subscription = EventSubscription::new("demo", hook.url("events"))
        .with_schema(schema)
        .with_bearer(AUDIENCE)
        .with_time_factor(1000);
    emulator.subscribe_events(&subscription).await.unwrap();
    (emulator, hook)
}

async fn send(emulator: &Emulator) {
    let target = Target::phone("+14255550123").unwrap();
    client(emulator).send_text(target, "hello").await.unwrap();
}

/// Waits for so many dead letters; returns the last of them.
async fn dead_letter(emulator: &Emulator, count: usize) -> Value {
    let wait = async {
        loop {
            let letters = emulator.dead_letters("demo").await;
            if letters.len() == count {
                return letters[count - 1].clone();
            }
        }
    };
    in_time(wait).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_token_that_is_not_for_this_webhook_is_refused_for_good() {
    for schema in [EventSchema::EventGrid, EventSchema::CloudEvents] {
        let (emulator, hook) = scene(schema).await;
        send(&emulator).await;
        hook.until(|it| it.kept().events.len() == 1).await;
        let keys = admin::get(&emulator, "/common/discovery/v2.0/keys").await;
        let sound = admin::tokens(&emulator, AUDIENCE).await;
        let foreign_tenant = {
            let keys = SigningKeys::from_jwks(keys.to_string().as_bytes()).unwrap();
            let tokens = EntraTokens::new(keys).with_audience(AUDIENCE);
            tokens.with_tenant(OTHER)
        };
        let foreign_keys = EntraTokens::new(changed(&keys, false)).with_audience(AUDIENCE);
        let foreign_keys = foreign_keys.with_tenant(&emulator.seed().graph.tenant_id);
        let cases = [
            (
                admin::tokens(&emulator, "api://other").await,
                TokenError::Audience,
            ),
            (foreign_tenant, TokenError::Tenant),
            (foreign_keys, TokenError::Signature),
            (sound.clone().with_sender(OTHER), TokenError::Application),
        ];
        for (n, (tokens, error)) in cases.into_iter().enumerate() {
            hook.set_events(receiver(tokens));
            send(&emulator).await;
            let letter = dead_letter(&emulator, n + 1).await;
            assert_eq!(letter["lastHttpStatusCode"], 401, "{error}");
            assert_eq!(letter["deliveryAttempts"], 1, "{error}");
            assert_eq!(hook.rejections()[n], Rejection::Token(error));
        }
        hook.set_events(receiver(sound));
        send(&emulator).await;
        hook.until(|it| it.kept().events.len() == 2).await;
        assert_eq!(hook.acknowledged().len(), 2);
    }
}

/// The key set with another key under the same id, or with the same key under another id.
fn changed(keys: &Value, has_other_id: bool) -> SigningKeys {
    let mut keys = keys.clone();
    for key in keys["keys"].as_array_mut().unwrap() {
        if has_other_id {
            key["kid"] = json!("of yesterday");
        } else if let Some(modulus) = key["n"].as_str() {
            let (head, tail) = modulus.split_at(8);
            let other = if head.ends_with('A') { 'B' } else { 'A' };
            key["n"] = json!(format!("{}{other}{tail}", &head[..7]));
        }
    }
    SigningKeys::from_jwks(keys.to_string().as_bytes()).unwrap()
}

#[tokio::test(flavor = "multi_thread")]
async fn a_key_that_is_not_known_yet_and_a_stale_token_let_the_event_come_again() {
    let (emulator, hook) = scene(EventSchema::EventGrid).await;
    let keys = admin::get(&emulator, "/common/discovery/v2.0/keys").await;
    let old = EntraTokens::new(changed(&keys, true)).with_audience(AUDIENCE);
    hook.set_events(receiver(old.with_tenant(&emulator.seed().graph.tenant_id)));
    send(&emulator).await;
    let unknown = Rejection::Token(TokenError::UnknownKey);
    hook.until(|it| it.rejections().contains(&unknown)).await;
    hook.set_events(receiver(admin::tokens(&emulator, AUDIENCE).await));
    hook.until(|it| it.kept().events.len() == 1).await;
    // By a clock that is two days fast, tokens are over.
    hook.set_clock_ahead(Duration::from_secs(172_800));
    send(&emulator).await;
    let expired = Rejection::Token(TokenError::Expired);
    hook.until(|it| it.rejections().contains(&expired)).await;
    hook.set_clock_ahead(Duration::ZERO);
    hook.until(|it| it.kept().events.len() == 2).await;
    assert!(emulator.dead_letters("demo").await.is_empty());
    let exchanges = hook.exchanges();
    assert!(exchanges.iter().all(|it| [200, 503].contains(&it.status)));
}

#[tokio::test(flavor = "multi_thread")]
async fn a_caller_that_cannot_be_event_grid_gets_no_handshake() {
    let (emulator, hook) = scene(EventSchema::EventGrid).await;
    let tenant = emulator.seed().graph.tenant_id.clone();
    let (subscription, url) = (EventSubscription::new, hook.url("events"));
    let foreign = [
        subscription("none", url.clone()),
        subscription("audience", url.clone()).with_bearer("api://other"),
        subscription("application", url.clone())
            .with_bearer(AUDIENCE)
            .with_bearer_of(&tenant, OTHER),
        subscription("tenant", url)
            .with_bearer(AUDIENCE)
            .with_bearer_of(OTHER, EVENT_GRID),
    ];
    for one in foreign {
        let error = emulator.subscribe_events(&one).await.unwrap_err();
        let problem =
            "url: the receiver responded to the validation event with 401 in place of 200";
        assert_eq!(error.problems, [problem]);
    }
    // OPTIONS is documented to carry no token, so the deliveries are refused instead.
    let clouds = subscription("demo", hook.url("events")).with_schema(EventSchema::CloudEvents);
    let clouds = clouds.with_bearer("api://other");
    emulator.subscribe_events(&clouds).await.unwrap();
    send(&emulator).await;
    let letter = dead_letter(&emulator, 1).await;
    assert_eq!(letter["deadLetterReason"], "UndeliverableDueToClientError");
    assert!(hook.kept().events.is_empty());
}

#[tokio::test(flavor = "multi_thread")]
async fn a_secret_is_changed_without_a_lost_event() {
    let emulator = Emulator::start().await.unwrap();
    let statuses = MessageStatuses::new().with_delivered(None);
    emulator.set_message_statuses(&statuses).await;
    let hook = Hook::start().await;
    let grid = |secrets: &[&str]| {
        let builder = secrets.iter().fold(EventGrid::builder(), |it, secret| {
            it.with_secret("key", *secret)
        });
        builder.build().unwrap()
    };
    let wrong = EventSubscription::new("demo", hook.url("events").replace(KEY, "guess"));
    for schema in [EventSchema::EventGrid, EventSchema::CloudEvents] {
        let wrong = wrong.clone().with_schema(schema);
        let error = emulator.subscribe_events(&wrong).await.unwrap_err();
        assert!(
            error.problems[0].contains("with 401 in place of 200"),
            "{error}"
        );
    }
    let old = EventSubscription::new("demo", hook.url("events"));
    emulator.subscribe_events(&old).await.unwrap();
    send(&emulator).await;
    hook.until(|it| it.kept().events.len() == 1).await;
    hook.set_events(grid(&["new", KEY]));
    send(&emulator).await;
    hook.until(|it| it.kept().events.len() == 2).await;
    let new = EventSubscription::new("demo", hook.url("events").replace(KEY, "new"));
    emulator.subscribe_events(&new).await.unwrap();
    hook.set_events(grid(&["new"]));
    send(&emulator).await;
    hook.until(|it| it.kept().events.len() == 3).await;
    hook.set_events(grid(&["newest"]));
    send(&emulator).await;
    let letter = dead_letter(&emulator, 1).await;
    assert_eq!(letter["lastHttpStatusCode"], 401);
    assert_eq!(hook.kept().events.len(), 3);
}
