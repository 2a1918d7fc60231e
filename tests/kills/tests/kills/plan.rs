//! What is done: from the environment, with a seed that is printed.

use std::{env, time::Duration};

/// The stores that a run can use, by the names of `KILLS_STORES`.
const STORES: &[&str] = &["sqlite", "postgres", "nats"];

/// How many kills, on which stores, and the seed of everything random.
#[derive(Clone, Debug)]
pub(crate) struct Plan {
    pub(crate) kills: usize,
    pub(crate) seed: u64,
    pub(crate) stores: Vec<String>,
    filter: Option<String>,
}

impl Plan {
    /// How many worker processes run at a time.
    pub(crate) const WORKERS: usize = 4;
    /// Messages per kill.
    pub(crate) const MESSAGES: usize = 4;
    /// The lease of a worker.
    pub(crate) const LEASE: Duration = Duration::from_millis(800);
    /// How long one send may take.
    pub(crate) const ATTEMPT: Duration = Duration::from_millis(1_000);
    /// How long after the end of an attempt its message can appear: longer than the longest delay of
    /// the faults, and than a busy machine takes to store it.
    pub(crate) const MARGIN: Duration = Duration::from_millis(2_500);

    pub(crate) fn from_environment() -> Self {
        let number = |name: &str| env::var(name).ok().and_then(|it| it.parse().ok());
        let seed = number("KILLS_SEED").unwrap_or_else(|| u64::from(std::process::id()));
        let stores = env::var("KILLS_STORES").unwrap_or_else(|_| "sqlite".to_owned());
        let stores: Vec<String> = stores.split(',').map(str::to_owned).collect();
        for store in &stores {
            assert!(STORES.contains(&store.as_str()), "KILLS_STORES: {store}");
        }
        let filter = env::args().skip(1).find(|it| !it.starts_with('-'));
        let kills = number("KILLS").unwrap_or(20);
        println!("KILLS={kills} KILLS_SEED={seed}");
        Self {
            kills: usize::try_from(kills).unwrap(),
            seed,
            stores,
            filter,
        }
    }

    /// Whether the filter of `cargo test` lets this program run.
    pub(crate) fn is_wanted(&self) -> bool {
        let is_listed = env::args().any(|it| it == "--list");
        let name = "kills";
        !is_listed
            && self
                .filter
                .as_ref()
                .is_none_or(|it| name.contains(it.as_str()))
    }
}

/// Random numbers of a seed (SplitMix64).
#[derive(Debug)]
pub(crate) struct Random(u64);

impl Random {
    pub(crate) fn new(seed: u64) -> Self {
        Self(seed)
    }

    pub(crate) fn below(&mut self, limit: u64) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        (z ^ (z >> 31)) % limit
    }
}
