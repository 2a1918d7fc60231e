//! Faults of Graph's change notifications, as a receiver sees them.

use std::time::SystemTime;

use crate::receiver::{crypto, scene::Scene};
use ms_messenger_emulator::{FaultAction, FaultRule, Faults, NotificationFault, PushFault};
use serde_json::json;

/// The first notification after a fault.
async fn under(scene: &Scene, fault: FaultAction) -> crate::receiver::Got {
    let rule = FaultRule::new(fault)
        .with_operation("notification.deliver")
        .with_times(1);
    scene
        .outside
        .emulator
        .set_faults(Faults::new().with_rule(rule));
    let before = scene.receiver.deliveries().len();
    scene.send("text").await;
    scene.receiver.wait(before + 1).await[before].clone()
}

#[tokio::test]
async fn faults_make_notifications_that_must_not_be_trusted() {
    let scene = Scene::start().await;
    scene.subscribe(scene.encrypted()).await;
    let keys = scene.keys().await;
    let claims = |got: &crate::receiver::Got| {
        let token = got.json()["validationTokens"][0].clone();
        crypto::verified(token.as_str().unwrap(), &keys)
    };
    let got = under(&scene, NotificationFault::WrongClientState.into()).await;
    assert_ne!(got.json()["value"][0]["clientState"], "s3cret");
    let got = under(&scene, NotificationFault::BadSignature.into()).await;
    assert!(!crypto::is_signed(
        &got.json()["value"][0]["encryptedContent"]
    ));
    let got = under(&scene, NotificationFault::ForeignPublisher.into()).await;
    assert_ne!(claims(&got)["azp"], "0bf30f3b-4a52-48df-9a82-234910c4a086");
    let got = under(&scene, NotificationFault::ExpiredToken.into()).await;
    let now = SystemTime::now()
        .duration_since(SystemTime::UNIX_EPOCH)
        .unwrap()
        .as_secs();
    assert!(claims(&got)["exp"].as_u64().unwrap() < now);
    let got = under(&scene, NotificationFault::MixedBatch.into()).await;
    let items = got.json()["value"].as_array().unwrap().clone();
    assert_eq!(items.len(), 2);
    assert_ne!(items[0]["subscriptionId"], items[1]["subscriptionId"]);
    assert_ne!(items[0]["clientState"], items[1]["clientState"]);
}

#[tokio::test]
async fn faults_of_delivery_work_for_notifications() {
    let scene = Scene::start().await;
    scene.subscribe(json!({})).await;
    let got = under(&scene, PushFault::Chunked.into()).await;
    assert_eq!(
        (
            got.header("transfer-encoding"),
            got.header("content-length")
        ),
        ("chunked", "")
    );
    let got = under(&scene, PushFault::Duplicate.into()).await;
    assert_eq!(scene.receiver.wait(3).await[2].body, got.body);
    let rule = |fault: PushFault| FaultRule::new(fault.into()).with_times(1);
    scene
        .outside
        .emulator
        .set_faults(Faults::new().with_rule(rule(PushFault::BeforeResponse)));
    scene.send("early").await;
    assert_eq!(scene.receiver.deliveries().len(), 4);
    let reorder = rule(PushFault::Reorder { ms: 3_600_000 });
    let lost = rule(PushFault::Lost).with_nth([2]);
    scene
        .outside
        .emulator
        .set_faults(Faults::new().with_rule(reorder).with_rule(lost));
    let ids = [
        scene.send("first").await,
        scene.send("lost").await,
        scene.send("second").await,
    ];
    let got = scene.receiver.wait(6).await;
    let id = |n: usize| got[n].json()["value"][0]["resourceData"]["id"].clone();
    assert_eq!((id(4), id(5)), (json!(ids[2]), json!(ids[0])));
}
