//! Calls: who is rung, and what comes of it.

use super::channel::Event;
use super::desk::Desk;
use super::hrefs;
use super::model::{
    Behaviour, Body, Conversation, First, Invitation, Invites, Leg, Messaging, Place, Presence,
    Reason, Ring, Session, reason,
};
use super::time::Due;
use std::collections::BTreeMap;

/// How long an invitation rings, seconds.
const RING: u64 = 30;

/// What is the same for all who take part.
#[derive(Clone, Debug, Default)]
pub(super) struct Topic {
    pub(super) subject: String,
    pub(super) importance: String,
    pub(super) thread: String,
}

/// Who is to be asked, and how.
#[derive(Debug)]
pub(super) struct Asking {
    pub(super) callee: String,
    pub(super) caller: String,
    pub(super) invites: Invites,
    /// Application and invitation of who asks; a contact has neither.
    pub(super) inviter: Option<(String, String)>,
    pub(super) toast: Option<Body>,
    /// Decided by a fault.
    pub(super) behaviour: Option<Behaviour>,
}

impl Desk<'_> {
    /// A session without members.
    pub(super) fn open_session(&mut self, topic: &Topic) -> u64 {
        let id = self.store.number();
        let session = Session {
            id,
            subject: topic.subject.clone(),
            importance: topic.importance.clone(),
            thread: topic.thread.clone(),
            meeting: None,
            legs: Vec::new(),
            rings: Vec::new(),
            first: None,
            has_send_link: true,
            is_plain_only: false,
            typing: BTreeMap::new(),
        };
        self.store.sessions.insert(id, session);
        id
    }

    /// A view of the session for an application, which thereby gets a leg in it.
    pub(super) fn open_view(
        &mut self,
        session: u64,
        application: &str,
        is_outgoing: bool,
    ) -> Option<String> {
        let id = self.id();
        let owner = self.store.applications.get_mut(application)?;
        let session = self.store.sessions.get_mut(&session)?;
        let presence = if is_outgoing {
            Presence::Joined
        } else {
            Presence::Ringing
        };
        let view = Conversation {
            id: id.clone(),
            session: session.id,
            state: if is_outgoing {
                "Connecting"
            } else {
                "Incoming"
            },
            is_outgoing,
            subject: session.subject.clone(),
            importance: session.importance.clone(),
            thread: session.thread.clone(),
            meeting: session.meeting.clone(),
            messaging: Messaging::Connecting,
            formats: Vec::new(),
            has_send_link: session.has_send_link,
            others: Vec::new(),
            messages: BTreeMap::new(),
            next_message: 2,
            invitation: None,
        };
        owner.conversations.insert(id.clone(), view);
        session.legs.push(Leg {
            sip: owner.sip.clone(),
            place: Place::At {
                application: application.to_owned(),
                conversation: id.clone(),
            },
            presence,
            has_messaging: false,
        });
        Some(id)
    }

    /// How a user without available application answers.
    fn behaviour_of(&mut self, callee: &str, caller: &str) -> Behaviour {
        let key = (callee.to_owned(), caller.to_owned());
        let prepared = self.store.prepared.get_mut(&key);
        if let Some(behaviour) = prepared.and_then(std::collections::VecDeque::pop_front) {
            return behaviour;
        }
        let is_signed_in = self.store.applications.values().any(|a| a.sip == callee);
        if is_signed_in {
            Behaviour::Unavailable
        } else if self.user(callee).is_none() && self.shared.settings.is_strict {
            Behaviour::NotFound
        } else {
            Behaviour::Accept
        }
    }

    /// Rings all available applications of the callee, or lets a contact answer at once.
    pub(super) fn ask(&mut self, session: u64, asking: &Asking) {
        let decided = match asking.behaviour {
            None if asking.callee == asking.caller => Some(Behaviour::NotAllowed),
            decided => decided,
        };
        let applications = match decided {
            Some(_) => Vec::new(),
            None => self.store.available(&asking.callee),
        };
        let ring = self.store.number();
        let Some(found) = self.store.sessions.get_mut(&session) else {
            return;
        };
        found.rings.push(Ring {
            id: ring,
            callee: asking.callee.clone(),
            inviter: asking.inviter.clone(),
            invites: asking.invites,
        });
        if !applications.is_empty() {
            for application in applications {
                self.ring_application(session, &application, asking);
            }
            return self.remind(RING, Due::Ring { session, ring });
        }
        found.legs.push(Leg {
            sip: asking.callee.clone(),
            place: Place::Contact,
            presence: Presence::Ringing,
            has_messaging: false,
        });
        let behaviour =
            decided.unwrap_or_else(|| self.behaviour_of(&asking.callee, &asking.caller));
        match refusal_of(behaviour) {
            Some((state, reason)) => self.refuse(session, ring, state, &reason),
            None if behaviour == Behaviour::Accept => self.accept_ring(session, ring, None),
            None => self.remind(RING, Due::Ring { session, ring }),
        }
    }

    /// The incoming half in one application: E1' of the contract.
    fn ring_application(&mut self, session: u64, application: &str, asking: &Asking) {
        let Some(view) = self.open_view(session, application, false) else {
            return;
        };
        let id = self.id();
        let Some(found) = self.store.sessions.get(&session) else {
            return;
        };
        let invites = match asking.invites {
            Invites::Messaging => Invites::Messaging,
            Invites::Participant | Invites::Meeting => Invites::Meeting,
        };
        let invitation = Invitation {
            id: id.clone(),
            invites,
            is_incoming: true,
            state: "Connecting",
            operation: None,
            conversation: view.clone(),
            from: asking.caller.clone(),
            to: asking.callee.clone(),
            subject: found.subject.clone(),
            importance: found.importance.clone(),
            thread: found.thread.clone(),
            meeting: found.meeting.clone(),
            toast: asking.toast.clone(),
            accepted_by: None,
        };
        if let Some(owner) = self.store.applications.get_mut(application) {
            owner.invitations.insert(id.clone(), invitation);
        }
        if let Some(view) = self.store.view_mut(application, &view) {
            view.invitation = Some(id.clone());
            view.others.push((asking.caller.clone(), false));
        }
        self.tell_invitation(application, &id, "started");
        self.tell_conversation(application, &view, "added");
        self.tell_local_participant(application, &view);
        self.tell_participant(application, &view, &asking.caller, "added");
        self.tell_closed_invitation(application, &id);
    }

    /// The update in which the service leaves the links to answer out, while they still work.
    fn tell_closed_invitation(&mut self, application: &str, id: &str) {
        let Some(mut event) = self.invitation_event(application, id, "updated") else {
            return;
        };
        if let Some(links) = event
            .embedded
            .as_mut()
            .and_then(|resource| resource.get_mut("_links"))
            .and_then(serde_json::Value::as_object_mut)
        {
            links.remove("accept");
            links.remove("decline");
        }
        self.emit_communication(application, event);
    }

    pub(super) fn tell_invitation(&mut self, application: &str, id: &str, kind: &'static str) {
        if let Some(event) = self.invitation_event(application, id, kind) {
            self.emit_communication(application, event);
        }
    }

    /// Ends an invitation in an application: its state, and the event that says so.
    pub(super) fn complete_invitation(
        &mut self,
        application: &str,
        id: &str,
        state: &'static str,
        failure: Option<&Reason>,
    ) {
        let Some(owner) = self.store.applications.get_mut(application) else {
            return;
        };
        let Some(invitation) = owner.invitations.get_mut(id) else {
            return;
        };
        invitation.state = state;
        owner.retire(id);
        let Some(event) = self.invitation_event(application, id, "completed") else {
            return;
        };
        let event = match failure {
            Some(reason) => event.failure(reason),
            None => event.success(),
        };
        self.emit_communication(application, event);
    }

    /// The answer of who was rung: takes the ring off, joins the leg that answered, and lets the
    /// other endpoints of the callee know. `by` is the view that accepted; a contact has none.
    pub(super) fn accept_ring(&mut self, session: u64, ring: u64, by: Option<(&str, &str)>) {
        let Some(ring) = self.take_ring(session, ring) else {
            return;
        };
        let Some(found) = self.store.sessions.get_mut(&session) else {
            return;
        };
        let place = by.map_or(Place::Contact, |(application, conversation)| Place::At {
            application: application.to_owned(),
            conversation: conversation.to_owned(),
        });
        let is_contact = place == Place::Contact;
        let is_answering = |leg: &Leg| leg.sip == ring.callee && leg.place == place;
        let has_messaging = is_contact || ring.invites == Invites::Messaging;
        match found.legs.iter_mut().find(|leg| is_answering(leg)) {
            Some(leg) => {
                leg.presence = Presence::Joined;
                leg.has_messaging = has_messaging;
            }
            None => found.legs.push(Leg {
                sip: ring.callee.clone(),
                place: place.clone(),
                presence: Presence::Joined,
                has_messaging,
            }),
        }
        let elsewhere = reason("Informational", "ConnectedElsewhere");
        self.drop_ringing(session, &ring.callee, "Failed", &elsewhere);
        match ring.invites {
            Invites::Messaging => self.connect(session, &ring, by),
            Invites::Participant | Invites::Meeting => self.join(session, &ring, by),
        }
    }

    fn take_ring(&mut self, session: u64, ring: u64) -> Option<Ring> {
        let found = self.store.sessions.get_mut(&session)?;
        let index = found.rings.iter().position(|r| r.id == ring)?;
        Some(found.rings.remove(index))
    }

    /// Ends all legs of that user that still ring, in their applications too.
    pub(super) fn drop_ringing(
        &mut self,
        session: u64,
        callee: &str,
        state: &'static str,
        reason: &Reason,
    ) {
        let Some(found) = self.store.sessions.get_mut(&session) else {
            return;
        };
        let is_over = |leg: &Leg| leg.sip == callee && leg.presence == Presence::Ringing;
        let over: Vec<Place> = found
            .legs
            .iter()
            .filter(|leg| is_over(leg))
            .map(|leg| leg.place.clone())
            .collect();
        found.legs.retain(|leg| !is_over(leg));
        for place in over {
            if let Place::At {
                application,
                conversation,
            } = place
            {
                self.close_ringing_view(&application, &conversation, state, reason);
            }
        }
    }

    pub(super) fn close_ringing_view(
        &mut self,
        application: &str,
        conversation: &str,
        state: &'static str,
        reason: &Reason,
    ) {
        let view = self.store.view(application, conversation);
        if let Some(invitation) = view.and_then(|view| view.invitation.clone()) {
            self.complete_invitation(application, &invitation, state, Some(reason));
        }
        self.delete_view(application, conversation);
    }

    /// Removes a view and says so.
    pub(super) fn delete_view(&mut self, application: &str, conversation: &str) {
        if let Some(owner) = self.store.applications.get_mut(application)
            && owner.conversations.remove(conversation).is_some()
        {
            let href = hrefs::conversation(application, conversation);
            let event = Event::new("deleted", "conversation", href);
            self.emit_communication(application, event);
        }
    }

    /// Nobody takes the call: the inviter is told why, and a session of two is over.
    pub(super) fn refuse(&mut self, session: u64, ring: u64, state: &'static str, why: &Reason) {
        let Some(ring) = self.take_ring(session, ring) else {
            return;
        };
        let missed = match why.1.as_str() {
            "Timeout" => reason("Informational", "Missed"),
            _ => why.clone(),
        };
        self.drop_ringing(session, &ring.callee, state, &missed);
        if let Some((application, invitation)) = &ring.inviter {
            self.complete_invitation(application, invitation, state, Some(why));
        }
        if ring.invites == Invites::Messaging {
            self.dissolve(session, why);
        }
    }

    /// Ends a session that never connected: messaging off, conversation gone.
    fn dissolve(&mut self, session: u64, why: &Reason) {
        let Some(found) = self.store.sessions.remove(&session) else {
            return;
        };
        for leg in &found.legs {
            let Place::At {
                application,
                conversation,
            } = &leg.place
            else {
                continue;
            };
            if let Some(view) = self.store.view_mut(application, conversation) {
                view.messaging = Messaging::Disconnected;
                view.state = "Disconnected";
            }
            if let Some(event) = self.messaging_event(application, conversation) {
                self.emit_conversation(application, conversation, event.because(why));
            }
            self.delete_view(application, conversation);
        }
    }

    /// Stores the message that came with the invitation.
    pub(super) fn deliver_first(&mut self, session: u64) -> Option<First> {
        let first = self.store.sessions.get_mut(&session)?.first.take()?;
        self.record(&first);
        Some(first)
    }
}

/// How a behaviour ends an invitation; nothing when it does not.
fn refusal_of(behaviour: Behaviour) -> Option<(&'static str, Reason)> {
    let remote = |state, subcode| Some((state, reason("RemoteFailure", subcode)));
    match behaviour {
        Behaviour::Accept | Behaviour::Ignore => None,
        Behaviour::Decline => remote("Declined", "Declined"),
        Behaviour::Busy => remote("Failed", "Busy"),
        Behaviour::DoNotDisturb => remote("Failed", "DoNotDisturb"),
        Behaviour::Unavailable => remote("Failed", "TemporarilyUnavailable"),
        Behaviour::NotFound => Some(("Failed", reason("NotFound", "DestinationNotFound"))),
        Behaviour::NotAllowed => Some(("Failed", reason("LocalFailure", "NotAllowed"))),
    }
}
