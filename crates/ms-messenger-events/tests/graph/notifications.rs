//! Notifications without resource data.

use ms_messenger_core::ErrorKind;
use ms_messenger_events::{
    GraphNotifications, Rejection,
    graph::{ChangeType, LifecycleEvent, Notification, Resource},
};
use serde_json::{Value, json};

use super::{STATE, batch, change, collection, receive, receiver};

#[test]
fn a_change_is_read_and_survives_as_json_without_the_client_state() {
    let mut batch = batch(receive(&receiver(), collection(&[change()])));
    let events = batch.take_events();
    let Notification::Change(found) = &events[0] else {
        panic!("{events:?}")
    };
    assert_eq!(found.change_type, ChangeType::Created);
    let Resource::ChatMessage { chat, message, .. } = found.resource() else {
        panic!()
    };
    assert_eq!(
        (chat.as_str(), message.as_str()),
        ("19:0123@thread.v2", "1767225600000")
    );
    let ends = found.subscription_expiration.as_ref().unwrap();
    assert!(ends.to_system_time().is_some());
    let mut expected = change();
    expected.as_object_mut().unwrap().remove("clientState");
    let json = serde_json::to_value(&events[0]).unwrap();
    assert_eq!(json, expected);
    assert_eq!(
        serde_json::from_value::<Notification>(json).unwrap(),
        events[0]
    );
    assert_eq!(batch.kept().status, 202);
}

#[test]
fn lifecycle_notifications_are_typed() {
    for (name, expected) in [
        (
            "reauthorizationRequired",
            LifecycleEvent::ReauthorizationRequired,
        ),
        ("subscriptionRemoved", LifecycleEvent::SubscriptionRemoved),
        ("missed", LifecycleEvent::Missed),
        ("paused", LifecycleEvent::Other("paused".into())),
    ] {
        let item = json!({"lifecycleEvent": name, "subscriptionId": "1111", "clientState": STATE,
            "subscriptionExpirationDateTime": "2026-12-01T10:00:00Z", "tenantId": "aaaa",
            "resource": "/chats/19:0123@thread.v2/messages"});
        let batch = batch(receive(&receiver(), collection(&[item])));
        let Notification::Lifecycle(event) = &batch.events()[0] else {
            panic!("{batch:?}")
        };
        assert_eq!(event.lifecycle_event, expected);
        assert_eq!(batch.events()[0].subscription_id(), "1111");
        let json = serde_json::to_value(&batch.events()[0]).unwrap();
        assert_eq!(
            serde_json::from_value::<Notification>(json).unwrap(),
            batch.events()[0]
        );
        assert_eq!(batch.kept().status, 202);
    }
}

fn item(subscription: &str, state: &Value) -> Value {
    let mut item = change();
    item["subscriptionId"] = json!(subscription);
    item["clientState"] = state.clone();
    item
}

#[test]
fn client_states_are_compared_by_subscription_and_old_ones_stay_valid() {
    let mut receiver = GraphNotifications::builder()
        .with_client_state("general")
        .with_subscription("ABCD", "own new")
        .with_subscription("abcd", "own old")
        .build()
        .unwrap();
    for (subscription, state, expected) in [
        ("abcd", json!("own new"), None),
        ("AbCd", json!("own old"), None),
        ("abcd", json!("general"), Some(Rejection::WrongClientState)),
        ("other", json!("general"), None),
        ("other", json!("own new"), Some(Rejection::WrongClientState)),
        ("other", json!(""), Some(Rejection::WrongClientState)),
        ("other", Value::Null, Some(Rejection::WrongClientState)),
    ] {
        let body = collection(&[item(subscription, &state)]);
        let batch = batch(receive(&receiver, body));
        assert_eq!(
            batch.rejected().first(),
            expected.as_ref(),
            "{subscription} {state}"
        );
        assert_eq!(batch.events().is_empty(), expected.is_some());
        assert_eq!(batch.kept().status, 202);
    }
    receiver.remove_subscription("ABCD");
    receiver.add_subscription("efgh", "third");
    for (subscription, state) in [("abcd", "general"), ("efgh", "third")] {
        let body = collection(&[item(subscription, &json!(state))]);
        assert_eq!(batch(receive(&receiver, body)).events().len(), 1);
    }
}

#[test]
fn a_subscription_that_is_not_known_yet_is_sent_again() {
    let receiver = GraphNotifications::builder().with_subscription("1111", STATE);
    let receiver = receiver.build().unwrap();
    let body = collection(&[change(), item("2222", &json!(STATE))]);
    let batch = batch(receive(&receiver, body));
    assert_eq!(batch.events().len(), 1);
    assert_eq!(batch.rejected(), [Rejection::UnknownSubscription]);
    assert_eq!(batch.kept().status, 503);
}

#[test]
fn a_forged_item_does_not_stop_the_others() {
    let items = [
        item("1111", &json!("guess")),
        change(),
        item("1111", &json!("guess")),
    ];
    let batch = batch(receive(&receiver(), collection(&items)));
    assert_eq!(batch.events().len(), 1);
    assert_eq!(
        batch.rejected(),
        [Rejection::WrongClientState, Rejection::WrongClientState]
    );
    assert_eq!(batch.clone().not_kept().status, 503);
    assert_eq!(batch.kept().status, 202);
}

#[test]
fn notifications_of_another_tenant_are_rejected() {
    let own = "AAAAAAAA-bbbb-cccc-dddd-eeeeeeeeeeee";
    let receiver = GraphNotifications::builder()
        .with_client_state(STATE)
        .with_tenant(own);
    let receiver = receiver.build().unwrap();
    let mut foreign = change();
    foreign["tenantId"] = json!("99999999-9999-9999-9999-999999999999");
    let mut none = change();
    none.as_object_mut().unwrap().remove("tenantId");
    let batch = batch(receive(&receiver, collection(&[change(), foreign, none])));
    assert_eq!(batch.events().len(), 1);
    assert_eq!(
        batch.rejected(),
        [Rejection::ForeignTenant, Rejection::ForeignTenant]
    );
}

#[test]
fn a_client_state_is_required_and_must_not_be_empty() {
    let error = GraphNotifications::builder()
        .with_max_notifications(0)
        .build()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    let fields: Vec<&str> = error
        .problems()
        .iter()
        .map(|it| it.field.as_str())
        .collect();
    assert_eq!(fields, ["max_events", "client_state"]);
    let empty = GraphNotifications::builder()
        .with_subscription("1111", "")
        .build();
    assert_eq!(empty.unwrap_err().problems()[0].field, "client_state");
    assert!(!format!("{:?}", receiver()).contains(STATE));
}

#[test]
fn encrypted_content_is_rejected_without_tokens_to_trust_it() {
    let mut encrypted = change();
    encrypted["encryptedContent"] = json!({"data": "", "dataSignature": "", "dataKey": ""});
    let batch = batch(receive(&receiver(), collection(&[encrypted])));
    assert_eq!(batch.rejected(), [Rejection::EncryptionUnsupported]);
    assert_eq!(batch.kept().status, 503);
}

#[test]
fn content_in_the_clear_is_not_taken_for_what_was_decrypted() {
    let mut forged = change();
    forged["content"] = json!("{\"id\":\"1\"}");
    let batch = batch(receive(&receiver(), collection(&[forged])));
    let Notification::Change(change) = &batch.events()[0] else {
        panic!()
    };
    assert!(change.content.is_none());
}
