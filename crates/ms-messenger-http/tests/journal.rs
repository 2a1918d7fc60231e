//! A journal notes each attempt before the message leaves, and can hold it back until then.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

mod server;

use std::{
    error::Error as _,
    net::SocketAddr,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use async_trait::async_trait;
use ms_messenger_core::{
    Deadline, Delivery, Error, ErrorKind, Evidence, IdempotencyKey, Journal, Mark, MarkKind,
    Result, RetryPolicy, SendJournal, random_uuid,
};
use ms_messenger_http::{Call, HttpVersions};
use server::{
    Act, Server,
    client::{Numbered, SERVICE, options, pipeline, pipeline_to, read, send},
    created, status,
    tls::Identity,
};
use tokio::{io::AsyncReadExt as _, net::TcpListener, sync::oneshot};

/// A journal in memory, with a lease that ends.
#[derive(Debug)]
struct Notes {
    noted: Mutex<Vec<Evidence>>,
    asked: AtomicUsize,
    has_lease: AtomicBool,
    /// From which attempt on nothing can be noted.
    full_at: usize,
    /// From which question on the lease has ended.
    ends_at: usize,
}

impl Notes {
    fn new() -> Self {
        Self {
            noted: Mutex::default(),
            asked: AtomicUsize::new(0),
            has_lease: AtomicBool::new(true),
            full_at: usize::MAX,
            ends_at: usize::MAX,
        }
    }

    fn noted(&self) -> Vec<Evidence> {
        self.noted.lock().unwrap().clone()
    }
}

#[async_trait]
impl SendJournal for Notes {
    async fn attempt_begins(&self, evidence: &Evidence) -> Result<()> {
        let mut noted = self.noted.lock().unwrap();
        if noted.len() >= self.full_at {
            let error = Error::new(ErrorKind::Other, "the disk is full");
            return Err(error.with_source(std::io::Error::other("no space")));
        }
        noted.push(evidence.clone());
        Ok(())
    }

    fn may_leave(&self) -> bool {
        let asked = self.asked.fetch_add(1, Ordering::SeqCst);
        asked < self.ends_at && self.has_lease.load(Ordering::SeqCst)
    }
}

fn with(notes: &Arc<Notes>) -> Option<Journal> {
    Some(Journal::shared(Arc::<Notes>::clone(notes)))
}

#[tokio::test]
async fn each_attempt_is_noted_before_it_with_all_that_settling_needs() {
    let date = httpdate::fmt_http_date(std::time::SystemTime::now());
    let busy = status(503, &[("date", &date)], "");
    let server = Server::start([busy, created()]).await;
    let notes = Arc::new(Notes::new());
    let (mark, key, id) = (
        Mark::new(MarkKind::ClientMessageId, "mark"),
        IdempotencyKey::random(),
        random_uuid(),
    );
    let call = send()
        .with_idempotency(key)
        .with_client_request_id(id)
        .with_mark(mark.clone())
        .with_journal(with(&notes));
    pipeline(&server).call(call).await.unwrap();

    let [first, second] = notes.noted().try_into().unwrap();
    assert_eq!(first.platform.as_deref(), Some("test"));
    assert_eq!(first.mark, Some(mark));
    assert_eq!(first.idempotency, Some(key));
    assert_eq!(first.client_request_id, Some(id.to_string()));
    assert_eq!((first.ended_at, first.service_clock), (None, None));
    assert!(second.service_clock.is_some());
    assert_eq!((second.began_at, second.mark), (first.began_at, first.mark));
    // Twice for each attempt: before it, and on the connection.
    assert_eq!(notes.asked.load(Ordering::SeqCst), 4);
}

#[tokio::test]
async fn the_bytes_are_those_of_a_call_without_a_journal() {
    let server = Server::start([created(), created()]).await;
    let call = send().with_client_request_id(random_uuid());
    let notes = Arc::new(Notes::new());
    for call in [call.clone(), call.with_journal(with(&notes))] {
        pipeline(&server).call(call).await.unwrap();
    }
    let [plain, noted] = server.seen().try_into().unwrap();
    assert_eq!(noted.head, plain.head);
    assert_eq!(noted.body, plain.body);
    assert!(plain.header("content-length").is_some());
}

#[tokio::test]
async fn a_journal_that_fails_ends_the_call_before_anything_is_sent() {
    let server = Server::start([created()]).await;
    let notes = Arc::new(Notes {
        full_at: 0,
        ..Notes::new()
    });
    let call = send().with_journal(with(&notes));
    let error = pipeline(&server).call(call).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!((error.kind(), error.attempts()), (ErrorKind::Other, 0));
    assert_eq!(error.message(), "the disk is full");
    assert_eq!(error.source().unwrap().to_string(), "no space");
    assert_eq!(error.platform(), Some("test"));
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_journal_that_fails_before_a_retry_leaves_the_doubt_of_the_first_attempt() {
    let server = Server::start([status(503, &[], ""), created()]).await;
    let notes = Arc::new(Notes {
        full_at: 1,
        ..Notes::new()
    });
    let call = send()
        .with_idempotency(IdempotencyKey::random())
        .with_journal(with(&notes));
    let error = pipeline(&server).call(call).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert_eq!(error.message(), "the disk is full");
    assert!(Evidence::of(&error).unwrap().pending_until.is_some());
    assert_eq!(server.seen().len(), 1);
}

#[tokio::test]
async fn a_journal_that_hangs_is_waited_for_until_the_deadline() {
    #[derive(Debug)]
    struct Hangs;

    #[async_trait]
    impl SendJournal for Hangs {
        async fn attempt_begins(&self, _: &Evidence) -> Result<()> {
            std::future::pending().await
        }

        fn may_leave(&self) -> bool {
            true
        }
    }

    let server = Server::start([created()]).await;
    let call = send()
        .with_journal(Some(Journal::new(Hangs)))
        .with_deadline(Deadline::new(Some(Duration::from_millis(50)), None));
    let error = pipeline(&server).call(call).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!(server.connections(), 0);
}

#[tokio::test]
async fn a_call_without_a_message_asks_no_journal() {
    let server = Server::start([created(), created()]).await;
    let notes = Arc::new(Notes {
        full_at: 0,
        ends_at: 0,
        ..Notes::new()
    });
    for call in [read(), send().without_message()] {
        let call: Call = call.with_journal(with(&notes));
        pipeline(&server).call(call).await.unwrap();
    }
    assert_eq!(notes.asked.load(Ordering::SeqCst), 0);
}

#[tokio::test]
async fn a_message_that_is_held_back_leaves_no_byte_and_its_connection_is_not_used_again() {
    let server = Server::start([created(), created()]).await;
    let pipeline = pipeline(&server);
    pipeline.call(send()).await.unwrap();
    for (ends_at, attempts) in [(0, 0), (1, 1)] {
        let notes = Arc::new(Notes {
            ends_at,
            ..Notes::new()
        });
        let call = send().with_journal(with(&notes));
        let error = pipeline.call(call).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Cancelled);
        assert_eq!(error.delivery(), Delivery::NotSent);
        assert_eq!(error.attempts(), attempts);
        assert_eq!(notes.noted().len(), 1);
    }
    pipeline.call(send()).await.unwrap();
    let seen = server.seen();
    assert_eq!(seen.len(), 2);
    assert_eq!((seen[1].connection, seen[1].nth), (2, 1));
}

#[tokio::test]
async fn a_message_that_was_held_back_after_a_doubtful_attempt_stays_in_doubt() {
    let server = Server::start([status(503, &[], ""), created()]).await;
    let notes = Arc::new(Notes {
        ends_at: 3,
        ..Notes::new()
    });
    let call = send()
        .with_idempotency(IdempotencyKey::random())
        .with_journal(with(&notes));
    let error = pipeline(&server).call(call).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert_eq!(server.seen().len(), 1);
}

/// Listens, lets `connected` happen before the handshake of the first connection, and returns what
/// came on it.
async fn watched(
    identity: &Identity,
    protocol: &'static str,
    connected: impl FnOnce() + Send + 'static,
) -> (SocketAddr, oneshot::Receiver<Result<Vec<u8>, h2::Error>>) {
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let address = listener.local_addr().unwrap();
    let (came, coming) = oneshot::channel();
    let tls = identity.acceptor(&[protocol]);
    tokio::spawn(async move {
        let stream = listener.accept().await.unwrap().0;
        connected();
        let mut stream = tls.accept(stream).await.unwrap();
        let mut bytes = Vec::new();
        if protocol == "http/1.1" {
            let _ = stream.read_to_end(&mut bytes).await;
            return came.send(Ok(bytes)).unwrap();
        }
        let mut connection = h2::server::handshake(stream).await.unwrap();
        let Some(Ok((mut request, _respond))) = connection.accept().await else {
            return came.send(Ok(bytes)).unwrap();
        };
        let driver = tokio::spawn(async move { while connection.accept().await.is_some() {} });
        let outcome = loop {
            match request.body_mut().data().await {
                Some(Ok(data)) => bytes.extend_from_slice(&data),
                Some(Err(error)) => break Err(error),
                None => break Ok(bytes),
            }
        };
        came.send(outcome).unwrap();
        driver.await.unwrap();
    });
    (address, coming)
}

#[tokio::test]
async fn a_lease_that_ends_while_connecting_holds_the_message_back() {
    for (versions, protocol) in [
        (HttpVersions::Http1, "http/1.1"),
        (HttpVersions::Negotiate, "h2"),
    ] {
        let identity = Identity::new("localhost");
        let notes = Arc::new(Notes::new());
        let lease = Arc::clone(&notes);
        let ends = move || lease.has_lease.store(false, Ordering::SeqCst);
        let (address, coming) = watched(&identity, protocol, ends).await;
        let options = options()
            .with_extra_roots(identity.authority.as_str())
            .with_versions(versions);
        let url = format!("https://localhost:{}", address.port());
        let pipeline = pipeline_to(&SERVICE, &url, &options, Numbered::default());
        let outcome = pipeline.call(send().with_journal(with(&notes))).await;
        let error = outcome.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Cancelled, "{protocol}: {error:?}");
        assert_eq!(error.delivery(), Delivery::NotSent);
        assert_eq!(notes.asked.load(Ordering::SeqCst), 2);
        drop(pipeline);
        match coming.await.unwrap() {
            Ok(bytes) => assert!(bytes.is_empty(), "{protocol}: {bytes:?}"),
            Err(error) => assert_eq!(error.reason(), Some(h2::Reason::CANCEL)),
        }
    }
}

