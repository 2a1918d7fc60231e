//! What a fan-out reports of the whole.

use std::{sync::Arc, time::Duration};

use ms_messenger_core::{
    Delivery, Error, ErrorKind, Evidence, IdempotencyKey, MemoryMessenger, Messenger,
    MessengerExt as _, SendRequest, Settled, Target,
};
use ms_messenger_layers::{FanOut, Member};

use crate::double::{memory, named, no_connection, request};

fn both(one: &Arc<MemoryMessenger>, two: &Arc<MemoryMessenger>) -> FanOut {
    let to = |id: &str| Target::conversation(id);
    FanOut::new([
        Member::new("one", Arc::clone(one)).with_target(to("a")),
        Member::new("two", Arc::clone(two)).with_target(to("b")),
    ])
    .unwrap()
}

fn lost() -> Error {
    Error::new(ErrorKind::Timeout, "no response")
}

#[tokio::test]
async fn each_member_sends_to_its_target_and_the_receipt_has_all() {
    let (one, two) = (memory(), named("other"));
    let receipt = both(&one, &two).send(&request()).await.unwrap();
    assert_eq!(one.sent()[0].to, Target::conversation("a"));
    assert_eq!(two.sent()[0].to, Target::conversation("b"));
    assert_eq!(receipt.message_id, None);
    let ids = receipt.members.iter().map(|member| {
        let receipt = member.receipt.as_ref().unwrap();
        (receipt.message_id.clone().unwrap(), &*member.platform)
    });
    assert_eq!(
        ids.collect::<Vec<_>>(),
        [("1".into(), "memory"), ("1".into(), "other")]
    );
}

#[tokio::test]
async fn a_partial_send_is_never_safe_to_send_again_and_says_who_has_it() {
    let (one, two) = (memory(), named("other"));
    let fan_out = both(&one, &two);
    two.fail_next(no_connection());
    let error = fan_out.send(&request()).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert_eq!(error.message(), "sent by one; not sent by two");
    let evidence = Evidence::of(&error).unwrap();
    match fan_out.settle(&request(), &evidence).await {
        Settled::CannotTell(why) => {
            assert!(!why.is_transient());
            let text = "sent by one, but not by two: send it through those alone";
            assert_eq!(why.message(), text);
        }
        other => panic!("{other:?}"),
    }
    // Nor does any convenience send it again.
    two.fail_next(no_connection());
    let error = fan_out.send_settled(&request()).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert_eq!((one.sent().len(), two.sent().len()), (2, 0));

    let outcomes = fan_out.send_to(&["two", "two"], &request()).await.unwrap();
    assert_eq!(outcomes.len(), 1);
    assert_eq!((one.sent().len(), two.sent().len()), (2, 1));
}

#[tokio::test]
async fn nothing_sent_is_not_sent_and_everything_sent_is_sent() {
    let (one, two) = (memory(), named("other"));
    let fan_out = both(&one, &two);
    one.fail_next(no_connection());
    two.fail_next(Error::new(ErrorKind::RateLimited, "slow down"));
    let error = fan_out.send(&request()).await.unwrap_err();
    assert!(error.is_safe_to_resend());
    assert!(error.message().contains("two: other: slow down"), "{error}");

    two.fail_next(Error::new(ErrorKind::Protocol, "cut").with_delivery(Delivery::Sent));
    let error = fan_out.send(&request()).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::Sent);
    assert_eq!(error.message(), "sent by one, two");
}

#[tokio::test]
async fn settling_asks_for_those_in_doubt() {
    let (one, two) = (memory(), named("other"));
    let fan_out = both(&one, &two);
    let settled = async |error: Error| {
        let json = serde_json::to_string(&Evidence::of(&error).unwrap()).unwrap();
        let evidence = Evidence::from_json(&json).unwrap();
        both(&one, &two).settle(&request(), &evidence).await
    };
    // One has it and the other turns out to have it.
    two.lose_next_response();
    let error = fan_out.send(&request()).await.unwrap_err();
    assert_eq!(error.message(), "sent by one; unknown whether sent by two");
    match settled(error).await {
        Settled::Found(receipt) => assert_eq!(receipt.members.len(), 2),
        other => panic!("{other:?}"),
    }
    // None has it.
    one.fail_next(lost());
    two.fail_next(no_connection());
    let error = fan_out.send(&request()).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert!(matches!(settled(error).await, Settled::NotFound));
    // One has it, the other does not.
    one.fail_next(lost());
    let error = fan_out.send(&request()).await.unwrap_err();
    assert!(matches!(settled(error).await, Settled::CannotTell(_)));
    // It is too early.
    one.fail_next(lost());
    two.store_next_late(Duration::from_secs(60));
    let error = fan_out.send(&request()).await.unwrap_err();
    assert!(matches!(settled(error).await, Settled::NotYet(_)));
}

#[tokio::test]
async fn a_fan_out_of_unknown_names_and_keys_is_refused_before_any_sends() {
    let (one, two) = (memory(), named("other"));
    let fan_out = both(&one, &two);
    assert!(fan_out.send_to(&["one", "tow"], &request()).await.is_err());
    let keyed = request().with_idempotency(IdempotencyKey::random());
    let error = fan_out.send(&keyed).await.unwrap_err();
    assert_eq!(error.problems()[0].field, "idempotency");
    let reply: SendRequest = request().with_reply_to("9");
    assert_eq!(
        fan_out.send(&reply).await.unwrap_err().kind(),
        ErrorKind::Unsupported
    );
    assert!(one.sent().is_empty() && two.sent().is_empty());
}
