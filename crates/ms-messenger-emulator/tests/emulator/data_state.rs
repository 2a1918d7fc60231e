//! Used-up rates, subscriptions to Event Grid, and the world of Skype for Business at the next start.

use axum::{http::StatusCode, response::IntoResponse as _};
use ms_messenger_emulator::{EventSubscription, MessageStatuses};
use reqwest::Method;
use serde_json::{Value, json};

#[cfg(feature = "inbox")]
use crate::skype::Endpoint;
use crate::{
    data::Folder,
    outside::Outside,
    own_service::{Rooms, send, token},
    receiver::{
        Receiver,
        events::{admin, notify},
    },
    skype::token_of,
};

/// An emulator with a service of which two texts of a room pass in a day.
async fn rooms(folder: &Folder, has_limits: bool) -> (Outside, String) {
    let builder = folder.builder().with_service(Rooms::default());
    let builder = builder.with_documented_limits(has_limits);
    let out = Outside::of(builder.start().await.unwrap());
    let token = token(&out);
    (out, token)
}

#[tokio::test]
async fn a_rate_that_is_used_up_stays_so_until_a_reset() {
    let folder = Folder::new("rates");
    let (out, token) = rooms(&folder, true).await;
    assert_eq!(send(&out, &token, "1").await, 201);
    out.emulator.shutdown().await;

    let (out, token) = rooms(&folder, true).await;
    assert_eq!(send(&out, &token, "2").await, 201, "one was left");
    assert_eq!(send(&out, &token, "3").await, 429);
    out.emulator.shutdown().await;

    let (out, token) = rooms(&folder, true).await;
    assert_eq!(send(&out, &token, "3").await, 429);
    assert_eq!(out.rows("").await.len(), 2);
    out.emulator.shutdown().await;

    // Without limits they do not count, and are kept.
    let (out, token) = rooms(&folder, false).await;
    assert_eq!(send(&out, &token, "3").await, 201);
    out.emulator.shutdown().await;
    let (out, token) = rooms(&folder, true).await;
    assert_eq!(send(&out, &token, "4").await, 429);
    out.emulator.reset();
    assert_eq!(send(&out, &token, "1").await, 201);
    out.emulator.shutdown().await;
    let (out, token) = rooms(&folder, true).await;
    assert_eq!(send(&out, &token, "2").await, 201, "one was left");
    assert_eq!(send(&out, &token, "3").await, 429);
}

async fn subscriptions(out: &Outside) -> Value {
    admin(out, Method::GET, "", Value::Null).await.1
}

#[tokio::test]
async fn subscriptions_to_events_go_on_without_another_handshake_or_delivery() {
    let folder = Folder::new("event-grid");
    let receiver = Receiver::start().await;
    let out = folder.start().await;
    let sent = MessageStatuses::new().with_delivered(None);
    out.emulator.set_message_statuses(&sent).await;
    let wanted = EventSubscription::new("kept", &receiver.url)
        .with_header("x-secret", "hunter2")
        .with_event_types(["AdvancedMessageDeliveryStatusUpdated"]);
    out.emulator.subscribe_events(&wanted).await.unwrap();
    let other = EventSubscription::new("ended", &receiver.url);
    out.emulator.subscribe_events(&other).await.unwrap();
    assert!(out.emulator.unsubscribe_events("ended").await);
    notify(&out).await;
    receiver.wait(2).await;
    out.emulator.shutdown().await;
    let before = receiver.all().len();

    let out = folder.start().await;
    let all = subscriptions(&out).await;
    assert_eq!(all.as_array().unwrap().len(), 1, "{all}");
    assert_eq!(
        (&all[0]["name"], &all[0]["state"], &all[0]["waiting"]),
        (&json!("kept"), &json!("Succeeded"), &json!(0))
    );
    let id = notify(&out).await;
    let got = receiver.wait(3).await;
    let event = &got[2].json()[0];
    assert_eq!(event["data"]["messageId"], id);
    assert_eq!(got[2].headers["x-secret"], "hunter2");
    assert_eq!(receiver.all().len(), before + 1, "each event once");

    out.emulator.reset();
    assert_eq!(subscriptions(&out).await, json!([]));
    out.emulator.shutdown().await;
    let out = folder.start().await;
    assert_eq!(subscriptions(&out).await, json!([]));
}

