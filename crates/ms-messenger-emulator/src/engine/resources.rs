//! The engine: ledger, limits, tokens, ids, faults and the clock, shared by all services.

use std::{
    collections::HashMap,
    future::Future,
    sync::{
        Arc, Mutex, MutexGuard, OnceLock,
        atomic::{AtomicU64, Ordering},
    },
};

use bytes::Bytes;
use serde_json::Value;
use tokio::{runtime::Handle, sync::watch};
use uuid::Uuid;

use crate::{
    engine::{
        activity::Activity,
        addresses::Addresses,
        faults::{engine::FaultEngine, rule::Faults},
        journal::{
            Journal,
            entry::{Entry, Head, Kept, Moment},
        },
        ledger::{
            Ledger,
            present::Change,
            row::{KeptFields, NewRow},
        },
        limits::{
            Throttled,
            bucket::{Limiter, Rate},
            used::UsedRate,
        },
        platform::Platform,
        playback::Playback,
        push::{task::Task, tokens::PushTokens},
        settings::Settings,
        stats::{Event, Stats},
        tokens::{Audience, TokenLife},
    },
    wire::{
        clock::{self, Clock},
        guid,
        jwt::{Claims, TokenKey, VerifyTokenError},
        lock::lock,
        request::Request,
    },
};

/// So many tokens are remembered at most.
const KNOWN_TOKENS: usize = 1000;

/// What all services of one emulator share: ledger, limits, tokens, ids and clock.
///
/// A service locks its own store first and calls the engine while it holds that lock, never the
/// other way round: then a message and its ledger row appear together, and nothing can deadlock.
#[derive(Debug)]
pub struct Engine {
    pub(crate) settings: Settings,
    /// `127.0.0.1:PORT`, for requests that name no host.
    pub(crate) authority: String,
    pub(crate) stats: Stats,
    pub(crate) token_life: TokenLife,
    /// The clock of all services.
    pub(crate) clock: Clock,
    key: TokenKey,
    /// The fault rules, with their counters.
    pub(crate) faults: Mutex<FaultEngine>,
    ledger: Mutex<Ledger>,
    limiter: Mutex<Limiter>,
    /// Counts stored messages and resets, for `wait`.
    changes: watch::Sender<u64>,
    ids: AtomicU64,
    responses: AtomicU64,
    /// How often the emulator was reset.
    resets: AtomicU64,
    /// The claims of tokens that came before, by token.
    known_tokens: Mutex<HashMap<Box<str>, Claims>>,
    start: u64,
    /// The numbers of recorded exchanges.
    last_exchange: AtomicU64,
    /// What the inbox watches.
    pub(crate) activity: Activity,
    /// The tokens of the emulator's own requests.
    pub(crate) push_tokens: PushTokens,
    /// The runtime that serves requests, once it runs.
    runtime: OnceLock<Handle>,
    addresses: OnceLock<Addresses>,
    /// Records what changes the state, if that is kept in a file.
    journal: Option<Arc<Journal>>,
}

impl Engine {
    /// Creates an engine for these platforms; bearer tokens are signed with `key`.
    pub(crate) fn new(
        settings: Settings,
        platforms: impl IntoIterator<Item = Platform>,
        key: TokenKey,
        authority: String,
        faults: Faults,
    ) -> Self {
        let clock = Clock::with_offset(settings.clock_offset_ms);
        Self {
            faults: Mutex::new(FaultEngine::new(faults, settings.seed)),
            ledger: Mutex::new(Ledger::new(settings.keep, &clock)),
            limiter: Mutex::default(),
            clock,
            key,
            settings,
            authority,
            stats: Stats::new(platforms),
            token_life: TokenLife::default(),
            changes: watch::Sender::new(0),
            ids: AtomicU64::new(0),
            responses: AtomicU64::new(0),
            resets: AtomicU64::new(0),
            known_tokens: Mutex::default(),
            start: guid::random_seed(),
            last_exchange: AtomicU64::new(0),
            activity: Activity::new(cfg!(feature = "inbox")),
            push_tokens: PushTokens::default(),
            runtime: OnceLock::new(),
            addresses: OnceLock::new(),
            journal: None,
        }
    }

    /// Returns whether unknown ids are rejected instead of being created on first use:
    /// [`EmulatorBuilder::with_strict`](crate::EmulatorBuilder::with_strict).
    pub fn is_strict(&self) -> bool {
        self.settings.is_strict
    }

    /// Returns the time of the services' clock, in milliseconds since the Unix epoch.
    pub fn now_ms(&self) -> u64 {
        self.clock.now_ms()
    }

