//! UCWA: the life of a minimal client, and two users who talk.

use crate::outside::Outside;
use crate::skype::{Endpoint, fast, link, names, text, token_of};
use reqwest::Method;
use serde_json::{Value, json};

const BOB: &str = "sip:bob@contoso.test";

#[tokio::test]
async fn a_minimal_client_runs_from_sign_in_to_sign_out() {
    let out = Outside::start().await;
    let discover = out.emulator.ready_line()["ucwa"]["discover"].clone();
    let request = out
        .client
        .get(text(&discover))
        .header("accept", "application/json");
    let (_, root) = Outside::ask(request).await;
    let user_href = link(&root, "user");
    assert!(user_href.starts_with(&out.base), "{user_href}");

    let challenged = out.client.get(&user_href).send().await.unwrap();
    assert_eq!(challenged.status(), 401);
    let lines = challenged
        .headers()
        .get_all("www-authenticate")
        .iter()
        .count();
    assert_eq!(lines, 2);

    let token = token_of(&out, "alice").await;
    let request = out.client.get(&user_href).bearer_auth(&token);
    let (_, user) = Outside::ask(request).await;
    assert_eq!(
        link(&user, "applications"),
        format!("{}/ucwa/oauth/v1/applications", out.base)
    );

    let mut alice = Endpoint::with_token(&out, token, "alice").await;
    assert!(
        alice.next.starts_with("/ucwa/oauth/v1/applications/") && alice.next.ends_with("?ack=1")
    );
    let me = &alice.application["_embedded"]["me"];
    assert_eq!(
        alice.post(&link(me, "makeMeAvailable"), &json!({})).await.0,
        204
    );
    let first = alice.poll().await;
    assert_eq!(
        names(&alice.pending),
        [
            "me updated",
            "presence added",
            "note added",
            "location added",
            "communication updated"
        ]
    );
    assert_eq!(first["sender"].as_array().unwrap().len(), 2);
    alice.pending.clear();

    let invitation = alice.start(BOB).await;
    assert!(invitation.contains("/communication/messagingInvitations/"));
    alice.poll().await;
    assert_eq!(
        names(&alice.pending),
        [
            "messagingInvitation started",
            "conversation added",
            "localParticipant added",
            "messaging updated",
            "conversation updated",
            "participant added",
            "participantMessaging added",
            "participantMessaging added",
            "messaging updated",
            "messagingInvitation completed",
        ]
    );
    let conversation = alice.connected().await;

    let message = alice.send(&conversation, "Build 42 failed 😀").await;
    assert_eq!(message, format!("{conversation}/messaging/messages/2"));
    let completed = alice.until("message", "completed").await;
    assert_eq!(
        (&completed["status"], text(&completed["link"]["href"])),
        (&json!("Success"), message)
    );
    assert_eq!(completed["_embedded"]["message"]["direction"], "Outgoing");

    let terminate = format!("{conversation}/messaging/terminate");
    assert_eq!(alice.post(&terminate, &Value::Null).await.0, 204);
    alice.poll().await;
    assert_eq!(
        names(&alice.pending),
        [
            "messaging updated",
            "participantMessaging deleted",
            "participantMessaging deleted",
            "conversation updated",
            "conversation deleted",
        ]
    );
    assert_eq!(alice.pending[0]["reason"]["subcode"], "Ended");
    assert_eq!(alice.get(&conversation).await.0, 404);
    let application = alice.path("");
    assert_eq!(alice.delete(&application).await, 204);
    let (status, error) = alice.get(&application).await;
    assert_eq!(
        (status, &error["subcode"]),
        (404, &json!("ApplicationNotFound"))
    );

    let rows = out.rows("?platform=ucwa").await;
    assert_eq!(rows.len(), 1);
    assert_eq!(rows[0]["text"], "Build 42 failed 😀");
    assert_eq!(rows[0]["sender"], "sip:alice@contoso.test");
    assert_eq!(rows[0]["operation"], "send");
    assert_eq!(rows[0]["request"]["headers"]["authorization"], "[removed]");
}

