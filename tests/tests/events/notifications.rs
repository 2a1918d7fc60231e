//! Graph's notifications, plain and encrypted, under its faults.

use std::collections::BTreeSet;

use ms_messenger::{
    MessengerExt as _, StaticToken, Target,
    msgraph_chat::{GraphChatClient, NewSubscription, models::Subscription},
};
use ms_messenger_emulator::{
    Emulator, FaultAction, FaultRule, Faults, NotificationFault, PushFault,
};
use ms_messenger_events::{
    GraphNotifications, Rejection, TokenError,
    graph::{DecryptionKey, Notification},
};
use serde_json::Value;
use tokio_rustls::rustls::pki_types::{CertificateDer, pem::PemObject as _};

use crate::{
    admin,
    hook::{CLIENT_STATE, Hook, in_time},
};

const CERTIFICATE_ID: &str = "certificate-1";
/// Base64 without the frame of PEM.
const CERTIFICATE: &str = include_str!(
    "../../../crates/ms-messenger-emulator/tests/emulator/receiver/test-only-certificate.txt"
);
const PRIVATE_KEY: &str =
    include_str!("../../../crates/ms-messenger-emulator/tests/emulator/receiver/test-only-key.txt");

fn pem(kind: &str, base64: &str) -> Vec<u8> {
    format!("-----BEGIN {kind}-----\n{base64}\n-----END {kind}-----\n").into_bytes()
}

pub(crate) fn client(emulator: &Emulator) -> GraphChatClient {
    let world = &emulator.seed().graph;
    let builder = GraphChatClient::builder(StaticToken::new(world.token.as_str()));
    builder.with_base_url(&world.base).build().unwrap()
}

/// A subscription of the webhook to the seeded chat, with both addresses.
pub(crate) fn to_chat(emulator: &Emulator, hook: &Hook) -> NewSubscription {
    let chat = client(emulator).chat(emulator.seed().graph.chat_id.as_str());
    let state = CLIENT_STATE.to_owned();
    chat.subscription(hook.url("graph").parse().unwrap(), state.into())
        .with_lifecycle_url(hook.url("lifecycle").parse().unwrap())
}

/// Sends to the seeded chat, and returns the id of the message.
pub(crate) async fn send(emulator: &Emulator, text: &str) -> String {
    let target = Target::conversation(emulator.seed().graph.chat_id.as_str());
    let receipt = client(emulator).send_text(target, text).await.unwrap();
    receipt.message_id.unwrap().to_string()
}

/// A webhook that decrypts what the emulator's tenant sends to the application of the token.
async fn encrypted() -> (Emulator, Hook, Subscription) {
    let emulator = Emulator::start().await.unwrap();
    admin::quicken(&emulator, 1000).await;
    let hook = Hook::start().await;
    let certificate = CertificateDer::from_pem_slice(&pem("CERTIFICATE", CERTIFICATE)).unwrap();
    let wanted = to_chat(&emulator, &hook).with_certificate(CERTIFICATE_ID, certificate.to_vec());
    let subscription = client(&emulator).subscribe(&wanted).await.unwrap();
    let audience = subscription.application_id.clone().unwrap();
    let tokens = admin::tokens(&emulator, &audience).await;
    let key = DecryptionKey::from_pem(CERTIFICATE_ID, &pem("PRIVATE KEY", PRIVATE_KEY));
    let graph = GraphNotifications::builder()
        .with_subscription(&subscription.id, CLIENT_STATE)
        .with_tenant(&emulator.seed().graph.tenant_id)
        .with_validation_tokens(tokens)
        .with_decryption_key(key.unwrap());
    hook.set_graph(graph.build().unwrap());
    (emulator, hook, subscription)
}

fn one(fault: FaultAction) -> Faults {
    let rule = FaultRule::new(fault).with_operation("notification.deliver");
    Faults::new().with_rule(rule.with_times(1))
}

/// The texts of what was decrypted.
fn texts(hook: &Hook) -> Vec<String> {
    let kept = hook.kept();
    let contents = kept.notifications.iter().map(|it| match it {
        Notification::Change(it) => it.content.clone().unwrap().read::<Value>().unwrap(),
        _ => Value::Null,
    });
    let text = |it: Value| it["body"]["content"].as_str().unwrap().to_owned();
    contents.map(text).collect()
}

