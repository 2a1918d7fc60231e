//! Contents are encrypted at rest.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use ms_messenger_core::{CancelHandle, ExposeSecret as _};
use ms_messenger_outbox::{
    ContentKey, ContentKeys, Inserted, MemoryStore, Outbox, OutboxError, OutboxErrorKind, Query,
    State,
};

use crate::platform::{Platform, envelope, head, until, worker};

fn key(first: u8) -> ContentKey {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    ContentKey::parse(&STANDARD.encode([first; 32])).unwrap()
}

fn keys() -> ContentKeys {
    ContentKeys::new(key(1))
}

#[tokio::test]
async fn what_is_stored_cannot_be_read_without_the_key_and_is_sent_with_it() {
    let plain = Outbox::new(MemoryStore::new());
    let sealed = plain.clone().with_keys(keys());
    sealed.enqueue(envelope("a", "secret")).await.unwrap();
    let stored = plain.get(&"a".into()).await.unwrap().unwrap();
    let content = stored.content.as_deref().unwrap();
    assert!(!content.windows(6).any(|it| it == b"secret"));
    for other in [
        plain.clone(),
        plain.clone().with_keys(ContentKeys::new(key(2))),
    ] {
        let error = other.request(&stored).unwrap_err();
        assert_eq!(error.kind(), OutboxErrorKind::Sealed);
    }
    let platform = Platform::new();
    let outbox = sealed.into_dyn();
    worker(&outbox, &platform)
        .build()
        .run_until_empty()
        .await
        .unwrap();
    assert_eq!(platform.texts(), ["secret"]);
}

/// Drains an outbox without its key, and returns the error, and what else was reported.
async fn drain(outbox: &Outbox, platform: &Platform) -> (OutboxError, usize) {
    let heard = Arc::new(AtomicUsize::new(0));
    let hears = Arc::clone(&heard);
    let worker = worker(outbox, platform).with_store_observer(move |error| {
        assert_eq!(error.kind(), OutboxErrorKind::Sealed);
        hears.fetch_add(1, Ordering::Relaxed);
    });
    let error = worker.build().run_until_empty().await.unwrap_err();
    (error, heard.load(Ordering::Relaxed))
}

#[tokio::test]
async fn a_worker_that_lacks_the_key_ends_with_its_name_and_changes_nothing() {
    let plain = Outbox::new(MemoryStore::new());
    let sealed = plain.clone().with_keys(keys());
    for id in ["a", "b", "c"] {
        sealed.enqueue(envelope(id, "secret")).await.unwrap();
    }
    let platform = Platform::new();
    let other = plain.clone().with_keys(ContentKeys::new(key(2)));
    let before = plain.list(&Query::new()).await.unwrap();
    for (outbox, expected) in [
        (&plain, "the outbox has no key".to_owned()),
        (&other, format!("the outbox has only {}", key(2).id())),
    ] {
        let (error, reports) = drain(&outbox.clone().into_dyn(), &platform).await;
        assert_eq!((error.kind(), reports), (OutboxErrorKind::Sealed, 1));
        let text = error.to_string();
        assert!(text.contains(&key(1).id()), "{text}");
        assert!(text.contains(&expected), "{text}");
        assert!(text.ends_with("(message a, and 2 more)"), "{text}");
    }
    assert_eq!(plain.list(&Query::new()).await.unwrap(), before);
    let sealed = sealed.into_dyn();
    let worker = worker(&sealed, &platform).build();
    worker.run_until_empty().await.unwrap();
    assert_eq!(platform.texts(), ["secret"; 3]);
}

#[tokio::test]
async fn what_can_be_read_is_sent_before_a_worker_ends_that_lacks_a_key() {
    let plain = Outbox::new(MemoryStore::new());
    let sealed = plain.clone().with_keys(keys());
    sealed
        .enqueue(envelope("a", "secret").with_order_key("k"))
        .await
        .unwrap();
    let platform = Platform::new();
    // It waits behind a message that cannot be read.
    let behind = envelope("behind", "behind").with_order_key("k");
    plain.enqueue(behind).await.unwrap();
    plain.enqueue(envelope("free", "free")).await.unwrap();
    let outbox = plain.clone().into_dyn();
    let (error, reports) = drain(&outbox, &platform).await;
    assert_eq!(error.kind(), OutboxErrorKind::Sealed);
    assert_eq!(error.id(), Some(&"a".into()));
    // By the attempt, and at the end.
    assert_eq!((platform.texts(), reports), (vec!["free".to_owned()], 2));
    let waiting = head(&outbox, "a").await;
    assert_eq!((waiting.state, waiting.attempts), (State::Queued, 0));
    let error = waiting.error.unwrap();
    assert_eq!(error["code"], "sealed", "{error}");
    let sealed = sealed.into_dyn();
    let worker = worker(&sealed, &platform).build();
    worker.run_until_empty().await.unwrap();
    assert_eq!(platform.texts(), ["free", "secret", "behind"]);
}

