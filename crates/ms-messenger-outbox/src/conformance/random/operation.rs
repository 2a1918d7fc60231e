//! Random operations.

use std::{
    fmt::Debug,
    sync::Arc,
    time::{Duration, SystemTime},
};

use fastrand::Rng;
use ms_messenger_core::DeliveryStatus;

use super::clock::{GRID, start};
use crate::{
    budget::{Budget, Rate},
    change::Change,
    conformance::{
        bench::{Bench, heads},
        compare::comparable,
        expect::{Outcome, equal, that},
        sample::Sample,
        steps,
    },
    envelope::Hash,
    error::{OutboxErrorKind, Result},
    id::{EnvelopeId, WorkerId},
    memory::MemoryStore,
    message::{Head, NewMessage},
    state::State,
    store::{Beat, Claim, Count, Purge, Query, Report, Store},
    time::whole,
};

const IDS: usize = 40;

/// Two stores side by side.
pub(super) struct Run<'a> {
    bench: &'a Bench<'a>,
    memory: MemoryStore,
    rng: Rng,
    start: SystemTime,
    now: SystemTime,
    was_set_back: bool,
    routes: [String; 2],
    workers: Vec<WorkerId>,
}

impl<'a> Run<'a> {
    pub(super) async fn new(bench: &'a Bench<'a>, seed: u64) -> Outcome<Self> {
        let start = start();
        let mut run = Self {
            bench,
            memory: MemoryStore::new(),
            rng: Rng::with_seed(seed),
            start,
            now: start,
            was_set_back: false,
            routes: ["a", "b"].map(|it| format!("{} {it}", bench.route)),
            workers: Vec::new(),
        };
        for _ in 0..3 {
            run.open().await?;
        }
        Ok(run)
    }

    /// The store, through one of two handles.
    fn store(&mut self) -> Arc<dyn Store> {
        let is_other = self.rng.bool();
        Arc::clone(if is_other {
            self.bench.other
        } else {
            self.bench.store
        })
    }

    pub(super) async fn step(&mut self) -> Outcome {
        match self.rng.u8(..64) {
            0..8 => self.now += GRID,
            8 => return self.set_back().await,
            _ => {}
        }
        match self.rng.u8(..20) {
            0..5 => self.insert().await,
            5..10 => self.claim().await,
            10..15 => self.apply().await,
            15 => self.pause().await,
            16 => self.bury().await,
            17 => self.report().await,
            18 => self.purge().await,
            _ => self.compare_some().await,
        }
    }

    /// The clock is set back, and the routes follow.
    async fn set_back(&mut self) -> Outcome {
        let back = self.hours(9);
        self.was_set_back = true;
        self.now = (self.now - back).max(self.start);
        for route in self.routes.clone() {
            let expected = self.memory.recall(&route, self.now).await?;
            let found = self.store().recall(&route, self.now).await?;
            equal("how many are brought to the clock", &found, &expected)?;
        }
        self.compare_all().await
    }

    fn hours(&mut self, most: u32) -> Duration {
        GRID * self.rng.u32(..=most)
    }

    fn route(&mut self) -> String {
        self.routes[usize::from(self.rng.bool())].clone()
    }

    fn id(&mut self) -> EnvelopeId {
        let i = self.rng.usize(..IDS);
        EnvelopeId::new(format!("{} {i}", self.routes[i % 2]))
    }

    fn sample(&mut self) -> NewMessage {
        let i = self.rng.usize(..IDS);
        let route = self.routes[i % 2].clone();
        let due_at = self.now + self.hours(3);
        let enqueued_at = self.now;
        let mut sample = Sample::new(&route, &i.to_string(), due_at);
        let expires_at = due_at + self.hours(4);
        let target = Hash::of(&[route.as_bytes(), &[self.rng.u8(..3)]]);
        let not_before = [None, Some(due_at)][self.rng.usize(..2)];
        sample = sample.expires(expires_at).with(|head| {
            head.lane = target;
            head.twin = target;
            head.enqueued_at = enqueued_at;
            head.changed_at = enqueued_at;
            head.not_before = not_before;
        });
        if self.rng.bool() {
            sample = sample.ordered(["x", "y"][self.rng.usize(..2)]);
        }
        if self.rng.u8(..8) == 0 {
            sample = sample.other();
        }
        sample.into()
    }

