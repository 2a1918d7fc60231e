//! The outcomes of a call: accepted, refused, or ended before an endpoint accepted.

use crate::services::ucwa::{
    event::Event,
    hrefs,
    model::{First, Invites, Leg, Messaging, Place, Presence, Reason, Ring, reason},
    transaction::Tx,
};

impl Tx<'_> {
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

    /// An endpoint accepts: ends the ring, joins the leg that accepted, and lets the
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

    /// No endpoint takes the call: the inviter gets the reason, and a session of two ends.
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