#[tokio::test]
async fn two_users_talk() {
    let out = Outside::start().await;
    let mut alice = Endpoint::online(&out, "alice").await;
    let mut bob = Endpoint::online(&out, "bob").await;
    let operation = "b2c1";
    alice
        .start_with(json!({
            "To": BOB, "OperationId": operation, "Subject": "Lunch",
            "_links": {"message": {"href": "data:text/plain;base64,SGkh"}},
        }))
        .await;
    alice.poll().await;
    let started = alice.pending[0].clone();
    assert_eq!(
        started["_embedded"]["messagingInvitation"]["operationId"],
        operation
    );
    assert_eq!(
        alice.pending.len(),
        4,
        "nothing more before the other side responds"
    );
    assert_eq!(out.rows("").await.len(), 0, "not delivered yet");

    bob.poll().await;
    assert_eq!(
        names(&bob.pending),
        [
            "messagingInvitation started",
            "conversation added",
            "localParticipant added",
            "participant added",
            "messagingInvitation updated",
        ]
    );
    let toast = &bob.pending[0]["_embedded"]["messagingInvitation"]["_links"]["message"]["href"];
    assert_eq!(toast, "data:text/plain;charset=utf-8,Hi%21%0D%0A");
    let closed = &bob.pending[4]["_embedded"]["messagingInvitation"]["_links"];
    assert!(closed.get("accept").is_none());
    let at_bob = bob.accept().await;
    bob.pending.clear();
    bob.poll().await;
    assert_eq!(
        names(&bob.pending),
        [
            "messaging updated",
            "conversation updated",
            "participantMessaging added",
            "participantMessaging added",
            "messagingInvitation completed",
            "message completed",
        ]
    );
    let first = bob.until("message", "completed").await;
    let plain = &first["_embedded"]["message"]["_links"]["plainMessage"]["href"];
    assert_eq!(plain, "data:text/plain;charset=utf-8,Hi%21%0D%0A");
    let at_alice = alice.connected().await;

    let html = alice
        .request(
            Method::POST,
            &format!("{at_alice}/messaging/messages?operationId=m1"),
        )
        .header("content-type", "text/html")
        .body("<b>Soup?</b>");
    let message = crate::skype::location(html.send().await.unwrap());
    let (_, resource) = alice.get(&message).await;
    assert_eq!(resource["status"], "Pending", "nobody has fetched it");
    let received = bob.until("message", "completed").await;
    assert!(
        received["_embedded"]["message"]["_links"]["htmlMessage"]["href"]
            .as_str()
            .unwrap()
            .starts_with("data:text/html")
    );
    let sent = alice.until("message", "completed").await;
    assert_eq!(
        (&sent["status"], text(&sent["link"]["href"])),
        (&json!("Success"), message)
    );

    assert_eq!(
        bob.post(&format!("{at_bob}/messaging/typing"), &Value::Null)
            .await
            .0,
        204
    );
    let typing = alice.until("participant", "added").await;
    assert_eq!(typing["in"]["rel"], "typingParticipants");
    bob.send(&at_bob, "Yes").await;
    alice.until("participant", "deleted").await;
    alice.until("message", "completed").await;

    assert_eq!(bob.delete(&at_bob).await, 204);
    for endpoint in [&mut alice, &mut bob] {
        endpoint.until("conversation", "deleted").await;
    }
    let rows = out.rows("?platform=ucwa").await;
    let told: Vec<_> = rows
        .iter()
        .map(|r| (text(&r["kind"]), text(&r["text"])))
        .collect();
    let expected = [("text", "Hi!"), ("html", "<b>Soup?</b>"), ("text", "Yes")];
    assert_eq!(told, expected.map(|(k, t)| (k.to_owned(), t.to_owned())));
    assert_eq!(rows[0]["idempotency_key"], operation);
}

