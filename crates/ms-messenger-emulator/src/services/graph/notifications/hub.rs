//! All subscriptions, and the changes that are published to them.

use std::sync::{
    Arc, Mutex, MutexGuard,
    atomic::{AtomicU64, Ordering},
};

use serde_json::{Value, json};
use uuid::Uuid;

use crate::{
    engine::{
        description::Description,
        faults::{action::FaultAction, own::OwnFault},
        platform::Platform,
        push::{
            pending::{Delivery, Pending},
            task::Task,
            urgent::Urgent,
        },
        resources::Engine,
        stats::Event,
    },
    services::graph::{
        directory::store::Store as Directory,
        messages::{entity::entity, template::View},
        notifications::{
            change::Change,
            deliver,
            fault::NotificationFault,
            kept,
            live::{Live, Notice, TokenKind},
            pace::Pace,
            resource::Watch,
        },
    },
    wire::lock::lock,
};

/// So many subscriptions a tenant has at most.
const MAX_SUBSCRIPTIONS: usize = 10_000;

/// The subscriptions of one tenant.
#[derive(Debug)]
pub(crate) struct Hub {
    pub(crate) engine: Arc<Engine>,
    /// That of Graph, for the faults.
    description: &'static Description,
    tenant: String,
    subscriptions: Mutex<Vec<Subscribed>>,
    pub(crate) pace: Arc<Pace>,
    pub(crate) urgent: Urgent,
    /// How many subscriptions were made.
    made: AtomicU64,
}

/// A subscription and the task that delivers its notifications.
#[derive(Debug)]
struct Subscribed {
    live: Arc<Live>,
    _task: Task,
}

impl Hub {
    pub(crate) fn new(
        engine: &Arc<Engine>,
        description: &'static Description,
        tenant: &str,
    ) -> Self {
        Self {
            engine: Arc::clone(engine),
            description,
            tenant: tenant.to_owned(),
            subscriptions: Mutex::default(),
            pace: Arc::new(Pace::new()),
            urgent: Urgent::default(),
            made: AtomicU64::new(0),
        }
    }

    /// The number of the next subscription.
    pub(crate) fn next_number(&self) -> u64 {
        self.made.fetch_add(1, Ordering::Relaxed) + 1
    }

    /// Continues the numbers after that one.
    pub(crate) fn continue_after(&self, number: u64) {
        self.made.fetch_max(number, Ordering::Relaxed);
    }

