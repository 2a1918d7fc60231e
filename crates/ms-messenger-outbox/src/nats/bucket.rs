//! One bucket: entries that are read, and changed by compare-and-set.

use std::time::{Duration, SystemTime};

use async_nats::{
    Client, HeaderMap,
    connection::State as Connection,
    jetstream::{
        Context,
        consumer::{DeliverPolicy, push::OrderedConfig},
        context::{PublishError, PublishErrorKind},
        message::PublishMessage,
        publish::PublishAck,
        stream::{RawMessageErrorKind, Stream},
    },
};
use bytes::Bytes;
use futures_util::StreamExt as _;
use tokio::time::{Instant, sleep, timeout};

use super::failure::{of_read, of_write, silent, unavailable};
use crate::error::{OutboxErrorKind, Result};

/// How long a response may take.
pub(super) const PATIENCE: Duration = Duration::from_secs(5);
/// How long a call waits for a lost connection.
const RECONNECT: Duration = Duration::from_secs(2);
/// How often a write is made whose outcome is unknown and that has had no effect yet.
const ATTEMPTS: u32 = 3;
const OPERATION: &str = "KV-Operation";
const DELETED: &str = "DEL";

/// What is stored under a key.
#[derive(Debug)]
pub(super) struct Entry {
    pub(super) revision: u64,
    /// `None` for the mark of a deleted entry.
    pub(super) value: Option<Bytes>,
}

/// Where and when an entry was written.
#[derive(Debug)]
pub(super) struct Trace {
    pub(super) key: String,
    pub(super) revision: u64,
    pub(super) at: SystemTime,
}

/// The stream of one bucket, in the form of a NATS key-value bucket.
#[derive(Clone, Debug)]
pub(super) struct Bucket {
    context: Context,
    pub(super) client: Client,
    pub(super) stream: Stream,
    prefix: String,
}

impl Bucket {
    pub(super) fn new(context: Context, client: Client, stream: Stream, name: &str) -> Self {
        Self {
            context,
            client,
            stream,
            prefix: format!("$KV.{name}."),
        }
    }

