//! Faults of Event Grid's deliveries, as a receiver sees them.

use crate::receiver::{
    Got,
    events::{NOTIFY, admin, notify, scene},
};
use ms_messenger_emulator::{
    EventFault, EventSchema, EventSubscription, FaultAction, FaultRule, Faults, PushFault,
};
use reqwest::Method;
use serde_json::{Value, json};

/// What arrives of one message under a fault.
async fn under(fault: FaultAction, count: usize, schema: EventSchema) -> Vec<Got> {
    let (outside, receiver) = scene(|one| one.with_schema(schema)).await;
    let rule = FaultRule::new(fault)
        .with_operation("event.deliver")
        .with_times(1);
    outside.emulator.set_faults(Faults::new().with_rule(rule));
    notify(&outside).await;
    receiver.wait(count).await
}

#[tokio::test]
async fn faults_change_what_is_delivered() {
    let grid = EventSchema::EventGrid;
    let twice = under(PushFault::Duplicate.into(), 2, grid).await;
    assert_eq!(twice[0].body, twice[1].body);
    let chunked = &under(PushFault::Chunked.into(), 1, grid).await[0];
    assert_eq!(
        (
            chunked.header("transfer-encoding"),
            chunked.header("content-length")
        ),
        ("chunked", "")
    );
    assert_eq!(chunked.events().len(), 1);
    let misspelt =
        under(EventFault::SpecVersion.into(), 1, EventSchema::CloudEvents).await[0].json();
    assert_eq!(misspelt["specVersion"], "1.0");
    assert!(misspelt.get("specversion").is_none());
    let nameless = &under(EventFault::NoMessageId.into(), 1, grid).await[0].events()[0];
    assert!(nameless["data"].get("messageId").is_none());
    let unknown = &under(EventFault::unknown_status("Paused").into(), 1, grid).await[0].events()[0];
    assert_eq!(unknown["data"]["status"], "Paused");
    assert!(
        unknown["subject"]
            .as_str()
            .unwrap()
            .ends_with("/status/Paused")
    );
}

#[tokio::test]
async fn faults_change_when_events_are_delivered() {
    let (outside, receiver) = scene(|one| one).await;
    let one =
        |fault: PushFault| Faults::new().with_rule(FaultRule::new(fault.into()).with_times(1));
    outside.emulator.set_faults(one(PushFault::BeforeResponse));
    let first = notify(&outside).await;
    let got = receiver.deliveries();
    assert_eq!(got[0].events()[0]["data"]["messageId"], first);
    outside
        .emulator
        .set_faults(one(PushFault::Reorder { ms: 3_600_000 }));
    let (held, next) = (notify(&outside).await, notify(&outside).await);
    let events = receiver.events(3).await;
    let id = |n: usize| events[n]["data"]["messageId"].as_str().unwrap();
    assert_eq!((id(1), id(2)), (next.as_str(), held.as_str()));
    outside.emulator.set_faults(one(PushFault::Lost));
    notify(&outside).await;
    outside
        .emulator
        .set_faults(one(PushFault::Late { ms: 86_400_000 }));
    let late = notify(&outside).await;
    let settled = async {
        loop {
            let (_, all) = admin(&outside, Method::GET, "/demo", Value::Null).await;
            // What is under way waits, too.
            if (&all["lost"], &all["waiting"]) == (&json!(1), &json!(1)) {
                return;
            }
        }
    };
    let in_time = tokio::time::timeout(std::time::Duration::from_secs(20), settled);
    in_time.await.unwrap();
    outside.emulator.set_clock_offset(86_401).unwrap();
    let events = receiver.events(4).await;
    assert_eq!(events[3]["data"]["messageId"], late);
}

#[tokio::test]
async fn header_names_can_be_in_lower_case() {
    use tokio::io::AsyncReadExt as _;
    let (outside, _receiver) = scene(|one| one.with_event_types(["ChatThreadCreated"])).await;
    let listener = tokio::net::TcpListener::bind("127.0.0.1:0").await.unwrap();
    let url = format!("http://{}/", listener.local_addr().unwrap());
    let wish = tokio::spawn(async move {
        let mut heads = Vec::new();
        for agrees in [true, false, false] {
            use tokio::io::AsyncWriteExt as _;
            let (mut stream, _) = listener.accept().await.unwrap();
            let mut buffer = vec![0; 8192];
            let count = stream.read(&mut buffer).await.unwrap();
            heads.push(String::from_utf8_lossy(&buffer[..count]).into_owned());
            let allow = if agrees {
                "WebHook-Allowed-Origin: *\r\nWebHook-Allowed-Rate: *\r\n"
            } else {
                ""
            };
            let reply =
                format!("HTTP/1.1 200 OK\r\n{allow}content-length: 0\r\nconnection: close\r\n\r\n");
            stream.write_all(reply.as_bytes()).await.unwrap();
        }
        heads
    });
    let raw = EventSubscription::new("raw", url).with_schema(EventSchema::CloudEvents);
    outside.emulator.subscribe_events(&raw).await.unwrap();
    let lower = FaultRule::new(PushFault::LowerCaseHeaders.into()).with_times(1);
    outside.emulator.set_faults(Faults::new().with_rule(lower));
    notify(&outside).await;
    notify(&outside).await;
    let heads = wish.await.unwrap();
    assert!(
        heads[1].contains("\r\naeg-event-type: Notification\r\n"),
        "{}",
        heads[1]
    );
    assert!(
        heads[2].contains("\r\nAeg-Event-Type: Notification\r\n"),
        "{}",
        heads[2]
    );
}

#[tokio::test]
async fn other_faults_do_not_count_deliveries() {
    let (outside, receiver) = scene(|one| one).await;
    let second = FaultRule::new(FaultAction::status(503)).with_nth([2]);
    outside.emulator.set_faults(Faults::new().with_rule(second));
    notify(&outside).await;
    receiver.wait(1).await;
    let body = outside.notification(&json!({"kind": "text", "content": "hello"}));
    assert_eq!(outside.keyed(Method::POST, NOTIFY, body).await.0, 503);
    let wrong = json!({"rules": [{"match": {"operation": "event.deliver"}, "action": {"kind": "status", "status": 503}}]});
    assert!(outside.emulator.parse_faults(&wrong).is_err());
    let right =
        json!({"rules": [{"match": {"operation": "event.deliver"}, "action": {"kind": "late"}}]});
    let faults = outside.emulator.parse_faults(&right).unwrap();
    assert_eq!(
        faults.to_json()["rules"][0]["action"],
        json!({"kind": "late", "ms": 86_400_000})
    );
}
