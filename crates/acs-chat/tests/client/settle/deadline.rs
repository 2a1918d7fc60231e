//! A caller's time-out keeps the evidence.

use std::time::Duration;

use ms_messenger_core::{
    CancelHandle, Delivery, ErrorKind, Evidence, MarkKind, Messenger as _, MessengerExt as _,
};

use super::chat::*;

#[tokio::test]
async fn a_time_out_on_the_wire_is_unknown_with_the_mark_that_was_sent() {
    let chat = Chat::start([Post::Silent]).await;
    let within = Duration::from_millis(100);
    let error = chat
        .client()
        .send_within(&ping(), within)
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.delivery()),
        (ErrorKind::Timeout, Delivery::Unknown)
    );
    let evidence = Evidence::of(&error).unwrap();
    let sent = chat.world().seen[0].json()["metadata"]["clientMessageId"].clone();
    let mark = evidence.mark_of(&MarkKind::ClientMessageId);
    assert_eq!(mark, Some(sent.as_str().unwrap()));
    assert!(evidence.pending_until.is_some());
    not_found(chat.client().settle(&ping(), &elsewhere(&evidence)).await);
    assert_eq!(chat.posted(), 1);
}

#[tokio::test]
async fn a_send_that_is_cancelled_before_anything_was_on_its_way_is_not_sent() {
    let chat = Chat::start([]).await;
    let cancel = CancelHandle::new();
    cancel.cancel();
    let error = chat
        .client()
        .send(&ping().with_cancel(cancel))
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.delivery()),
        (ErrorKind::Cancelled, Delivery::NotSent)
    );
    assert_eq!(chat.posted(), 0);
}
