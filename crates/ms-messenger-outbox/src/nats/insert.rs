//! Handing messages over: all of a group or none.

use std::{
    collections::HashMap,
    time::{Duration, Instant, SystemTime},
};

use bytes::Bytes;
use tokio::time::sleep;

use super::{
    core::{Core, Found, each},
    failure::{too_large, unavailable},
    record::{self, GROUP, Group, Record, content_key, group_key, hash, message_key, token},
};
use crate::{
    envelope::Hash,
    error::{OutboxError, OutboxErrorKind, Result},
    id::EnvelopeId,
    memory::conflict,
    message::{Head, NewMessage},
    state::State,
    store::Inserted,
};

/// How long a group of another call may take before it is given up.
const LONGEST: Duration = Duration::from_secs(5);
/// How long the call itself may go on.
const OVERALL: Duration = Duration::from_secs(60);
/// After how long between two writes a process was stopped. It must be shorter than the age at which a
/// purge removes contents.
const STOPPED: Duration = Duration::from_secs(60 * 60);
/// What the subject and the headers of a message take at most.
const ENVELOPE: usize = 1024;

/// A message of this call.
#[derive(Debug)]
struct New {
    key: Hash,
    head: Head,
    content: Bytes,
}

/// A group of another call that is in the way.
#[derive(Debug)]
struct Other {
    group: String,
    since: u64,
}

/// What came of one message in one attempt.
#[derive(Debug)]
enum Put {
    /// It is written, at this revision.
    Written(u64),
    /// It was there.
    Same(State),
    /// It is not written: what is left under its key has this revision.
    Left(u64),
    /// A message of another group is under its key.
    Busy(Other),
}

/// What a call knows so far.
#[derive(Debug, Default)]
struct Progress {
    /// The revisions of what is left under the keys.
    left: HashMap<Hash, u64>,
    /// The messages that were there.
    same: HashMap<Hash, State>,
}

pub(super) async fn insert(core: &Core, messages: Vec<NewMessage>) -> Result<Vec<Inserted>> {
    let (keys, news) = distinct(messages)?;
    check(core, &news)?;
    let started = Instant::now();
    let mut progress = Progress::default();
    while !attempt(core, &news, &mut progress).await? {
        if started.elapsed() > OVERALL {
            let text = "other calls hand over the same messages at the moment";
            return Err(unavailable(text));
        }
        sleep(Duration::from_millis(fastrand::u64(2..30))).await;
    }
    let mut seen = HashMap::new();
    let result = |key: &Hash| match progress.same.get(key) {
        Some(state) => Inserted::Same(*state),
        None if seen.insert(*key, ()).is_some() => Inserted::Same(State::Queued),
        None => Inserted::New,
    };
    Ok(keys.iter().map(result).collect())
}

/// The key of each message, and the messages without those that are the same.
fn distinct(messages: Vec<NewMessage>) -> Result<(Vec<Hash>, Vec<New>)> {
    let mut keys = Vec::with_capacity(messages.len());
    let mut hashes: HashMap<Hash, Hash> = HashMap::new();
    let mut news = Vec::new();
    for NewMessage { head, content } in messages {
        let key = hash(&head.id);
        keys.push(key);
        match hashes.insert(key, head.hash) {
            Some(known) if known != head.hash => return Err(conflict(&head.id)),
            Some(_) => {}
            None => news.push(New { key, head, content }),
        }
    }
    Ok((keys, news))
}

/// Checks the sizes, before anything is written.
fn check(core: &Core, news: &[New]) -> Result<()> {
    if news.len() as u64 > GROUP {
        let text = "a group must have at most 65536 messages";
        return Err(OutboxError::new(OutboxErrorKind::Invalid, text));
    }
    let most = core.contents.client.max_payload();
    let large = news
        .iter()
        .find(|it| it.content.len().saturating_add(ENVELOPE) > most);
    large.map_or(Ok(()), |it| Err(too_large().with_id(&it.head.id)))
}

/// Writes all messages that are not there yet. Returns whether all are there now; else nothing is
/// left of this attempt that counts.
async fn attempt(core: &Core, news: &[New], progress: &mut Progress) -> Result<bool> {
    let fresh = (0..).zip(news);
    let fresh = fresh.filter(|(_, it)| !progress.same.contains_key(&it.key));
    let fresh: Vec<(u64, &New)> = fresh.collect();
    if fresh.is_empty() {
        return Ok(true);
    }
    let token = token();
    let mut since = 0;
    let is_group = fresh.len() > 1;
    if is_group {
        let opened = core
            .bucket
            .put(&group_key(&token), group(false)?, 0)
            .await?;
        since = opened.ok_or_else(|| unavailable("the name of a group is taken"))?;
    }
    let written = &*progress;
    let puts = each(&fresh, |(place, new)| {
        let left = written.left.get(&new.key).copied().unwrap_or_default();
        put(core, new, left, &token, is_group.then_some(*place))
    })
    .await;
    let attempt = Attempt {
        core,
        token: &token,
        since,
        is_group,
    };
    match learn(&fresh, puts, progress) {
        Ok(learned) if learned.is_done() => attempt.complete(&learned, progress).await,
        Ok(learned) => {
            attempt.give_up(&learned.written, false, progress).await?;
            wait_for_others(core, learned.others).await?;
            Ok(false)
        }
        Err((written, error)) => {
            // What cannot be taken back now is not complete, and so does not exist.
            let _ = attempt.give_up(&written, true, progress).await;
            Err(error)
        }
    }
}

