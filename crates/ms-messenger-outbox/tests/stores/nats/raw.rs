//! What stands in a bucket, without the store.

use async_nats::{
    Client,
    jetstream::{self, stream::Stream},
};
use serde_json::Value;

/// A bucket, by its own connection.
pub(super) struct Raw {
    client: Client,
    stream: Stream,
    bucket: String,
}

impl Raw {
    pub(super) async fn open(client: Client, bucket: &str) -> Self {
        let context = jetstream::new(client.clone());
        let stream = context.get_stream(format!("KV_{bucket}")).await.unwrap();
        Self {
            client,
            stream,
            bucket: bucket.to_owned(),
        }
    }

    pub(super) fn stream(&self) -> &Stream {
        &self.stream
    }

    /// The keys of a kind.
    pub(super) async fn keys(&self, kind: &str) -> Vec<String> {
        let kind = format!("{kind}.");
        let mut keys = self.all_keys().await;
        keys.retain(|it| it.starts_with(&kind));
        keys
    }

    pub(super) async fn all_keys(&self) -> Vec<String> {
        let mut keys = Vec::new();
        let prefix = format!("$KV.{}.", self.bucket);
        let last = self.stream.get_info().await.unwrap().state.last_sequence;
        for sequence in 1..=last {
            if let Ok(message) = self.stream.get_raw_message(sequence).await {
                let key = message.subject.strip_prefix(&prefix).unwrap();
                keys.push(key.to_owned());
            }
        }
        keys
    }

    /// The value of a key as JSON.
    pub(super) async fn get(&self, key: &str) -> Value {
        let subject = format!("$KV.{}.{key}", self.bucket);
        let message = self.stream.get_last_raw_message_by_subject(&subject).await;
        serde_json::from_slice(&message.unwrap().payload).unwrap()
    }

    pub(super) async fn put(&self, key: &str, value: impl Into<Vec<u8>>) {
        let context = jetstream::new(self.client.clone());
        let subject = format!("$KV.{}.{key}", self.bucket);
        let published = context.publish(subject, value.into().into()).await;
        published.unwrap().await.unwrap();
    }
}
