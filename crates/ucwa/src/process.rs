//! Processes the events of the channel, in order and at once. What must be looked up for an event
//! is looked up in the background, so that a response that is withheld holds up nothing else.

use std::{collections::HashMap, sync::Arc};

use ms_messenger_core::ErrorKind;
use ms_messenger_http::Operation;
use tokio::{
    sync::{Semaphore, mpsc},
    task::JoinSet,
    time,
};

use crate::{
    application::{Application, READ},
    conversation_queue::{ConversationQueue, Place},
    events::{Event, Next, Package},
    inner::Inner,
    operations::{MESSAGING_GET, PARTICIPANT_GET, read_of},
    raw_event::RawEvent,
    resource::Resource,
    respond::respond,
    sender::Sender,
    state::key,
};

/// How many look-ups run at once, and how many may wait. Those beyond count as not found.
const AT_ONCE: usize = 32;
const WAITING: usize = 512;
/// How many events are processed before other tasks get their turn.
const IN_A_ROW: usize = 256;

/// A package of events, and the application that sent it.
pub(crate) struct Arrival {
    pub(crate) application: Arc<Application>,
    pub(crate) package: Package,
}

/// A look-up and its purpose.
enum Lookup {
    /// The resource that an event only named. The number says whether the event is still the
    /// newest of its resource.
    Event {
        sender: String,
        event: Box<Event>,
        number: u64,
        place: Option<Place>,
        /// Whether its conversation was known.
        was_known: bool,
    },
    /// The messaging of a conversation, after a `resync`.
    Messaging { conversation: String, number: u64 },
    /// The sender of a message.
    Participant {
        received: Box<RawEvent>,
        place: Place,
    },
}

impl Lookup {
    /// The read that it makes.
    fn operation(&self) -> &'static Operation {
        match self {
            Self::Event { event, .. } => read_of(&event.link.rel),
            Self::Messaging { .. } => &MESSAGING_GET,
            Self::Participant { .. } => &PARTICIPANT_GET,
        }
    }
}

/// The result of a look-up.
enum Found {
    Resource(Box<Resource>),
    /// The server says that it does not exist any more.
    Gone,
    /// The server did not respond in time.
    Nothing,
}

struct Completed {
    application: Arc<Application>,
    lookup: Lookup,
    found: Found,
}

/// A reserved place in the queue of a conversation.
struct Reserved {
    conversation: String,
    place: Place,
}

/// Processes all packages until the channel ends.
pub(crate) async fn process(inner: Arc<Inner>, mut arrivals: mpsc::Receiver<Arrival>) {
    let mut processor = EventProcessor {
        inner,
        lookups: JoinSet::new(),
        permits: Arc::new(Semaphore::new(AT_ONCE)),
        queue: ConversationQueue::default(),
        newest: HashMap::new(),
        count: 0,
    };
    loop {
        tokio::select! {
            Some(completed) = processor.lookups.join_next() => {
                if let Ok(completed) = completed {
                    processor.complete(completed);
                }
            }
            arrival = arrivals.recv() => match arrival {
                Some(arrival) => processor.take_all(&arrival).await,
                None => return,
            },
        }
        processor.inner.conversations.notify_waiters();
    }
}

struct EventProcessor {
    inner: Arc<Inner>,
    lookups: JoinSet<Completed>,
    permits: Arc<Semaphore>,
    queue: ConversationQueue,
    /// The newest event of each resource that is being looked up.
    newest: HashMap<String, u64>,
    count: u64,
}

impl EventProcessor {
    async fn take_all(&mut self, arrival: &Arrival) {
        let Arrival {
            application,
            package,
        } = arrival;
        match &package.next {
            Next::Resume(_) => {
                let why = "the event channel was interrupted for too long";
                self.inner.conversations.reset(application, why);
            }
            Next::Resync(_) => self.refresh(application),
            Next::Package(_) => {}
        }
        let mut count = 0;
        for sender in &package.senders {
            for event in &sender.events.0 {
                self.take(application, &sender.href, event);
                count += 1;
                if count % IN_A_ROW == 0 {
                    tokio::task::yield_now().await;
                }
            }
        }
    }

