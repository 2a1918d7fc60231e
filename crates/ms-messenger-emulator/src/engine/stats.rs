//! Counters of what happened, by platform.

use std::sync::atomic::{AtomicU64, Ordering};

use serde_json::{Map, Value, json};

use crate::engine::platform::Platform;

/// What is counted of one platform.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Event {
    /// A connection carried its first request of the platform.
    Connection,
    /// A request under the platform's paths.
    Request,
    /// A message stored for a request.
    Stored,
    /// A request that the service itself refused.
    Rejected,
    /// A fault rule that was applied.
    Fault,
    /// A request above a published rate; it also counts as rejected.
    Throttled,
}

const NAMES: [&str; 6] = [
    "connections",
    "requests",
    "stored",
    "rejected",
    "faults",
    "throttled",
];

/// All counters. Lock-free.
#[derive(Debug)]
pub(crate) struct Stats {
    connections: AtomicU64,
    platforms: Vec<(Platform, Counters)>,
}

type Counters = [AtomicU64; NAMES.len()];

impl Stats {
    /// Counters of these platforms, all zero.
    pub(crate) fn new(platforms: impl IntoIterator<Item = Platform>) -> Self {
        let platforms = platforms.into_iter();
        Self {
            connections: AtomicU64::new(0),
            platforms: platforms.map(|name| (name, Counters::default())).collect(),
        }
    }

    /// A connection was accepted.
    pub(crate) fn connected(&self) {
        self.connections.fetch_add(1, Ordering::Relaxed);
    }

    pub(crate) fn count(&self, platform: Platform, event: Event) {
        let mut platforms = self.platforms.iter();
        if let Some((_, counters)) = platforms.find(|(name, _)| *name == platform) {
            counters[event as usize].fetch_add(1, Ordering::Relaxed);
        }
    }

    pub(crate) fn reset(&self) {
        self.connections.store(0, Ordering::Relaxed);
        for counter in self.platforms.iter().flat_map(|(_, counters)| counters) {
            counter.store(0, Ordering::Relaxed);
        }
    }

    /// The totals, and the same by platform under `platforms`. The total of `connections` also
    /// counts those that carried admin requests only.
    pub(crate) fn to_json(&self) -> Value {
        let mut totals = [0; NAMES.len()];
        let mut platforms = Map::new();
        for (platform, values) in &self.platforms {
            let mut counters = Map::new();
            for (i, name) in NAMES.into_iter().enumerate() {
                let value = values[i].load(Ordering::Relaxed);
                totals[i] += value;
                counters.insert(name.to_owned(), value.into());
            }
            platforms.insert(platform.to_string(), counters.into());
        }
        totals[Event::Connection as usize] = self.connections.load(Ordering::Relaxed);
        let mut all: Map<String, Value> = NAMES
            .into_iter()
            .zip(totals)
            .map(|(name, total)| (name.to_owned(), json!(total)))
            .collect();
        all.insert("platforms".to_owned(), platforms.into());
        all.into()
    }
}