#[tokio::test]
async fn an_attempt_that_ends_before_its_connection_is_ready_has_sent_nothing() {
    // A listener that never accepts, whose handshake never comes.
    let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let identity = Identity::new("localhost");
    let url = format!(
        "https://localhost:{}",
        listener.local_addr().unwrap().port()
    );
    let options = options().with_extra_roots(identity.authority.as_str());
    let pipeline = pipeline_to(&SERVICE, &url, &options, Numbered::default())
        .with_retry_policy(RetryPolicy::never());
    let deadline = || Deadline::new(Some(Duration::from_millis(100)), None);
    let notes = Arc::new(Notes::new());
    let call = send().with_deadline(deadline());
    let error = pipeline.call(call.clone()).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::Unknown);
    let call = call.with_deadline(deadline()).with_journal(with(&notes));
    let error = pipeline.call(call).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!((error.attempts(), notes.noted().len()), (1, 1));
}

#[tokio::test]
async fn a_lost_response_is_as_unknown_as_without_a_journal() {
    let server = Server::start([Act::Close]).await;
    let notes = Arc::new(Notes::new());
    let call = send().with_journal(with(&notes));
    let error = pipeline(&server).call(call).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert!(Evidence::of(&error).unwrap().ended_at.is_some());
}

#[tokio::test]
async fn the_clock_is_read_once_before_it_is_needed_by_a_journal() {
    let date = httpdate::fmt_http_date(std::time::SystemTime::now());
    let denied = status(403, &[("date", &date)], "");
    let server = Server::start([denied, created()]).await;
    let pipeline = pipeline(&server);
    tokio::join!(
        pipeline.read_clock(read()),
        pipeline.read_clock(read()),
        pipeline.read_clock(read()),
    );
    let notes = Arc::new(Notes::new());
    pipeline
        .call(send().with_journal(with(&notes)))
        .await
        .unwrap();
    assert!(notes.noted()[0].service_clock.is_some());
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn a_clock_that_cannot_be_read_holds_no_send_up() {
    let server = Server::start([Act::Silence, created()]).await;
    let pipeline = pipeline(&server);
    let deadline = Deadline::new(Some(Duration::from_millis(50)), None);
    pipeline.read_clock(read().with_deadline(deadline)).await;
    assert!(pipeline.service_clock().is_none());
    pipeline.call(send()).await.unwrap();
}
