//! Sending with patience: the verdicts of a platform that is asked again.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use ms_messenger_core::{
    Acceptance, CancelHandle, Capabilities, Capability, Delivery, Error, ErrorKind, Evidence,
    IdempotencyKey, MemoryMessenger, Message, Messenger, MessengerExt as _, Receipt, Result,
    SendRequest, SettlePolicy, Settled, SharedMessenger, Target, async_trait,
};
use tokio::time::Instant;

/// Fails every send with an unknown delivery, and gives verdicts as they are scripted.
#[derive(Debug, Default)]
struct Scripted {
    verdicts: Mutex<VecDeque<Settled>>,
    keys: Mutex<Vec<Option<IdempotencyKey>>>,
    honours_keys: bool,
    looks: Mutex<u32>,
}

#[async_trait]
impl Messenger for Scripted {
    fn platform(&self) -> &str {
        "scripted"
    }

    fn capabilities(&self) -> Capabilities {
        let all = Capabilities::new(&[Capability::ToConversation, Capability::Text]);
        if self.honours_keys {
            all.with(Capability::Idempotency)
        } else {
            all
        }
    }

    async fn send(&self, request: &SendRequest) -> Result<Receipt> {
        let mut keys = self.keys.lock().unwrap();
        keys.push(request.idempotency);
        if keys.len() > 1 {
            return Ok(Receipt::new(Acceptance::Posted));
        }
        let error = Error::new(ErrorKind::Timeout, "no response in time");
        let error = error.with_began_at(SystemTime::now());
        Err(match self.honours_keys {
            true => error.with_idempotency(IdempotencyKey::random()),
            false => error,
        })
    }

    async fn settle(&self, _: &SendRequest, _: &Evidence) -> Settled {
        *self.looks.lock().unwrap() += 1;
        let verdict = self.verdicts.lock().unwrap().pop_front();
        verdict.unwrap_or_else(|| Settled::cannot_tell("scripted", "the script is over"))
    }
}

fn scripted(verdicts: impl IntoIterator<Item = Settled>) -> Scripted {
    Scripted {
        verdicts: Mutex::new(verdicts.into_iter().collect()),
        ..Scripted::default()
    }
}

fn request() -> SendRequest {
    SendRequest::new(Target::conversation("1"), Message::text("hi"))
}

fn found() -> Settled {
    Settled::Found(Receipt::new(Acceptance::Posted).with_message_id("7"))
}

fn not_yet() -> Settled {
    Settled::NotYet(SystemTime::now() + Duration::from_secs(30))
}

fn busy() -> Settled {
    Settled::CannotTell(Error::new(ErrorKind::RateLimited, "slow down"))
}

#[tokio::test(start_paused = true)]
async fn a_message_that_appears_late_is_found_before_the_last_moment() {
    let messenger = scripted([not_yet(), not_yet(), found()]);
    let began = Instant::now();
    let receipt = messenger.send_settled(&request()).await.unwrap();
    assert_eq!(receipt.message_id.unwrap().as_str(), "7");
    assert!(
        began.elapsed() < Duration::from_secs(2),
        "{:?}",
        began.elapsed()
    );
    assert_eq!(messenger.keys.lock().unwrap().len(), 1);
}

#[tokio::test(start_paused = true)]
async fn not_sent_is_claimed_only_after_not_found() {
    let error = scripted([not_yet(), Settled::NotFound])
        .send_settled(&request())
        .await;
    assert_eq!(error.unwrap_err().delivery(), Delivery::NotSent);
    let hasty = SettlePolicy::once();
    for verdict in [not_yet(), busy(), Settled::cannot_tell("scripted", "no")] {
        let messenger = scripted([verdict, Settled::NotFound]);
        let error = messenger
            .send_settled_with(&request(), &hasty)
            .await
            .unwrap_err();
        assert_eq!(error.delivery(), Delivery::Unknown);
        assert_eq!(*messenger.looks.lock().unwrap(), 1);
    }
}

#[tokio::test(start_paused = true)]
async fn a_failed_check_is_retried_and_one_that_cannot_tell_is_not() {
    let messenger = scripted([busy(), busy(), found()]);
    assert!(messenger.send_settled(&request()).await.is_ok());
    let messenger = scripted([Settled::cannot_tell("scripted", "no"), found()]);
    assert!(messenger.send_settled(&request()).await.is_err());
}

#[tokio::test(start_paused = true)]
async fn the_patience_ends_with_the_policy() {
    let messenger = scripted((0..1000).map(|_| not_yet()));
    let policy = SettlePolicy::default().with_max_wait(Duration::from_secs(20));
    let began = Instant::now();
    assert!(
        messenger
            .send_settled_with(&request(), &policy)
            .await
            .is_err()
    );
    assert!(began.elapsed() <= Duration::from_secs(20));
    assert!(*messenger.looks.lock().unwrap() < 20);
}

