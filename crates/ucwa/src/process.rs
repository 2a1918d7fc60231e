//! What follows from the events: each is looked at in order and at once. What must be looked up
//! for it is looked up aside, so that no response that is withheld holds up the others.

use std::{collections::HashMap, sync::Arc};

use ms_messenger_core::ErrorKind;
use tokio::{
    sync::{Semaphore, mpsc},
    task::JoinSet,
    time,
};

use crate::{
    application::{Application, READ},
    channel::{Arrival, stopped},
    events::{Event, Next},
    incoming::{AcceptPolicy, Happened, Sender},
    order::{Order, Seat},
    resource::Resource,
    session::Inner,
    state::key,
};

/// How much is looked up at once, and how much may wait for that. What comes on top is treated
/// as if it could not be found.
const AT_ONCE: usize = 32;
const WAITING: usize = 512;
/// How long an invitation takes to be answered: a meeting must stand first.
const ANSWER: time::Duration = time::Duration::from_secs(90);
/// So many events are looked at before others get their turn.
const IN_A_ROW: usize = 256;

/// What is looked up, and for what.
enum Errand {
    /// What an event only named. The number says whether it is still the newest of its resource.
    Event {
        sender: String,
        event: Box<Event>,
        number: u64,
        seat: Option<Seat>,
        /// Whether its conversation was known.
        was_known: bool,
    },
    /// The messaging of a conversation, after a `resync`.
    Messaging { conversation: String, number: u64 },
    /// Who sent a message.
    Participant { received: Box<Happened>, seat: Seat },
}

/// What was found: nothing, where the server did not answer in time.
enum Found {
    Resource(Box<Resource>),
    /// The server says that it is gone.
    Gone,
    Nothing,
}

type Return = (Arc<Application>, Errand, Found);

/// Looks at the events of all packages until the channel ends.
pub(crate) async fn process(inner: Arc<Inner>, mut arrivals: mpsc::Receiver<Arrival>) {
    let mut desk = Desk {
        inner,
        errands: JoinSet::new(),
        permits: Arc::new(Semaphore::new(AT_ONCE)),
        order: Order::default(),
        newest: HashMap::new(),
        count: 0,
    };
    loop {
        tokio::select! {
            Some(returned) = desk.errands.join_next() => {
                if let Ok(returned) = returned {
                    desk.back(returned);
                }
            }
            arrival = arrivals.recv() => match arrival {
                Some((application, package)) => {
                    match &package.next {
                        Next::Resume(_) => {
                            desk.inner.reset(&application, "the event channel was interrupted for too long");
                        }
                        Next::Resync(_) => desk.refresh(&application),
                        Next::Package(_) => {}
                    }
                    let mut count = 0;
                    for sender in &package.senders {
                        for event in &sender.events.0 {
                            desk.take(&application, &sender.href, event);
                            count += 1;
                            if count % IN_A_ROW == 0 {
                                tokio::task::yield_now().await;
                            }
                        }
                    }
                }
                None => return,
            },
        }
        desk.inner.announce();
    }
}

struct Desk {
    inner: Arc<Inner>,
    errands: JoinSet<Return>,
    permits: Arc<Semaphore>,
    order: Order,
    /// The newest event of each resource that is being looked up.
    newest: HashMap<String, u64>,
    count: u64,
}

impl Desk {
    fn take(&mut self, application: &Arc<Application>, sender: &str, event: &Event) {
        let href = key(&event.link.href);
        if !needs_fetching(event) || self.is_awaited_verdict(sender, event) {
            // What is being looked up about the same resource is out of date.
            self.newest.remove(href);
            let happened = self.apply(application, sender, event, event.resource());
            return self.happened(application, happened, None);
        }
        self.count += 1;
        self.newest.insert(href.to_owned(), self.count);
        let is_message = event.link.rel == "message";
        let errand = Errand::Event {
            sender: sender.to_owned(),
            event: Box::new(event.clone()),
            number: self.count,
            seat: is_message.then(|| self.order.reserve(key(sender))),
            was_known: self.inner.state().conversations.contains_key(key(sender)),
        };
        self.send(application, event.link.href.clone(), errand);
    }

