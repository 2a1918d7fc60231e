//! What is recorded is replayed, and nothing else.

use std::{io, sync::Arc, time::Duration};

use ms_messenger_core::{
    Delivery, Error, ErrorKind, Evidence, IdempotencyKey, Journal, Messenger, MessengerExt as _,
    Problem, SendRequest, Settled, Target,
};
use ms_messenger_layers::{Record, Replay};
use ms_messenger_testkit::{Failure, check};

use crate::{
    double::{Composed, arrange, memory, no_connection, request},
    journal::Notes,
};

fn text(text: &str) -> SendRequest {
    SendRequest::new(Target::conversation("1"), text)
}

fn replayed(recording: Vec<u8>) -> Replay {
    Replay::read(&String::from_utf8(recording).unwrap()).unwrap()
}

#[tokio::test]
async fn a_recording_replays_every_outcome_once_and_in_order() {
    let store = memory();
    let record = Record::new(Arc::clone(&store), Vec::new());
    let problem = Problem::new("message.subject", "must be shorter");
    let error = problem.into_error(ErrorKind::InvalidRequest);
    store.fail_next(
        error
            .with_status(400)
            .with_code("BadRequest")
            .with_request_id("r")
            .with_retry_after(Duration::from_millis(1500)),
    );
    let failed = record.send(&text("a")).await.unwrap_err();
    let keyed = text("a").with_idempotency(IdempotencyKey::random());
    let sent = record.send(&keyed).await.unwrap();
    store.lose_next_response();
    let lost = record.send(&text("b")).await.unwrap_err();
    let evidence = Evidence::of(&lost).unwrap();
    let found = record.settle(&text("b"), &evidence).await;
    assert!(matches!(found, Settled::Found(_)));

    let replay = replayed(record.finish().unwrap());
    assert_eq!(replay.capabilities(), store.capabilities());
    let again = replay.send(&text("a")).await.unwrap_err();
    assert_eq!(again.to_string(), failed.to_string());
    assert_eq!(again.problems(), failed.problems());
    assert_eq!(again.retry_after(), failed.retry_after());
    let other_key = text("a").with_timeout(Duration::from_secs(1));
    assert_eq!(replay.send(&other_key).await.unwrap(), sent);
    let again = replay.send(&text("b")).await.unwrap_err();
    assert_eq!(Evidence::of(&again), Some(evidence.clone()));
    match replay.settle(&text("b"), &evidence).await {
        Settled::Found(receipt) => assert_eq!(receipt.message_id.unwrap(), "2"),
        other => panic!("{other:?}"),
    }
    assert_eq!(replay.remaining(), 0);

    let error = replay.send(&text("a")).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!(
        error.message(),
        "request: was not recorded, or not this often"
    );
    let settled = replay.settle(&text("b"), &evidence).await;
    assert!(matches!(settled, Settled::CannotTell(_)));
}

#[tokio::test]
async fn a_failed_write_does_not_change_the_outcome() {
    #[derive(Debug)]
    struct Full;
    impl io::Write for Full {
        fn write(&mut self, _: &[u8]) -> io::Result<usize> {
            Err(io::Error::other("the disk is full"))
        }
        fn flush(&mut self) -> io::Result<()> {
            Ok(())
        }
    }
    let store = memory();
    let record = Record::new(Arc::clone(&store), Full);
    record.send(&request()).await.unwrap();
    assert_eq!(store.sent().len(), 1);
    let error = record.finish().unwrap_err();
    assert_eq!(error.to_string(), "the disk is full");
}

#[tokio::test]
async fn a_recording_messenger_conforms() {
    let store = memory();
    let record = Record::new(Arc::clone(&store), Vec::new());
    let subject = Composed {
        messenger: Arc::new(record.clone()),
        stores: vec![Arc::clone(&store)],
        failing: vec![0],
        copies: 1,
        request,
    };
    let report = check(&subject).await;
    assert!(report.passed(), "{report}");
    let lines = record.finish().unwrap();
    assert!(lines.split(|byte| *byte == b'\n').count() > 50);
    assert!(record.finish().is_err());
    replayed(lines);
}

