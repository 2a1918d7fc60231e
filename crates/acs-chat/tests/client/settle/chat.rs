//! A service with one thread of messages; a test scripts what it stores, confirms and lists.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex, MutexGuard},
    time::{Duration, SystemTime},
};

use acs_chat::{AcsChatBuilder, AcsChatClient};
use ms_messenger_core::{
    Error, Evidence, Message, Messenger as _, SendRequest, Settled, StaticToken, Target,
};
use ms_messenger_testkit::{HttpDouble, ReceivedRequest, Reply};
use serde_json::{Value, json};

pub(crate) const THREAD: &str = "19:a@thread.v2";

/// The reaction of the service to a posted message.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Post {
    /// Stored and confirmed.
    Stored,
    /// Stored, but the connection is closed.
    StoredUnsaid,
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

    /// Stores what was posted now.
    pub(crate) fn store(&mut self, body: &Value) -> Value {
        let id = self.next_id().to_string();
        let message = json!({"id": id, "version": id, "type": "text",
            "createdOn": rfc3339(self.now()), "content": {"message": body["content"]},
            "metadata": body["metadata"]});
        self.messages.push(message.clone());
        message
    }

    /// The messages from the start on that the query of `target` names, the newest first.
    pub(crate) fn since(&self, target: &str) -> Vec<Value> {
        let since = target.split("startTime=").nth(1).unwrap();
        let since = since.split('&').next().unwrap().replace("%3A", ":");
        let since = humantime::parse_rfc3339(&since).unwrap();
        let created = |it: &Value| humantime::parse_rfc3339(it["createdOn"].as_str().unwrap());
        let messages = self.messages.iter().rev();
        let messages = messages.filter(|it| created(it).unwrap() >= since);
        messages.cloned().collect()
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

pub(crate) struct Chat {
    pub(crate) url: String,
    world: Arc<Mutex<World>>,
    _double: HttpDouble,
}

impl Chat {
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

    pub(crate) fn builder(&self) -> AcsChatBuilder {
        AcsChatClient::builder(self.url.as_str(), StaticToken::new("t"))
            .with_client_message_ids(true)
            .with_settling_margin(Duration::ZERO)
    }

    pub(crate) fn client(&self) -> AcsChatClient {
        self.builder().build().unwrap()
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
        Post::Stored => Reply::json(201, &world.store(&request.json())),
        Post::StoredUnsaid => {
            world.store(&request.json());
            Reply::close()
        }
        Post::Lost => Reply::close(),
        Post::Silent => Reply::silence(),
    }
}

pub(crate) fn to_thread(message: Message) -> SendRequest {
    SendRequest::new(Target::conversation(THREAD), message)
}

pub(crate) fn ping() -> SendRequest {
    to_thread(Message::text("ping"))
}

/// Sends, and expects that it is unknown whether it was sent.
pub(crate) async fn doubt(client: &AcsChatClient, request: &SendRequest) -> Evidence {
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
