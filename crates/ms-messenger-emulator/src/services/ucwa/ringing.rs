//! Calls: the endpoints that ring, and the result.

use std::collections::{BTreeMap, VecDeque};

use crate::services::ucwa::{
    model::{
        Behaviour, Body, Conversation, Invitation, Invites, Leg, Messaging, Place, Presence,
        Reason, Ring, Session, reason,
    },
    time::Due,
    transaction::Tx,
};

/// How long an invitation rings, seconds.
const RING: u64 = 30;

/// What is the same for all participants.
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
    /// Application and invitation of the inviter; a contact has neither.
    pub(super) inviter: Option<(String, String)>,
    pub(super) toast: Option<Body>,
    /// Decided by a fault.
    pub(super) behaviour: Option<Behaviour>,
}

impl Tx<'_> {
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

    /// How a user without an available application reacts.
    fn behaviour_of(&mut self, callee: &str, caller: &str) -> Behaviour {
        let key = (callee.to_owned(), caller.to_owned());
        let prepared = self.store.prepared.get_mut(&key);
        if let Some(behaviour) = prepared.and_then(VecDeque::pop_front) {
            self.keep_prepared(&key);
            return behaviour;
        }
        let is_signed_in = self.store.applications.values().any(|a| a.sip == callee);
        if is_signed_in {
            Behaviour::Unavailable
        } else if self.user(callee).is_none() && self.service.engine.is_strict() {
            Behaviour::NotFound
        } else {
            let published = self.store.published.get(callee);
            match published.and_then(|it| it.availability) {
                Some("DoNotDisturb") => Behaviour::DoNotDisturb,
                Some("Offline") => Behaviour::Unavailable,
                _ => Behaviour::Accept,
            }
        }
    }

    /// Rings all available applications of the callee, or lets a contact react at once.
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

    /// The update without the links to accept and decline, which still work.
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
