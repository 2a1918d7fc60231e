//! What a person does with a message.

use std::time::{Duration, SystemTime};

use ms_messenger_core::{CancelHandle, DeliveryStatus, ErrorKind, Messenger as _, Settled};
use ms_messenger_outbox::{OutboxErrorKind, Purge, Query, Report, State};

use crate::platform::{Next, Platform, envelope, head, outbox, worker};

#[tokio::test]
async fn a_message_is_cancelled_until_its_attempt_begins() {
    let (outbox, platform) = (outbox(), Platform::new());
    outbox.enqueue(envelope("a", "x")).await.unwrap();
    assert_eq!(
        outbox.cancel(&"a".into()).await.unwrap().state,
        State::Cancelled
    );
    outbox.enqueue(envelope("b", "y")).await.unwrap();
    worker(&outbox, &platform)
        .build()
        .run_until_empty()
        .await
        .unwrap();
    assert_eq!(platform.texts(), ["y"]);
    let error = outbox.cancel(&"b".into()).await.unwrap_err();
    assert_eq!(
        (error.kind(), error.state()),
        (OutboxErrorKind::NotAllowed, Some(State::Sent))
    );
    let error = outbox.cancel(&"c".into()).await.unwrap_err();
    assert_eq!(error.kind(), OutboxErrorKind::NotFound);
}

#[tokio::test]
async fn a_message_is_waited_for_until_no_worker_has_anything_left_to_do() {
    let (outbox, platform) = (outbox(), Platform::new());
    let (patient, soon) = (Duration::from_secs(60), Duration::from_millis(20));
    let error = outbox.wait(&"a".into(), patient).await.unwrap_err();
    assert_eq!(error.kind(), OutboxErrorKind::NotFound);
    outbox.enqueue(envelope("a", "x")).await.unwrap();
    // Nobody sends it.
    let head = outbox.wait(&"a".into(), soon).await.unwrap();
    assert_eq!(head.state, State::Queued);
    let stop = CancelHandle::new();
    let running = worker(&outbox, &platform).build();
    let (state, ended) = tokio::join!(
        async {
            let head = outbox.wait(&"a".into(), patient).await.unwrap();
            stop.cancel();
            head.state
        },
        running.run(&stop),
    );
    ended.unwrap();
    assert_eq!(state, State::Sent);
    let (outbox, platform) = (crate::platform::outbox(), Platform::new().mute());
    platform.then(Next::LosesResponse);
    outbox.enqueue(envelope("b", "y")).await.unwrap();
    let run = worker(&outbox, &platform).build();
    run.run_until_empty().await.unwrap();
    let head = outbox.wait(&"b".into(), Duration::MAX).await.unwrap();
    assert_eq!(head.state, State::Unconfirmed);
}

#[tokio::test]
async fn a_refused_message_can_be_sent_again() {
    let (outbox, platform) = (outbox(), Platform::new());
    platform.then(Next::Fails(ErrorKind::PermissionDenied, None));
    outbox.enqueue(envelope("a", "x")).await.unwrap();
    worker(&outbox, &platform)
        .build()
        .run_until_empty()
        .await
        .unwrap();
    outbox.retry(&"a".into()).await.unwrap();
    worker(&outbox, &platform)
        .build()
        .run_until_empty()
        .await
        .unwrap();
    assert_eq!(head(&outbox, "a").await.state, State::Sent);
    let error = outbox.retry(&"a".into()).await.unwrap_err();
    assert_eq!(error.kind(), OutboxErrorKind::NotAllowed);
}

#[tokio::test]
async fn an_unconfirmed_message_is_settled_confirmed_or_given_up() {
    let (outbox, platform) = (outbox(), Platform::new().mute());
    for (id, lost) in [
        ("found", Next::LosesResponse),
        ("absent", Next::LosesRequest),
        ("confirmed", Next::LosesResponse),
        ("given up", Next::LosesRequest),
    ] {
        platform.then(lost);
        outbox.enqueue(envelope(id, id)).await.unwrap();
        worker(&outbox, &platform)
            .build()
            .run_until_empty()
            .await
            .unwrap();
        assert_eq!(head(&outbox, id).await.state, State::Unconfirmed);
    }
    let settled = outbox.settle(&"found".into(), &platform).await.unwrap();
    assert!(matches!(settled, Settled::CannotTell(_)));
    let talks = platform.clone().talkative();
    let settled = outbox.settle(&"found".into(), &talks).await.unwrap();
    assert!(matches!(settled, Settled::Found(_)));
    let settled = outbox.settle(&"absent".into(), &talks).await.unwrap();
    assert!(matches!(settled, Settled::NotFound));
    outbox.confirm(&"confirmed".into(), None).await.unwrap();
    outbox.give_up(&"given up".into()).await.unwrap();
    let mut states = Vec::new();
    for id in ["found", "absent", "confirmed", "given up"] {
        states.push(head(&outbox, id).await.state);
    }
    assert_eq!(
        states,
        [State::Sent, State::Queued, State::Sent, State::Refused]
    );
}