    /// The key in a subject of this bucket.
    pub(super) fn key<'s>(&self, subject: &'s str) -> Option<&'s str> {
        subject.strip_prefix(&self.prefix)
    }

    /// Reads an entry, from the leader of the stream.
    pub(super) async fn get(&self, key: &str) -> Result<Option<Entry>> {
        self.connected().await?;
        let subject = format!("{}{key}", self.prefix);
        let read = self.stream.get_last_raw_message_by_subject(&subject);
        let message = match timeout(PATIENCE, read).await.map_err(|_| silent())? {
            Ok(message) => message,
            Err(error) if error.kind() == RawMessageErrorKind::NoMessageFound => return Ok(None),
            Err(error) => return Err(of_read(error)),
        };
        let value = (!is_deletion(Some(&message.headers))).then_some(message.payload);
        Ok(Some(Entry {
            revision: message.sequence,
            value,
        }))
    }

    /// Writes an entry if its revision is still `expected`; 0 if there is none. Returns its revision,
    /// or `None` if another write came first.
    pub(super) async fn put(&self, key: &str, value: Bytes, expected: u64) -> Result<Option<u64>> {
        self.write(key, Some(value), expected).await
    }

    /// Deletes an entry if its revision is still `expected`. Returns whether it did.
    pub(super) async fn delete(&self, key: &str, expected: u64) -> Result<bool> {
        Ok(self.write(key, None, expected).await?.is_some())
    }

    /// Removes an entry without a mark.
    pub(super) async fn remove(&self, key: &str) -> Result<()> {
        self.connected().await?;
        let purge = self.stream.purge().filter(format!("{}{key}", self.prefix));
        let purged = timeout(PATIENCE, purge.into_future()).await;
        let purged = purged.map_err(|_| silent())?;
        purged.map(drop).map_err(|it| silent().with_source(it))
    }

    /// Writes; where the response is lost, the entry says what became of the write.
    async fn write(&self, key: &str, value: Option<Bytes>, expected: u64) -> Result<Option<u64>> {
        let mut error = None;
        for _ in 0..ATTEMPTS {
            self.connected().await?;
            match self.publish(key, value.clone(), expected).await {
                Ok(ack) => return Ok(Some(ack.sequence)),
                Err(it) if it.kind() == PublishErrorKind::WrongLastSequence => {
                    if error.is_none() {
                        return Ok(None);
                    }
                    return self.own(key, value.as_ref()).await;
                }
                Err(it) => {
                    let it = of_write(it);
                    if it.kind() != OutboxErrorKind::Unavailable {
                        return Err(it);
                    }
                    error = Some(it);
                }
            }
            match self.get(key).await {
                Ok(entry) if revision(entry.as_ref()) != expected => {
                    return self.own(key, value.as_ref()).await;
                }
                Ok(_) => {}
                Err(it) => error = Some(it),
            }
        }
        Err(error.unwrap_or_else(silent))
    }

    /// The revision of the entry, if it holds this value: then the write was made.
    async fn own(&self, key: &str, value: Option<&Bytes>) -> Result<Option<u64>> {
        let entry = self.get(key).await?;
        let entry = entry.filter(|it| it.value.as_ref() == value);
        Ok(entry.map(|it| it.revision))
    }

    async fn publish(
        &self,
        key: &str,
        value: Option<Bytes>,
        expected: u64,
    ) -> Result<PublishAck, PublishError> {
        let mut message = PublishMessage::build().expected_last_subject_sequence(expected);
        message = match value {
            Some(value) => message.payload(value),
            None => message.header(OPERATION, DELETED),
        };
        let subject = format!("{}{key}", self.prefix);
        self.context.send_publish(subject, message).await?.await
    }

    /// Waits for a connection, so that nothing is written late that waited for one.
    async fn connected(&self) -> Result<()> {
        let started = Instant::now();
        while self.client.connection_state() != Connection::Connected {
            if started.elapsed() > RECONNECT {
                return Err(unavailable("there is no connection to the NATS server"));
            }
            sleep(Duration::from_millis(20)).await;
        }
        Ok(())
    }

    /// The number of the last write.
    pub(super) async fn last(&self) -> Result<u64> {
        self.connected().await?;
        let info = timeout(PATIENCE, self.stream.get_info()).await;
        let info = info.map_err(|_| silent())?;
        let info = info.map_err(|it| silent().with_source(it))?;
        Ok(info.state.last_sequence)
    }

    /// Where and when entries were written, from a revision on, without their values.
    pub(super) async fn traces(&self, from: u64, most: usize) -> Result<Vec<Trace>> {
        self.connected().await?;
        let config = OrderedConfig {
            deliver_subject: self.client.new_inbox(),
            deliver_policy: DeliverPolicy::ByStartSequence {
                start_sequence: from,
            },
            headers_only: true,
            ..OrderedConfig::default()
        };
        let consumer = timeout(PATIENCE, self.stream.create_consumer(config)).await;
        let consumer = consumer.map_err(|_| silent())?;
        let consumer = consumer.map_err(|it| silent().with_source(it))?;
        let there = usize::try_from(consumer.cached_info().num_pending).unwrap_or(most);
        let messages = timeout(PATIENCE, consumer.messages()).await;
        let messages = messages.map_err(|_| silent())?;
        let mut messages = messages.map_err(|it| silent().with_source(it))?;
        let mut traces = Vec::new();
        while traces.len() < there.min(most) {
            // Fewer come if some are removed meanwhile: the next call looks again.
            let Ok(Some(Ok(message))) = timeout(PATIENCE, messages.next()).await else {
                break;
            };
            let (Ok(info), Some(key)) = (message.info(), self.key(&message.subject)) else {
                continue;
            };
            traces.push(Trace {
                key: key.to_owned(),
                revision: info.stream_sequence,
                at: written_at(info.published.unix_timestamp_nanos()),
            });
            if info.pending == 0 {
                break;
            }
        }
        Ok(traces)
    }

    /// Removes one write from the stream for good.
    pub(super) async fn forget(&self, revision: u64) -> Result<()> {
        self.connected().await?;
        let delete = timeout(PATIENCE, self.stream.delete_message(revision)).await;
        // It is gone already if another process was first.
        delete.map(drop).map_err(|_| silent())
    }
}

fn revision(entry: Option<&Entry>) -> u64 {
    entry.map_or(0, |it| it.revision)
}

/// Whether the headers are those of the mark of a deleted entry.
pub(super) fn is_deletion(headers: Option<&HeaderMap>) -> bool {
    let operation = headers.and_then(|it| it.get(OPERATION));
    operation.is_some_and(|it| it.as_str() != "PUT")
}

/// The time of a write.
pub(super) fn written_at(unix_nanos: i128) -> SystemTime {
    let nanos = u64::try_from(unix_nanos).unwrap_or_default();
    SystemTime::UNIX_EPOCH + Duration::from_nanos(nanos)
}
