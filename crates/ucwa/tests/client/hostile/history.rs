//! The history of a conversation: what it keeps, and what it says of messages whose fate is unknown.

use std::time::Duration;

use ms_messenger_core::{Delivery, ErrorKind};
use serde_json::{Value, json};
use ucwa::{ConversationMessage, Direction, Format, UcwaConversation};

use crate::{
    double::{BOB, CONVERSATION, Double, Reply, body, completed, located, sip, soon, status},
    hostile::world::{links, talk, world},
};

const MESSAGES: &str = "/apps/1/c/1/messages";

/// A message of another participant.
fn received(number: u32, uri: &str, participant: Option<&str>) -> Value {
    let href = format!("{MESSAGES}/{number}");
    let rel = if uri.starts_with("data:text/html") {
        "htmlMessage"
    } else {
        "plainMessage"
    };
    let mut all = links(&[(rel, uri)]);
    if let Some(participant) = participant {
        all["participant"] = json!({"href": participant});
    }
    json!({"link": {"rel": "message", "href": href}, "type": "completed", "status": "Success",
        "_embedded": {"message": {"direction": "Incoming", "timeStamp": "/Date(1364327898968)/", "_links": all}}})
}

/// Waits until the history is as expected: it changes with the events of the channel.
async fn until(
    conversation: &UcwaConversation,
    is_it: impl Fn(&[ConversationMessage]) -> bool + Send + Sync,
) -> Vec<ConversationMessage> {
    soon(async {
        loop {
            let history = conversation.history().unwrap();
            if is_it(&history) {
                return history;
            }
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await
}

fn texts(history: &[ConversationMessage]) -> Vec<&str> {
    let texts = history.iter().map(|it| it.text.as_deref().unwrap());
    texts.collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn both_sides_of_a_conversation_are_kept_in_order() {
    let (double, alice) = world().await;
    let conversation = talk(&alice).await;
    let lene = json!({"uri": "sip:lene@contoso.test", "name": "Lene"});
    double.always("GET", "/apps/1/c/1/p/2", body(200, lene.clone()));
    let added = json!({"link": {"rel": "participant", "href": "/apps/1/c/1/p/2"}, "type": "added",
        "_embedded": {"participant": lene}});
    double.push_events(json!([
        added,
        received(71, "data:text/plain;charset=utf-8,Hi+Alice%0d%0a", None),
        received(
            72,
            "data:text/html;base64,PGI+SGk8L2I+",
            Some("/apps/1/c/1/p/2")
        ),
        received(71, "data:text/plain,again", None),
    ]));
    until(&conversation, |history| history.len() == 3).await;
    assert!(soon(conversation.send("last")).await.is_delivered());
    let history = conversation.history().unwrap();
    assert_eq!(texts(&history), ["first", "Hi Alice", "<b>Hi</b>", "last"]);
    let [first, second, third, last] = history.as_slice() else {
        panic!("{history:?}");
    };
    assert_eq!(
        (&first.direction, &second.direction),
        (&Direction::Outgoing, &Direction::Incoming)
    );
    assert_eq!(
        (&second.format, &third.format),
        (&Format::Plain, &Format::Html)
    );
    let from: Vec<_> = history.iter().map(|it| it.from.uri.as_str()).collect();
    let alice = "sip:alice@contoso.test";
    assert_eq!(from, [alice, BOB, "sip:lene@contoso.test", alice]);
    assert_eq!(first.id.as_ref().unwrap().as_str(), format!("{MESSAGES}/1"));
    assert_eq!(
        second.id.as_ref().unwrap().as_str(),
        format!("{MESSAGES}/71")
    );
    for message in [first, second, third, last] {
        assert_eq!(
            (message.delivery, message.at.is_some()),
            (Delivery::Sent, true),
            "{message:?}"
        );
        assert!(!format!("{message:?}").contains("Hi"), "{message:?}");
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn a_sender_that_is_looked_up_is_named_afterwards() {
    let (double, alice) = world().await;
    let lene = json!({"uri": "sip:lene@contoso.test", "name": "Lene"});
    double.always("GET", "/apps/1/c/5/p/2", body(200, lene));
    let message = received(71, "data:text/plain,Hello", Some("/apps/1/c/5/p/2"));
    double.push(json!([{"rel": "conversation", "href": "/apps/1/c/5", "events": [message]}]));
    let conversation = alice.conversation("/apps/1/c/5");
    let is_named = || {
        let history = conversation.history();
        history.is_ok_and(|history| history[0].from.name.as_deref() == Some("Lene"))
    };
    soon(async {
        while !is_named() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_in_doubt_is_unknown_until_its_event_comes() {
    let (double, _) = world().await;
    double.once(
        "POST",
        "/apps",
        body(201, crate::hostile::world::application()),
    );
    let alice = double.user().with_send_timeout(Duration::from_millis(400));
    let alice = alice.sign_in().await.unwrap();
    let conversation = talk(&alice).await;
    // Lost, failed, refused: the first is in doubt, the others were not sent.
    double.once("POST", MESSAGES, Reply::Close);
    assert!(!soon(conversation.send("lost")).await.is_delivered());
    let operation = double
        .requests("POST", MESSAGES)
        .last()
        .unwrap()
        .operation();
    double.once("POST", MESSAGES, status(403));
    assert!(!soon(conversation.send("refused")).await.is_delivered());
    double.once("POST", MESSAGES, located("/apps/1/c/1/messages/8"));
    let mut failed = completed("/apps/1/c/1/messages/8");
    failed["status"] = json!("Failure");
    let push = double.clone();
    double.rule(move |request| {
        if request.is("POST", MESSAGES) && request.body == "failed" {
            push.push_events(json!([failed]));
        }
        None
    });
    assert!(!soon(conversation.send("failed")).await.is_delivered());
    double.once("POST", MESSAGES, located("/apps/1/c/1/messages/9"));
    assert!(!soon(conversation.send("late")).await.is_delivered());
    let history = conversation.history().unwrap();
    assert_eq!(texts(&history), ["first", "lost", "late"]);
    let deliveries = history.iter().map(|it| it.delivery);
    let deliveries: Vec<_> = deliveries.collect();
    assert_eq!(
        deliveries,
        [Delivery::Sent, Delivery::Unknown, Delivery::Unknown]
    );
    assert_eq!(history[1].id, None);

    // Late events: one by its operation, one by its address.
    let mut lost = completed("/apps/1/c/1/messages/7");
    lost["_embedded"]["message"]["operationId"] = json!(operation);
    double.push_events(json!([lost, completed("/apps/1/c/1/messages/9")]));
    let sent =
        |history: &[ConversationMessage]| history.iter().all(|it| it.delivery == Delivery::Sent);
    let history = until(&conversation, sent).await;
    assert_eq!(
        history[1].id.as_ref().unwrap().as_str(),
        format!("{MESSAGES}/7")
    );

    // A read of the server adds the text, which it does not return.
    let read =
        json!({"direction": "Outgoing", "timeStamp": "/Date(1364327898968)/", "status": "Failed"});
    double.once("GET", "/apps/1/c/1/messages/7", body(200, read.clone()));
    let lost = conversation
        .message("/apps/1/c/1/messages/7")
        .await
        .unwrap();
    assert_eq!(
        (lost.text.as_deref(), lost.delivery),
        (Some("lost"), Delivery::Sent)
    );
    double.once("GET", "/apps/1/c/1/messages/99", body(200, read));
    let unknown = conversation
        .message("/apps/1/c/1/messages/99")
        .await
        .unwrap();
    assert_eq!((unknown.text, unknown.delivery), (None, Delivery::Unknown));
}

#[tokio::test(flavor = "multi_thread")]
async fn the_history_ends_with_its_conversation() {
    let (double, alice) = world().await;
    let conversation = talk(&alice).await;
    assert_eq!(conversation.history().unwrap().len(), 1);
    let deleted = json!({"link": {"rel": "conversation", "href": CONVERSATION}, "type": "deleted"});
    double.push(
        json!([{"rel": "communication", "href": "/apps/1/communication", "events": [deleted]}]),
    );
    soon(async {
        while conversation.history().is_ok() {
            tokio::time::sleep(Duration::from_millis(5)).await;
        }
    })
    .await;
    let error = conversation.history().unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    // The next one has the same address, and nothing of it.
    assert!(soon(alice.send(sip(BOB), "new")).await.is_delivered());
    assert_eq!(texts(&conversation.history().unwrap()), ["new"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_message_in_an_accepted_invitation_is_in_the_history() {
    let double = Double::start().await;
    let alice = double.user().with_first_message_in_invitation(true);
    let alice = alice.sign_in().await.unwrap();
    assert!(soon(alice.send(sip(BOB), "toast")).await.is_delivered());
    let history = alice.conversation(CONVERSATION).history().unwrap();
    assert_eq!(texts(&history), ["toast"]);
    assert_eq!(
        (history[0].id.clone(), history[0].delivery),
        (None, Delivery::Sent)
    );
}