    async fn insert(&mut self) -> Outcome {
        let count = self.rng.usize(1..5);
        let group: Vec<NewMessage> = (0..count).map(|_| self.sample()).collect();
        let expected = self.memory.insert(group.clone()).await;
        let found = self.store().insert(group).await;
        same("insert", found, expected)
    }

    async fn claim(&mut self) -> Outcome {
        let worker = self.workers[self.rng.usize(..self.workers.len())].clone();
        let rate = Some(Rate::new(GRID, 2));
        // One of the two: which of them is asked first is left to the store.
        let budget = match self.rng.u8(..3) {
            0 => Budget::default().with_route(rate),
            1 => Budget::default().with_target(rate),
            _ => Budget::default(),
        };
        let limit = self.rng.u32(1..6);
        let claim = Claim::new(worker, self.route(), limit, self.now).with_budget(budget);
        let expected = self.memory.claim(&claim).await?;
        let found = self.store().claim(&claim).await?;
        let list = |heads: Vec<Head>| heads.iter().map(comparable).collect::<Vec<_>>();
        equal(
            "what is claimed",
            &list(heads(&found)),
            &list(heads(&expected)),
        )?;
        for (found, expected) in found.messages.iter().zip(&expected.messages) {
            that(
                found.content == expected.content,
                "the content of a claimed message",
            )?;
        }
        let Some(latest) = expected.next_at else {
            return Ok(());
        };
        // Times of changes differ a little.
        let latest = latest + Duration::from_secs(600);
        let text = format!(
            "`next_at` no later than {latest:?}, found {:?}",
            found.next_at
        );
        that(found.next_at.is_some_and(|it| it <= latest), text)
    }

    async fn change(&mut self) -> Result<Change> {
        let id = self.id();
        let steps = steps::all(self.now);
        let step = steps[self.rng.usize(..steps.len())].clone();
        let head = self.memory.get(&id).await?.map(|it| it.head);
        let owner = head.as_ref().and_then(|it| it.owner.clone());
        Ok(match (head, owner) {
            (Some(mut head), Some(owner)) if self.rng.u8(..5) > 0 => {
                head.fence -= u64::from(self.rng.u8(..9) == 0);
                Change::by_worker(&head, &owner, step)
            }
            _ => Change::by_person(id, step),
        })
    }

    async fn apply(&mut self) -> Outcome {
        let mut changes = Vec::new();
        for _ in 0..self.rng.usize(1..8) {
            changes.push(self.change().await?);
        }
        let expected = self.memory.apply(changes.clone()).await?;
        let found = self.store().apply(changes.clone()).await?;
        equal("the number of results", &found.len(), &expected.len())?;
        for ((found, expected), change) in found.into_iter().zip(expected).zip(&changes) {
            let (found, expected) = (
                found.map(|it| comparable(&it)),
                expected.map(|it| comparable(&it)),
            );
            same(&format!("apply {:?}", change.step), found, expected)?;
        }
        // Changes of two calls have two times, in both stores.
        let now = whole(SystemTime::now());
        while whole(SystemTime::now()) == now {
            tokio::time::sleep(Duration::from_millis(1)).await;
        }
        Ok(())
    }

    async fn pause(&mut self) -> Outcome {
        let route = self.route();
        let until = match self.rng.u8(..3) {
            0 => self.start + 20 * GRID,
            _ => self.start,
        };
        self.memory.pause(&route, until).await?;
        self.store().pause(&route, until).await?;
        Ok(())
    }

    async fn open(&mut self) -> Outcome {
        let worker = WorkerId::random();
        let beat = Beat::new(worker.clone(), GRID, true);
        self.memory.beat(&beat).await?;
        self.store().beat(&beat).await?;
        self.workers.push(worker);
        Ok(())
    }