    /// The subscriptions; those that are over go.
    fn lock(&self) -> MutexGuard<'_, Vec<Subscribed>> {
        let now = self.engine.now_ms();
        let mut subscriptions = lock(&self.subscriptions);
        subscriptions.retain(|one| one.live.is_in_force(now) || one.live.queue.len() > 0);
        subscriptions
    }

    /// The subscriptions that are in force.
    pub(crate) fn all(&self) -> Vec<Arc<Live>> {
        let now = self.engine.now_ms();
        let subscriptions = self.lock();
        let all = subscriptions.iter().map(|one| &one.live);
        all.filter(|live| live.is_in_force(now)).cloned().collect()
    }

    /// Whether there is no subscription.
    pub(crate) fn is_idle(&self) -> bool {
        lock(&self.subscriptions).is_empty()
    }

    /// Why no such subscription can be made, if so.
    pub(crate) fn quota_problem(&self, app: &str, watch: &Watch) -> Option<&'static str> {
        let all = self.all();
        let is_same = |live: &&Arc<Live>| live.subscription().watch == *watch;
        let own = all.iter().filter(is_same);
        let of_app = own.clone().any(|live| live.subscription().app == app);
        if of_app {
            return Some(
                "Operation: Create; Exception: the quota of subscriptions of an application to this resource is exceeded: 1.",
            );
        }
        if matches!(watch, Watch::ChatsOf(_)) && own.count() >= 10 {
            return Some(
                "Operation: Create; Exception: the quota of subscriptions to the chats of a user is exceeded: 10.",
            );
        }
        (all.len() >= MAX_SUBSCRIPTIONS)
            .then_some("Operation: Create; Exception: the quota of subscriptions of the organization is exceeded: 10000.")
    }

    /// Puts a subscription in force.
    pub(crate) fn add(&self, live: Arc<Live>) -> bool {
        let task = deliver::run(
            Arc::clone(&self.engine),
            Arc::clone(&live),
            self.tenant.clone(),
            Arc::clone(&self.pace),
        );
        let Some(task) = self.engine.spawn(task) else {
            return false;
        };
        self.lock().push(Subscribed { live, _task: task });
        true
    }

    /// Ends a subscription, with what waits for its receiver.
    pub(crate) fn remove(&self, live: &Arc<Live>) {
        lock(&self.subscriptions).retain(|one| !Arc::ptr_eq(&one.live, live));
    }

    /// Ends all.
    pub(crate) fn clear(&self) {
        lock(&self.subscriptions).clear();
        self.pace.set(1, 10_000);
    }

    /// Publishes a change to the subscriptions that watch it.
    pub(crate) fn publish(&self, change: &Change, directory: &Directory) {
        if self.engine.is_replaying() {
            return;
        }
        let all = self.all();
        let watching = |live: &&Arc<Live>| {
            let subscription = live.subscription();
            subscription.changes.contains(&change.kind)
                && subscription.watch.covers(&change.place, directory)
                && subscription.narrowing.admits(&change.message)
        };
        for live in all.iter().filter(watching) {
            if live.is_paused.load(Ordering::Relaxed) {
                live.queue.count_lost();
                continue;
            }
            let other = all.iter().find(|other| !Arc::ptr_eq(other, live));
            self.publish_to(live, other, change);
        }
    }

    fn publish_to(&self, live: &Live, other: Option<&Arc<Live>>, change: &Change) {
        let fault = self.decide("notification.deliver");
        let own: Option<&NotificationFault> = match &fault {
            Some(FaultAction::Own(fault)) => OwnFault::downcast_ref(fault),
            _ => None,
        };
        let has_bad_signature = own == Some(&NotificationFault::BadSignature);
        let mut items = vec![self.item(live, change, has_bad_signature)];
        if own == Some(&NotificationFault::WrongClientState) {
            items[0]["clientState"] = json!("not the state of the subscription");
        }
        if own == Some(&NotificationFault::MixedBatch) {
            items.push(self.foreign_item(other, &items[0], change));
        }
        let token = match own {
            Some(NotificationFault::ForeignPublisher) => TokenKind::Foreign,
            Some(NotificationFault::ExpiredToken) => TokenKind::Expired,
            _ => TokenKind::Sound,
        };
        let notice = Notice {
            items,
            is_lifecycle: false,
            token,
        };
        self.push(live, notice, fault.as_ref());
    }

    fn decide(&self, operation: &str) -> Option<FaultAction> {
        let fault = self.engine.decide_fault(self.description, operation, None);
        if fault.is_some() {
            self.engine
                .stats
                .count(Platform::MSGRAPH_CHAT, Event::Fault);
        }
        fault
    }

    fn push(&self, live: &Live, notice: Notice, fault: Option<&FaultAction>) {
        let now = self.engine.now_ms();
        let mut delivery = Delivery::due(now);
        if let Some(FaultAction::Push(fault)) = fault
            && !delivery.disturb(*fault, now, &self.urgent)
        {
            return live.queue.count_lost();
        }
        live.queue.push_first(Pending {
            content: notice,
            delivery,
        });
    }

    /// One item of a notification.
    fn item(&self, live: &Live, change: &Change, has_bad_signature: bool) -> Value {
        let resource = change.resource();
        let mut item = live.item(&self.tenant, &resource);
        item["changeType"] = json!(change.kind.as_str());
        item["resourceData"] = json!({
            "@odata.type": "#Microsoft.Graph.chatMessage",
            "@odata.id": resource,
            "id": change.id.to_string(),
        });
        if let Some(certificate) = &live.subscription().certificate {
            let base = format!("http://{}/v1.0", self.engine.authority);
            let view = View {
                base: &base,
                knows_all_members: false,
            };
            let place = change.place.context();
            let message = entity(view, &place, change.root, &change.message.view(view));
            item["encryptedContent"] = certificate.encrypt(&message, has_bad_signature);
        }
        item
    }

    /// The item of another subscription, real or not.
    fn foreign_item(&self, other: Option<&Arc<Live>>, own: &Value, change: &Change) -> Value {
        if let Some(other) = other {
            return self.item(other, change, false);
        }
        let mut item = own.clone();
        item["subscriptionId"] = json!(Uuid::new_v4().to_string());
        item["clientState"] = json!("of another subscription");
        item
    }

    /// Sends a lifecycle event, after which the subscription is paused, or has ended.
    pub(crate) fn lifecycle(&self, live: &Live, event: &str) {
        let resource = live.subscription().resource.clone();
        let mut item = live.item(&self.tenant, &resource);
        item["lifecycleEvent"] = json!(event);
        let fault = self.decide("notification.lifecycle");
        let notice = Notice {
            items: vec![item],
            is_lifecycle: true,
            token: TokenKind::Sound,
        };
        // The app acts on it after it is in effect, and what has ended is not dropped before it waits.
        let subscriptions = lock(&self.subscriptions);
        match event {
            "reauthorizationRequired" => live.is_paused.store(true, Ordering::Relaxed),
            "subscriptionRemoved" => live.is_removed.store(true, Ordering::Relaxed),
            _ => {}
        }
        self.push(live, notice, fault.as_ref());
        drop(subscriptions);
        kept::keep(self, live);
    }
}