    fn take(&mut self, application: &Arc<Application>, sender: &str, event: &Event) {
        let href = key(&event.link.href);
        if !needs_lookup(event) || self.is_awaited_verdict(sender, event) {
            // What is being looked up about the same resource is out of date.
            self.newest.remove(href);
            let raw = self.apply(application, sender, event, event.resource());
            return self.report(application, raw, None);
        }
        let number = self.number(&event.link.href);
        let is_message = event.link.rel == "message";
        let conversations = &self.inner.conversations;
        let was_known = conversations
            .state()
            .conversations
            .contains_key(key(sender));
        let lookup = Lookup::Event {
            sender: sender.to_owned(),
            event: Box::new(event.clone()),
            number,
            place: is_message.then(|| self.queue.reserve(key(sender))),
            was_known,
        };
        self.look_up(application, event.link.href.clone(), lookup);
    }

    /// Numbers an event, which becomes the newest of its resource.
    fn number(&mut self, href: &str) -> u64 {
        self.count += 1;
        self.newest.insert(key(href).to_owned(), self.count);
        self.count
    }

    fn is_newest(&mut self, href: &str, number: u64) -> bool {
        let is_newest = self.newest.get(key(href)) == Some(&number);
        if is_newest {
            self.newest.remove(key(href));
        }
        is_newest
    }

    /// Whether an event that only names a message is a verdict that a send waits for: in a
    /// conversation of two, the message itself says no more.
    fn is_awaited_verdict(&self, sender: &str, event: &Event) -> bool {
        let state = self.inner.conversations.state();
        let known = state.conversations.get(key(sender));
        event.link.rel == "message"
            && known.is_some_and(|known| !known.meeting)
            && state.verdicts.is_awaited(key(&event.link.href))
    }

    /// Looks something up in the background.
    fn look_up(&mut self, application: &Arc<Application>, href: String, lookup: Lookup) {
        let application = Arc::clone(application);
        let operation = lookup.operation();
        if self.lookups.len() >= WAITING {
            return self.complete(Completed {
                application,
                lookup,
                found: Found::Nothing,
            });
        }
        let permits = Arc::clone(&self.permits);
        self.lookups.spawn(async move {
            let looked = time::timeout(READ, async {
                let _permit = permits.acquire().await;
                application.get(operation, &href).await
            });
            let found = match looked.await {
                Ok(Ok(resource)) => Found::Resource(Box::new(resource)),
                Ok(Err(error)) if error.kind() == ErrorKind::NotFound => Found::Gone,
                _ => Found::Nothing,
            };
            Completed {
                application,
                lookup,
                found,
            }
        });
    }

    /// Continues with the result of a look-up.
    fn complete(&mut self, completed: Completed) {
        let Completed {
            application,
            lookup,
            found,
        } = completed;
        match lookup {
            Lookup::Event {
                sender,
                event,
                number,
                place,
                was_known,
            } => {
                let is_newest = self.is_newest(&event.link.href, number);
                let state = self.inner.conversations.state();
                let is_known = state.conversations.contains_key(key(&sender));
                drop(state);
                let has_ended = was_known && !is_known && event.link.rel == "messaging";
                let resource = match &found {
                    Found::Resource(resource) if is_newest => Some(&**resource),
                    _ => None,
                };
                // An event that a newer one has overtaken only says that something ended.
                let counts = !has_ended && (is_newest || event.kind == "completed");
                let raw = counts
                    .then(|| self.apply(&application, &sender, &event, resource))
                    .flatten();
                let reserved = place.map(|place| Reserved {
                    conversation: key(&sender).to_owned(),
                    place,
                });
                self.report(&application, raw, reserved);
            }
            Lookup::Messaging {
                conversation,
                number,
            } => self.take_messaging(&application, &conversation, number, found),
            Lookup::Participant { received, place } => self.name_sender(*received, place, &found),
        }
    }

