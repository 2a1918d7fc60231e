//! How fast events are received: parsed, authenticated and folded into the status of messages, on
//! one core; and how long the decryption of a Graph notification takes.
//!
//! ```text
//! cargo bench -p tests --bench receive
//! cargo bench -p tests --bench receive -- --messages 50000 --rounds 9
//! ```
//!
//! CPU time of the process, which has one thread; medians of all rounds are printed.

use std::{
    hint::black_box,
    time::{Duration, SystemTime},
};

use cpu_time::ProcessTime;
use http::Request;
use ms_messenger::{Acceptance, Receipt};
use ms_messenger_events::{
    DeliveryStatus, EntraTokens, EventGrid, GraphNotifications, Incoming, Outcome, SigningKeys,
    StatusBook, graph::DecryptionKey,
};
use serde_json::{Value, json};

type Failure = Box<dyn std::error::Error>;

const STATUSES: [&str; 3] = ["Sent", "Delivered", "Read"];

fn main() -> Result<(), Failure> {
    let args: Vec<String> = std::env::args().collect();
    let messages = option(&args, "--messages", 20_000)?;
    let rounds = option(&args, "--rounds", 5)?;
    let events = messages * STATUSES.len();
    println!("{events} events of {messages} messages, {rounds} rounds, medians\n");
    println!("{:<34} {:>12} {:>12}", "Event Grid", "µs/event", "events/s");
    for batch in [1, 100] {
        let requests = requests(messages, batch)?;
        let spent = median(rounds, || receive(&requests, messages))?;
        let each = spent.as_secs_f64() * 1e6 / events as f64;
        let name = format!("secret and statuses, batches of {batch}");
        println!("{name:<34} {each:>12.2} {:>12.0}", 1e6 / each);
    }
    println!("\n{:<34} {:>12}", "Graph", "µs/request");
    for items in [1, 10] {
        let count: u32 = 2000;
        let request = notification(items)?;
        let receiver = graph()?;
        let spent = median(rounds, || decrypt(&receiver, &request, items, count))?;
        let each = spent.as_secs_f64() * 1e6 / f64::from(count);
        println!(
            "{:<34} {each:>12.1}",
            format!("token and {items} to decrypt")
        );
    }
    Ok(())
}

fn option(args: &[String], name: &str, default: usize) -> Result<usize, Failure> {
    match args.iter().position(|arg| arg == name) {
        Some(at) => Ok(args.get(at + 1).ok_or("a value is missing")?.parse()?),
        None => Ok(default),
    }
}

fn median(
    rounds: usize,
    mut run: impl FnMut() -> Result<(), Failure>,
) -> Result<Duration, Failure> {
    let mut spent = Vec::new();
    for _ in 0..rounds.max(1) {
        let start = ProcessTime::now();
        run()?;
        spent.push(start.elapsed());
    }
    spent.sort();
    Ok(spent[spent.len() / 2])
}

/// All events of all messages, as Event Grid delivers them.
fn requests(messages: usize, batch: usize) -> Result<Vec<Request<String>>, Failure> {
    let event = |n: usize| {
        let (id, status) = (n / STATUSES.len(), STATUSES[n % STATUSES.len()]);
        json!({
            "id": format!("831e1650-001e-001b-66ab-{n:012}"),
            "topic": "/subscriptions/00000000-0000-0000-0000-000000000000/resourcegroups/rg/\
                providers/microsoft.communication/communicationservices/contoso",
            "subject": format!("advancedMessage/{id:032}/status/{status}"),
            "data": {
                "channelType": "whatsapp", "from": "0f0eb78e-a576-1dfc-b414-0f0756de3338",
                "to": "+14255550123", "receivedTimestamp": "2026-01-02T03:04:05+00:00",
                "messageId": format!("{id:032}"), "status": status,
            },
            "eventType": "Microsoft.Communication.AdvancedMessageDeliveryStatusUpdated",
            "dataVersion": "1.0", "metadataVersion": "1", "eventTime": "2026-01-02T03:04:05.6789Z",
        })
    };
    let all: Vec<Value> = (0..messages * STATUSES.len()).map(event).collect();
    let request = |events: &[Value]| {
        let body = serde_json::to_string(events)?;
        Ok(Request::post("/events?key=hunter2").body(body)?)
    };
    all.chunks(batch).map(request).collect()
}

fn receive(requests: &[Request<String>], messages: usize) -> Result<(), Failure> {
    let receiver = EventGrid::builder().with_secret("key", "hunter2").build()?;
    let (mut book, now) = (StatusBook::new(), SystemTime::now());
    for id in 0..messages {
        let receipt = Receipt::new(Acceptance::Queued).with_message_id(format!("{id:032}"));
        book.record(&receipt, now);
    }
    for request in requests {
        let Outcome::Events(batch) = receiver.receive(&Incoming::of(request)) else {
            return Err("a request was rejected".into());
        };
        for event in batch.events() {
            book.apply(event, now);
        }
        black_box(batch.kept());
    }
    let is_read = |status: DeliveryStatus| status == DeliveryStatus::Read;
    if book.iter().all(|message| is_read(message.status())) {
        return Ok(());
    }
    Err("a message was not read".into())
}

/// The keys, contents and token of the crate's tests.
macro_rules! key_file {
    ($name:literal) => {
        include_bytes!(concat!(
            "../../crates/ms-messenger-events/tests/keys/",
            $name
        ))
    };
}

fn graph() -> Result<GraphNotifications, Failure> {
    let tokens = EntraTokens::new(SigningKeys::from_jwks(key_file!("jwks.json"))?)
        .with_audience("11111111-2222-3333-4444-555555555555")
        .with_tenant("aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee");
    let pem = key_file!("test-only-certificate-a.pem");
    let graph = GraphNotifications::builder()
        .with_client_state("s3cret")
        .with_validation_tokens(tokens)
        .with_decryption_key(DecryptionKey::from_pem("certificate-a", pem)?);
    Ok(graph.build()?)
}

fn notification(items: usize) -> Result<Request<String>, Failure> {
    let contents: Value = serde_json::from_slice(key_file!("encrypted-contents.json"))?;
    let token = std::str::from_utf8(key_file!("validation-token.txt"))?.trim();
    let item = json!({
        "subscriptionId": "1111", "clientState": "s3cret", "changeType": "created",
        "tenantId": "aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee",
        "resource": "chats('19:0123@thread.v2')/messages('1767225600000')",
        "encryptedContent": contents["a"],
    });
    let body = json!({"value": vec![item; items], "validationTokens": [token]});
    Ok(Request::post("/graph").body(body.to_string())?)
}

fn decrypt(
    receiver: &GraphNotifications,
    request: &Request<String>,
    items: usize,
    count: u32,
) -> Result<(), Failure> {
    // The token is valid in the first hour of 2026.
    let time = SystemTime::UNIX_EPOCH + Duration::from_secs(1_767_226_200);
    for _ in 0..count {
        let incoming = Incoming::of(request).with_received_at(time);
        let Outcome::Events(batch) = receiver.receive(&incoming) else {
            return Err("a notification was rejected".into());
        };
        if batch.events().len() != items {
            return Err(format!("{:?}", batch.rejected()).into());
        }
        black_box(batch.kept());
    }
    Ok(())
}
