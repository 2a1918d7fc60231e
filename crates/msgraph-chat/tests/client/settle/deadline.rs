//! A caller's time-out keeps the evidence.

use std::time::Duration;

use ms_messenger_core::{
    Attachment, CancelHandle, Card, CardKind, Delivery, ErrorKind, Evidence, Message,
    Messenger as _, MessengerExt as _, SendRequest, Target,
};
use serde_json::json;

use crate::settle::teams::*;

#[tokio::test]
async fn a_time_out_on_the_wire_is_unknown_with_everything_that_settling_needs() {
    let teams = Teams::start([Post::Silent]).await;
    let client = teams.client();
    let card = Card::new(
        CardKind::Adaptive,
        json!({"type": "AdaptiveCard", "version": "1.4"}),
    );
    let request = to_chat(Message::text("x").with_attachment(Attachment::Card(card)));
    // Enough for the request to arrive on a busy machine; the response never comes.
    let within = Duration::from_secs(2);
    let error = client.send_within(&request, within).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.delivery()),
        (ErrorKind::Timeout, Delivery::Unknown)
    );
    let evidence = Evidence::of(&error).unwrap();
    let sent = teams.world().seen[0].json()["attachments"][0]["id"].clone();
    assert_eq!(json!(evidence.mark.unwrap().value), sent);
    assert!(evidence.pending_until.is_some() && evidence.client_request_id.is_some());
    assert_eq!(evidence.sender.as_deref(), Some(OWN));
    assert_eq!(teams.posted(), 1);
}

#[tokio::test]
async fn a_send_that_is_cancelled_before_anything_was_on_its_way_is_not_sent() {
    let teams = Teams::start([]).await;
    let cancel = CancelHandle::new();
    cancel.cancel();
    let error = teams
        .client()
        .send(&ping().with_cancel(cancel))
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.delivery()),
        (ErrorKind::Cancelled, Delivery::NotSent)
    );
    assert_eq!(teams.posted(), 0);
}

#[tokio::test]
async fn a_chat_that_is_not_made_in_time_is_not_sent() {
    let teams = Teams::start([Post::Silent]).await;
    let client = teams
        .builder(OWN)
        .with_one_on_one_chats(OWN)
        .build()
        .unwrap();
    let request = SendRequest::new(Target::user(OTHER), Message::text("ping"));
    let request = request.with_timeout(Duration::from_millis(100));
    let error = client.send(&request).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.delivery()),
        (ErrorKind::Timeout, Delivery::NotSent)
    );
    assert_eq!(teams.world().seen[0].target, "/chats");
    assert_eq!((teams.posted(), teams.world().messages.len()), (1, 0));
    // Nor is it in the way of a later one.
    teams.world().posts = [Post::StoredUnsaid].into();
    let request = SendRequest::new(Target::user(OTHER), Message::text("ping"));
    let evidence = doubt(&client, &request).await;
    assert!(!evidence.has_twins);
    found(client.settle(&request, &evidence).await);
}