#[tokio::test]
async fn each_failure_replays_as_it_was() {
    let store = memory();
    let record = Record::new(Arc::clone(&store), Vec::new());
    let mut results = Vec::new();
    for failure in Failure::ALL {
        assert!(arrange(&store, *failure));
        results.push(record.send(&request()).await);
    }
    store.fail_next(no_connection());
    results.push(record.send_text(Target::conversation("2"), "x").await);
    let replay = replayed(record.finish().unwrap());
    for result in &results[..Failure::ALL.len()] {
        let again = replay.send(&request()).await;
        let facts = |error: &Error| (error.kind(), error.delivery(), Evidence::of(error));
        assert_eq!(
            again.as_ref().map_err(facts),
            result.as_ref().map_err(facts)
        );
    }
    assert_eq!(replay.remaining(), 1);
}

#[test]
fn every_unusable_line_is_named_and_none_is_repeated() {
    let header =
        r#"{"recording":{"version":1,"platform":"memory","capabilities":{"supported":[]}}}"#;
    for (recording, expected) in [
        (String::new(), vec!["line 1"]),
        ("hunter2".to_owned(), vec!["line 1"]),
        (
            format!("{header}\n{{\"send\":{{\"hunter2\":1}}}}\n\n[\"hunter2\"]\n{header}"),
            vec!["line 2.send.hunter2", "line 4", "line 5"],
        ),
        (header.replace('1', "2"), vec!["line 1"]),
        (
            r#"{"settle":{"request":1,"verdict":"not_found"}}"#.to_owned(),
            vec!["line 1"],
        ),
    ] {
        let error = Replay::read(&recording).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        let fields: Vec<&str> = error
            .problems()
            .iter()
            .map(|it| it.field.as_str())
            .collect();
        assert_eq!(fields, expected, "{error}");
    }
    assert_eq!(Replay::read(header).unwrap().remaining(), 0);
}

#[cfg(unix)]
#[tokio::test]
async fn a_request_that_cannot_be_recorded_ends_the_recording_with_an_error() {
    use std::{ffi::OsStr, os::unix::ffi::OsStrExt as _, path::PathBuf};

    use ms_messenger_core::{Attachment, Message};

    let store = memory();
    let record = Record::new(Arc::clone(&store), Vec::new());
    let path = PathBuf::from(OsStr::from_bytes(b"/tmp/\xff/a"));
    let message = Message::text("x").with_attachment(Attachment::file(path));
    let request = SendRequest::new(Target::conversation("1"), message);
    record.send(&request).await.unwrap();
    assert_eq!(store.sent().len(), 1);
    let error = record.finish().unwrap_err();
    assert_eq!(error.kind(), io::ErrorKind::InvalidData);
}

#[tokio::test]
async fn a_key_of_any_time_is_left_out() {
    let record = Record::new(memory(), Vec::new());
    let before = std::time::SystemTime::UNIX_EPOCH - Duration::from_secs(1);
    let key = IdempotencyKey::new(ms_messenger_core::random_uuid(), before);
    record.send(&text("a").with_idempotency(key)).await.unwrap();
    replayed(record.finish().unwrap())
        .send(&text("a"))
        .await
        .unwrap();
}

#[tokio::test]
async fn a_replay_calls_the_journal_before_it_responds() {
    let record = Record::new(memory(), Vec::new());
    record.send(&text("a")).await.unwrap();
    let recording = record.finish().unwrap();
    for (is_full, is_stale) in [(true, false), (false, true), (false, false)] {
        let notes = Arc::new(Notes {
            is_full,
            is_stale,
            ..Notes::default()
        });
        let journal = Journal::shared(Arc::<Notes>::clone(&notes));
        let replay = replayed(recording.clone());
        let result = replay.send(&text("a").with_journal(journal)).await;
        let may_leave = !is_full && !is_stale;
        assert_eq!(result.is_ok(), may_leave);
        if let Err(error) = result {
            assert_eq!(error.delivery(), Delivery::NotSent);
        } else {
            assert_eq!(notes.last().platform.as_deref(), Some("memory"));
        }
        // What was held back can be sent later.
        assert_eq!(replay.remaining(), usize::from(!may_leave));
    }
}

#[test]
fn a_later_version_is_named_whatever_it_has() {
    let line = r#"{"recording": {"version": 2, "platform": "a", "hunter2": 1}}"#;
    let error = Replay::read(line).unwrap_err();
    let expected = "line 1: has a version that this library does not know";
    assert_eq!(error.message(), expected);
}