    /// Returns a new GUID for something that is stored. The nth one is the same for the same seed.
    pub fn guid(&self) -> Uuid {
        guid::nth(self.settings.seed, self.ids.fetch_add(1, Ordering::Relaxed))
    }

    /// Returns a new id for a response. Ids of responses are unique, even across starts: a client
    /// may take a response with a known id for a duplicate.
    pub fn response_id(&self) -> Uuid {
        guid::nth(self.start, self.responses.fetch_add(1, Ordering::Relaxed))
    }

    /// A number for an exchange that is recorded, from 1.
    pub(crate) fn next_exchange(&self) -> u64 {
        self.last_exchange.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Adds a row for a message of `request`, and returns its number.
    ///
    /// Call it while the lock of the service's own store is held, so that message and row appear
    /// together; the lock of the ledger is taken inside.
    pub fn append(&self, row: NewRow, request: &Request) -> u64 {
        let journal = self.journal.as_ref();
        let Some(journal) = journal.filter(|it| it.keeps_rows_of(row.platform)) else {
            let seq = self.ledger().append(row, request);
            self.note_exchange(request, seq);
            return seq;
        };
        let moment = self.moment();
        let (platform, operation) = (row.platform, row.operation);
        let fields = KeptFields::of(&row);
        let seq = moment.hold(|| self.ledger().append(row, request));
        let head = Head::Row {
            moment,
            seq,
            platform: platform.to_string(),
            operation: operation.to_owned(),
            row: Box::new(fields),
            request: Kept::new(request).without_credentials(),
        };
        journal.add(&Entry {
            head,
            body: request.body.clone(),
        });
        self.note_exchange(request, seq);
        seq
    }

    /// Notes which exchange stored a row.
    fn note_exchange(&self, request: &Request, seq: u64) {
        if request.exchange > 0 {
            self.activity.exchanges().note_row(request.exchange, seq);
        }
    }

    /// Notes what became of the message of that conversation and id.
    pub(crate) fn note_change(
        &self,
        platform: Platform,
        message: (&str, &str),
        change: &Change<'_>,
    ) {
        self.ledger().note_change(platform, message, change);
        self.announce();
    }

    /// Counts one more replay for a row: a retried request got the stored response.
    pub fn add_replay(&self, row: u64) {
        self.ledger().raise_replays(row);
    }

    /// Counts a request against all of `rates`, if documented limits are on
    /// ([`EmulatorBuilder::with_documented_limits`](crate::EmulatorBuilder::with_documented_limits)).
    ///
    /// # Errors
    ///
    /// [`Throttled`] if one of them is exceeded; the request then counts against none.
    pub fn admit(&self, platform: Platform, rates: &[Rate]) -> Result<(), Throttled> {
        if !self.settings.has_limits || self.is_replaying() {
            return Ok(());
        }
        let admitted = {
            let mut limiter = lock(&self.limiter);
            let admitted = limiter.admit(rates, clock::system_ms());
            if let Some(journal) = self.journal().filter(|_| admitted.is_ok()) {
                journal.note_rates(limiter.used(rates));
            }
            admitted
        };
        admitted.map_err(|wait_ms| {
            self.stats.count(platform, Event::Throttled);
            Throttled {
                retry_after: self.settings.retry_after.write(wait_ms, self.now_ms()),
            }
        })
    }

    /// Returns the claims of a bearer token that is valid for `audience` now.
    ///
    /// # Errors
    ///
    /// [`VerifyTokenError`] if the token is garbled, signed with another key, expired, or expired
    /// by a fault.
    pub fn verify(&self, audience: Audience, token: &str) -> Result<Claims, VerifyTokenError> {
        let claims = self.claims(token)?;
        let now = self.now_ms() / 1000;
        if claims.has_expired(now) || self.token_life.has_ended(audience, &claims) {
            return Err(VerifyTokenError::Expired);
        }
        Ok(claims)
    }

    /// Signs `claims` as a bearer token (HS256). The key follows from the seed.
    pub fn sign(&self, claims: &Value) -> String {
        self.key.sign(claims)
    }

    /// Records from now on what changes the state.
    pub(crate) fn with_journal(mut self, journal: Option<Arc<Journal>>) -> Self {
        self.journal = journal;
        self
    }

    /// The record of what changes the state, if it is kept in a file.
    pub(crate) fn journal(&self) -> Option<&Journal> {
        self.journal.as_deref()
    }

    /// The present time, and how many ids were made.
    pub(crate) fn moment(&self) -> Moment {
        Moment {
            at: self.now_ms(),
            ids: self.ids(),
        }
    }

    /// How many ids were made.
    pub(crate) fn ids(&self) -> u64 {
        self.ids.load(Ordering::Relaxed)
    }

    /// Continues the ids from there.
    pub(crate) fn set_ids(&self, ids: u64) {
        self.ids.store(ids, Ordering::Relaxed);
    }

    /// Sets how far the services' clock is ahead of the system's.
    pub(crate) fn set_clock(&self, offset_ms: i64) {
        self.clock.set_offset(offset_ms);
        if let Some(journal) = self.journal() {
            journal.add(&Entry {
                head: Head::Clock { offset_ms },
                body: Bytes::new(),
            });
        }
        self.activity.note_change();
    }

    /// Continues with what was used up of rates.
    pub(crate) fn restore_rates(&self, used: Vec<UsedRate>) {
        lock(&self.limiter).restore(used);
    }

    /// Whether the state of an earlier start is made again.
    pub(crate) fn is_replaying(&self) -> bool {
        self.journal().is_some_and(Journal::is_replaying)
    }

    /// Remembers where clients reach the emulator.
    pub(crate) fn reached_at(&self, addresses: Addresses) {
        // The emulator runs once.
        let _ = self.addresses.set(addresses);
    }

    /// Where clients reach the emulator; `None` before it runs.
    pub(crate) fn addresses(&self) -> Option<&Addresses> {
        self.addresses.get()
    }

    /// Remembers the runtime that serves requests.
    pub(crate) fn run_on(&self, runtime: Handle) {
        // The emulator runs once.
        let _ = self.runtime.set(runtime);
    }

    /// The runtime that serves requests; `None` before it runs.
    pub(crate) fn runtime(&self) -> Option<&Handle> {
        self.runtime.get()
    }

    /// Runs a task until it ends, its handle is dropped, or the emulator ends.
    pub(crate) fn spawn(&self, task: impl Future<Output = ()> + Send + 'static) -> Option<Task> {
        let task = self.runtime()?.spawn(task);
        Some(Task(task.abort_handle()))
    }

    /// The key of all bearer tokens.
    pub(crate) const fn key(&self) -> &TokenKey {
        &self.key
    }

    /// The claims of a token that was signed here. Most requests bring one of a few tokens, which
    /// need not be decoded every time.
    fn claims(&self, token: &str) -> Result<Claims, VerifyTokenError> {
        let mut known = lock(&self.known_tokens);
        if let Some(claims) = known.get(token) {
            return Ok(claims.clone());
        }
        let claims = self.key.read(token)?;
        if known.len() >= KNOWN_TOKENS {
            known.clear();
        }
        known.insert(token.into(), claims.clone());
        Ok(claims)
    }

    /// The ledger; its lock is the innermost of all.
    pub(crate) fn ledger(&self) -> MutexGuard<'_, Ledger> {
        lock(&self.ledger)
    }

