//! Sessions that connect and end.

use crate::services::ucwa::{
    event::Event,
    hrefs,
    messages::incoming,
    model::{Leg, Messaging, Place, Presence, Reason, Ring, reason},
    render,
    transaction::Tx,
};

const FORMATS: [&str; 2] = ["Plain", "Html"];

impl Tx<'_> {
    pub(super) fn tell_local_participant(&mut self, application: &str, id: &str) {
        let Some(owner) = self.store.applications.get(application) else {
            return;
        };
        let (sip, name) = (owner.sip.clone(), owner.name.clone());
        let resource = render::participant(self, application, id, &sip);
        let href = hrefs::participant(application, id, &sip);
        let event = Event::new("added", "localParticipant", href)
            .titled(&name)
            .embedding(resource);
        self.emit_conversation(application, id, event);
    }

    /// An event about another participant, without its resource, as the service does it.
    pub(super) fn tell_participant(
        &mut self,
        application: &str,
        id: &str,
        sip: &str,
        kind: &'static str,
    ) {
        let Some(view) = self.store.view(application, id) else {
            return;
        };
        let title = render::title(self, view, sip);
        let href = hrefs::participant(application, id, sip);
        let event = Event::new(kind, "participant", href).titled(&title);
        self.emit_conversation(application, id, event);
    }

    /// Somebody begins or ceases to take part in messaging.
    pub(super) fn tell_participant_messaging(
        &mut self,
        application: &str,
        id: &str,
        sip: &str,
        kind: &'static str,
    ) {
        let Some((owner, view)) = self
            .store
            .applications
            .get(application)
            .and_then(|owner| Some((owner, owner.conversations.get(id)?)))
        else {
            return;
        };
        let participant = hrefs::participant(application, id, sip);
        let href = format!("{participant}/messaging");
        let mut event = Event::new(kind, "participantMessaging", href);
        if owner.sip == sip {
            event = event.within("localParticipant", participant, Some(&owner.name));
            if kind == "added" {
                let resource = render::participant_messaging(self, application, id, sip);
                event = event.embedding(resource);
            }
        } else {
            let title = render::title(self, view, sip);
            event = event.within("participant", participant, Some(&title));
        }
        self.emit_conversation(application, id, event);
    }

    /// The formats that all members with messaging can read.
    fn negotiate(&self, session: u64) -> Vec<String> {
        let Some(session) = self.store.sessions.get(&session) else {
            return Vec::new();
        };
        let reads = |leg: &Leg, format: &str| match &leg.place {
            Place::Contact => true,
            Place::At { application, .. } => {
                let found = self.store.applications.get(application);
                found.is_some_and(|a| a.formats.iter().any(|f| f == format))
            }
        };
        let joined = |leg: &&Leg| leg.presence == Presence::Joined;
        let is_common = |format: &&&str| {
            let is_allowed = **format == "Plain" || !session.is_plain_only;
            let mut legs = session.legs.iter().filter(joined);
            is_allowed && (**format == "Plain" || legs.all(|leg| reads(leg, format)))
        };
        let formats = FORMATS.iter().filter(is_common);
        formats.map(|format| (*format).to_owned()).collect()
    }

    /// Switches messaging on in a view.
    pub(super) fn switch_on(&mut self, session: u64, application: &str, id: &str) {
        let formats = self.negotiate(session);
        let mut has_send_link = true;
        if let Some(session) = self.store.sessions.get_mut(&session) {
            has_send_link = session.has_send_link;
            let here = Place::At {
                application: application.to_owned(),
                conversation: id.to_owned(),
            };
            for leg in session.legs.iter_mut().filter(|leg| leg.place == here) {
                leg.has_messaging = true;
            }
        }
        if let Some(view) = self.store.view_mut(application, id) {
            view.messaging = Messaging::Connected;
            view.formats = formats;
            view.has_send_link = has_send_link;
            if view.meeting.is_none() {
                view.state = "Connected";
            }
        }
    }

    /// The callee accepted: both halves connect, and the first message arrives.
    pub(super) fn connect(&mut self, session: u64, ring: &Ring, by: Option<(&str, &str)>) {
        let Some(caller) = self.caller_view(session, ring) else {
            // A contact called; only the endpoint that accepted has a view.
            return self.connect_callee(session, by);
        };
        let (application, id) = (caller.0.as_str(), caller.1.as_str());
        self.switch_on(session, application, id);
        self.connect_callee(session, by);
        if let Some(view) = self.store.view_mut(application, id) {
            view.others = vec![(ring.callee.clone(), true)];
        }
        self.note_others(id);
        let local = self.sip_of(application);
        self.tell_conversation(application, id, "updated");
        self.tell_participant(application, id, &ring.callee, "added");
        self.tell_participant_messaging(application, id, &ring.callee, "added");
        self.tell_participant_messaging(application, id, &local, "added");
        self.tell_messaging(application, id);
        self.complete_outgoing(ring);
    }

    /// The inviter's invitation ends well.
    pub(super) fn complete_outgoing(&mut self, ring: &Ring) {
        let Some((application, invitation)) = &ring.inviter else {
            return;
        };
        if let Some(owner) = self.store.applications.get_mut(application)
            && let Some(invitation) = owner.invitations.get_mut(invitation)
        {
            invitation.accepted_by = Some(ring.callee.clone());
        }
        self.complete_invitation(application, invitation, "Connected", None);
    }

    pub(super) fn sip_of(&self, application: &str) -> String {
        let owner = self.store.applications.get(application);
        owner.map(|owner| owner.sip.clone()).unwrap_or_default()
    }

    /// Application and conversation of the endpoint that rang.
    pub(super) fn caller_view(&self, session: u64, ring: &Ring) -> Option<(String, String)> {
        let (application, _) = ring.inviter.as_ref()?;
        let legs = &self.store.sessions.get(&session)?.legs;
        legs.iter().find_map(|leg| match &leg.place {
            Place::At {
                application: at,
                conversation,
            } if at == application => Some((at.clone(), conversation.clone())),
            _ => None,
        })
    }

    /// The view of the endpoint that accepted, then the message that came with the invitation.
    fn connect_callee(&mut self, session: u64, by: Option<(&str, &str)>) {
        let first = self.deliver_first(session);
        let Some((application, id)) = by else {
            return;
        };
        self.switch_on(session, application, id);
        let Some(view) = self.store.view_mut(application, id) else {
            return;
        };
        for (_, has_messaging) in &mut view.others {
            *has_messaging = true;
        }
        let invitation = view.invitation.take();
        let others: Vec<String> = view.others.iter().map(|(sip, _)| sip.clone()).collect();
        let local = self.sip_of(application);
        self.tell_messaging(application, id);
        self.tell_conversation(application, id, "updated");
        self.tell_participant_messaging(application, id, &local, "added");
        for sip in &others {
            self.tell_participant_messaging(application, id, sip, "added");
        }
        if let Some(invitation) = invitation {
            self.complete_invitation(application, &invitation, "Connected", None);
        }
        if let Some(first) = first {
            let message = incoming(&first.sender, &first.body, self.service.engine.now_ms());
            self.hand_over(application, id, message, None);
        }
    }

    /// Ends a session for all: E4 of the contract in every view, missed calls where it still rings.
    pub(super) fn end_session(&mut self, session: u64, why: &Reason) {
        let Some(found) = self.store.sessions.get_mut(&session) else {
            return;
        };
        let rings = std::mem::take(&mut found.rings);
        let cancelled = reason("LocalFailure", "Canceled");
        for ring in rings {
            self.drop_ringing(
                session,
                &ring.callee,
                "Cancelled",
                &reason("RemoteFailure", "Canceled"),
            );
            if let Some((application, invitation)) = &ring.inviter {
                self.complete_invitation(application, invitation, "Cancelled", Some(&cancelled));
            }
        }
        let Some(found) = self.store.sessions.remove(&session) else {
            return;
        };
        for leg in found.legs {
            if let Place::At {
                application,
                conversation,
            } = leg.place
            {
                self.end_view(&application, &conversation, why);
            }
        }
    }

    /// Sends the events of an end: messaging off, the participants, the conversation off and removed.
    pub(super) fn end_view(&mut self, application: &str, id: &str, why: &Reason) {
        let Some(view) = self.store.view_mut(application, id) else {
            return;
        };
        let was_connected = view.messaging == Messaging::Connected;
        view.messaging = Messaging::Disconnected;
        view.state = "Disconnected";
        let others = view.others.clone();
        if let Some(event) = self.messaging_event(application, id) {
            self.emit_conversation(application, id, event.because(why));
        }
        if was_connected {
            let local = self.sip_of(application);
            for (sip, _) in others.iter().filter(|(_, has_messaging)| *has_messaging) {
                self.tell_participant_messaging(application, id, sip, "deleted");
            }
            self.tell_participant_messaging(application, id, &local, "deleted");
        }
        self.tell_conversation(application, id, "updated");
        self.delete_view(application, id);
    }

    /// Removes one view. That ends a session of two; a meeting continues without it.
    pub(super) fn leave(&mut self, application: &str, id: &str, why: &Reason) {
        let Some(session) = self.store.view(application, id).map(|view| view.session) else {
            return;
        };
        let is_meeting = |s: &super::model::Session| s.meeting.is_some();
        if !self.store.sessions.get(&session).is_some_and(is_meeting) {
            return self.end_session(session, why);
        }
        self.leave_meeting(session, application, id, why);
    }
}
