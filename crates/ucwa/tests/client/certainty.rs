//! The outcome of a send is true: a verdict belongs to a message only by our own operation id or a
//! known address, and a message without a verdict is unknown.

use std::time::Duration;

use ms_messenger_core::{
    Acceptance, Delivery, ErrorKind, Message, Messenger as _, SendRequest, Target,
};
use serde_json::{Value, json};
use ucwa::{Oversize, UcwaOutcome, UcwaSession};

use crate::double::{
    BOB, CONVERSATION, Double, Reply, body, completed, link_only, located, sip, soon, status,
};

const MESSAGES: &str = "/apps/1/c/1/messages";
const INVITATIONS: &str = "/apps/1/invitations";

fn message(number: u32) -> String {
    format!("{CONVERSATION}/messages/{number}")
}

/// A session with a short deadline that has a conversation open.
async fn talking(double: &Double) -> UcwaSession {
    let alice = double.user().with_send_timeout(Duration::from_secs(2));
    let alice = alice.sign_in().await.unwrap();
    assert!(soon(alice.send(sip(BOB), "first")).await.is_delivered());
    alice
}

fn delivery(outcome: &UcwaOutcome) -> Option<Delivery> {
    outcome.error().map(ms_messenger_core::Error::delivery)
}

fn request(text: &str) -> SendRequest {
    SendRequest::new(Target::sip(BOB).unwrap(), Message::text(text))
}