    /// What responds in place of the services, unless fault rules are to be seen.
    pub(crate) fn playback(&self) -> Option<&dyn Playback> {
        let playback = self.settings.playback.as_deref()?;
        self.faults().rules.is_empty().then_some(playback)
    }

    /// How often the emulator was reset; separates what began before a reset from what came after it.
    pub(crate) fn resets(&self) -> u64 {
        self.resets.load(Ordering::Acquire)
    }

    /// Wakes all tasks that wait for a message.
    pub(crate) fn announce(&self) {
        self.changes
            .send_modify(|changes| *changes = changes.wrapping_add(1));
        self.activity.wake();
    }

    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.changes.subscribe()
    }

    /// How many requests each rate has held up, by its name.
    pub(crate) fn throttled(&self) -> Value {
        serde_json::json!(lock(&self.limiter).throttled())
    }

    /// Begins a reset: what was begun before finds that it is outdated.
    pub(crate) fn begin_reset(&self) {
        self.clock.set_offset(self.settings.clock_offset_ms);
        self.resets.fetch_add(1, Ordering::AcqRel);
    }

    /// Empties ledger and limits, under the locks of all stores.
    pub(crate) fn clear(&self) {
        *self.ledger() = Ledger::new(self.settings.keep, &self.clock);
        {
            let mut limiter = lock(&self.limiter);
            *limiter = Limiter::default();
            if let Some(journal) = self.journal() {
                journal.begin_again();
            }
        }
        self.activity.exchanges().clear();
    }

    /// Ends a reset: clears faults, expired tokens and statistics, and wakes waiting tasks.
    pub(crate) fn end_reset(&self) {
        self.set_faults(Faults::new());
        self.token_life.reset();
        self.stats.reset();
        self.announce();
    }
}
