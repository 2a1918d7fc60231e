//! Two workers and one message, explored exhaustively with crashes and stops at every step. What is
//! stored changes by the real [`Change::apply`] only.
//!
//! Assumed, and tested elsewhere: a worker that runs is never silent for a lease; nothing stops it
//! between its last look at the clock and the write to the socket; after the time that settling
//! waits for, nothing of an earlier attempt can still appear.

use std::{fmt, time::SystemTime};

use ms_messenger_core::{Evidence, IdempotencyKey, Uuid};
use ms_messenger_outbox::{Attempt, Change, Head, State, Step, WorkerId};
use serde_json::Value;
use stateright::{Checker as _, Model, Property};

use crate::platform::{envelope, outbox};

/// What the platform can do about an unknown outcome.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Platform {
    /// It can be asked for the message.
    Asked,
    /// It removes duplicates by key, and cannot be asked.
    Keys,
    /// Neither.
    Mute,
}

/// A rule that is left out, so that the model must fail.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Without {
    Nothing,
    /// A worker sends when it goes on after its lease.
    LookAtTheClock,
    /// A worker changes what is not its own any more.
    Fence,
    /// Absence is believed while the message can still appear.
    Patience,
    /// It is not stored that an attempt begins.
    Journal,
}

struct Outboxes {
    platform: Platform,
    without: Without,
    head: Head,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct World {
    stored: Stored,
    workers: [Worker; 2],
    /// Messages that have left and have not arrived.
    in_flight: u8,
    /// Messages that the platform shows.
    shown: u8,
    crashes: u8,
    stops: u8,
}

/// What the store has of the message.
#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Stored {
    state: State,
    owner: Option<Session>,
    fence: u64,
    has_attempt: bool,
}

/// A worker and the number of its session.
type Session = (u8, u8);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Worker {
    session: u8,
    is_buried: bool,
    /// It stands still, or stood still for longer than its lease.
    is_late: bool,
    is_stopped: bool,
    at: At,
}

/// Where a worker is, with the fence of its lease.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
enum At {
    Idle,
    Dead,
    Claimed(u64),
    Begun(u64),
    /// Again, under the key of an attempt whose outcome is unknown.
    BegunAgain(u64),
    Waits(u64),
    Settles(u64),
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Action {
    Claim(u8),
    Begin(u8),
    Leave(u8),
    /// The response says that it is stored.
    Accepted(u8),
    /// The response is lost.
    Unknown(u8),
    /// The platform refused it for the moment: proven not sent.
    NotSent(u8),
    Settle(u8),
    Crash(u8),
    Restart(u8),
    Stop(u8),
    GoOn(u8),
    /// A worker buries the other one.
    Bury(u8),
    /// A message that has left arrives, or is lost on its way.
    Arrives,
    Vanishes,
    Cancel,
}

impl fmt::Debug for Outboxes {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{:?} without {:?}", self.platform, self.without)
    }
}

impl Outboxes {
    fn new(platform: Platform, without: Without) -> Self {
        let head = outbox().prepare(&envelope("a", "x")).unwrap().head;
        Self {
            platform,
            without,
            head,
        }
    }

    fn head(&self, stored: &Stored) -> Head {
        let mut head = self.head.clone();
        head.state = stored.state;
        head.owner = stored.owner.map(worker_id);
        head.fence = stored.fence;
        head.attempt = stored.has_attempt.then(attempt);
        head
    }

    /// Applies a step as the store does. Returns whether it was made.
    fn apply(&self, world: &mut World, by: Option<(Session, u64)>, step: Step) -> bool {
        let mut head = self.head(&world.stored);
        let mut change = match by {
            Some((session, fence)) => {
                let mut seen = head.clone();
                seen.fence = fence;
                Change::by_worker(&seen, &worker_id(session), step)
            }
            None => Change::by_person(head.id.clone(), step),
        };
        if let (Without::Fence, Some(lease)) = (self.without, &mut change.lease) {
            lease.fence = head.fence;
            lease.worker = head.owner.clone().unwrap_or(lease.worker.clone());
            head.owner = Some(lease.worker.clone());
        }
        if change.apply(&mut head, SystemTime::now()).is_err() {
            return false;
        }
        world.stored = Stored {
            state: head.state,
            owner: head.owner.as_ref().map(session_of),
            fence: head.fence,
            has_attempt: head.attempt.is_some(),
        };
        true
    }

    fn settle(&self, world: &mut World, i: usize, fence: u64) {
        let by = Some((world.session(i), fence));
        let is_over = world.in_flight == 0 || self.without == Without::Patience;
        let step = match self.platform {
            Platform::Asked if world.shown > 0 => sent(),
            Platform::Asked if is_over => requeue(),
            Platform::Asked => return,
            Platform::Mute => Step::Park { error: Value::Null },
            Platform::Keys => {
                // Again under the same key.
                let is_noted = self.apply(world, by, Step::Begin(attempt()));
                world.workers[i].at = if is_noted {
                    At::BegunAgain(fence)
                } else {
                    At::Idle
                };
                return;
            }
        };
        self.apply(world, by, step);
        world.workers[i].at = At::Idle;
    }
}