#[tokio::test]
async fn the_first_to_accept_wins() {
    let out = Outside::start().await;
    let mut alice = Endpoint::online(&out, "alice").await;
    let mut desk = Endpoint::online(&out, "bob").await;
    let phone_token = desk.token.clone();
    let identity = json!({"userAgent": "phone", "endpointId": "2", "culture": "en"});
    let (_, application) = desk.post("/ucwa/oauth/v1/applications", &identity).await;
    let mut phone = Endpoint::with_token(&out, phone_token, "bob-phone").await;
    assert_ne!(link(&application, "self"), phone.path(""));
    let available = phone.path("/me/makeMeAvailable");
    assert_eq!(phone.post(&available, &json!({})).await.0, 204);
    let (status, error) = phone.post(&available, &json!({})).await;
    assert_eq!((status, &error["subcode"]), (409, &json!("AlreadyExists")));
    phone.until("communication", "updated").await;

    alice.start(BOB).await;
    let at_phone = phone.until("messagingInvitation", "started").await;
    desk.accept().await;
    alice.connected().await;
    let elsewhere = phone.until("messagingInvitation", "completed").await;
    assert_eq!(elsewhere["reason"]["subcode"], "ConnectedElsewhere");
    let accept = link(&at_phone["_embedded"]["messagingInvitation"], "accept");
    assert_eq!(phone.post(&accept, &Value::Null).await.0, 409);
}

#[tokio::test]
async fn a_call_is_declined_cancelled_or_missed() {
    let out = fast(100.0).await;
    let mut alice = Endpoint::online(&out, "alice").await;
    let mut bob = Endpoint::online(&out, "bob").await;

    alice.start(BOB).await;
    let started = bob.until("messagingInvitation", "started").await;
    let decline = link(&started["_embedded"]["messagingInvitation"], "decline");
    assert_eq!(bob.post(&decline, &json!({"reason": "Local"})).await.0, 204);
    alice.poll().await;
    let done = alice.until("messagingInvitation", "completed").await;
    assert_eq!(
        (&done["status"], &done["reason"]["subcode"]),
        (&json!("Failure"), &json!("Declined"))
    );
    assert_eq!(
        done["_embedded"]["messagingInvitation"]["state"],
        "Declined"
    );
    alice.until("messaging", "updated").await;
    alice.until("conversation", "deleted").await;
    bob.until("conversation", "deleted").await;

    alice.start(BOB).await;
    let done = alice.until("messagingInvitation", "completed").await;
    assert_eq!(done["reason"]["subcode"], "Timeout", "after its 30 seconds");
    let missed = bob.until("messagingInvitation", "completed").await;
    assert_eq!(missed["reason"]["subcode"], "Missed");

    alice.start(BOB).await;
    let started = alice.until("messagingInvitation", "started").await;
    let cancel = link(&started["_embedded"]["messagingInvitation"], "cancel");
    assert_eq!(alice.post(&cancel, &Value::Null).await.0, 204);
    let done = alice.until("messagingInvitation", "completed").await;
    assert_eq!(
        done["_embedded"]["messagingInvitation"]["state"],
        "Cancelled"
    );
    let done = bob.until("messagingInvitation", "completed").await;
    assert_eq!(done["status"], "Failure");
}

#[tokio::test]
async fn a_message_that_is_not_fetched_is_dropped_after_its_time() {
    let out = fast(100.0).await;
    let mut alice = Endpoint::online(&out, "alice").await;
    let mut bob = Endpoint::online(&out, "bob").await;
    alice.start(BOB).await;
    bob.accept().await;
    bob.until("messagingInvitation", "completed").await;
    let conversation = alice.connected().await;
    alice.send(&conversation, "lost").await;
    let done = alice.until("message", "completed").await;
    assert_eq!(done["status"], "Failure");
    assert!(done["_embedded"]["message"]["_links"]["failedDeliveryParticipant"].is_array());
    alice.send(&conversation, "found").await;
    let received = bob.until("message", "completed").await;
    let plain = text(&received["_embedded"]["message"]["_links"]["plainMessage"]["href"]);
    assert!(plain.contains("found"), "{plain}");
}
