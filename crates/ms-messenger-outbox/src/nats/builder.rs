//! How a store in NATS is opened.

use std::time::Duration;

use async_nats::{
    Client,
    jetstream::{
        Context, ContextBuilder,
        context::CreateStreamErrorKind,
        stream::{Config, DiscardPolicy, StorageType, Stream},
    },
};
use ms_messenger_core::Problems;
use tokio::time::timeout;

use super::{
    bucket::{Bucket, PATIENCE},
    failure::{damaged, disabled, is_missing, no_outbox, of_get, of_jetstream, silent},
    record::{self, SCHEMA, Schema, VERSION},
    secure::demand_tls,
    store::NatsStore,
};
use crate::error::{OutboxError, OutboxErrorKind, Result};

const DEFAULT: &str = "ms_messenger_outbox";

/// How a [`NatsStore`] is opened.
///
/// ```
/// use ms_messenger_outbox::NatsStore;
///
/// let builder = NatsStore::builder().with_bucket("orders").with_replicas(3);
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct NatsStoreBuilder {
    bucket: String,
    replicas: usize,
    max_bytes: Option<u64>,
    creates: bool,
}

impl Default for NatsStoreBuilder {
    fn default() -> Self {
        Self {
            bucket: DEFAULT.to_owned(),
            replicas: 1,
            max_bytes: None,
            creates: true,
        }
    }
}

impl NatsStoreBuilder {
    /// Sets the name of the bucket, `ms_messenger_outbox` by default: letters, digits, `-` and `_`, at
    /// most 100. The contents are in a second one, whose name ends with `_contents`.
    pub fn with_bucket(mut self, bucket: impl Into<String>) -> Self {
        self.bucket = bucket.into();
        self
    }

    /// Sets how many servers keep each message, 1 by default, when the buckets are created: 1 to 5.
    pub fn with_replicas(mut self, replicas: usize) -> Self {
        self.replicas = replicas;
        self
    }

    /// Sets the most bytes of stored contents, unlimited by default, when the buckets are created.
    /// When they are used up, no more messages are handed over, and workers go on.
    pub fn with_max_bytes(mut self, bytes: u64) -> Self {
        self.max_bytes = Some(bytes);
        self
    }

    /// Sets whether the buckets are created if there are none. Default `true`; with `false`, that is the
    /// error `NoOutbox`.
    pub fn with_creation(mut self, creates: bool) -> Self {
        self.creates = creates;
        self
    }

    /// Connects to a server and opens the store, e.g. `nats://user:password@host:4222`. Lost
    /// connections are made again.
    ///
    /// A server on another machine is called over TLS, and so is one on this machine by `tls://` or if
    /// it demands it; that needs the feature `rustls-ring`. Trusted are the authorities of the system
    /// (on Linux, those of `SSL_CERT_FILE`).
    ///
    /// # Errors
    ///
    /// `Unavailable` if there is no server; `Denied` if it refuses the credentials, offers no TLS, or its
    /// certificate is not trusted; `Invalid` for the address, or if TLS is needed and not built in; those of [`open`](Self::open).
    pub async fn connect(self, url: &str) -> Result<NatsStore> {
        self.check()?;
        let options = async_nats::ConnectOptions::new()
            .name("ms-messenger-outbox")
            .reconnect_delay_callback(|_| Duration::from_millis(200));
        let connected = demand_tls(options, url)?.connect(url).await;
        let client = connected.map_err(|it| {
            // The cause may repeat the address, and the password in it.
            let denied = OutboxErrorKind::Denied;
            let (kind, text) = match it.kind() {
                async_nats::ConnectErrorKind::ServerParse => (
                    OutboxErrorKind::Invalid,
                    "the address of the NATS server is invalid",
                ),
                async_nats::ConnectErrorKind::Authentication
                | async_nats::ConnectErrorKind::AuthorizationViolation => {
                    (denied, "the NATS server refuses the credentials")
                }
                _ if is_of_certificate(&it) => (
                    denied,
                    "the certificate of the NATS server is not trusted, or is that of another host",
                ),
                async_nats::ConnectErrorKind::Tls => {
                    (denied, "no TLS connection to the NATS server can be made")
                }
                _ => (
                    OutboxErrorKind::Unavailable,
                    "the NATS server cannot be reached",
                ),
            };
            OutboxError::new(kind, text)
        })?;
        self.open(client).await
    }

