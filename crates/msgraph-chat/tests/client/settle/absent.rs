//! When it is said that a message is not there.

use std::time::{Duration, SystemTime};

use ms_messenger_core::{
    Delivery, Evidence, Message, Messenger as _, MessengerExt as _, SettlePolicy, Settled,
    StaticToken,
};
use msgraph_chat::GraphChatClient;
use serde_json::json;

use crate::settle::teams::*;

#[tokio::test]
async fn a_message_that_is_never_stored_is_not_sent_only_after_the_margin() {
    let teams = Teams::start([Post::Silent]).await;
    let margin = Duration::from_millis(300);
    let client = teams
        .builder(OWN)
        .with_settling_margin(margin)
        .build()
        .unwrap();
    let policy =
        SettlePolicy::default().with_pauses(Duration::from_millis(20), Duration::from_millis(50));
    let request = ping().with_timeout(Duration::from_millis(50));
    let began = SystemTime::now();
    let error = client
        .send_settled_with(&request, &policy)
        .await
        .unwrap_err();
    let evidence = error.evidence().unwrap();
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert!(evidence.pending_until.unwrap() >= began + margin);
    assert!(SystemTime::now() >= evidence.pending_until.unwrap());
    assert!(teams.reads().len() >= 2);
    assert_eq!(teams.posted(), 1);
}

#[tokio::test]
async fn before_the_margin_there_is_no_verdict_but_the_time_of_one() {
    let teams = Teams::start([Post::Lost]).await;
    let margin = Duration::from_secs(60);
    let client = teams
        .builder(OWN)
        .with_settling_margin(margin)
        .build()
        .unwrap();
    let evidence = doubt(&client, &ping()).await;
    for looker in [&client, &teams.client()] {
        match looker.settle(&ping(), &elsewhere(&evidence)).await {
            Settled::NotYet(when) => assert_eq!(when, evidence.pending_until.unwrap()),
            other => panic!("{other:?}"),
        }
    }
}

#[tokio::test]
async fn messages_of_others_and_other_texts_are_not_the_message() {
    let teams = Teams::start([Post::Lost]).await;
    let client = teams.client();
    let evidence = doubt(&client, &ping()).await;
    let now = evidence.began_at;
    teams.world().messages = vec![
        listed("1", OTHER, "ping", now),
        listed("2", OWN, "pong", now),
        json!({"id": "3", "messageType": "unknownFutureValue", "from": null,
            "createdDateTime": rfc3339(now), "eventDetail": {"@odata.type": "#x"},
            "body": {"contentType": "html", "content": "<systemEventMessage/>"}}),
        json!({"id": "4", "messageType": "message", "createdDateTime": rfc3339(now),
            "from": {"application": {"id": "bot"}},
            "body": {"contentType": "text", "content": "ping"}}),
        listed("5", OTHER, "", now),
    ];
    teams.world().messages[4]["deletedDateTime"] = json!(rfc3339(now));
    not_found(client.settle(&ping(), &evidence).await);
    not_found(teams.client().settle(&ping(), &elsewhere(&evidence)).await);
    assert_eq!(teams.reads().len(), 2);
}

#[tokio::test]
async fn a_message_that_was_changed_since_leaves_it_open() {
    for member in ["lastEditedDateTime", "deletedDateTime"] {
        let teams = Teams::start([Post::StoredUnsaid]).await;
        let client = teams.client();
        let evidence = doubt(&client, &ping()).await;
        teams.world().messages[0][member] = json!(rfc3339(SystemTime::now()));
        teams.world().messages[0]["body"]["content"] = json!("");
        cannot_tell(client.settle(&ping(), &evidence).await, "edited since");
        // A deleted message may not say whose it was.
        teams.world().messages[0]["from"] = json!(null);
        cannot_tell(client.settle(&ping(), &evidence).await, "edited since");
    }
}

#[tokio::test]
async fn a_message_without_its_sender_leaves_it_open() {
    let teams = Teams::start([Post::StoredUnsaid]).await;
    let client = teams.client();
    let evidence = doubt(&client, &ping()).await;
    for from in [
        json!(null),
        json!({}),
        json!({"user": null}),
        json!({"user": {"displayName": "x"}}),
    ] {
        teams.world().messages[0]["from"] = from;
        cannot_tell(client.settle(&ping(), &evidence).await, "may be it");
    }
}