    /// Continues with a message whose sender was looked up.
    fn name_sender(&mut self, mut received: RawEvent, place: Place, found: &Found) {
        let conversation = received.conversation().unwrap_or_default().to_owned();
        if let (RawEvent::Received { from, message, .. }, Found::Resource(participant)) =
            (&mut received, found)
        {
            let sender = from.insert(Sender::read(participant));
            let mut state = self.inner.conversations.state();
            state.history.name(&conversation, message, sender);
        }
        let free = self.queue.fill(&conversation, place, Some(received));
        self.notify(free);
    }

    fn take_messaging(
        &mut self,
        application: &Application,
        conversation: &str,
        number: u64,
        found: Found,
    ) {
        let state = self.inner.conversations.state();
        let is_current = state.application == application.id;
        let href = state.conversations.get(conversation);
        let href = href.and_then(|known| known.messaging.href.clone());
        drop(state);
        let Some(href) = href.filter(|_| is_current) else {
            return;
        };
        if !self.is_newest(&href, number) {
            return;
        }
        let mut state = self.inner.conversations.state();
        match found {
            Found::Resource(messaging) => state.take_messaging(conversation, &messaging),
            Found::Gone => state.close(conversation),
            Found::Nothing => {}
        }
    }

    /// Applies an event, unless its application has been replaced.
    fn apply(
        &self,
        application: &Application,
        sender: &str,
        event: &Event,
        resource: Option<&Resource>,
    ) -> Option<RawEvent> {
        let mut state = self.inner.conversations.state();
        if state.application != application.id {
            return None;
        }
        match (event.link.rel.as_str(), resource) {
            ("communication", Some(communication)) => application.take_communication(communication),
            ("me", Some(me)) => application.take_me(me),
            _ => {}
        }
        state.apply(sender, event, resource)
    }

    /// After a `resync` the state may be out of date: the messaging of each conversation is read.
    fn refresh(&mut self, application: &Arc<Application>) {
        let known: Vec<(String, String)> = {
            let state = self.inner.conversations.state();
            let conversations = state.conversations.iter();
            conversations
                .filter_map(|(key, known)| Some((key.clone(), known.messaging.href.clone()?)))
                .collect()
        };
        for (conversation, href) in known {
            let number = self.number(&href);
            let lookup = Lookup::Messaging {
                conversation,
                number,
            };
            self.look_up(application, href, lookup);
        }
    }

    /// Reports what another participant did to the streams, after the invitations that the policy
    /// decides. `reserved` is the place that was reserved for it.
    fn report(
        &mut self,
        application: &Arc<Application>,
        raw: Option<RawEvent>,
        reserved: Option<Reserved>,
    ) {
        let raw = match raw {
            Some(RawEvent::Invited(invitation)) => {
                respond(&self.inner, invitation).map(RawEvent::Invited)
            }
            other => other,
        };
        if let Some(RawEvent::Received {
            from: None,
            participant: Some(href),
            conversation,
            ..
        }) = &raw
        {
            let (href, conversation) = (href.clone(), conversation.as_str());
            let place = match reserved {
                Some(reserved) => reserved.place,
                None => self.queue.reserve(conversation),
            };
            if let Some(received) = raw.map(Box::new) {
                self.look_up(application, href, Lookup::Participant { received, place });
            }
            return;
        }
        let free = match (reserved, raw) {
            (Some(at), raw) => self.queue.fill(&at.conversation, at.place, raw),
            (None, Some(raw)) => self.queue.pass(raw).into_iter().collect(),
            (None, None) => return,
        };
        self.notify(free);
    }

    fn notify(&self, events: Vec<RawEvent>) {
        for event in events {
            self.inner.receivers.notify_streams(&event);
        }
    }
}

/// Whether an event that only names its resource must be looked up.
fn needs_lookup(event: &Event) -> bool {
    let matters = matches!(
        event.link.rel.as_str(),
        "messagingInvitation"
            | "onlineMeetingInvitation"
            | "participantInvitation"
            | "conversation"
            | "messaging"
            | "communication"
            | "me"
    ) || (event.link.rel == "message" && event.kind == "completed");
    matters && event.kind != "deleted" && event.resource().is_none()
}