    /// Opens the store over a connection of the caller, with its own credentials and TLS. The buckets
    /// are created if there are none.
    ///
    /// # Errors
    ///
    /// `Invalid` for a name or a number that breaks its rule, or a bucket that was not made for an
    /// outbox; `NoOutbox` for a bucket that another program uses; `Unavailable` if JetStream is disabled or does not respond; `NewerSchema`.
    pub async fn open(self, client: Client) -> Result<NatsStore> {
        self.check()?;
        let context = ContextBuilder::new()
            .timeout(PATIENCE)
            .backpressure_on_inflight(true)
            .build(client.clone());
        self.check_bucket(&context, &client).await?;
        let contents = format!("{}_contents", self.bucket);
        let max_bytes = self
            .max_bytes
            .map_or(-1, |it| i64::try_from(it).unwrap_or(-1));
        let stream = self.stream(&context, &contents, max_bytes).await?;
        let contents = Bucket::new(context.clone(), client.clone(), stream, &contents);
        let stream = self.stream(&context, &self.bucket, -1).await?;
        let bucket = Bucket::new(context, client, stream, &self.bucket);
        check_schema(&bucket).await?;
        Ok(NatsStore::new(bucket, contents))
    }

    fn check(&self) -> Result<()> {
        let mut problems = Problems::new();
        let is_named = |it: char| it.is_ascii_alphanumeric() || it == '-' || it == '_';
        let length = self.bucket.len();
        if length == 0 || length > 100 || !self.bucket.chars().all(is_named) {
            problems.add("bucket", "must be 1 to 100 letters, digits, `-` and `_`");
        }
        if !(1..=5).contains(&self.replicas) {
            problems.add("replicas", "must be 1 to 5");
        }
        let checked = problems.into_result(ms_messenger_core::ErrorKind::InvalidRequest);
        checked.map_err(|error| OutboxError::invalid(&error))
    }

    /// Checks, before anything is created, that there is no bucket, or that of an outbox.
    async fn check_bucket(&self, context: &Context, client: &Client) -> Result<()> {
        let name = format!("KV_{}", self.bucket);
        let found = timeout(2 * PATIENCE, context.get_stream(name)).await;
        let stream = match found.map_err(|_| silent())? {
            Ok(stream) => stream,
            Err(error) if is_missing(&error) && self.creates => return Ok(()),
            Err(error) if is_missing(&error) => return Err(no_outbox("there is no such bucket")),
            Err(error) => return Err(of_get(error)),
        };
        let is_empty = stream.cached_info().state.messages == 0;
        let bucket = Bucket::new(context.clone(), client.clone(), stream, &self.bucket);
        match (bucket.get(SCHEMA).await?, is_empty) {
            (Some(_), _) => Ok(()),
            (None, true) if self.creates => Ok(()),
            (None, true) => Err(no_outbox("the bucket is empty")),
            (None, false) => Err(no_outbox("another program uses the bucket")),
        }
    }

    /// The stream of a bucket, in the form of a NATS key-value bucket.
    async fn stream(&self, context: &Context, name: &str, max_bytes: i64) -> Result<Stream> {
        let config = Config {
            name: format!("KV_{name}"),
            subjects: vec![format!("$KV.{name}.>")],
            max_messages_per_subject: 1,
            max_bytes,
            discard: DiscardPolicy::New,
            storage: StorageType::File,
            num_replicas: self.replicas,
            allow_rollup: true,
            ..Config::default()
        };
        let opened = timeout(2 * PATIENCE, context.get_or_create_stream(config)).await;
        let opened = opened.map_err(|_| silent())?;
        let stream = opened.map_err(|it| match it.kind() {
            CreateStreamErrorKind::JetStream(error) => of_jetstream(&error),
            CreateStreamErrorKind::JetStreamUnavailable => disabled().with_source(it),
            _ => silent().with_source(it),
        })?;
        let config = &stream.cached_info().config;
        // Any other policy could delete messages that are not sent yet.
        let is_ours = config.max_messages_per_subject == 1
            && config.discard == DiscardPolicy::New
            && config.max_age.is_zero()
            && config.storage == StorageType::File;
        if is_ours {
            return Ok(stream);
        }
        let text = "the bucket was not made for an outbox: it must have a history of 1, no age, \
            files, and discard new messages";
        Err(OutboxError::new(OutboxErrorKind::Invalid, text))
    }
}

/// Whether the certificate of the server was rejected.
fn is_of_certificate(error: &async_nats::ConnectError) -> bool {
    let mut source = std::error::Error::source(error);
    while let Some(it) = source {
        if it.to_string().contains("invalid peer certificate") {
            return true;
        }
        source = it.source();
    }
    false
}

/// Writes the version of the entries into a new bucket, or checks it.
async fn check_schema(bucket: &Bucket) -> Result<()> {
    loop {
        let entry = bucket.get(SCHEMA).await?;
        let revision = entry.as_ref().map_or(0, |it| it.revision);
        let Some(value) = entry.and_then(|it| it.value) else {
            let schema = record::write(&Schema { version: VERSION })?;
            if bucket.put(SCHEMA, schema, revision).await?.is_some() {
                return Ok(());
            }
            continue;
        };
        let schema = record::read::<Schema>(&value);
        let schema = schema.map_err(|_| damaged("the version of the bucket cannot be read"))?;
        if schema.version > VERSION {
            let text = "the bucket was made by a newer version";
            return Err(OutboxError::new(OutboxErrorKind::NewerSchema, text));
        }
        return Ok(());
    }
}