impl World {
    fn session(&self, i: usize) -> Session {
        (u8::try_from(i).unwrap(), self.workers[i].session)
    }

    /// The worker opens a new session if it lost the one before.
    fn renew(&mut self, i: usize) {
        let worker = &mut self.workers[i];
        if worker.is_buried {
            worker.session += 1;
            worker.is_buried = false;
        }
        worker.is_late = false;
    }
}

fn worker_id((i, session): Session) -> WorkerId {
    WorkerId::from_stored(format!("{i}.{session}"))
}

fn session_of(id: &WorkerId) -> Session {
    let (i, session) = id.as_str().split_once('.').unwrap();
    (i.parse().unwrap(), session.parse().unwrap())
}

fn attempt() -> Attempt {
    let time = SystemTime::UNIX_EPOCH;
    let mut evidence = Evidence::new(time);
    evidence.idempotency = Some(IdempotencyKey::new(Uuid::nil(), time));
    Attempt::new(evidence, time, time)
}

fn sent() -> Step {
    Step::Sent {
        receipt: None,
        erase: false,
        attempts: 1,
    }
}

fn requeue() -> Step {
    Step::Requeue {
        due_at: SystemTime::UNIX_EPOCH,
        error: None,
        attempts: 1,
        is_failure: true,
    }
}

impl Model for Outboxes {
    type State = World;
    type Action = Action;

    fn init_states(&self) -> Vec<World> {
        let worker = Worker {
            session: 0,
            is_buried: false,
            is_late: false,
            is_stopped: false,
            at: At::Idle,
        };
        vec![World {
            stored: Stored {
                state: State::Queued,
                owner: None,
                fence: 0,
                has_attempt: false,
            },
            workers: [worker.clone(), worker],
            in_flight: 0,
            shown: 0,
            crashes: 2,
            stops: 1,
        }]
    }

    fn actions(&self, world: &World, actions: &mut Vec<Action>) {
        if world.in_flight > 0 {
            actions.extend([Action::Arrives, Action::Vanishes]);
        }
        if world.stored.state == State::Queued {
            actions.push(Action::Cancel);
        }
        for (i, worker) in (0_u8..).zip(&world.workers) {
            if worker.at == At::Dead {
                actions.push(Action::Restart(i));
                continue;
            }
            if world.crashes > 0 {
                actions.push(Action::Crash(i));
            }
            if worker.is_stopped {
                actions.push(Action::GoOn(i));
                continue;
            }
            if world.stops > 0 {
                actions.push(Action::Stop(i));
            }
            let other = &world.workers[usize::from(1 - i)];
            let is_silent = other.at == At::Dead || other.is_stopped || other.is_late;
            if is_silent && !other.is_buried {
                actions.push(Action::Bury(i));
            }
            let open = matches!(world.stored.state, State::Queued | State::Sending);
            match worker.at {
                At::Idle if open && world.stored.owner.is_none() => actions.push(Action::Claim(i)),
                At::Claimed(_) => actions.push(Action::Begin(i)),
                At::Begun(_) | At::BegunAgain(_) => {
                    actions.extend([Action::Leave(i), Action::NotSent(i)]);
                }
                At::Waits(_) => {
                    actions.push(Action::Unknown(i));
                    if world.shown > 0 {
                        actions.push(Action::Accepted(i));
                    }
                }
                At::Settles(_) => actions.push(Action::Settle(i)),
                _ => {}
            }
        }
    }

    fn next_state(&self, last: &World, action: Action) -> Option<World> {
        let mut world = last.clone();
        self.step(&mut world, action);
        // What changes nothing is no step: waiting for a verdict, for example.
        (world != *last).then_some(world)
    }

    /// Each lease and each retry raises the fence: so many are enough for every crash and stop.
    fn within_boundary(&self, world: &World) -> bool {
        world.stored.fence <= 4
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("nothing is sent twice", |_, world: &World| {
                world.shown + world.in_flight <= 1
            }),
            Property::always(
                "nothing is claimed that is not there",
                |_, world: &World| world.stored.state != State::Sent || world.shown == 1,
            ),
            Property::always("nothing is denied that is there", |_, world: &World| {
                let denies = matches!(
                    world.stored.state,
                    State::Queued | State::Cancelled | State::Refused | State::Expired
                );
                !denies || world.shown + world.in_flight == 0
            }),
            Property::always("nothing is lost", |model: &Self, world: &World| {
                let mut actions = Vec::new();
                model.actions(world, &mut actions);
                let mut next = actions
                    .into_iter()
                    .filter_map(|it| model.next_state(world, it));
                let is_over = world.stored.state.is_final();
                is_over || world.stored.state == State::Unconfirmed || next.next().is_some()
            }),
            Property::sometimes("it is sent after a crash", |_, world: &World| {
                world.stored.state == State::Sent && world.crashes < 2
            }),
        ]
    }
}