#[tokio::test(flavor = "multi_thread")]
async fn nothing_else_on_the_channel_is_the_verdict_on_a_lost_post() {
    let incoming = json!({"link": {"rel": "message", "href": message(78)}, "type": "completed",
        "status": "Success", "_embedded": {"message": {"direction": "Incoming",
        "_links": {"plainMessage": {"href": "data:text/plain,hello"}}}}});
    let mut foreign = completed(&message(79));
    foreign["_embedded"]["message"]["operationId"] = "of-another".into();
    for (name, event) in [
        (
            "a peer's message with its address only",
            link_only(&message(77)),
        ),
        ("a peer's message", incoming),
        (
            "the verdict of an earlier message once more",
            completed(&message(1)),
        ),
        ("a message of another operation", foreign),
        (
            "a message of ours of which no operation is known",
            completed(&message(80)),
        ),
    ] {
        let double = Double::start().await;
        let alice = talking(&double).await;
        double.once("POST", MESSAGES, Reply::Close);
        let pusher = double.clone();
        let outcome = soon(async {
            let pushing = async {
                pusher.wait_for("POST", MESSAGES, 2).await;
                pusher.push_events(json!([event]));
            };
            tokio::join!(alice.send(sip(BOB), "second"), pushing).0
        })
        .await;
        assert!(
            matches!(outcome, UcwaOutcome::Unknown(_)),
            "{name}: {outcome:?}"
        );
        assert_eq!(delivery(&outcome), Some(Delivery::Unknown), "{name}");
        assert_eq!(double.posted(), ["first", "second"], "{name}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn our_own_operation_id_is_the_verdict_whatever_the_response_was() {
    // In the event, or in the message that the event names.
    for in_event in [true, false] {
        for reply in [
            Reply::Close,
            status(500),
            status(409),
            status(404),
            status(400),
        ] {
            let double = Double::start().await;
            let alice = talking(&double).await;
            let pusher = double.clone();
            let response = reply.clone();
            double.rule(move |request| {
                let is_get = request.is("GET", &message(2));
                if is_get {
                    let posts = pusher.requests("POST", MESSAGES);
                    let operation = posts[1].operation();
                    return Some(body(
                        200,
                        json!({"direction": "Outgoing", "operationId": operation}),
                    ));
                }
                if !request.is("POST", MESSAGES) {
                    return None;
                }
                let mut event = completed(&message(2));
                if in_event {
                    event["_embedded"]["message"]["operationId"] = request.operation().into();
                }
                pusher.push_events(json!([event]));
                Some(response.clone())
            });
            let outcome = soon(alice.send(sip(BOB), "second")).await;
            // A refusal that comes before its event is believed.
            let may_be_refused = matches!(reply, Reply::Respond(404 | 400, ..));
            assert!(
                outcome.is_delivered() || may_be_refused,
                "{in_event} {reply:?}: {outcome:?}"
            );
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_address_is_known_in_every_spelling() {
    for spelling in ["{}?operationId=x", "{}/", "{}#x"] {
        let double = Double::start().await;
        let alice = talking(&double).await;
        let location = double.url(&spelling.replace("{}", &message(2)));
        double.once("POST", MESSAGES, located(&location));
        double.push_events(json!([completed(&message(2))]));
        let pusher = double.clone();
        let pushing = async {
            pusher.wait_for("POST", MESSAGES, 2).await;
            pusher.push_events(json!([completed(&message(2))]));
        };
        let outcome = soon(async { tokio::join!(alice.send(sip(BOB), "second"), pushing).0 }).await;
        assert!(outcome.is_delivered(), "{spelling}: {outcome:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_conflict_is_unknown_and_posted_once_unless_it_names_a_pending_operation() {
    for refusal in [
        json!({"code": "Conflict", "subcode": "None"}),
        json!({"code": "Conflict"}),
        json!({"code": "Conflict", "subcode": "AlreadyExists"}),
        json!({"code": "Conflict", "subcode": "Whatever"}),
        Value::Null,
    ] {
        let double = Double::start().await;
        let alice = talking(&double).await;
        double.always("POST", MESSAGES, body(409, refusal.clone()));
        let pusher = double.clone();
        let pushing = async {
            pusher.wait_for("POST", MESSAGES, 2).await;
            for state in ["Connecting", "Connected"] {
                let mut messaging = crate::double::messaging();
                messaging["state"] = state.into();
                pusher.push_events(json!([{"link": {"rel": "messaging",
                    "href": "/apps/1/c/1/messaging"}, "type": "updated",
                    "_embedded": {"messaging": messaging}}]));
            }
        };
        let outcome = soon(async { tokio::join!(alice.send(sip(BOB), "second"), pushing).0 }).await;
        assert_eq!(
            delivery(&outcome),
            Some(Delivery::Unknown),
            "{refusal}: {outcome:?}"
        );
        assert_eq!(double.posted(), ["first", "second"], "{refusal}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_pending_operation_proves_that_nothing_was_started() {
    let pending = json!({"code": "Conflict", "subcode": "AnotherOperationPending"});
    let double = Double::start().await;
    let alice = talking(&double).await;
    double.always("POST", MESSAGES, body(409, pending));
    let pusher = double.clone();
    let pushing = async {
        pusher.wait_for("POST", MESSAGES, 2).await;
        pusher.push_events(json!([]));
        pusher.push_events(json!([{"link": {"rel": "x", "href": "/x"}, "type": "updated"}]));
    };
    let outcome = soon(async { tokio::join!(alice.send(sip(BOB), "second"), pushing).0 }).await;
    assert_eq!(delivery(&outcome), Some(Delivery::NotSent), "{outcome:?}");
    assert_eq!(double.posted(), ["first", "second", "second"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn what_was_posted_when_the_application_is_lost_is_unknown() {
    let double = Double::start().await;
    let alice = talking(&double).await;
    double.once("POST", MESSAGES, located(&message(2)));
    let losing = async {
        double.wait_for("POST", MESSAGES, 2).await;
        double.once("GET", "/apps/1/events", status(404));
        double.push(json!([]));
    };
    let outcome = soon(async { tokio::join!(alice.send(sip(BOB), "second"), losing).0 }).await;
    assert!(matches!(outcome, UcwaOutcome::Unknown(_)), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn the_end_of_a_message_without_a_status_is_not_a_failure() {
    for status in [Value::Null, json!(7), json!(""), json!("Pending")] {
        let double = Double::start().await;
        let alice = talking(&double).await;
        let mut event = completed(&message(2));
        event["status"] = status.clone();
        double.once("POST", MESSAGES, located(&message(2)));
        let pushing = async {
            double.wait_for("POST", MESSAGES, 2).await;
            double.push_events(json!([event]));
        };
        let outcome = soon(async { tokio::join!(alice.send(sip(BOB), "second"), pushing).0 }).await;
        assert!(
            matches!(outcome, UcwaOutcome::Unknown(_)),
            "{status}: {outcome:?}"
        );
        assert_eq!(delivery(&outcome), Some(Delivery::Unknown), "{status}");
    }
}

/// Makes the conversation a meeting with these participants.
async fn meeting(double: &Double, participants: &[&str]) {
    let mut events = vec![];
    for name in participants {
        let href = format!("{CONVERSATION}/participants/{name}");
        events.push(json!({"link": {"rel": "participant", "href": href}, "type": "added"}));
    }
    let conversation = json!({"link": {"rel": "conversation", "href": CONVERSATION},
        "type": "updated", "_embedded": {"conversation": {"state": "Conferenced"}}});
    double.push(
        json!([{"rel": "communication", "href": "/apps/1/communication",
                        "events": [conversation]}]),
    );
    double.push_events(events.into());
}

fn failed_to(href: &str, failed: &[&str]) -> Value {
    let mut event = completed(href);
    let failed = failed
        .iter()
        .map(|name| json!({"href": format!("{CONVERSATION}/participants/{name}")}));
    event["_embedded"]["message"]["_links"]["failedDeliveryParticipant"] = failed.collect();
    event
}

#[tokio::test(flavor = "multi_thread")]
async fn delivered_means_to_everyone() {
    const ALL: &[&str] = &["bob", "carol"];
    for (participants, failed, expected) in [
        (&[][..], &["bob"][..], None),
        (ALL, &["bob"], Some(Acceptance::Posted)),
        (ALL, &["bob", "carol"], None),
        (ALL, &[], Some(Acceptance::Delivered)),
    ] {
        let double = Double::start().await;
        let alice = talking(&double).await;
        if !participants.is_empty() {
            meeting(&double, participants).await;
        }
        let event = failed_to(&message(2), failed);
        double.once("POST", MESSAGES, located(&message(2)));
        let pushing = async {
            double.wait_for("POST", MESSAGES, 2).await;
            double.push_events(json!([event]));
        };
        let to = Target::conversation(CONVERSATION);
        let request = SendRequest::new(to, Message::text("second"));
        let sending = ms_messenger_core::Messenger::send(&alice, &request);
        let result = soon(async { tokio::join!(sending, pushing).0 }).await;
        match (&result, expected) {
            (Ok(receipt), Some(expected)) => assert_eq!(receipt.acceptance, expected),
            (Err(error), None) => assert_eq!(error.delivery(), Delivery::Unknown),
            _ => panic!("{participants:?} {failed:?}: {result:?}"),
        }
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_in_a_meeting_without_a_full_report_is_not_delivered_to_everyone() {
    let double = Double::start().await;
    let alice = talking(&double).await;
    meeting(&double, &["bob", "carol"]).await;
    let mut unreadable = completed(&message(2));
    unreadable["_embedded"]["message"]["_links"]["failedDeliveryParticipant"] =
        json!([{"title": "Bob"}]);
    for event in [unreadable, link_only(&message(3))] {
        let href = event["link"]["href"].as_str().unwrap().to_owned();
        double.once("POST", MESSAGES, located(&href));
        let count = double.posted().len();
        let pushing = async {
            double.wait_for("POST", MESSAGES, count + 1).await;
            double.push_events(json!([event]));
        };
        let to = Target::conversation(CONVERSATION);
        let request = SendRequest::new(to, Message::text("second"));
        let sending = ms_messenger_core::Messenger::send(&alice, &request);
        let receipt = soon(async { tokio::join!(sending, pushing).0 })
            .await
            .unwrap();
        assert_eq!(receipt.acceptance, Acceptance::Posted);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_refused_conversation_leaves_nothing_behind_and_says_not_sent() {
    let double = Double::start().await;
    let alice = double.signed_in().await;
    for refusal in [status(400), status(403), status(413)] {
        double.always("POST", INVITATIONS, refusal);
        let outcome = soon(alice.send(sip(BOB), "x")).await;
        assert_eq!(delivery(&outcome), Some(Delivery::NotSent), "{outcome:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_post_without_a_response_ends_with_the_send_and_is_unknown() {
    let double = Double::start().await;
    let alice = double.user().with_send_timeout(Duration::from_millis(600));
    let alice = alice.sign_in().await.unwrap();
    assert!(soon(alice.send(sip(BOB), "first")).await.is_delivered());
    double.once("POST", MESSAGES, Reply::Hang);
    let began = std::time::Instant::now();
    let outcome = soon(alice.send(sip(BOB), "second")).await;
    assert!(
        began.elapsed() < Duration::from_secs(5),
        "{:?}",
        began.elapsed()
    );
    assert!(matches!(outcome, UcwaOutcome::Unknown(_)), "{outcome:?}");
    let error = outcome.error().unwrap();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert!(error.began_at().is_some() && error.client_request_id().is_some());
    // A throttled one was not taken: no wait beyond the deadline, and it is known.
    double.always("POST", MESSAGES, status(429).with("Retry-After", "30"));
    let outcome = soon(alice.send(sip(BOB), "third")).await;
    assert_eq!(delivery(&outcome), Some(Delivery::NotSent), "{outcome:?}");
    // An invitation without a response sent nothing.
    double.always("POST", INVITATIONS, Reply::Hang);
    let outcome = soon(alice.send(sip("sip:carol@contoso.test"), "x")).await;
    assert_eq!(delivery(&outcome), Some(Delivery::NotSent), "{outcome:?}");
}

#[tokio::test(flavor = "multi_thread")]
async fn a_check_refuses_what_a_send_refuses() {
    let double = Double::start().await;
    let limit = std::num::NonZeroUsize::new(10).unwrap();
    let builder = double
        .user()
        .with_max_message_bytes(limit, Oversize::Refuse);
    let mut keyed = request("x");
    keyed.idempotency = Some(ms_messenger_core::IdempotencyKey::random());
    let mut subject = request("x");
    subject.message.subject = Some("s".repeat(251));
    let channel = SendRequest::new(Target::channel("t", "c"), Message::text("x"));
    let nowhere = SendRequest::new(Target::conversation(""), Message::text("x"));
    let refused = [
        request(&"x".repeat(11)),
        request(""),
        keyed,
        subject,
        channel,
        nowhere,
    ];
    let checked: Vec<_> = refused
        .iter()
        .map(|it| builder.check(it).unwrap_err())
        .collect();
    assert!(builder.check(&request("x")).unwrap().is_empty());
    let alice = builder.sign_in().await.unwrap();
    let before = double.requests("POST", INVITATIONS).len();
    for (request, checked) in refused.iter().zip(checked) {
        let sent = ms_messenger_core::Messenger::send(&alice, request)
            .await
            .unwrap_err();
        assert_eq!(sent.to_string(), checked.to_string());
        assert_eq!(sent.kind(), checked.kind());
        assert_eq!(checked.delivery(), Delivery::NotSent);
    }
    assert_eq!(double.requests("POST", INVITATIONS).len(), before);
    assert_eq!(alice.platform(), "ucwa");
    assert!(ucwa::check(&request(&"x".repeat(7000))).is_ok());
    assert!(ucwa::check(&request(&"x".repeat(7001))).is_err());
}
