//! What all connections of one emulator share.

use std::collections::HashMap;
use std::sync::atomic::{AtomicU64, Ordering};
use std::sync::{Mutex, MutexGuard, PoisonError};

use serde_json::{Value, json};
use tokio::sync::{Notify, watch};
use uuid::Uuid;

use crate::engine::faults::{FaultAction, FaultEngine, FaultRule, Faults};
use crate::engine::ledger::{Dropped, Ledger};
use crate::engine::limits::{Limiter, RetryAfter};
use crate::engine::platform::Platform;
use crate::engine::stats::Stats;
use crate::engine::tokens::TokenLife;
use crate::seed::Seed;
use crate::services::acs::chat::{self, ErrorStyle};
use crate::services::acs::identity;
use crate::services::acs::messages;
use crate::services::entra::{self, EntraSettings};
use crate::services::graph;
use crate::services::ucwa::{self, UcwaSettings};
use crate::wire::clock::Clock;
use crate::wire::jwt::Claims;
use crate::wire::response::Response;

/// The choices of the builder.
#[derive(Clone, Debug)]
pub(crate) struct Settings {
    pub(crate) seed: u64,
    pub(crate) is_strict: bool,
    pub(crate) max_body: usize,
    pub(crate) graph_message_limit: usize,
    pub(crate) error_style: ErrorStyle,
    /// How many stored messages are kept at most.
    pub(crate) keep: usize,
    pub(crate) has_limits: bool,
    /// Names under which the emulator is reached, beside loopback ones.
    pub(crate) hosts: Vec<String>,
    /// Whether Graph refuses expired tokens with 403 in place of 401.
    pub(crate) graph_forbids_expired: bool,
    /// How far the services' clock is ahead of the system's at the start and after a reset.
    pub(crate) clock_offset_ms: i64,
    pub(crate) retry_after: RetryAfter,
    pub(crate) ucwa: UcwaSettings,
    pub(crate) entra: EntraSettings,
}

/// The world, the stores and the counters of one emulator.
#[derive(Debug)]
pub(crate) struct Shared {
    pub(crate) settings: Settings,
    pub(crate) seed: Seed,
    /// `127.0.0.1:PORT`, for requests that name no host.
    pub(crate) authority: String,
    pub(crate) stats: Stats,
    /// Wakes the keeper of UCWA's time when a nearer deadline was set.
    pub(crate) ucwa_clock: Notify,
    pub(crate) token_life: TokenLife,
    /// The clock of all services.
    pub(crate) clock: Clock,
    faults: Mutex<FaultEngine>,
    state: Mutex<State>,
    /// Counts stored messages and resets, for `wait`.
    changes: watch::Sender<u64>,
    ids: AtomicU64,
    answers: AtomicU64,
    /// How often the world was reset.
    resets: AtomicU64,
    /// The claims of tokens that came before, by token.
    pub(crate) known_tokens: Mutex<HashMap<Box<str>, Claims>>,
    start: u64,
    access_key: Vec<u8>,
}

/// Everything that messages change. One lock, so that a message and its ledger row appear together.
#[derive(Debug)]
pub(crate) struct State {
    pub(crate) ledger: Ledger,
    pub(crate) acs_messages: messages::Store,
    pub(crate) acs_chat: chat::Store,
    pub(crate) identity: identity::Store,
    pub(crate) limiter: Limiter,
    pub(crate) graph: graph::Store,
    pub(crate) ucwa: ucwa::Store,
    pub(crate) entra: entra::Store,
}

impl State {
    fn new(seed: &Seed, keep: usize, clock: &Clock) -> Self {
        Self {
            ledger: Ledger::new(keep, clock),
            acs_messages: messages::Store::new(seed),
            acs_chat: chat::Store::new(seed),
            identity: identity::Store::default(),
            limiter: Limiter::default(),
            graph: graph::Store::new(seed, clock),
            ucwa: ucwa::Store::default(),
            entra: entra::Store::default(),
        }
    }
}

impl Shared {
    pub(crate) fn new(settings: Settings, seed: Seed, authority: String, faults: Faults) -> Self {
        let clock = Clock::with_offset(settings.clock_offset_ms);
        Self {
            faults: Mutex::new(FaultEngine::new(faults, settings.seed)),
            state: Mutex::new(State::new(&seed, settings.keep, &clock)),
            clock,
            access_key: seed.access_key_bytes(),
            settings,
            seed,
            authority,
            stats: Stats::default(),
            token_life: TokenLife::default(),
            ucwa_clock: Notify::new(),
            changes: watch::Sender::new(0),
            ids: AtomicU64::new(0),
            answers: AtomicU64::new(0),
            resets: AtomicU64::new(0),
            known_tokens: Mutex::default(),
            start: start(),
        }
    }