#[tokio::test]
async fn a_subscription_that_waits_for_a_validation_by_hand_waits_on() {
    let folder = Folder::new("by-hand");
    let receiver = Receiver::with(|_| StatusCode::OK.into_response()).await;
    let out = folder.start().await;
    let wanted = EventSubscription::new("by-hand", &receiver.url).with_manual_validation(true);
    out.emulator.subscribe_events(&wanted).await.unwrap();
    let handshake = receiver.all()[0].json()[0]["data"].clone();
    let code = handshake["validationCode"].as_str().unwrap();
    out.emulator.shutdown().await;

    let out = folder.start().await;
    let state = subscriptions(&out).await[0]["state"].clone();
    assert_eq!(state, "AwaitingManualAction");
    let path = format!("/_emulator/event-validation?id={code}");
    assert_eq!(out.get(&path).await.status(), 200);
    out.emulator.shutdown().await;
    let out = folder.start().await;
    assert_eq!(subscriptions(&out).await[0]["state"], "Succeeded");
}

/// Requests a resource of an application with a ticket.
async fn with_ticket(out: &Outside, token: &str, path: &str) -> (u16, Value) {
    let request = out.client.get(format!("{}{path}", out.base));
    Outside::ask(request.bearer_auth(token)).await
}

#[cfg(feature = "inbox")]
async fn conversations(out: &Outside) -> Value {
    let found = out.get("/_emulator/conversations?platform=ucwa").await;
    let found: Value = found.json().await.unwrap();
    found["conversations"].clone()
}

// The inbox lists the conversations.
#[cfg(feature = "inbox")]
#[tokio::test]
async fn applications_of_skype_end_and_tickets_notes_and_messages_stay() {
    let folder = Folder::new("skype");
    let out = folder.start().await;
    let mut alice = Endpoint::online(&out, "alice").await;
    let note = json!({"message": "Back at 9"});
    assert_eq!(alice.post(&alice.path("/me/note"), &note).await.0, 204);
    let presence = json!({"platform": "ucwa", "from": "sip:bob@contoso.test",
        "action": "presence", "availability": "Busy", "note": "In a call"});
    out.emulator.inject(&presence).unwrap();
    let conversation = alice.talk_to("sip:carol@contoso.test").await;
    alice.send(&conversation, "kept").await;
    for action in ["decline", "busy"] {
        let prepared = json!({"platform": "ucwa", "from": "sip:carol@contoso.test",
            "to": "sip:alice@contoso.test", "action": action});
        out.emulator.inject(&prepared).unwrap();
    }
    alice.start("sip:carol@contoso.test").await;
    let declined = alice.until("messagingInvitation", "completed").await;
    assert_eq!(declined["reason"]["subcode"], "Declined", "{declined}");
    let titles = conversations(&out).await;
    assert_eq!(titles[0]["title"], "Alice with Carol", "{titles}");
    let rows = out.rows("").await;
    let old = alice.path("");
    out.emulator.shutdown().await;

    let out = folder.start().await;
    let (status, gone) = with_ticket(&out, &alice.token, &old).await;
    assert_eq!(status, 404, "{gone}");
    assert_eq!(out.rows("").await, rows);
    let shown = conversations(&out).await;
    assert_eq!(
        (&shown[0]["title"], &shown[0]["inject"]),
        (&json!("Alice with Carol"), &Value::Null),
        "{shown}"
    );
    let mut again = Endpoint::with_token(&out, alice.token.clone(), "again").await;
    assert_ne!(again.path(""), old);
    let bob = again.path("/people/bob@contoso.test");
    let (_, presence) = again.get(&format!("{bob}/presence")).await;
    assert_eq!(presence["availability"], "Busy", "{presence}");
    let (_, note) = again.get(&format!("{bob}/note")).await;
    assert_eq!(note["message"], "In a call");
    let own = again.path("/me/note");
    assert_eq!(again.get(&own).await.1["message"], "Back at 9");
    let available = json!({"signInAs": "Online", "supportedMessageFormats": ["Plain"],
        "supportedModalities": ["Messaging"]});
    let path = again.path("/me/makeMeAvailable");
    assert_eq!(again.post(&path, &available).await.0, 204);
    again.start("sip:carol@contoso.test").await;
    let busy = again.until("messagingInvitation", "completed").await;
    assert_eq!(busy["reason"]["subcode"], "Busy", "{busy}");
    let next = again.talk_to("sip:carol@contoso.test").await;
    assert_ne!(next, conversation);
}

