//! What became of WhatsApp messages: a webhook that receives the events of Event Grid in a server of
//! axum, keeps them in a file and follows the status of each message.
//!
//! A send is accepted with 202, and WhatsApp decides later. Here the emulator plays Event Grid: it
//! performs the handshake, delivers one event twice, and reports that one message failed.
//!
//! ```sh
//! cargo run -p examples --example hear_deliveries
//! ```
//!
//! With an address and a file, it is the webhook alone, for a sender of your own. The key of its
//! address, `http://127.0.0.1:8080/events?key=hunter2`, is `EVENTS_KEY`:
//!
//! ```sh
//! EVENTS_KEY=hunter2 cargo run -p examples --example hear_deliveries 127.0.0.1:8080 events.jsonl
//! ```

use std::{
    env,
    fs::{File, OpenOptions},
    io::{self, BufRead as _, BufReader, Write as _},
    path::Path,
    sync::{Arc, Mutex, PoisonError},
    time::{Duration, SystemTime},
};

use axum::{
    Router,
    body::{Body, Bytes, to_bytes},
    extract::State,
    http::{Request, Response, StatusCode},
};
use ms_messenger::{
    Acceptance,
    events::{
        DeliveryStatus, EventGrid, Incoming, MessageStatus, Outcome, StatusBook, StatusReport,
        event_grid::Event,
    },
    prelude::*,
};
use ms_messenger_emulator::{EventSubscription, MessageStatuses, Platform, PushFault};
use tokio::{net::TcpListener, sync::Notify};

/// The receiver, and what it keeps.
struct Deliveries {
    receiver: EventGrid,
    kept: Mutex<Kept>,
    changed: Notify,
}

/// The events in a file, one a line, and what follows from them.
struct Kept {
    file: File,
    book: StatusBook,
}

impl Kept {
    /// Opens the file, and applies the events that an earlier process kept in it.
    fn open(path: &Path) -> io::Result<Self> {
        let mut options = OpenOptions::new();
        let file = options.create(true).append(true).read(true).open(path)?;
        let mut book = StatusBook::new();
        for line in BufReader::new(&file).lines() {
            // A line is incomplete if the process ended while it was written. Its event was not
            // acknowledged, and is sent again.
            if let Ok(event) = Event::parse(&line?) {
                book.apply(&event, SystemTime::now());
            }
        }
        Ok(Self { file, book })
    }

    /// Keeps the events first, and applies them then.
    fn keep(&mut self, events: &[Event]) -> io::Result<()> {
        // The line break comes first, so that no event is appended to an incomplete line.
        let lines: String = events.iter().map(|it| format!("\n{}", it.raw())).collect();
        self.file.write_all(lines.as_bytes())?;
        self.file.sync_data()?;
        for event in events {
            self.book.apply(event, SystemTime::now());
            match StatusReport::of(event) {
                Some(report) => println!("  {}: {}", report.message_id, report.status),
                None => println!("  {}: {}", event.subject, event.event_type),
            }
        }
        Ok(())
    }
}

impl Deliveries {
    fn receive(&self, request: &Request<Bytes>) -> Response<Vec<u8>> {
        let reply = match self.receiver.receive(&Incoming::of(request)) {
            Outcome::Reply(handshake) => handshake,
            Outcome::Events(batch) => {
                let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
                match kept.keep(batch.events()) {
                    Ok(()) => batch.kept(),
                    Err(error) => {
                        eprintln!("not kept: {error}");
                        batch.not_kept()
                    }
                }
            }
            Outcome::Rejected(rejected) => {
                eprintln!("rejected: {}", rejected.reason());
                rejected.into_reply()
            }
        };
        self.changed.notify_waiters();
        reply.into_response()
    }

    /// Returns what is known of a message that was recorded.
    fn status(&self, id: &str) -> Option<MessageStatus> {
        let kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.book.get(id).cloned()
    }

    fn record(&self, receipt: &Receipt) {
        let mut kept = self.kept.lock().unwrap_or_else(PoisonError::into_inner);
        kept.book.record(receipt, SystemTime::now());
    }

    /// Waits until nothing more is expected of a message: it failed, or was read.
    async fn end_of(&self, id: &str) -> MessageStatus {
        loop {
            let changed = self.changed.notified();
            match self.status(id) {
                Some(status) if status.status().is_final() => return status,
                _ => changed.await,
            }
        }
    }
}

