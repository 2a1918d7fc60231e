//! A service with one list of messages, by hand: what it stores, says and shows is the test's.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, SystemTime},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ms_messenger_core::{
    Error, Evidence, Message, Messenger as _, SendRequest, Settled, StaticToken, Target,
};
use msgraph_chat::{GraphChatBuilder, GraphChatClient};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _},
    net::{TcpListener, TcpStream},
    task::JoinHandle,
};

pub(crate) const OWN: &str = "8ea0e38b-efb3-4757-924a-5f94061cf8c2";
pub(crate) const OTHER: &str = "11111111-efb3-4757-924a-5f94061cf8c2";
pub(crate) const CHAT: &str = "19:a@thread.v2";
pub(crate) const TEAM: &str = "fbe2bf47-16c8-47cf-b4a5-4b9b187c508b";

/// What the service does with a message that is posted.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Post {
    /// Stored and said so.
    Stored,
    /// Stored, and the connection is closed.
    StoredUnsaid,
    /// Stored, and the response says no id.
    Unreadable,
    /// Not stored, and the connection is closed.
    Lost,
    /// Not stored, and no response.
    Silent,
}

#[derive(Clone, Debug)]
pub(crate) struct Seen {
    pub(crate) method: String,
    pub(crate) target: String,
    pub(crate) body: Value,
}

type Show = Box<dyn FnMut(&mut World, &str) -> Value + Send>;

#[derive(Default)]
pub(crate) struct World {
    pub(crate) messages: Vec<Value>,
    pub(crate) posts: VecDeque<Post>,
    pub(crate) seen: Vec<Seen>,
    /// How far the clock is ahead, in seconds; `None` for a service that sends no `Date`.
    pub(crate) ahead: Option<i64>,
    show: Option<Show>,
    last_id: u64,
}

impl World {
    pub(crate) fn now(&self) -> SystemTime {
        ahead_by(self.ahead.unwrap_or(0), SystemTime::now())
    }

    fn next_id(&mut self) -> u64 {
        let now = self.now().duration_since(SystemTime::UNIX_EPOCH).unwrap();
        self.last_id = (now.as_millis() as u64).max(self.last_id + 1);
        self.last_id
    }

    /// Stores what `sender` wrote now.
    pub(crate) fn store(&mut self, sender: &str, body: &Value) -> Value {
        let id = self.next_id();
        let now = self.now();
        let mut message = listed(&id.to_string(), sender, "", now);
        let sent = body.get("replyMessage").unwrap_or(body);
        for (name, value) in sent.as_object().unwrap() {
            message[name] = value.clone();
        }
        self.messages.push(message.clone());
        message
    }

    pub(crate) fn newest_first(&self) -> Vec<Value> {
        self.messages.iter().rev().cloned().collect()
    }
}

fn ahead_by(seconds: i64, time: SystemTime) -> SystemTime {
    let by = Duration::from_secs(seconds.unsigned_abs());
    if seconds < 0 { time - by } else { time + by }
}

pub(crate) fn rfc3339(time: SystemTime) -> String {
    humantime::format_rfc3339_millis(time).to_string()
}

/// A message as a list shows it.
pub(crate) fn listed(id: &str, sender: &str, text: &str, created: SystemTime) -> Value {
    let created = rfc3339(created);
    json!({"id": id, "messageType": "message", "createdDateTime": created,
        "lastModifiedDateTime": created, "from": {"user": {"id": sender}},
        "body": {"contentType": "text", "content": text}, "attachments": []})
}

pub(crate) struct Teams {
    pub(crate) url: String,
    world: Arc<Mutex<World>>,
    task: JoinHandle<()>,
}

impl Drop for Teams {
    fn drop(&mut self) {
        self.task.abort();
    }
}

impl Teams {
    /// What happens to each posted message; further ones are stored.
    pub(crate) async fn start(posts: impl IntoIterator<Item = Post>) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").await.unwrap();
        let url = format!("http://{}", listener.local_addr().unwrap());
        let world = Arc::new(Mutex::new(World {
            posts: posts.into_iter().collect(),
            ahead: Some(0),
            ..World::default()
        }));
        let shared = Arc::clone(&world);
        let task = tokio::spawn(async move {
            while let Ok((connection, _)) = listener.accept().await {
                tokio::spawn(serve(connection, Arc::clone(&shared)));
            }
        });
        Self { url, world, task }
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// Chooses what each request to read gets.
    pub(crate) fn show(&self, show: impl FnMut(&mut World, &str) -> Value + Send + 'static) {
        self.world().show = Some(Box::new(show));
    }

    pub(crate) fn builder(&self, user: &str) -> GraphChatBuilder {
        let claims = json!({"oid": user, "scp": "ChatMessage.Send"}).to_string();
        let token = format!("e30.{}.c2ln", URL_SAFE_NO_PAD.encode(claims));
        GraphChatClient::builder(StaticToken::new(token))
            .with_base_url(self.url.as_str())
            .with_settling_margin(Duration::ZERO)
    }

    pub(crate) fn client(&self) -> GraphChatClient {
        self.builder(OWN).build().unwrap()
    }