#[tokio::test]
async fn what_is_queued_again_in_doubt_may_have_been_sent_whatever_its_state() {
    let (outbox, platform) = (outbox(), Platform::new().mute());
    for (id, is_resent) in [("resent", true), ("absent", false), ("given up", false)] {
        platform.then(Next::LosesRequest);
        outbox.enqueue(envelope(id, id)).await.unwrap();
        let run = worker(&outbox, &platform).build();
        run.run_until_empty().await.unwrap();
        match id {
            "absent" => {
                let talks = platform.clone().talkative();
                let settled = outbox.settle(&id.into(), &talks).await.unwrap();
                assert!(matches!(settled, Settled::NotFound));
            }
            "given up" => {
                outbox.give_up(&id.into()).await.unwrap();
                outbox.retry(&id.into()).await.unwrap();
            }
            _ => drop(outbox.retry(&id.into()).await.unwrap()),
        }
        assert_eq!(head(&outbox, id).await.was_resent, is_resent, "{id}");
        outbox.cancel(&id.into()).await.unwrap();
        let ended = head(&outbox, id).await;
        assert_eq!(
            (ended.state, ended.was_resent),
            (State::Cancelled, is_resent)
        );
    }
}

#[tokio::test]
async fn an_equal_message_is_not_taken_for_the_one_that_a_person_asks_about() {
    let (outbox, platform) = (outbox(), Platform::new().mute());
    for id in ["a", "b"] {
        platform.then(Next::LosesRequest);
        outbox.enqueue(envelope(id, "x")).await.unwrap();
        let run = worker(&outbox, &platform).build();
        run.run_until_empty().await.unwrap();
    }
    let request = envelope("other", "x").request;
    platform.send(&request).await.unwrap();
    let finds = platform.clone().talkative().finding_by_content();
    let settled = outbox.settle(&"a".into(), &finds).await.unwrap();
    assert!(matches!(settled, Settled::CannotTell(_)), "{settled:?}");
    assert_eq!(head(&outbox, "a").await.state, State::Unconfirmed);
    // Alone it is found.
    outbox.give_up(&"b".into()).await.unwrap();
    let settled = outbox.settle(&"a".into(), &finds).await.unwrap();
    assert!(matches!(settled, Settled::Found(_)), "{settled:?}");
}

#[tokio::test]
async fn a_status_only_climbs_and_a_failure_is_seen() {
    let (outbox, platform) = (outbox(), Platform::new());
    outbox.enqueue(envelope("a", "x")).await.unwrap();
    worker(&outbox, &platform)
        .build()
        .run_until_empty()
        .await
        .unwrap();
    let report = |status| Report::new("1", status).with_code("131026");
    for (status, expected) in [
        (DeliveryStatus::Sent, DeliveryStatus::Sent),
        (DeliveryStatus::Failed, DeliveryStatus::Failed),
        (DeliveryStatus::Sent, DeliveryStatus::Failed),
        (DeliveryStatus::Delivered, DeliveryStatus::Delivered),
    ] {
        assert_eq!(outbox.report(&report(status)).await.unwrap(), 1);
        assert_eq!(head(&outbox, "a").await.status, Some(expected));
    }
    assert_eq!(
        outbox
            .report(&Report::new("2", DeliveryStatus::Read))
            .await
            .unwrap(),
        0
    );
}

#[tokio::test]
async fn only_what_is_over_is_purged() {
    let (outbox, platform) = (outbox(), Platform::new());
    outbox.enqueue(envelope("sent", "x")).await.unwrap();
    worker(&outbox, &platform)
        .build()
        .run_until_empty()
        .await
        .unwrap();
    outbox.enqueue(envelope("waits", "x")).await.unwrap();
    let later = SystemTime::now() + Duration::from_secs(60);
    assert_eq!(
        outbox
            .purge(&Purge::new(SystemTime::UNIX_EPOCH))
            .await
            .unwrap(),
        0
    );
    let queued = Purge::new(later).with_state(State::Queued);
    assert_eq!(outbox.purge(&queued).await.unwrap(), 0);
    assert_eq!(outbox.purge(&Purge::new(later)).await.unwrap(), 1);
    let left = outbox.list(&Query::new()).await.unwrap();
    assert_eq!(left[0].id.as_str(), "waits");
}
