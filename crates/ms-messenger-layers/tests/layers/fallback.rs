//! When the next member sends, and when it must not.

use std::{sync::Arc, time::Duration};

use ms_messenger_core::{
    CancelHandle, Capabilities, Capability, Delivery, Error, ErrorKind, Evidence, IdempotencyKey,
    MemoryMessenger, Message, Messenger, Receipt, Result, SendRequest, SettlePolicy, Settled,
    Target, async_trait,
};
use ms_messenger_layers::{Fallback, Member};

use crate::double::{Probe, memory, named, no_connection, request};

fn pair(one: impl Messenger, two: impl Messenger) -> Fallback {
    let members = [Member::new("one", one), Member::new("two", two)];
    let fallback = Fallback::new(members).unwrap();
    fallback.with_settle_policy(SettlePolicy::once())
}

#[tokio::test]
async fn the_next_member_sends_after_proven_not_sent_alone() {
    for kind in [
        ErrorKind::Connect,
        ErrorKind::RateLimited,
        ErrorKind::NotFound,
    ] {
        let (one, two) = (memory(), memory());
        one.fail_next(Error::new(kind, "no"));
        let receipt = pair(one, Arc::clone(&two)).send(&request()).await.unwrap();
        assert_eq!(receipt.sent_by().unwrap().name, "two");
        assert_eq!(receipt.members[0].delivery, Delivery::NotSent);
        let error = receipt.members[0].error.as_deref().unwrap();
        assert_eq!(error, "memory: no (not sent)");
        assert_eq!(two.sent().len(), 1);
    }
    // Unknown, and nothing can be found out.
    let one = Arc::new(MemoryMessenger::new().with_settling(false));
    one.fail_next(Error::new(ErrorKind::Timeout, "no response"));
    let two = memory();
    let error = pair(one, Arc::clone(&two))
        .send(&request())
        .await
        .unwrap_err();
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert_eq!(error.message(), "one: memory: no response");
    // Sent, and only the receipt is lost.
    let one = memory();
    one.fail_next(Error::new(ErrorKind::Protocol, "cut").with_delivery(Delivery::Sent));
    let error = pair(one, Arc::clone(&two))
        .send(&request())
        .await
        .unwrap_err();
    assert_eq!(error.delivery(), Delivery::Sent);
    assert!(two.sent().is_empty());
}

#[tokio::test]
async fn an_unknown_delivery_is_settled_before_the_next_member_sends() {
    // Not found: the next one sends.
    let (one, two) = (memory(), memory());
    one.fail_next(Error::new(ErrorKind::Timeout, "no response"));
    let fallback = pair(Arc::clone(&one), Arc::clone(&two));
    let receipt = fallback.send(&request()).await.unwrap();
    assert_eq!(receipt.sent_by().unwrap().name, "two");
    // Found: it is sent.
    one.lose_next_response();
    let receipt = fallback.send(&request()).await.unwrap();
    assert_eq!(receipt.sent_by().unwrap().name, "one");
    // Not yet: it stays unknown.
    one.store_next_late(Duration::from_secs(60));
    let error = fallback.send(&request()).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::Unknown);
    // Without a policy it is not asked.
    one.fail_next(Error::new(ErrorKind::Timeout, "no response"));
    let blind = fallback.clone().with_settle_policy(None);
    let error = blind.send(&request()).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert_eq!((one.sent().len(), two.sent().len()), (1, 1));
    // But it can be settled later, and sent again then.
    let evidence = Evidence::of(&error).unwrap();
    let settled = blind.settle(&request(), &evidence).await;
    assert!(matches!(settled, Settled::NotFound), "{settled:?}");
}

#[tokio::test]
async fn each_member_sends_to_its_own_target_and_is_asked_about_that() {
    let (one, two) = (named("teams"), Probe::new("whatsapp"));
    let to = |number: &str| Target::phone(number).unwrap();
    let fallback = |number: &str| {
        let members = [
            Member::new("one", Arc::clone(&one)),
            Member::new("two", Arc::clone(&two)).with_target(to(number)),
        ];
        Fallback::new(members).unwrap().with_settle_policy(None)
    };
    one.fail_next(no_connection());
    two.store.lose_next_response();
    let old = fallback("+14255550123");
    let error = old.send(&request()).await.unwrap_err();
    assert_eq!(two.sent.lock().unwrap()[0].to, to("+14255550123"));
    let evidence = Evidence::of(&error).unwrap();
    assert_eq!(evidence.members[0].delivery, Delivery::NotSent);
    assert_eq!(evidence.members[1].to.as_deref(), Some("tel:+14255550123"));
    // The configuration has changed since: the message is where it was sent.
    match fallback("+46701234567").settle(&request(), &evidence).await {
        Settled::Found(receipt) => {
            assert_eq!(receipt.sent_by().unwrap().name, "two");
            let said = receipt.members[0].error.as_deref().unwrap();
            assert_eq!(said, "teams: no connection (not sent)");
        }
        other => panic!("{other:?}"),
    }
    assert_eq!(two.settled.lock().unwrap()[0].to, to("+14255550123"));
}