    /// The requests to read, and that nothing else was asked since the last message was posted.
    pub(crate) fn reads(&self) -> Vec<String> {
        let world = self.world();
        let posted = world.seen.iter().rposition(|seen| seen.method == "POST");
        let reads = &world.seen[posted.map_or(0, |at| at + 1)..];
        assert!(reads.iter().all(|seen| seen.method == "GET"), "{reads:?}");
        reads.iter().map(|seen| seen.target.clone()).collect()
    }

    pub(crate) fn posted(&self) -> usize {
        let world = self.world();
        world
            .seen
            .iter()
            .filter(|seen| seen.method == "POST")
            .count()
    }
}

async fn serve(mut connection: TcpStream, world: Arc<Mutex<World>>) {
    while let Some(seen) = read(&mut connection).await {
        let (date, response) = {
            let mut world = world.lock().unwrap();
            world.seen.push(seen.clone());
            (world.ahead.map(|_| world.now()), respond(&mut world, &seen))
        };
        let Some((status, body)) = response else {
            return;
        };
        if status == 0 {
            std::future::pending::<()>().await;
        }
        let body = body.to_string();
        let date = date.map_or_else(String::new, |date| {
            format!("date: {}\r\n", httpdate::fmt_http_date(date))
        });
        let length = body.len();
        let head = format!("HTTP/1.1 {status} X\r\n{date}content-length: {length}\r\n\r\n");
        if connection
            .write_all((head + &body).as_bytes())
            .await
            .is_err()
        {
            return;
        }
    }
}

/// Nothing to close the connection, status 0 to say nothing.
fn respond(world: &mut World, seen: &Seen) -> Option<(u16, Value)> {
    if seen.target == "/chats" {
        return match world.posts.front() {
            Some(Post::Silent) => Some((0, Value::Null)),
            _ => Some((201, json!({"id": CHAT}))),
        };
    }
    if seen.method == "GET" {
        let Some(mut show) = world.show.take() else {
            return Some((200, json!({"value": world.newest_first()})));
        };
        let shown = show(world, &seen.target);
        world.show = Some(show);
        let status = shown["status"].as_u64().unwrap_or(200);
        return Some((status as u16, shown));
    }
    let post = world.posts.pop_front().unwrap_or(Post::Stored);
    let stored = match post {
        Post::Lost | Post::Silent => Value::Null,
        _ => world.store(OWN, &seen.body),
    };
    match post {
        Post::Stored => Some((201, stored)),
        Post::Unreadable => Some((201, json!({}))),
        Post::Silent => Some((0, stored)),
        Post::StoredUnsaid | Post::Lost => None,
    }
}

async fn read(connection: &mut TcpStream) -> Option<Seen> {
    let mut bytes = Vec::new();
    let end = loop {
        if let Some(end) = bytes.windows(4).position(|four| four == b"\r\n\r\n") {
            break end;
        }
        if connection.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    };
    let head = String::from_utf8(bytes[..end].to_vec())
        .ok()?
        .to_lowercase();
    let line = String::from_utf8(bytes[..end].to_vec()).ok()?;
    let mut words = line.split(' ');
    let (method, target) = (words.next()?.to_owned(), words.next()?.to_owned());
    let length = head
        .lines()
        .find_map(|it| it.strip_prefix("content-length:"));
    let length: usize = length.map_or(0, |it| it.trim().parse().unwrap());
    while bytes.len() < end + 4 + length {
        if connection.read_buf(&mut bytes).await.ok()? == 0 {
            return None;
        }
    }
    let body = serde_json::from_slice(&bytes[end + 4..]).unwrap_or(Value::Null);
    Some(Seen {
        method,
        target,
        body,
    })
}

pub(crate) fn to_chat(message: Message) -> SendRequest {
    SendRequest::new(Target::conversation(CHAT), message)
}

pub(crate) fn ping() -> SendRequest {
    to_chat(Message::text("ping"))
}

/// Sends, and expects that it is unknown whether it was sent.
pub(crate) async fn doubt(client: &GraphChatClient, request: &SendRequest) -> Evidence {
    let error: Error = client.send(request).await.unwrap_err();
    Evidence::of(&error).unwrap_or_else(|| panic!("{error:?}"))
}

/// The evidence as another process reads it.
pub(crate) fn elsewhere(evidence: &Evidence) -> Evidence {
    Evidence::from_json(&serde_json::to_string(evidence).unwrap()).unwrap()
}

#[track_caller]
pub(crate) fn found(settled: Settled) -> String {
    match settled {
        Settled::Found(receipt) => receipt.message_id.unwrap().as_str().to_owned(),
        other => panic!("{other:?}"),
    }
}

#[track_caller]
pub(crate) fn not_found(settled: Settled) {
    assert!(matches!(settled, Settled::NotFound), "{settled:?}");
}

#[track_caller]
pub(crate) fn cannot_tell(settled: Settled, why: &str) {
    match settled {
        Settled::CannotTell(error) => {
            assert!(error.message().contains(why), "{error}");
            assert_eq!(error.delivery(), ms_messenger_core::Delivery::Unknown);
        }
        other => panic!("{other:?}"),
    }
}