    async fn bury(&mut self) -> Outcome {
        let worker = self.workers[self.rng.usize(..self.workers.len())].clone();
        let sessions = self.memory.sessions().await?;
        let Some(session) = sessions.into_iter().find(|it| it.worker == worker) else {
            return Ok(());
        };
        let expected = self.memory.bury(&session, self.now).await?;
        let found = self.store().bury(&session, self.now).await?;
        equal("bury", &found, &expected)?;
        // The buried worker goes on, as one does that was stopped.
        self.workers.retain(|it| self.rng.bool() || *it != worker);
        self.open().await
    }

    async fn report(&mut self) -> Outcome {
        let statuses = [
            DeliveryStatus::Sent,
            DeliveryStatus::Failed,
            DeliveryStatus::Read,
        ];
        let status = statuses[self.rng.usize(..3)];
        let id = format!("conformance-{}", self.rng.u8(1..4));
        let report = Report::new(id, status);
        let expected = self.memory.report(&report).await?;
        let found = self.store().report(&report).await?;
        equal("report", &found, &expected)
    }

    async fn purge(&mut self) -> Outcome {
        let before = match self.rng.u8(..3) {
            0 => SystemTime::now() + GRID,
            _ => self.start,
        };
        let mut purge = Purge::new(before);
        // Else the slots of targets that are still taken when the clock is set back could be deleted.
        purge.now = self.start;
        if self.rng.bool() {
            purge = purge.with_state(State::ALL[self.rng.usize(..State::ALL.len())]);
        }
        let expected = self.memory.purge(&purge).await?;
        let found = self.store().purge(&purge).await?;
        equal("purge", &found, &expected)
    }

    async fn compare_some(&mut self) -> Outcome {
        let id = self.id();
        let key =
            |it: Option<crate::StoredMessage>| it.map(|it| (comparable(&it.head), it.content));
        let expected = key(self.memory.get(&id).await?);
        let found = key(self.store().get(&id).await?);
        equal("get", &found, &expected)?;
        if let Some((head, _)) = expected {
            let twins = |it: crate::Twins| {
                let doubts: Vec<_> = it.doubts.iter().map(comparable).collect();
                (it.sent, it.in_doubt, doubts, it.has_earlier)
            };
            let expected = twins(self.memory.twins(&head.twin, &id).await?);
            let found = twins(self.store().twins(&head.twin, &id).await?);
            equal("twins", &found, &expected)?;
        }
        let (route, was_set_back) = (self.route(), self.was_set_back);
        let counts = async |store: &dyn Store| -> Outcome<Vec<_>> {
            let counts = store.counts().await?;
            let own = counts
                .into_iter()
                .filter(|it| it.route == route && it.messages > 0);
            // Which one is the oldest is left to the store if their times are not in their order.
            let oldest = |it: &Count| it.oldest.filter(|_| !was_set_back);
            let mut own: Vec<_> = own.map(|it| (it.state, it.messages, oldest(&it))).collect();
            own.sort_unstable_by_key(|it| it.0);
            Ok(own)
        };
        let expected = counts(&self.memory).await?;
        let found = counts(&**self.bench.other).await?;
        equal("counts", &found, &expected)
    }

    /// Compares the heads of all messages.
    pub(super) async fn compare_all(&mut self) -> Outcome {
        for route in self.routes.clone() {
            let query = Query::new().with_route(&route).with_limit(1000);
            let expected = self.memory.list(&query).await?;
            let found = self.store().list(&query).await?;
            let list = |heads: Vec<Head>| heads.iter().map(comparable).collect::<Vec<_>>();
            equal("all messages of a route", &list(found), &list(expected))?;
        }
        Ok(())
    }
}

/// Expects the same result, or an error of the same kind.
fn same<T: PartialEq + Debug>(what: &str, found: Result<T>, expected: Result<T>) -> Outcome {
    let kind = |error: crate::OutboxError| -> (OutboxErrorKind, Option<State>) {
        (error.kind(), error.state())
    };
    equal(what, &found.map_err(kind), &expected.map_err(kind))
}