    /// Whether an event that names no more than a message is the verdict that is waited for: in
    /// a talk of two, there is nothing more to it.
    fn is_awaited_verdict(&self, sender: &str, event: &Event) -> bool {
        let state = self.inner.state();
        let known = state.conversations.get(key(sender));
        event.link.rel == "message"
            && known.is_some_and(|known| !known.meeting)
            && state.flights.is_awaited(key(&event.link.href))
    }

    /// Looks something up, aside.
    fn send(&mut self, application: &Arc<Application>, href: String, errand: Errand) {
        if self.errands.len() >= WAITING {
            return self.back((Arc::clone(application), errand, Found::Nothing));
        }
        let (application, permits) = (Arc::clone(application), Arc::clone(&self.permits));
        self.errands.spawn(async move {
            let looked = time::timeout(READ, async {
                let _permit = permits.acquire().await;
                application.get(&href).await
            });
            let found = match looked.await {
                Ok(Ok(resource)) => Found::Resource(Box::new(resource)),
                Ok(Err(error)) if error.kind() == ErrorKind::NotFound => Found::Gone,
                _ => Found::Nothing,
            };
            (application, errand, found)
        });
    }

    /// Goes on with what was looked up.
    fn back(&mut self, (application, errand, found): Return) {
        match errand {
            Errand::Event {
                sender,
                event,
                number,
                seat,
                was_known,
            } => {
                let is_newest = self.is_newest(&event.link.href, number);
                let is_known = self.inner.state().conversations.contains_key(key(&sender));
                let is_over = was_known && !is_known && event.link.rel == "messaging";
                let resource = match &found {
                    Found::Resource(resource) if is_newest => Some(&**resource),
                    _ => None,
                };
                // What a newer event has overtaken says no more than that something ended.
                let counts = !is_over && (is_newest || event.kind == "completed");
                let happened = counts
                    .then(|| self.apply(&application, &sender, &event, resource))
                    .flatten();
                self.happened(&application, happened, seat.map(|seat| (sender, seat)));
            }
            Errand::Messaging {
                conversation,
                number,
            } => {
                let mut state = self.inner.state();
                let is_of_now = state.application == application.id;
                let href = state.conversations.get(&conversation);
                let href = href.and_then(|known| known.messaging.href.clone());
                drop(state);
                let Some(href) = href.filter(|_| is_of_now) else {
                    return;
                };
                if !self.is_newest(&href, number) {
                    return;
                }
                state = self.inner.state();
                match found {
                    Found::Resource(messaging) => state.take_messaging(&conversation, &messaging),
                    Found::Gone => state.close(&conversation),
                    Found::Nothing => {}
                }
            }
            Errand::Participant { mut received, seat } => {
                if let (Happened::Received { from, .. }, Found::Resource(participant)) =
                    (&mut *received, &found)
                {
                    *from = Some(Sender::read(participant));
                }
                let conversation = received.conversation().unwrap_or_default().to_owned();
                for happened in self.order.fill(&conversation, seat, Some(*received)) {
                    self.inner.tell(&happened);
                }
            }
        }
    }

    fn is_newest(&mut self, href: &str, number: u64) -> bool {
        let is_newest = self.newest.get(key(href)) == Some(&number);
        if is_newest {
            self.newest.remove(key(href));
        }
        is_newest
    }

