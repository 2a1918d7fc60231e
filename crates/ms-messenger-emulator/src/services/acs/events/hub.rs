//! All subscriptions, and the events that are published to them.

use std::sync::{Arc, Mutex, MutexGuard};

use serde_json::Value;

use crate::{
    engine::{
        faults::{action::FaultAction, own::OwnFault},
        push::{
            pending::{Delivery, Pending},
            task::Task,
            urgent::Urgent,
        },
        resources::Engine,
        stats::Event as Counted,
    },
    seed::Seed,
    services::acs::events::{
        deliver,
        description::{DELIVER, DESCRIPTION},
        event::{Event, NewEvent},
        fault::EventFault,
        handshake, kept,
        live::Live,
        source::Source,
        statuses::MessageStatuses,
    },
    wire::lock::lock,
};

/// So many subscriptions can be in force.
const MAX_SUBSCRIPTIONS: usize = 100;

/// The subscriptions to the events of one ACS resource.
#[derive(Debug)]
pub(crate) struct Hub {
    source: Arc<Source>,
    subscriptions: Mutex<Vec<Subscribed>>,
    statuses: Mutex<MessageStatuses>,
    pub(crate) urgent: Urgent,
}

/// A subscription and the task that delivers its events.
#[derive(Debug)]
struct Subscribed {
    live: Arc<Live>,
    _task: Task,
}

impl Hub {
    pub(crate) fn new(engine: &Arc<Engine>, seed: &Seed) -> Self {
        Self {
            source: Arc::new(Source::new(engine, seed)),
            subscriptions: Mutex::default(),
            statuses: Mutex::default(),
            urgent: Urgent::default(),
        }
    }

    fn lock(&self) -> MutexGuard<'_, Vec<Subscribed>> {
        lock(&self.subscriptions)
    }

    /// What becomes of messages.
    pub(crate) fn statuses(&self) -> MessageStatuses {
        lock(&self.statuses).clone()
    }

    pub(crate) fn set_statuses(&self, statuses: MessageStatuses) {
        *lock(&self.statuses) = statuses;
    }

    /// Whether there is no subscription, so that no event need be created. None is while the state of an
    /// earlier start is made again: it was published then.
    pub(crate) fn is_idle(&self) -> bool {
        self.source.engine.is_replaying() || self.lock().is_empty()
    }

    /// An id for what belongs together.
    pub(crate) fn transaction(&self) -> String {
        self.source.engine.response_id().simple().to_string()
    }

    /// The time of the services.
    pub(crate) fn now(&self) -> u64 {
        self.source.engine.now_ms()
    }

    /// Performs the handshake, then puts the subscription in force, in place of one of the same name.
    /// The error says what was wrong.
    pub(crate) async fn subscribe(&self, live: Live) -> Result<Value, String> {
        let resets = self.source.engine.resets();
        handshake::perform(&self.source, &live).await?;
        let live = self.add(live, resets)?;
        kept::keep(self, &live.subscription.name);
        Ok(live.to_json(self.now()))
    }

    /// Puts a subscription in force that was begun after so many resets, in place of one of the same
    /// name. The error says why not.
    pub(crate) fn add(&self, live: Live, resets: u64) -> Result<Arc<Live>, String> {
        let live = Arc::new(live);
        let mut subscriptions = self.lock();
        if self.source.engine.resets() != resets {
            return Err("the emulator was reset during the handshake".to_owned());
        }
        subscriptions.retain(|one| one.live.subscription.name != live.subscription.name);
        if subscriptions.len() >= MAX_SUBSCRIPTIONS {
            return Err(format!(
                "there are {MAX_SUBSCRIPTIONS} subscriptions already"
            ));
        }
        let task = deliver::run(Arc::clone(&self.source), Arc::clone(&live));
        let task = self
            .source
            .engine
            .spawn(task)
            .ok_or("the emulator does not run")?;
        subscriptions.push(Subscribed {
            live: Arc::clone(&live),
            _task: task,
        });
        Ok(live)
    }

    /// The subscription of that name.
    pub(crate) fn find(&self, name: &str) -> Option<Arc<Live>> {
        let subscriptions = self.lock();
        let mut all = subscriptions.iter().map(|one| &one.live);
        all.find(|live| live.subscription.name == name)
            .map(Arc::clone)
    }

    /// Puts the subscription in force whose handshake has that code. Returns whether there is one that
    /// waits for it.
    pub(crate) fn validate(&self, code: &str) -> bool {
        let (all, now) = (self.all(), self.now());
        let validated = all.iter().find(|live| live.consent.give(code, now));
        if let Some(live) = validated {
            kept::keep(self, &live.subscription.name);
        }
        validated.is_some()
    }

    /// The subscriptions that are in force, or wait to be.
    pub(crate) fn all(&self) -> Vec<Arc<Live>> {
        let subscriptions = self.lock();
        let all = subscriptions.iter();
        all.map(|one| Arc::clone(&one.live)).collect()
    }

    /// Ends subscriptions: that of the name, or all. Returns those that were in force.
    pub(crate) fn remove(&self, name: Option<&str>) -> Vec<Arc<Live>> {
        let mut subscriptions = self.lock();
        let is_meant =
            |one: &Subscribed| name.is_none_or(|name| one.live.subscription.name == name);
        let ended: Vec<Subscribed> = subscriptions.extract_if(.., |one| is_meant(one)).collect();
        ended.into_iter().map(|one| one.live).collect()
    }

    /// Where events come from.
    pub(crate) fn source(&self) -> &Source {
        &self.source
    }

    /// Publishes an event to the receivers that want it.
    pub(crate) fn publish(&self, new: NewEvent) {
        if self.source.engine.is_replaying() {
            return;
        }
        for subscribed in self.lock().iter() {
            let live = &subscribed.live;
            if live.wants(new.kind) {
                self.publish_to(live, &new);
            }
        }
    }

    fn publish_to(&self, live: &Live, new: &NewEvent) {
        let fault = self.source.engine.decide_fault(&DESCRIPTION, DELIVER, None);
        if fault.is_some() {
            let platform = DESCRIPTION.platform();
            self.source.engine.stats.count(platform, Counted::Fault);
        }
        let mut event = Event {
            id: self.source.engine.response_id().to_string(),
            kind: new.kind,
            subject: new.subject.clone(),
            data: new.data.clone(),
            at: new.at,
            has_wrong_version_name: false,
        };
        let mut delivery = Delivery::due(new.at);
        match fault {
            Some(FaultAction::Push(fault)) => {
                if !delivery.disturb(fault, self.now(), &self.urgent) {
                    return live.queue.count_lost();
                }
                if delivery.urgency.is_some() {
                    event.at = delivery.first_due;
                }
            }
            Some(FaultAction::Own(fault)) => {
                if let Some(fault) = OwnFault::downcast_ref::<EventFault>(&fault) {
                    fault.apply(&mut event);
                }
            }
            _ => {}
        }
        live.queue.push_first(Pending {
            content: event,
            delivery,
        });
    }
}