#[tokio::test(start_paused = true)]
async fn a_key_that_is_honoured_is_used_where_the_platform_cannot_be_asked() {
    let messenger = Scripted {
        honours_keys: true,
        ..Scripted::default()
    };
    assert!(messenger.send_settled(&request()).await.is_ok());
    let keys = messenger.keys.lock().unwrap();
    assert_eq!(keys.len(), 2);
    assert!(
        keys[0].is_none() && keys[1].is_some(),
        "the key of the error is used again"
    );
}

#[tokio::test]
async fn a_shared_messenger_settles() {
    let memory = Arc::new(MemoryMessenger::new());
    let shared: SharedMessenger = Arc::<MemoryMessenger>::clone(&memory);
    memory.lose_next_response();
    let error = shared.send(&request()).await.unwrap_err();
    let json = serde_json::to_string(&Evidence::of(&error).unwrap()).unwrap();
    let evidence = Evidence::from_json(&json).unwrap();
    let boxed: Box<dyn Messenger> = Box::new(Arc::clone(&shared));
    assert!(matches!(
        boxed.settle(&request(), &evidence).await,
        Settled::Found(_)
    ));
    assert_eq!(memory.sent().len(), 1);
    memory.fail_next(Error::new(ErrorKind::Timeout, "no response"));
    let error = shared.send_settled(&request()).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::NotSent);
    let other = MemoryMessenger::new();
    let settled = other.settle(&request(), &evidence).await;
    assert!(matches!(settled, Settled::CannotTell(_)));
}

#[tokio::test(start_paused = true)]
async fn a_time_out_of_the_caller_leaves_an_unknown_delivery_with_its_beginning() {
    #[derive(Debug)]
    struct Stuck;
    #[async_trait]
    impl Messenger for Stuck {
        fn platform(&self) -> &str {
            "stuck"
        }
        fn capabilities(&self) -> Capabilities {
            Capabilities::new(&[Capability::ToConversation, Capability::Text])
        }
        async fn send(&self, _: &SendRequest) -> Result<Receipt> {
            std::future::pending().await
        }
        async fn settle(&self, _: &SendRequest, _: &Evidence) -> Settled {
            Settled::cannot_tell("stuck", "stuck")
        }
    }
    let error = Stuck
        .send_within(&request(), Duration::from_secs(3))
        .await
        .unwrap_err();
    assert_eq!(
        (error.kind(), error.delivery()),
        (ErrorKind::Timeout, Delivery::Unknown)
    );
    assert!(Evidence::of(&error).is_some());
    let refused = Stuck
        .capabilities()
        .check("stuck", &request().with_cancel(CancelHandle::new()));
    assert_eq!(refused.unwrap_err().problems()[0].field, "cancel");
}

#[tokio::test(start_paused = true)]
async fn a_cancelled_request_is_looked_for_once_and_not_waited_for() {
    let cancel = CancelHandle::new();
    let request = request().with_cancel(cancel.clone());
    let memory = scripted([not_yet(), not_yet(), found()]);
    let began = Instant::now();
    let (outcome, ()) = tokio::join!(memory.send_settled(&request), async {
        tokio::task::yield_now().await;
        cancel.cancel();
    });
    assert_eq!(outcome.unwrap_err().delivery(), Delivery::Unknown);
    assert_eq!(began.elapsed(), Duration::ZERO);
    assert_eq!(*memory.looks.lock().unwrap(), 1);
}

#[tokio::test]
async fn a_message_that_memory_stores_late_is_not_there_yet() {
    let memory = MemoryMessenger::new();
    let request = SendRequest::new(Target::conversation("1"), "hi");
    memory.store_next_late(Duration::MAX);
    let evidence = Evidence::of(&memory.send(&request).await.unwrap_err()).unwrap();
    let settled = memory.settle(&request, &evidence).await;
    assert!(matches!(settled, Settled::NotYet(when) if when > SystemTime::now()));
    assert!(memory.sent().is_empty());

    memory.store_next_late(Duration::from_millis(1));
    let receipt = memory.send_settled(&request).await.unwrap();
    assert_eq!(receipt.message_id.unwrap(), "2");
    assert_eq!(memory.sent().len(), 1);
}

#[tokio::test]
async fn memory_removes_duplicates_by_the_key_and_settles_each_send() {
    let memory = MemoryMessenger::new().with_settling(false);
    let request = SendRequest::new(Target::conversation("1"), "hi")
        .with_idempotency(IdempotencyKey::random());
    memory.lose_next_response();
    // It cannot be asked, but the key makes it safe to send again.
    let receipt = memory.send_settled(&request).await.unwrap();
    assert_eq!(receipt.message_id.unwrap(), "1");
    assert_eq!(memory.sent().len(), 1);
    let other = request.with_idempotency(IdempotencyKey::random());
    memory.send(&other).await.unwrap();
    assert_eq!(memory.sent().len(), 2);
}