/// The largest body that is read; the receiver has a limit of its own below it.
const MAX_BODY: usize = 4 << 20;

/// Hands a request to the receiver. A failure is a 503: after a 413 or another 4xx, Event Grid would
/// drop the events.
async fn webhook(State(to): State<Arc<Deliveries>>, request: Request<Body>) -> Response<Body> {
    let (parts, body) = request.into_parts();
    let mut response = Response::new(Body::empty());
    *response.status_mut() = StatusCode::SERVICE_UNAVAILABLE;
    let Ok(body) = to_bytes(body, MAX_BODY).await else {
        return response;
    };
    let request = Request::from_parts(parts, body);
    // Writing to the disk must not hold up other requests.
    let received = tokio::task::spawn_blocking(move || to.receive(&request)).await;
    received.map_or(response, |response| response.map(Body::from))
}

/// A webhook that requires `key` in its address, and keeps events in `file`.
fn deliveries(key: &str, file: &Path) -> examples::Result<Arc<Deliveries>> {
    Ok(Arc::new(Deliveries {
        receiver: EventGrid::builder().with_secret("key", key).build()?,
        kept: Mutex::new(Kept::open(file)?),
        changed: Notify::new(),
    }))
}

/// Serves the webhook until the program ends.
async fn serve(listener: TcpListener, deliveries: Arc<Deliveries>) -> io::Result<()> {
    let app = Router::new().fallback(webhook).with_state(deliveries);
    axum::serve(listener, app).await
}

/// The webhook alone.
async fn listen(address: &str, file: &Path) -> examples::Result {
    let deliveries = deliveries(&env::var("EVENTS_KEY")?, file)?;
    let listener = TcpListener::bind(address).await?;
    println!("http://{}/events", listener.local_addr()?);
    Ok(serve(listener, deliveries).await?)
}

#[tokio::main]
async fn main() -> examples::Result {
    if let (Some(address), Some(file)) = (env::args().nth(1), env::args().nth(2)) {
        return listen(&address, Path::new(&file)).await;
    }
    let folder = tempfile::tempdir()?;
    let file = folder.path().join("events.jsonl");
    let deliveries = deliveries("hunter2", &file)?;
    let listener = TcpListener::bind("127.0.0.1:0").await?;
    let url = format!("http://{}/events?key=hunter2", listener.local_addr()?);
    tokio::spawn(serve(listener, Arc::clone(&deliveries)));

    // The emulator as Event Grid and WhatsApp: the first event is delivered twice.
    let stage = examples::acs_messages().await?;
    let emulator = stage
        .emulator
        .as_ref()
        .ok_or("this example runs against the emulator")?;
    emulator
        .subscribe_events(&EventSubscription::new("deliveries", url))
        .await?;
    let statuses = MessageStatuses::new()
        .with_read(Some(5))
        .with_failure("+14255550199", "131026");
    emulator.set_message_statuses(&statuses).await;
    emulator.fail_next(
        Platform::EVENT_GRID,
        "event.deliver",
        PushFault::Duplicate.into(),
    )?;

    let mut ids = Vec::new();
    for number in ["+14255550123", "+14255550199"] {
        let receipt = stage
            .client
            .send_text(Target::phone(number)?, "The build is green")
            .await?;
        println!("{number}: {}", receipt.acceptance);
        let id = receipt
            .message_id
            .clone()
            .ok_or("a receipt without an id")?;
        deliveries.record(&receipt);
        ids.push(id);
    }

    let mut ends = Vec::new();
    for id in &ids {
        let end = deliveries.end_of(id.as_str());
        let end = tokio::time::timeout(Duration::from_secs(30), end).await?;
        let code = end.failure().and_then(|failure| failure.code.as_deref());
        println!("{id}: {} {}", end.status(), code.unwrap_or_default());
        ends.push(end.status());
    }
    assert_eq!(ends, [DeliveryStatus::Read, DeliveryStatus::Failed]);

    // Another process finds the same in the file.
    let mut again = Kept::open(&file)?;
    for id in &ids {
        let receipt = Receipt::new(Acceptance::Queued).with_message_id(id.clone());
        again.book.record(&receipt, SystemTime::now());
    }
    let found = ids.iter().filter_map(|id| again.book.get(id.as_str()));
    assert!(found.map(MessageStatus::status).eq(ends));
    Ok(())
}
