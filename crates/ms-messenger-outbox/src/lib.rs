#![doc = include_str!("../README.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

mod backoff;
mod budget;
mod change;
#[cfg(feature = "conformance")]
#[cfg_attr(docsrs, doc(cfg(feature = "conformance")))]
pub mod conformance;
mod effect;
mod envelope;
mod error;
mod id;
#[cfg(feature = "encryption")]
mod keys;
mod memory;
mod message;
#[cfg(feature = "metrics")]
mod metrics;
#[cfg(feature = "nats")]
mod nats;
mod outbox;
mod pause;
#[cfg(feature = "postgres")]
mod postgres;
mod settling;
#[cfg(feature = "sqlite")]
mod sqlite;
mod state;
mod step;
mod store;
mod time;
#[cfg(feature = "tracing")]
mod traced;
mod worker;

pub use async_trait::async_trait;
pub use backoff::Backoff;
pub use budget::{Budget, Rate, Slots};
pub use change::{Change, Lease};
pub use envelope::{Envelope, Hash};
pub use error::{OutboxError, OutboxErrorKind, Result};
pub use id::{EnvelopeId, WorkerId};
#[cfg(feature = "encryption")]
#[cfg_attr(docsrs, doc(cfg(feature = "encryption")))]
pub use keys::{ContentKey, ContentKeys};
pub use memory::MemoryStore;
pub use message::{Attempt, Head, NewMessage, StoredMessage};
#[cfg(feature = "nats")]
#[cfg_attr(docsrs, doc(cfg(feature = "nats")))]
pub use nats::{NatsStore, NatsStoreBuilder};
pub use outbox::Outbox;
pub use pause::Pause;
#[cfg(feature = "postgres")]
#[cfg_attr(docsrs, doc(cfg(feature = "postgres")))]
pub use postgres::{PostgresBuilder, PostgresStore};
#[cfg(feature = "sqlite")]
#[cfg_attr(docsrs, doc(cfg(feature = "sqlite")))]
pub use sqlite::SqliteStore;
pub use state::{State, TRANSITIONS};
pub use step::Step;
pub use store::{
    Beat, Claim, Claimed, Count, Inserted, Purge, Query, Report, Session, Store, Twins,
};
pub use worker::{Route, Total, Worker, WorkerBuilder};
