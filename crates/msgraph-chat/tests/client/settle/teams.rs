//! A service with one list of messages; a test scripts what it stores, confirms and lists.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, SystemTime},
};

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ms_messenger_core::{
    Error, Evidence, Message, Messenger as _, SendRequest, Settled, StaticToken, Target,
};
use ms_messenger_testkit::{HttpDouble, ReceivedRequest, Reply};
use msgraph_chat::{GraphChatBuilder, GraphChatClient};
use serde_json::{Value, json};

pub(crate) const OWN: &str = "8ea0e38b-efb3-4757-924a-5f94061cf8c2";
pub(crate) const OTHER: &str = "11111111-efb3-4757-924a-5f94061cf8c2";
pub(crate) const CHAT: &str = "19:a@thread.v2";
pub(crate) const TEAM: &str = "fbe2bf47-16c8-47cf-b4a5-4b9b187c508b";

/// The reaction of the service to a posted message.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Post {
    /// Stored and confirmed.
    Stored,
    /// Stored, but the connection is closed.
    StoredUnsaid,
    /// Stored, but the response has no id.
    Unreadable,
    /// Not stored, and the connection is closed.
    Lost,
    /// Not stored, and there is no response.
    Silent,
}

type Dates = Box<dyn FnMut(&str) -> Option<String> + Send>;
type Show = Box<dyn FnMut(&mut World, &str) -> Value + Send>;

#[derive(Default)]
pub(crate) struct World {
    pub(crate) messages: Vec<Value>,
    pub(crate) posts: VecDeque<Post>,
    pub(crate) seen: Vec<ReceivedRequest>,
    /// How far the clock is ahead, in seconds; `None` for a service that sends no `Date`.
    pub(crate) ahead: Option<i64>,
    /// The `Date` of the response to each method, instead of that of the clock; `None` for none.
    pub(crate) date: Option<Dates>,
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

/// The `Date` of a clock that is this many seconds ahead of that of this machine.
pub(crate) fn date(ahead: i64) -> String {
    httpdate::fmt_http_date(ahead_by(ahead, SystemTime::now()))
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
    _double: HttpDouble,
}

impl Teams {
    /// The reactions to the posted messages; further ones are stored.
    pub(crate) async fn start(posts: impl IntoIterator<Item = Post>) -> Self {
        let world = Arc::new(Mutex::new(World {
            posts: posts.into_iter().collect(),
            ahead: Some(0),
            ..World::default()
        }));
        let shared = Arc::clone(&world);
        let double = HttpDouble::start(move |request| {
            let mut world = shared.lock().unwrap();
            world.seen.push(request.clone());
            let date = match world.date.as_mut() {
                Some(date) => date(&request.method),
                None => world.ahead.map(|_| httpdate::fmt_http_date(world.now())),
            };
            let reply = respond(&mut world, request);
            match date {
                Some(date) => reply.with_header("date", &date),
                None => reply.without_date(),
            }
        })
        .await
        .unwrap();
        Self {
            url: double.url().to_owned(),
            world,
            _double: double,
        }
    }

    pub(crate) fn world(&self) -> MutexGuard<'_, World> {
        self.world.lock().unwrap()
    }

    /// Sets the response to each request that reads.
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

    /// Returns the requests that read since the last post; checks that there were no others.
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

fn respond(world: &mut World, request: &ReceivedRequest) -> Reply {
    if request.target == "/chats" {
        return match world.posts.front() {
            Some(Post::Silent) => Reply::silence(),
            _ => Reply::json(201, &json!({"id": CHAT})),
        };
    }
    if request.method == "GET" {
        let Some(mut show) = world.show.take() else {
            return Reply::json(200, &json!({"value": world.newest_first()}));
        };
        let shown = show(world, &request.target);
        world.show = Some(show);
        let status = shown["status"].as_u64().unwrap_or(200);
        return Reply::json(status as u16, &shown);
    }
    match world.posts.pop_front().unwrap_or(Post::Stored) {
        Post::Stored => Reply::json(201, &world.store(OWN, &request.json())),
        Post::StoredUnsaid => {
            world.store(OWN, &request.json());
            Reply::close()
        }
        Post::Unreadable => {
            world.store(OWN, &request.json());
            Reply::json(201, &json!({}))
        }
        Post::Lost => Reply::close(),
        Post::Silent => Reply::silence(),
    }
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