#[tokio::test(flavor = "multi_thread")]
async fn notifications_that_are_doubled_reordered_and_refused_are_all_kept() {
    let emulator = Emulator::start().await.unwrap();
    admin::quicken(&emulator, 1000).await;
    let hook = Hook::start().await;
    hook.kept().failing_every = 3;
    let wanted = to_chat(&emulator, &hook);
    client(&emulator).subscribe(&wanted).await.unwrap();
    let faults = [
        (2, Some(PushFault::Duplicate.into())),
        (2, Some(PushFault::Reorder { ms: 200 }.into())),
        (1, Some(PushFault::Late { ms: 50 }.into())),
        (1, Some(PushFault::BeforeResponse.into())),
        (1, Some(PushFault::Chunked.into())),
        (1, Some(PushFault::LowerCaseHeaders.into())),
        (1, Some(NotificationFault::MixedBatch.into())),
        (2, None),
    ];
    let rule = FaultRule::weighted(faults).with_operation("notification.deliver");
    emulator.set_faults(Faults::new().with_seed(5).with_rule(rule));
    let (mut sent, mut edited) = (BTreeSet::new(), BTreeSet::new());
    let chat = client(&emulator).chat(emulator.seed().graph.chat_id.as_str());
    for n in 0..20 {
        let id = send(&emulator, "hello").await;
        if n % 4 == 0 {
            chat.message(id.as_str()).edit("hello again").await.unwrap();
            edited.insert(id.clone());
        }
        sent.insert(id);
    }
    hook.until(|it| it.kept().changed("created") == sent).await;
    hook.until(|it| it.kept().changed("updated") == edited)
        .await;
    assert!(hook.exchanges().iter().any(|it| it.status == 503));
    // The item of a subscription that is not ours was dropped, and the others of its request kept.
    assert!(hook.rejections().contains(&Rejection::WrongClientState));
    assert!(hook.acknowledged().is_subset(&sent));
}

#[tokio::test(flavor = "multi_thread")]
async fn encrypted_messages_are_read_and_forged_ones_dropped() {
    let (emulator, hook, _) = encrypted().await;
    send(&emulator, "héllo").await;
    hook.until(|it| it.kept().notifications.len() == 1).await;
    assert_eq!(texts(&hook), ["héllo"]);
    let forgeries: [(FaultAction, Rejection); 3] = [
        (
            NotificationFault::WrongClientState.into(),
            Rejection::WrongClientState,
        ),
        (
            NotificationFault::BadSignature.into(),
            Rejection::DataSignature,
        ),
        (
            NotificationFault::ForeignPublisher.into(),
            Rejection::Token(TokenError::Application),
        ),
    ];
    for (n, (fault, rejection)) in forgeries.into_iter().enumerate() {
        emulator.set_faults(one(fault));
        send(&emulator, "forged").await;
        hook.until(|it| it.exchanges().len() == n + 2).await;
        // As if all was well: a forger learns nothing.
        assert_eq!(hook.exchanges()[n + 1].status, 202, "{rejection}");
        assert_eq!(hook.rejections()[n], rejection);
    }
    send(&emulator, "last").await;
    hook.until(|it| it.kept().notifications.len() == 2).await;
    assert_eq!(texts(&hook), ["héllo", "last"]);
}

#[tokio::test(flavor = "multi_thread")]
async fn a_stale_token_and_an_unknown_subscription_let_notifications_come_again() {
    let (emulator, hook, subscription) = encrypted().await;
    emulator.set_faults(one(NotificationFault::ExpiredToken.into()));
    let stale = send(&emulator, "stale").await;
    hook.until(|it| it.exchanges().len() >= 2).await;
    let exchanges = hook.exchanges();
    assert!(
        exchanges
            .iter()
            .all(|it| it.status == 503 && it.ids == [stale.as_str()])
    );
    let expired = Rejection::Token(TokenError::Expired);
    assert!(hook.rejections().iter().all(|it| *it == expired));
    // Graph gives up after four hours, which pass at once.
    admin::quicken(&emulator, 1_000_000).await;
    let lost = async {
        loop {
            let shown = admin::get(&emulator, "/_emulator/graph-notifications").await;
            if shown["subscriptions"][0]["lost"] == 1 {
                return;
            }
        }
    };
    in_time(lost).await.unwrap();
    assert!(hook.kept().notifications.is_empty());

    admin::quicken(&emulator, 1000).await;
    let before = hook.exchanges().len();
    let known = GraphNotifications::builder().with_subscription("another", CLIENT_STATE);
    let mut known = known.build().unwrap();
    let reading = {
        let mut reading = known.clone();
        reading.add_subscription(&subscription.id, CLIENT_STATE);
        reading
    };
    known.remove_subscription(&subscription.id);
    hook.set_graph(known);
    send(&emulator, "early").await;
    hook.until(|it| it.exchanges().len() > before).await;
    assert_eq!(hook.exchanges()[before].status, 503);
    assert_eq!(
        hook.rejections().last(),
        Some(&Rejection::UnknownSubscription)
    );
    // Content that cannot be decrypted is not acknowledged either.
    hook.set_graph(reading);
    let unreadable = Rejection::EncryptionUnsupported;
    hook.until(|it| it.rejections().last() == Some(&unreadable))
        .await;
    assert!(hook.acknowledged().is_empty());
}
