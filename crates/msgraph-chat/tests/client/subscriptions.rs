//! Subscriptions on the wire, and how they are kept.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use ms_messenger_core::{Delivery, ErrorKind, RetryPolicy, SecretString, StaticToken, Url};
use ms_messenger_testkit::{HttpDouble, ReceivedRequest, Reply};
use msgraph_chat::{
    GraphChatClient, Kept, LifecycleEvent, NewSubscription, SubscriptionKeeper, models::ChangeType,
};
use serde_json::{Value, json};

const CHAT: &str = "19:a@thread.v2";
const HOOK: &str = "https://contoso.com/graph?k=hunter2";

fn url(text: &str) -> Url {
    text.parse().unwrap()
}

fn wanted() -> NewSubscription {
    NewSubscription::to_chat(CHAT, url(HOOK), SecretString::from("hunter3"))
        .with_lifecycle_url(url("https://contoso.com/life?k=hunter2"))
}

fn subscription(id: &str) -> Value {
    let end = SystemTime::now() + Duration::from_secs(3600);
    json!({"id": id, "resource": format!("chats/{CHAT}/messages"), "notificationUrl": HOOK,
        "changeType": "created,updated,deleted",
        "expirationDateTime": humantime::format_rfc3339_seconds(end).to_string()})
}

/// The replies to the requests of each method.
type Script = Vec<(&'static str, VecDeque<Reply>)>;

/// A service that replies to the requests of a method with these, in order.
struct Service {
    double: HttpDouble,
    client: GraphChatClient,
    replies: Arc<Mutex<Script>>,
}

impl Service {
    async fn start() -> Self {
        let replies: Arc<Mutex<Script>> = Arc::default();
        let shared = Arc::clone(&replies);
        let double = HttpDouble::start(move |request| {
            let mut replies = shared.lock().unwrap();
            let mut of_method = replies.iter_mut().filter(|(it, _)| *it == request.method);
            let scripted = of_method
                .next()
                .and_then(|(_, replies)| replies.pop_front());
            scripted.unwrap_or_else(|| usual(request))
        });
        let double = double.await.unwrap();
        let client = GraphChatClient::builder(StaticToken::new("t"))
            .with_base_url(double.url())
            .with_retry_policy(RetryPolicy::never())
            .build()
            .unwrap();
        Self {
            double,
            client,
            replies,
        }
    }

    fn script(&self, method: &'static str, replies: impl IntoIterator<Item = Reply>) {
        let replies = replies.into_iter().collect();
        self.replies.lock().unwrap().push((method, replies));
    }

    fn lines(&self) -> Vec<String> {
        let requests = self.double.requests();
        let path = |it: &ReceivedRequest| it.target.split('?').next().unwrap().to_owned();
        requests
            .iter()
            .map(|it| format!("{} {}", it.method, path(it)))
            .collect()
    }

    fn keeper(&self) -> SubscriptionKeeper {
        SubscriptionKeeper::new(self.client.clone(), wanted())
    }
}

fn usual(request: &ReceivedRequest) -> Reply {
    match request.method.as_str() {
        "POST" if request.target.ends_with("/reauthorize") => Reply::new(204, ""),
        "POST" => Reply::json(201, &subscription("s1")),
        "PATCH" => Reply::json(200, &subscription("s1")),
        "DELETE" => Reply::new(204, ""),
        _ if request.target.starts_with("/subscriptions") => {
            Reply::json(200, &json!({"value": [subscription("s0")]}))
        }
        _ => Reply::json(200, &json!({"value": [{"id": "7"}]})),
    }
}

#[tokio::test]
async fn a_subscription_is_written_as_the_service_reads_it() {
    let service = Service::start().await;
    let wanted = wanted()
        .with_changes([ChangeType::Created, ChangeType::Deleted])
        .with_certificate("cert-1", [0x30, 1, 2]);
    let created = service.client.subscribe(&wanted).await.unwrap();
    assert_eq!(created.id, "s1");
    let mut body = service.double.requests()[0].json();
    let end = body["expirationDateTime"].take();
    let end = humantime::parse_rfc3339(end.as_str().unwrap()).unwrap();
    let life = end.duration_since(SystemTime::now()).unwrap().as_secs();
    assert!((4310 * 60..=4315 * 60).contains(&life), "{life}");
    assert_eq!(
        body,
        json!({"changeType": "created,deleted", "notificationUrl": HOOK,
            "lifecycleNotificationUrl": "https://contoso.com/life?k=hunter2",
            "resource": format!("/chats/{CHAT}/messages"), "expirationDateTime": null,
            "clientState": "hunter3", "includeResourceData": true,
            "encryptionCertificate": "MAEC", "encryptionCertificateId": "cert-1"})
    );
    let client = &service.client;
    let end = SystemTime::UNIX_EPOCH + Duration::from_secs(4_000_000_000);
    client.renew_subscription("s1", end).await.unwrap();
    client.reauthorize_subscription("s1").await.unwrap();
    let mut all = client.subscriptions();
    assert_eq!(all.next_page().await.unwrap().unwrap()[0].id, "s0");
    client.unsubscribe("s1").await.unwrap();
    service.script("DELETE", [Reply::new(404, "")]);
    client.unsubscribe("s1").await.unwrap();
    assert_eq!(
        service.double.requests()[1].json(),
        json!({"expirationDateTime": "2096-10-02T07:06:40.000Z"})
    );
    assert_eq!(
        service.lines()[1..5],
        [
            "PATCH /subscriptions/s1",
            "POST /subscriptions/s1/reauthorize",
            "GET /subscriptions",
            "DELETE /subscriptions/s1"
        ]
    );
}

#[tokio::test]
async fn what_the_service_would_refuse_is_refused_with_all_problems_and_no_secret() {
    let service = Service::start().await;
    let long = "x".repeat(129);
    let bad =
        NewSubscription::to_channel("t", "", url("ftp://x/?k=hunter2"), SecretString::from(long))
            .with_changes([])
            .with_certificate("", *b"-----BEGIN")
            .with_lifetime(Duration::from_secs(4 * 24 * 3600));
    let error = service.client.subscribe(&bad).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::InvalidRequest);
    let fields: Vec<_> = error
        .problems()
        .iter()
        .map(|it| it.field.as_str())
        .collect();
    for field in [
        "team",
        "channel",
        "notification_url",
        "lifecycle_url",
        "lifetime",
        "changes",
        "client_state",
        "certificate.id",
        "certificate",
    ] {
        assert!(fields.contains(&field), "{field}: {error}");
    }
    for text in [
        format!("{error:?}{bad:?}"),
        format!("{:?}{:?}", wanted(), service.keeper()),
    ] {
        assert!(!text.contains("hunter"), "{text}");
    }
    assert!(service.double.requests().is_empty());
}