    /// Applies an event, unless its application is gone by now.
    fn apply(
        &self,
        application: &Application,
        sender: &str,
        event: &Event,
        resource: Option<&Resource>,
    ) -> Option<Happened> {
        let mut state = self.inner.state();
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

    /// After a `resync` what is known may be out of date: each conversation is read anew.
    fn refresh(&mut self, application: &Arc<Application>) {
        let known: Vec<(String, String)> = {
            let state = self.inner.state();
            let conversations = state.conversations.iter();
            conversations
                .filter_map(|(key, known)| Some((key.clone(), known.messaging.href.clone()?)))
                .collect()
        };
        for (conversation, href) in known {
            self.count += 1;
            self.newest.insert(key(&href).to_owned(), self.count);
            let number = self.count;
            let errand = Errand::Messaging {
                conversation,
                number,
            };
            self.send(application, href, errand);
        }
    }

    /// What something from others leads to, before it is told. `place` is the one that was kept
    /// for it.
    fn happened(
        &mut self,
        application: &Arc<Application>,
        happened: Option<Happened>,
        place: Option<(String, Seat)>,
    ) {
        let happened = match happened {
            Some(Happened::Invited { .. }) if self.inner.policy().is_none() => None,
            Some(invited @ Happened::Invited { .. }) => response(&self.inner, invited),
            other => other,
        };
        let unknown = match &happened {
            Some(Happened::Received {
                from: None,
                participant: Some(href),
                conversation,
                ..
            }) => Some((href.clone(), conversation.clone())),
            _ => None,
        };
        if let (Some((href, conversation)), Some(received)) = (unknown, happened.clone()) {
            let seat = match place {
                Some((_, seat)) => seat,
                None => self.order.reserve(&conversation),
            };
            let received = Box::new(received);
            return self.send(application, href, Errand::Participant { received, seat });
        }
        let free = match (place, happened) {
            (Some((sender, seat)), happened) => self.order.fill(key(&sender), seat, happened),
            (None, Some(happened)) => self.order.pass(happened).into_iter().collect(),
            (None, None) => return,
        };
        for happened in free {
            self.inner.tell(&happened);
        }
    }
}

/// A link-only event of something that matters is looked up.
fn needs_fetching(event: &Event) -> bool {
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

/// Accepts or declines an invitation by the policy. Answers it when there is nothing to decide.
fn response(inner: &Arc<Inner>, invited: Happened) -> Option<Happened> {
    let Happened::Invited {
        conversation,
        from,
        accept,
        decline,
        meeting,
        ..
    } = &invited
    else {
        return Some(invited);
    };
    let accepts = match inner.policy() {
        None | Some(AcceptPolicy::Ask) => return Some(invited),
        Some(AcceptPolicy::Everyone) => true,
        Some(AcceptPolicy::Only(list)) => list.iter().any(|sip| is_same(sip, &from.uri)),
    };
    // More at once than anybody can mean: the server ends the others by itself.
    let permit = Arc::clone(&inner.answering).try_acquire_owned().ok()?;
    // On a task of its own: it waits for events that come after this one. It ends with the
    // session at the latest.
    let inner = Arc::clone(inner);
    let (conversation, meeting) = (conversation.clone(), *meeting);
    let (accept, decline) = (accept.clone(), decline.clone());
    tokio::spawn(async move {
        let _permit = permit;
        let answered = async {
            if accepts {
                inner
                    .accept(&conversation, accept.as_deref(), meeting)
                    .await
            } else if let Some(decline) = decline {
                inner.decline(&decline).await
            } else {
                Ok(())
            }
        };
        // A failure shows as an invitation that ends; there is nobody to tell.
        tokio::select! {
            _ = time::timeout(ANSWER, answered) => {}
            () = stopped(&inner) => {}
        }
    });
    None
}

/// SIP addresses, with or without their scheme, whatever their case.
fn is_same(one: &str, other: &str) -> bool {
    let bare = |sip: &str| {
        let lower = sip.trim().to_ascii_lowercase();
        lower
            .strip_prefix("sip:")
            .map_or(lower.clone(), str::to_owned)
    };
    bare(one) == bare(other)
}
