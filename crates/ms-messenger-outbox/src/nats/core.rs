//! What the operations of a store share: reading a message, and changing it by compare-and-set.

use std::{future::Future, sync::atomic::AtomicU64};

use bytes::Bytes;
use futures_util::future::join_all;

use super::{
    bucket::Bucket,
    failure::{damaged, unavailable},
    mirror::Mirror,
    record::{self, Group, Record, content_key, group_key, message_key, number},
};
use crate::{envelope::Hash, error::Result, message::Head};

/// How many requests of one call are under way at once.
const AT_ONCE: usize = 128;
/// How often a change is computed again because another one came first.
const ROUNDS: u32 = 64;

/// A message as it is stored.
#[derive(Clone, Debug)]
pub(super) struct Stored {
    pub(super) key: Hash,
    pub(super) revision: u64,
    pub(super) record: Record,
}

/// What is stored under the key of a message.
#[derive(Debug)]
pub(super) enum Found {
    /// No message. The revision is that of what is left of one; 0 if nothing is.
    Nothing(u64),
    /// A message of a group that is not complete yet.
    Pending {
        /// The group.
        group: String,
        /// The revision of the group.
        since: u64,
    },
    /// A message.
    Message(Box<Stored>),
}

/// The buckets of a store, and its index.
#[derive(Debug)]
pub(super) struct Core {
    pub(super) bucket: Bucket,
    pub(super) contents: Bucket,
    pub(super) mirror: Mirror,
    /// Up to which write of the contents the last purge looked for abandoned ones.
    pub(super) swept: AtomicU64,
}

impl Core {
    /// Reads what is stored under the key of a message.
    pub(super) async fn find(&self, key: &Hash) -> Result<Found> {
        let Some(entry) = self.bucket.get(&message_key(key)).await? else {
            return Ok(Found::Nothing(0));
        };
        let revision = entry.revision;
        let Some(value) = entry.value else {
            return Ok(Found::Nothing(revision));
        };
        let mut record = record::read_message(key, &value)?;
        if let Some(group) = record.group.clone() {
            let entry = self.bucket.get(&group_key(&group)).await?;
            let Some((since, value)) = entry.and_then(|it| Some((it.revision, it.value?))) else {
                return self.without_group(key, revision).await;
            };
            if !record::read::<Group>(&value)?.is_complete {
                return Ok(Found::Pending { group, since });
            }
            record.head.seq = number(since, record.place);
        } else if record.head.seq == 0 {
            record.head.seq = number(revision, 0);
        }
        let key = *key;
        Ok(Found::Message(Box::new(Stored {
            key,
            revision,
            record,
        })))
    }

    /// A message whose group is gone does not exist, unless it was changed in the meantime: the entry
    /// of a group may go once all its messages were changed.
    async fn without_group(&self, key: &Hash, revision: u64) -> Result<Found> {
        let entry = self.bucket.get(&message_key(key)).await?;
        if entry.is_none_or(|it| it.revision == revision) {
            return Ok(Found::Nothing(revision));
        }
        Err(unavailable("the message is being changed"))
    }

    /// Reads a message.
    pub(super) async fn message(&self, key: &Hash) -> Result<Option<Stored>> {
        match self.find(key).await? {
            Found::Message(stored) => Ok(Some(*stored)),
            _ => Ok(None),
        }
    }

    /// Writes a message back that was changed. Returns its revision, or `None` if another change came
    /// first.
    pub(super) async fn save(&self, stored: &Stored) -> Result<Option<u64>> {
        let mut record = stored.record.clone();
        record.group = None;
        record.write = fastrand::u64(..);
        let key = message_key(&stored.key);
        let value = record::write(&record)?;
        self.bucket.put(&key, value, stored.revision).await
    }

    /// Changes a message, as often as another change comes first. Returns `None` if there is none.
    pub(super) async fn change(
        &self,
        key: &Hash,
        mut change: impl FnMut(&mut Record) -> Result<()> + Send,
    ) -> Result<Option<Head>> {
        for _ in 0..ROUNDS {
            let Some(mut stored) = self.message(key).await? else {
                return Ok(None);
            };
            change(&mut stored.record)?;
            if self.save(&stored).await?.is_some() {
                return Ok(Some(stored.record.head));
            }
        }
        Err(unavailable("the message is changed by too many others"))
    }

    /// Reads the content of a message. `None` if it was erased.
    pub(super) async fn content(&self, key: &Hash, record: &Record) -> Result<Option<Bytes>> {
        let Some(token) = &record.content else {
            return Ok(None);
        };
        let entry = self.contents.get(&content_key(key, token)).await?;
        let value = entry.and_then(|it| it.value);
        let missing = || damaged("the content of the message is missing").with_id(&record.head.id);
        value.map(Some).ok_or_else(missing)
    }

    /// Removes a content that no message has any more. If this fails, it stays, and nothing refers to it.
    pub(super) async fn erase(&self, key: &Hash, token: &str) {
        let _ = self.contents.remove(&content_key(key, token)).await;
    }
}

/// Does something for each item, for many at once. The results are in the order of the items.
pub(super) async fn each<'a, T, F>(
    items: &'a [T],
    make: impl Fn(&'a T) -> F + Send,
) -> Vec<F::Output>
where
    T: Sync,
    F: Future + Send,
    F::Output: Send,
{
    let mut results = Vec::with_capacity(items.len());
    for part in items.chunks(AT_ONCE) {
        let running = join_all(part.iter().map(&make));
        results.extend(running.await);
    }
    results
}