    /// The stores and the ledger; hold it briefly and never across an await.
    pub(crate) fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Lets the platforms forget the messages whose rows the ledger dropped.
    pub(crate) fn forget_dropped(&self) {
        if self.settings.keep == usize::MAX {
            return;
        }
        let state = &mut *self.state();
        for Dropped {
            platform,
            conversation,
            message_id,
        } in state.ledger.take_dropped()
        {
            match platform {
                Platform::AcsMessages => state.acs_messages.forget(&conversation, &message_id),
                Platform::AcsChat => state.acs_chat.forget(&conversation, &message_id),
                Platform::MsgraphChat => state.graph.messages.forget(&conversation, &message_id),
                // UCWA keeps no message beyond its delivery, Entra ID has none.
                Platform::Entra | Platform::Ucwa => {}
            }
        }
    }

    fn fault_engine(&self) -> MutexGuard<'_, FaultEngine> {
        self.faults.lock().unwrap_or_else(PoisonError::into_inner)
    }

    pub(crate) fn faults(&self) -> Faults {
        self.fault_engine().faults().clone()
    }

    pub(crate) fn set_faults(&self, faults: Faults) {
        *self.fault_engine() = FaultEngine::new(faults, self.settings.seed);
    }

    /// Adds a rule before all but the earlier urgent ones.
    pub(crate) fn add_urgent_fault(&self, rule: FaultRule) {
        self.fault_engine().add_urgent(rule, self.settings.seed);
    }

    /// The fault of the next request of that operation, a try of `call`.
    pub(crate) fn decide_fault(
        &self,
        platform: Platform,
        operation: &str,
        call: Option<&str>,
    ) -> Option<FaultAction> {
        self.fault_engine().decide(platform, operation, call)
    }

    /// Milliseconds since the Unix epoch by the services' clock.
    pub(crate) fn now_ms(&self) -> u64 {
        self.clock.now_ms()
    }

    /// How often the world was reset; tells what was begun before a reset from what came after it.
    pub(crate) fn resets(&self) -> u64 {
        self.resets.load(Ordering::Acquire)
    }

    /// The bytes of the ACS access key.
    pub(crate) fn access_key(&self) -> &[u8] {
        &self.access_key
    }

    /// Wakes everybody who waits for a message.
    pub(crate) fn announce(&self) {
        self.changes
            .send_modify(|changes| *changes = changes.wrapping_add(1));
    }

    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// The document of `GET /_emulator/stats`.
    pub(crate) fn stats_json(&self) -> Value {
        let mut document = self.stats.to_json();
        document["throttled_by"] = json!(self.state().limiter.throttled());
        self.state()
            .ucwa
            .add_stats(&mut document["platforms"]["ucwa"]);
        document
    }

    /// Back to the seeded world: stores, ledger, statistics and faults.
    pub(crate) fn reset(&self) {
        let fresh = State::new(&self.seed, self.settings.keep, &self.clock);
        self.clock.set_offset(self.settings.clock_offset_ms);
        self.resets.fetch_add(1, Ordering::AcqRel);
        *self.state() = fresh;
        self.set_faults(Faults::new());
        self.token_life.reset();
        self.stats.reset();
        self.announce();
    }

    /// A fresh GUID. The n-th one is the same for the same seed.
    pub(crate) fn guid(&self) -> Uuid {
        guid(self.settings.seed, self.ids.fetch_add(1, Ordering::Relaxed))
    }

    /// The id of an answer. No two answers have the same one, of other starts neither: a client may
    /// take an answer whose id it knows for a copy.
    pub(crate) fn response_id(&self) -> Uuid {
        guid(self.start, self.answers.fetch_add(1, Ordering::Relaxed))
    }
}

/// What tells this start from all others.
fn start() -> u64 {
    let (high, low) = Uuid::new_v4().as_u64_pair();
    high ^ low
}

/// The n-th GUID of a seed.
fn guid(seed: u64, n: u64) -> Uuid {
    let high = scramble(seed ^ scramble(n));
    let low = scramble(high ^ n);
    let mut bytes = [0; 16];
    bytes[..8].copy_from_slice(&high.to_be_bytes());
    bytes[8..].copy_from_slice(&low.to_be_bytes());
    uuid::Builder::from_random_bytes(bytes).into_uuid()
}

/// One step of SplitMix64.
const fn scramble(n: u64) -> u64 {
    let mut z = n.wrapping_add(0x9E37_79B9_7F4A_7C15);
    z = (z ^ (z >> 30)).wrapping_mul(0xBF58_476D_1CE4_E5B9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94D0_49BB_1331_11EB);
    z ^ (z >> 31)
}

/// What a platform made of a request.
#[derive(Debug)]
pub(crate) struct Outcome {
    pub(crate) response: Response,
    /// Whether a message was stored.
    pub(crate) is_stored: bool,
    /// Kept until the request is answered; a repetition meanwhile finds it still running.
    pub(crate) hold: Option<messages::Hold>,
    /// What a part of a batch wants done to the answer of the whole.
    pub(crate) fault: Option<FaultAction>,
}

impl Outcome {
    pub(crate) fn new(response: Response, is_stored: bool) -> Self {
        Self {
            response,
            is_stored,
            hold: None,
            fault: None,
        }
    }
}