#[tokio::test]
async fn tickets_of_skype_expire_by_the_advanced_clock_and_are_never_issued_twice() {
    let folder = Folder::new("tickets");
    let out = folder.start().await;
    let (first, second) = (token_of(&out, "alice").await, token_of(&out, "alice").await);
    out.emulator.shutdown().await;
    let out = folder.start().await;
    let third = token_of(&out, "alice").await;
    assert!(third != first && third != second);
    let path = "/ucwa/oauth/v1/applications/1";
    assert_eq!(with_ticket(&out, &first, path).await.0, 404);
    let advance = out.post("/_emulator/ucwa/clock");
    let advance = advance.json(&json!({"advance_s": 28_700}));
    assert_eq!(Outside::ask(advance).await.0, 200);
    let late = token_of(&out, "bob").await;
    out.emulator.shutdown().await;

    let out = folder.start().await;
    assert_eq!(
        with_ticket(&out, &first, path).await.0,
        404,
        "100 s are left"
    );
    let advance = out.post("/_emulator/ucwa/clock");
    let advance = advance.json(&json!({"advance_s": 200}));
    assert_eq!(Outside::ask(advance).await.0, 200);
    out.emulator.shutdown().await;
    let out = folder.start().await;
    assert_eq!(with_ticket(&out, &first, path).await.0, 401);
    assert_eq!(with_ticket(&out, &late, path).await.0, 404);
    out.emulator.reset();
    out.emulator.shutdown().await;
    let out = folder.start().await;
    assert_eq!(with_ticket(&out, &late, path).await.0, 401);
}

// The inbox lists the conversations.
#[cfg(feature = "inbox")]
#[tokio::test]
async fn a_conversation_of_an_invitation_alone_keeps_its_title() {
    let folder = Folder::new("invitation-alone");
    let out = folder.start().await;
    let mut alice = Endpoint::online(&out, "alice").await;
    let message = json!({"href": "data:text/plain;charset=utf-8,hello"});
    let body =
        json!({"to": "sip:bob@contoso.test", "operationId": "1", "_links": {"message": message}});
    alice.start_with(body).await;
    alice.connected().await;
    let before = conversations(&out).await;
    assert_eq!(before[0]["title"], "Alice with Bob", "{before}");
    assert_eq!(alice.delete(&alice.path("")).await, 204);
    assert_eq!(conversations(&out).await[0]["title"], "Alice with Bob");
    out.emulator.shutdown().await;
    let out = folder.start().await;
    assert_eq!(conversations(&out).await[0]["title"], "Alice with Bob");
}

// The inbox lists the conversations.
#[cfg(feature = "inbox")]
#[tokio::test]
async fn the_title_of_a_conversation_stays_when_its_application_ends() {
    let out = Outside::start().await;
    let mut alice = Endpoint::online(&out, "alice").await;
    let conversation = alice.talk_to("sip:bob@contoso.test").await;
    alice.send(&conversation, "hello").await;
    let before = conversations(&out).await;
    assert!(before[0]["inject"].is_object(), "{before}");
    assert_eq!(alice.delete(&alice.path("")).await, 204);
    let after = conversations(&out).await;
    assert_eq!(after[0]["title"], before[0]["title"]);
    assert_eq!(after[0]["people"], before[0]["people"]);
    assert_eq!(after[0]["inject"], Value::Null);
}