impl Outboxes {
    fn step(&self, world: &mut World, action: Action) {
        match action {
            Action::Arrives => {
                world.in_flight -= 1;
                // With keys, a message that is there already is not stored again.
                let is_known = self.platform == Platform::Keys && world.shown > 0;
                world.shown += u8::from(!is_known);
            }
            Action::Vanishes => world.in_flight -= 1,
            Action::Cancel => {
                self.apply(world, None, Step::Cancel);
            }
            Action::Restart(i) => {
                let i = usize::from(i);
                // Another run is another worker.
                world.workers[i].at = At::Idle;
                world.workers[i].is_stopped = false;
                world.workers[i].is_late = false;
                if world.stored.owner != Some(world.session(i)) || world.workers[i].is_buried {
                    world.workers[i].is_buried = false;
                    world.workers[i].session += 1;
                } else {
                    // Its messages wait until its first session is buried.
                    world.workers[i].at = At::Dead;
                }
            }
            Action::Crash(i) => {
                world.crashes -= 1;
                world.workers[usize::from(i)].at = At::Dead;
            }
            Action::Stop(i) => {
                world.stops -= 1;
                world.workers[usize::from(i)].is_stopped = true;
            }
            Action::GoOn(i) => {
                let worker = &mut world.workers[usize::from(i)];
                worker.is_stopped = false;
                worker.is_late = true;
            }
            Action::Bury(i) => {
                let other = usize::from(1 - i);
                if world.stored.owner == Some(world.session(other)) {
                    world.stored.owner = None;
                }
                world.workers[other].is_buried = true;
            }
            Action::Claim(i) => {
                world.renew(usize::from(i));
                let session = world.session(usize::from(i));
                world.stored.owner = Some(session);
                world.stored.fence += 1;
                let fence = world.stored.fence;
                world.workers[usize::from(i)].at = match world.stored.state {
                    State::Queued => At::Claimed(fence),
                    _ => At::Settles(fence),
                };
            }
            Action::Begin(i) => self.begin(world, usize::from(i)),
            Action::Leave(i) => self.leave(world, usize::from(i)),
            Action::Accepted(i) => self.end(world, usize::from(i), sent()),
            Action::NotSent(i) => self.not_sent(world, usize::from(i)),
            Action::Unknown(i) => {
                let worker = &mut world.workers[usize::from(i)];
                if let At::Waits(fence) = worker.at {
                    worker.at = At::Settles(fence);
                }
            }
            Action::Settle(i) => {
                if let At::Settles(fence) = world.workers[usize::from(i)].at {
                    self.settle(world, usize::from(i), fence);
                }
            }
        }
    }

    fn begin(&self, world: &mut World, i: usize) {
        let At::Claimed(fence) = world.workers[i].at else {
            return;
        };
        let is_noted = match self.without {
            Without::Journal => true,
            _ => self.apply(
                world,
                Some((world.session(i), fence)),
                Step::Begin(attempt()),
            ),
        };
        world.workers[i].at = if is_noted { At::Begun(fence) } else { At::Idle };
    }

    /// The message leaves, unless the worker stood still for its lease.
    fn leave(&self, world: &mut World, i: usize) {
        let (At::Begun(fence) | At::BegunAgain(fence)) = world.workers[i].at else {
            return;
        };
        if world.workers[i].is_late && self.without != Without::LookAtTheClock {
            // As at the end of a session: what is known of the attempt stays as it is stored.
            world.workers[i].at = At::Settles(fence);
            return;
        }
        // Under a key that the platform knows, a second copy changes nothing.
        let is_known = self.platform == Platform::Keys && world.shown + world.in_flight > 0;
        world.in_flight += u8::from(!is_known);
        world.workers[i].at = At::Waits(fence);
    }

    /// A refusal proves that nothing was sent; of an attempt under the key of an earlier one it
    /// proves nothing.
    fn not_sent(&self, world: &mut World, i: usize) {
        match world.workers[i].at {
            At::Begun(_) => self.end(world, i, requeue()),
            At::BegunAgain(fence) => world.workers[i].at = At::Settles(fence),
            _ => {}
        }
    }

    fn end(&self, world: &mut World, i: usize, step: Step) {
        let (At::Begun(fence) | At::Waits(fence)) = world.workers[i].at else {
            return;
        };
        self.apply(world, Some((world.session(i), fence)), step);
        world.workers[i].at = At::Idle;
    }
}

#[test]
fn no_interleaving_of_two_workers_sends_twice_or_loses_a_message() {
    for platform in [Platform::Asked, Platform::Keys, Platform::Mute] {
        let checker = Outboxes::new(platform, Without::Nothing).checker();
        let checker = checker.spawn_bfs().join();
        checker.assert_properties();
        println!("{platform:?}: {} states", checker.unique_state_count());
        assert!(checker.unique_state_count() > 500, "{platform:?}");
    }
}

#[test]
fn each_rule_is_needed() {
    for without in [
        Without::LookAtTheClock,
        Without::Fence,
        Without::Patience,
        Without::Journal,
    ] {
        let checker = Outboxes::new(Platform::Asked, without).checker();
        let found = checker.spawn_bfs().join().discoveries();
        let broken = found.keys().any(|name| name.starts_with("nothing"));
        assert!(broken, "{without:?} changes nothing");
    }
}