/// What was learned from one attempt.
#[derive(Debug, Default)]
struct Learned {
    written: Vec<(Hash, u64)>,
    others: Vec<Other>,
    is_left: bool,
}

impl Learned {
    fn is_done(&self) -> bool {
        self.others.is_empty() && !self.is_left
    }
}

type Unwritten = (Vec<(Hash, u64)>, OutboxError);

fn learn(
    fresh: &[(u64, &New)],
    puts: Vec<Result<Put>>,
    progress: &mut Progress,
) -> Result<Learned, Unwritten> {
    let mut learned = Learned::default();
    let mut failure = None;
    for ((_, new), put) in fresh.iter().zip(puts) {
        match put {
            Ok(Put::Written(revision)) => learned.written.push((new.key, revision)),
            Ok(Put::Same(state)) => {
                progress.same.insert(new.key, state);
            }
            Ok(Put::Left(revision)) => {
                progress.left.insert(new.key, revision);
                learned.is_left = true;
            }
            // What it wrote is its own until it is given up.
            Ok(Put::Busy(other)) => learned.others.push(other),
            Err(error) => {
                let is_worse = error.kind() == OutboxErrorKind::Conflict;
                if failure.is_none() || is_worse {
                    failure = Some(error);
                }
            }
        }
    }
    match failure {
        Some(error) => Err((learned.written, error)),
        None => Ok(learned),
    }
}

/// Writes one message, its content first.
async fn put(core: &Core, new: &New, left: u64, token: &str, place: Option<u64>) -> Result<Put> {
    let began = SystemTime::now();
    let content = content_key(&new.key, token);
    let value = new.content.clone();
    if core.contents.put(&content, value, 0).await?.is_none() {
        return Err(unavailable("the name of a content is taken"));
    }
    let mut head = new.head.clone();
    head.seq = 0;
    let record = Record {
        head,
        content: Some(token.to_owned()),
        group: place.map(|_| token.to_owned()),
        place: place.unwrap_or_default(),
        write: fastrand::u64(..),
    };
    let value = record::write(&record)?;
    let key = message_key(&new.key);
    if let Some(revision) = core.bucket.put(&key, value, left).await? {
        if began.elapsed().is_ok_and(|it| it < STOPPED) {
            return Ok(Put::Written(revision));
        }
        // The process was stopped in between, and a purge may have taken its content for abandoned.
        core.contents.put(&content, new.content.clone(), 0).await?;
        return Ok(Put::Written(revision));
    }
    core.erase(&new.key, token).await;
    in_the_way(core, &new.key, &new.head.id, &new.head.hash).await
}

/// What is under the key of a message that could not be written.
async fn in_the_way(core: &Core, key: &Hash, id: &EnvelopeId, hash: &Hash) -> Result<Put> {
    match core.find(key).await.map_err(|it| it.with_id(id))? {
        Found::Nothing(revision) => Ok(Put::Left(revision)),
        Found::Pending { group, since } => Ok(Put::Busy(Other { group, since })),
        Found::Message(stored) if stored.record.head.hash == *hash => {
            Ok(Put::Same(stored.record.head.state))
        }
        Found::Message(_) => Err(conflict(id)),
    }
}

/// Waits until the groups of other calls are complete or given up. One that takes too long is given
/// up here: its process died.
async fn wait_for_others(core: &Core, others: Vec<Other>) -> Result<()> {
    let started = Instant::now();
    for Other { group, since } in others {
        let key = group_key(&group);
        loop {
            let entry = core.bucket.get(&key).await?;
            if entry.is_none_or(|it| it.revision != since) {
                break;
            }
            if started.elapsed() > LONGEST {
                core.bucket.delete(&key, since).await?;
                break;
            }
            sleep(Duration::from_millis(20)).await;
        }
    }
    Ok(())
}

/// What one attempt wrote.
#[derive(Debug)]
struct Attempt<'a> {
    core: &'a Core,
    token: &'a str,
    since: u64,
    is_group: bool,
}

impl Attempt<'_> {
    /// Makes the messages of the group exist, in one write.
    async fn complete(self, learned: &Learned, progress: &mut Progress) -> Result<bool> {
        if !self.is_group {
            return Ok(true);
        }
        if learned.written.is_empty() {
            self.give_up(&[], true, progress).await?;
            return Ok(true);
        }
        let key = group_key(self.token);
        let completed = self.core.bucket.put(&key, group(true)?, self.since).await?;
        if completed.is_some() {
            return Ok(true);
        }
        // Another call took this one for dead.
        self.give_up(&learned.written, false, progress).await?;
        Ok(false)
    }

    /// Gives the group up: its messages never exist. `is_last` if no other attempt writes over them.
    async fn give_up(
        self,
        written: &[(Hash, u64)],
        is_last: bool,
        progress: &mut Progress,
    ) -> Result<()> {
        let core = self.core;
        if self.is_group {
            let key = group_key(self.token);
            core.bucket.delete(&key, self.since).await?;
        }
        let undone = each(written, |(key, revision)| async move {
            core.erase(key, self.token).await;
            if is_last {
                core.bucket.delete(&message_key(key), *revision).await?;
            }
            Ok(())
        })
        .await;
        progress.left.extend(written.iter().copied());
        undone.into_iter().collect()
    }
}

fn group(is_complete: bool) -> Result<Bytes> {
    record::write(&Group {
        is_complete,
        write: fastrand::u64(..),
    })
}