#[tokio::test]
async fn a_worker_without_an_end_reports_a_missing_key_once_and_goes_on() {
    let plain = Outbox::new(MemoryStore::new());
    let sealed = plain.clone().with_keys(keys());
    for id in ["a", "b", "c"] {
        sealed.enqueue(envelope(id, "secret")).await.unwrap();
    }
    let platform = Platform::new();
    let outbox = plain.clone().into_dyn();
    let heard = Arc::new(AtomicUsize::new(0));
    let hears = Arc::clone(&heard);
    let blind = worker(&outbox, &platform).with_store_observer(move |_| {
        hears.fetch_add(1, Ordering::Relaxed);
    });
    let blind = blind.build();
    let stop = CancelHandle::new();
    let running = async {
        blind.run(&stop).await.unwrap();
    };
    let seen = async {
        while head(&outbox, "c").await.failures == 0 {
            outbox.store().changed(Duration::from_millis(5)).await;
        }
        // It still sends what it can read.
        outbox.enqueue(envelope("free", "free")).await.unwrap();
        until(&outbox, "free", State::Sent).await;
        stop.cancel();
    };
    tokio::join!(running, seen);
    assert_eq!(heard.load(Ordering::Relaxed), 1);
    assert_eq!(platform.texts(), ["free"]);
}

#[tokio::test]
async fn a_content_of_the_first_form_is_still_read() {
    // Sealed by an earlier version with the key of 32 ones, for the message `a`.
    const SEALED: &str = "bXMtbWVzc2VuZ2VyIG91dGJveCAxCgABAgMEBQYHCAkKCwwNDg8QERITFBUWFwPyr+q/q/XrjCgcLWZBF8Sc2fL0yWms8E1piMKOG3ZBi6hs66/aWdhIVYu03+oc4fVF3rAk0J6xy0YKe5FzGH/bib/KtYRW";
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    let outbox = Outbox::new(MemoryStore::new()).with_keys(keys());
    outbox.enqueue(envelope("a", "x")).await.unwrap();
    let mut stored = outbox.get(&"a".into()).await.unwrap().unwrap();
    let now = outbox.request(&stored).unwrap();
    stored.content = Some(STANDARD.decode(SEALED).unwrap().into());
    assert_eq!(outbox.request(&stored).unwrap(), now);
    let other = outbox.clone().with_keys(ContentKeys::new(key(2)));
    let error = other.request(&stored).unwrap_err();
    assert_eq!(error.kind(), OutboxErrorKind::Sealed);
}

#[tokio::test]
async fn a_newer_key_changes_nothing_for_what_is_stored() {
    let plain = Outbox::new(MemoryStore::new());
    let old = plain.clone().with_keys(keys());
    old.enqueue(envelope("a", "x")).await.unwrap();
    let both = plain.clone().with_keys(keys().with_newer(key(2)));
    let again = both.enqueue(envelope("a", "x")).await.unwrap();
    assert_eq!(again, Inserted::Same(State::Queued));
    both.enqueue(envelope("b", "y")).await.unwrap();
    for id in ["a", "b"] {
        let stored = both.get(&id.into()).await.unwrap().unwrap();
        assert!(both.request(&stored).unwrap().is_some());
    }
    let stored = old.get(&"b".into()).await.unwrap().unwrap();
    assert_eq!(
        old.request(&stored).unwrap_err().kind(),
        OutboxErrorKind::Sealed
    );
}

#[tokio::test]
async fn a_content_belongs_to_its_message() {
    let sealed = Outbox::new(MemoryStore::new()).with_keys(keys());
    sealed.enqueue(envelope("a", "x")).await.unwrap();
    sealed.enqueue(envelope("b", "y")).await.unwrap();
    let mut stored = sealed.get(&"a".into()).await.unwrap().unwrap();
    let other = sealed.get(&"b".into()).await.unwrap().unwrap();
    stored.content = other.content;
    let error = sealed.request(&stored).unwrap_err();
    assert_eq!(error.kind(), OutboxErrorKind::Damaged);
}

#[test]
fn keys_are_never_printed() {
    let key = ContentKey::random().unwrap();
    let text = key.to_base64().expose_secret().to_owned();
    assert!(!format!("{key:?}").contains(&text));
    assert!(!format!("{:?}", ContentKeys::new(key)).contains(&text));
    for wrong in ["", "AAEC", "not base64"] {
        let error = ContentKey::parse(wrong).unwrap_err();
        assert_eq!(error.kind(), OutboxErrorKind::Invalid);
    }
}