#[tokio::test]
async fn an_error_lists_what_all_members_reported() {
    let (one, two) = (memory(), named("other"));
    one.fail_next(Error::new(ErrorKind::PermissionDenied, "no"));
    let limited = Error::new(ErrorKind::RateLimited, "slow down").with_attempts(3);
    two.fail_next(limited.with_retry_after(Duration::from_secs(9)));
    let error = pair(one, two).send(&request()).await.unwrap_err();
    assert_eq!(
        error.to_string(),
        "fallback: no member sent the message: one: memory: no (not sent); \
         two: other: slow down (not sent) (not sent)"
    );
    // A later attempt may help.
    assert_eq!(error.kind(), ErrorKind::RateLimited);
    assert_eq!(error.retry_after(), Some(Duration::from_secs(9)));
    assert_eq!(error.attempts(), 3);
    let members = &error.evidence().unwrap().members;
    let said: Vec<_> = members.iter().map(|it| (&*it.name, it.delivery)).collect();
    assert_eq!(
        said,
        [("one", Delivery::NotSent), ("two", Delivery::NotSent)]
    );
    assert!(Evidence::of(&error).is_none());
}

#[tokio::test]
async fn a_key_is_refused_because_it_would_not_hold_over_two_platforms() {
    let (one, two) = (memory(), memory());
    let keyed = request().with_idempotency(IdempotencyKey::random());
    let error = pair(Arc::clone(&one), two).send(&keyed).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
    assert_eq!(error.problems()[0].field, "idempotency");
    assert!(one.sent().is_empty());
    let alone = Fallback::new([Member::new("one", one)]).unwrap();
    assert!(alone.capabilities().supports(Capability::Idempotency));
    alone.send(&keyed).await.unwrap();
}

#[tokio::test]
async fn what_one_member_does_not_support_is_refused_before_any_sends() {
    let one = memory();
    let text = [Capability::ToPhone, Capability::Text];
    let two = MemoryMessenger::new().with_capabilities(text.into());
    let two = Member::new("two", two).with_target(Target::phone("+14255550123").unwrap());
    let fallback = Fallback::new([Member::new("one", Arc::clone(&one)), two]).unwrap();
    assert!(fallback.capabilities().supports(Capability::ToConversation));
    let message = Message::html("<b>x</b>").with_subject("s");
    let request = SendRequest::new(Target::conversation("1"), message).with_reply_to("9");
    let error = fallback.send(&request).await.unwrap_err();
    let fields: Vec<&str> = error
        .problems()
        .iter()
        .map(|it| it.field.as_str())
        .collect();
    assert_eq!(fields, ["message.body.html", "message.subject", "reply_to"]);
    assert!(one.sent().is_empty());
}

#[tokio::test]
async fn a_cancelled_request_goes_to_no_other_member() {
    let (one, two) = (memory(), memory());
    let cancel = CancelHandle::new();
    let canceller = Slow {
        inner: Arc::clone(&one),
        wait: Duration::ZERO,
        cancel: Some(cancel.clone()),
    };
    one.fail_next(no_connection());
    let request = request().with_cancel(cancel);
    let error = pair(canceller, Arc::clone(&two))
        .send(&request)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Cancelled);
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!(error.evidence().unwrap().members.len(), 1);
    assert!(two.sent().is_empty());
}

#[tokio::test(start_paused = true)]
async fn the_timeout_is_that_of_all_members_together() {
    let (one, two) = (memory(), Probe::new("two"));
    one.fail_next(no_connection());
    let slow = Slow {
        inner: Arc::clone(&one),
        wait: Duration::from_secs(3),
        cancel: None,
    };
    let fallback = pair(slow, Arc::clone(&two));
    let request = request().with_timeout(Duration::from_secs(10));
    fallback.send(&request).await.unwrap();
    let left = two.sent.lock().unwrap()[0].timeout;
    assert_eq!(left, Some(Duration::from_secs(7)));
    // Nothing is left for the second.
    one.fail_next(no_connection());
    let request = request.with_timeout(Duration::from_secs(2));
    let error = fallback.send(&request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!(two.sent.lock().unwrap().len(), 1);
}

/// Waits or cancels before it sends, as a slow client or another task does.
#[derive(Debug)]
struct Slow {
    inner: Arc<MemoryMessenger>,
    wait: Duration,
    cancel: Option<CancelHandle>,
}

#[async_trait]
impl Messenger for Slow {
    fn platform(&self) -> &str {
        self.inner.platform()
    }

    fn capabilities(&self) -> Capabilities {
        self.inner.capabilities()
    }

    async fn send(&self, request: &SendRequest) -> Result<Receipt> {
        tokio::time::sleep(self.wait).await;
        if let Some(cancel) = &self.cancel {
            cancel.cancel();
        }
        let mut own = request.clone();
        (own.cancel, own.timeout) = (None, None);
        self.inner.send(&own).await
    }

    async fn settle(&self, request: &SendRequest, evidence: &Evidence) -> Settled {
        self.inner.settle(request, evidence).await
    }
}