#[tokio::test]
async fn a_lost_creation_is_not_repeated_and_says_what_to_do() {
    let service = Service::start().await;
    service.script("POST", [Reply::close()]);
    let error = service.client.subscribe(&wanted()).await.unwrap_err();
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert_eq!(error.operation(), Some("subscription.create"));
    assert!(
        error.message().contains("list the subscriptions"),
        "{error}"
    );
    assert_eq!(service.lines(), ["POST /subscriptions"]);
}

#[tokio::test(start_paused = true)]
async fn the_keeper_renews_at_half_of_the_life_that_was_granted() {
    let service = Service::start().await;
    let mut keeper = service.keeper();
    assert!(matches!(keeper.next().await, Kept::Created(_)));
    let began = tokio::time::Instant::now();
    let renewed = keeper.next().await;
    assert!(matches!(renewed, Kept::Renewed(_)), "{renewed:?}");
    let waited = began.elapsed().as_secs();
    assert!((1780..=1800).contains(&waited), "{waited}");
    assert_eq!(
        service.lines(),
        ["POST /subscriptions", "PATCH /subscriptions/s1"]
    );
}

#[tokio::test(start_paused = true)]
async fn a_subscription_that_is_gone_is_created_again_and_the_gap_is_read() {
    let service = Service::start().await;
    let mut keeper = service.keeper();
    keeper.next().await;
    service.script("PATCH", [Reply::new(404, "")]);
    let kept = keeper.next().await;
    assert!(matches!(kept, Kept::Recreated(_)), "{kept:?}");
    let Kept::Missed(missed) = keeper.next().await else {
        unreachable!()
    };
    assert_eq!(missed[0].id.as_deref(), Some("7"));
    let delta = format!("GET /chats/{CHAT}/messages/delta");
    assert_eq!(
        service.lines(),
        [
            "POST /subscriptions",
            "PATCH /subscriptions/s1",
            "POST /subscriptions",
            delta.as_str()
        ]
    );
    let requests = service.double.requests();
    assert!(requests[3].target.contains("lastModifiedDateTime%20gt%20"));
    // And then it is kept as before.
    assert!(matches!(keeper.next().await, Kept::Renewed(_)));
}

#[tokio::test(start_paused = true)]
async fn lifecycle_notices_are_heeded_at_once() {
    let service = Service::start().await;
    let mut keeper = service.keeper();
    let notices = keeper.notices();
    keeper.next().await;
    let began = tokio::time::Instant::now();

    notices.note("s1", &LifecycleEvent::ReauthorizationRequired);
    assert!(matches!(keeper.next().await, Kept::Renewed(_)));
    assert!(matches!(keeper.next().await, Kept::Missed(_)));
    notices.note("another", &LifecycleEvent::SubscriptionRemoved);
    notices.note("s1", &LifecycleEvent::SubscriptionRemoved);
    assert!(matches!(keeper.next().await, Kept::Recreated(_)));
    assert!(matches!(keeper.next().await, Kept::Missed(_)));
    notices.note("s1", &LifecycleEvent::Missed);
    assert!(matches!(keeper.next().await, Kept::Missed(_)));
    assert!(began.elapsed() < Duration::from_secs(60));
}

#[tokio::test(start_paused = true)]
async fn a_creation_in_doubt_is_looked_up_and_replaced() {
    let service = Service::start().await;
    service.script("POST", [Reply::close()]);
    let mut keeper = service.keeper();
    let Kept::Failed {
        error, retry_in, ..
    } = keeper.next().await
    else {
        unreachable!()
    };
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert_eq!(retry_in, Duration::from_secs(5));
    assert!(matches!(keeper.next().await, Kept::Created(_)));
    assert_eq!(
        service.lines(),
        [
            "POST /subscriptions",
            "GET /subscriptions",
            "DELETE /subscriptions/s0",
            "POST /subscriptions"
        ]
    );
}

#[tokio::test(start_paused = true)]
async fn failures_are_reported_and_tried_again_later_and_later() {
    let service = Service::start().await;
    service.script("POST", (0..3).map(|_| Reply::new(403, "")));
    let mut keeper = service.keeper();
    let mut waits = Vec::new();
    for _ in 0..3 {
        match keeper.next().await {
            Kept::Failed { retry_in, .. } => waits.push(retry_in.as_secs()),
            kept => panic!("{kept:?}"),
        }
    }
    assert_eq!(waits, [5, 10, 20]);
    assert!(matches!(keeper.next().await, Kept::Created(_)));
    assert!(
        service
            .lines()
            .iter()
            .all(|line| line == "POST /subscriptions")
    );
}
