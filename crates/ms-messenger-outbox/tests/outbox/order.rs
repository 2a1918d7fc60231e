//! Messages of one key are sent one after the other.

use ms_messenger_core::ErrorKind;
use ms_messenger_outbox::{OutboxErrorKind, State};

use crate::platform::{Next, Platform, envelope, head, outbox, worker};

#[tokio::test]
async fn messages_of_one_key_keep_their_order_whatever_fails() {
    let (outbox, platform) = (outbox(), Platform::new());
    let all = (0..40).map(|i| envelope(&format!("m{i}"), &format!("{i}")).with_order_key("k"));
    outbox.enqueue_all(all).await.unwrap();
    for _ in 0..10 {
        platform
            .then(Next::Fails(ErrorKind::Connect, None))
            .then(Next::LosesResponse)
            .then(Next::LosesRequest);
    }
    let workers = [(); 3].map(|()| worker(&outbox, &platform).build());
    let running = workers.iter().map(|it| it.run_until_empty());
    for ended in futures_util::future::join_all(running).await {
        ended.unwrap();
    }
    let expected: Vec<String> = (0..40).map(|i| i.to_string()).collect();
    assert_eq!(platform.texts(), expected);
}

#[tokio::test]
async fn a_refused_message_lets_the_next_one_go_and_an_unconfirmed_one_does_not() {
    let (outbox, platform) = (outbox(), Platform::new().mute());
    let all = ["a", "b", "c"].map(|id| envelope(id, id).with_order_key("k"));
    outbox.enqueue_all(all).await.unwrap();
    outbox
        .enqueue(envelope("other", "other").with_order_key("l"))
        .await
        .unwrap();
    platform.then(Next::Fails(ErrorKind::PermissionDenied, None));
    // Either of the two that are free first.
    let running = worker(&outbox, &platform).build();
    running.run_until_empty().await.unwrap();
    let refused = if head(&outbox, "a").await.state == State::Refused {
        "a"
    } else {
        "other"
    };
    assert_eq!(platform.texts().len(), 3, "{refused} was refused");

    let all = ["d", "e"].map(|id| envelope(id, id).with_order_key("m"));
    outbox.enqueue_all(all).await.unwrap();
    platform.then(Next::LosesResponse);
    // Once while it becomes unconfirmed, and once when it is.
    for _ in 0..2 {
        let worker = worker(&outbox, &platform).build();
        let left = worker.run_until_empty().await.unwrap_err();
        assert_eq!(left.kind(), OutboxErrorKind::HeldBack);
        assert_eq!(left.id(), Some(&"e".into()));
    }
    assert_eq!(head(&outbox, "d").await.state, State::Unconfirmed);
    assert_eq!(head(&outbox, "e").await.state, State::Queued);
    outbox.confirm(&"d".into(), None).await.unwrap();
    worker(&outbox, &platform)
        .build()
        .run_until_empty()
        .await
        .unwrap();
    assert_eq!(head(&outbox, "e").await.state, State::Sent);
}
