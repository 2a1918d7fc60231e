//! Contents are encrypted at rest.

use ms_messenger_core::ExposeSecret as _;
use ms_messenger_outbox::{
    ContentKey, ContentKeys, Inserted, MemoryStore, Outbox, OutboxErrorKind, State,
};

use crate::platform::{Platform, envelope, head, worker};

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

#[tokio::test]
async fn a_worker_without_the_key_sends_nothing_and_loses_nothing() {
    let plain = Outbox::new(MemoryStore::new());
    let sealed = plain.clone().with_keys(keys());
    sealed.enqueue(envelope("a", "secret")).await.unwrap();
    let (platform, outbox) = (Platform::new(), plain.into_dyn());
    let blind = worker(&outbox, &platform).build();
    let limit = std::time::Duration::from_millis(100);
    let waits = tokio::time::timeout(limit, blind.run_until_empty()).await;
    assert!(waits.is_err());
    let waiting = head(&outbox, "a").await;
    assert_eq!((waiting.state, waiting.failures > 0), (State::Queued, true));
    assert!(platform.texts().is_empty());
    let sealed = sealed.into_dyn();
    worker(&sealed, &platform)
        .build()
        .run_until_empty()
        .await
        .unwrap();
    assert_eq!(platform.texts(), ["secret"]);
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
    assert_eq!(error.kind(), OutboxErrorKind::Sealed);
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