#[tokio::test]
async fn another_account_or_a_token_without_one_gets_no_verdict() {
    let teams = Teams::start([Post::Lost]).await;
    let client = teams.client();
    let evidence = elsewhere(&doubt(&client, &ping()).await);
    assert_eq!(evidence.sender.as_deref(), Some(OWN));
    let other = teams.builder(OTHER).build().unwrap();
    cannot_tell(other.settle(&ping(), &evidence).await, "another account");
    let mut unsaid = evidence.clone();
    unsaid.sender = None;
    cannot_tell(
        teams.client().settle(&ping(), &unsaid).await,
        "does not name the account",
    );
    let opaque = GraphChatClient::builder(StaticToken::new("opaque"));
    let opaque = opaque.with_base_url(teams.url.as_str()).build().unwrap();
    cannot_tell(
        opaque.settle(&ping(), &evidence).await,
        "does not name its user",
    );
    assert_eq!(teams.reads().len(), 0);
    not_found(teams.client().settle(&ping(), &evidence).await);
}

#[tokio::test]
async fn the_mark_of_another_account_is_found_but_its_absence_proves_nothing() {
    use ms_messenger_core::{Attachment, Card, CardKind};
    let card = Card::new(
        CardKind::Adaptive,
        json!({"type": "AdaptiveCard", "version": "1.4"}),
    );
    let request = to_chat(Message::text("x").with_attachment(Attachment::Card(card)));
    let teams = Teams::start([Post::StoredUnsaid]).await;
    let evidence = doubt(&teams.client(), &request).await;
    let other = teams.builder(OTHER).build().unwrap();
    found(other.settle(&request, &evidence).await);
    teams.world().messages.clear();
    cannot_tell(other.settle(&request, &evidence).await, "another account");
    not_found(teams.client().settle(&request, &evidence).await);
}

#[tokio::test]
async fn evidence_of_the_first_form_gives_another_process_no_verdict() {
    let teams = Teams::start([Post::StoredUnsaid]).await;
    let client = teams.client();
    let evidence = doubt(&client, &ping()).await;
    let first = json!({"began_at": rfc3339(evidence.began_at),
        "client_request_id": evidence.client_request_id});
    let first = Evidence::from_json(&first.to_string()).unwrap();
    cannot_tell(
        teams.client().settle(&ping(), &first).await,
        "does not name the account",
    );
    teams.world().messages.clear();
    let settled = client.settle(&ping(), &first).await;
    assert!(matches!(settled, Settled::CannotTell(_)), "{settled:?}");
}

#[tokio::test]
async fn evidence_of_another_platform_is_refused_before_any_request() {
    let teams = Teams::start([Post::Lost]).await;
    let client = teams.client();
    let mut evidence = doubt(&client, &ping()).await;
    evidence.platform = Some("acs-chat".into());
    cannot_tell(client.settle(&ping(), &evidence).await, "");
    assert_eq!(teams.reads().len(), 0);
}

#[tokio::test]
async fn a_list_that_cannot_be_read_gives_no_verdict() {
    let teams = Teams::start([Post::Lost]).await;
    let client = teams.client();
    let evidence = doubt(&client, &ping()).await;
    for (shown, why) in [
        (
            json!({"status": 403, "error": {"code": "Forbidden", "message": "Missing scope."}}),
            "Missing scope; chat_message.list needs Chat.Read",
        ),
        (
            json!({"status": 404, "error": {"code": "NotFound", "message": "No such chat."}}),
            "No such chat.",
        ),
        (json!({"status": 400, "error": {}}), "400"),
        (json!({"error": "no list"}), ""),
        (json!({"value": [{"id": 7}]}), ""),
    ] {
        teams.show(move |_, _| shown.clone());
        cannot_tell(client.settle(&ping(), &evidence).await, why);
    }
}

#[tokio::test]
async fn a_message_of_pictures_only_cannot_be_distinguished() {
    use ms_messenger_core::{Attachment, InlineImage};
    let teams = Teams::start([Post::StoredUnsaid]).await;
    let client = teams.client();
    let image = Attachment::InlineImage(InlineImage::new("image/png", *b"png"));
    let request = to_chat(Message::html(" ").with_attachment(image));
    let evidence = doubt(&client, &request).await;
    cannot_tell(
        client.settle(&request, &evidence).await,
        "without visible text",
    );
}
