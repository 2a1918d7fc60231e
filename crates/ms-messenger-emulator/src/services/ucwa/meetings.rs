//! Online meetings: made ad hoc, joined by their address, or grown out of a conversation of two.

use std::collections::BTreeMap;

use http::StatusCode;

use crate::{
    services::ucwa::{
        event::Event,
        faults::UcwaFault,
        hrefs,
        input::Input,
        invitations::{behaviour_of, callee, operation, topic},
        model::{Invites, Leg, Messaging, Place, Presence, Reason, Ring},
        render,
        responses::{Reply, conflict, no_application, not_found, refusal},
        ringing::Asking,
        transaction::Tx,
    },
    wire::request::Request,
};

/// The joined members of a session with their views: address, application, view.
type Seats = Vec<(String, String, String)>;

impl Tx<'_> {
    pub(super) fn seats(&self, session: u64) -> Seats {
        let Some(session) = self.store.sessions.get(&session) else {
            return Vec::new();
        };
        let seat = |leg: &Leg| match &leg.place {
            Place::At {
                application,
                conversation,
            } if leg.presence == Presence::Joined => {
                Some((leg.sip.clone(), application.clone(), conversation.clone()))
            }
            _ => None,
        };
        session.legs.iter().filter_map(seat).collect()
    }

    /// The joined members: address, and whether they have messaging.
    fn members(&self, session: u64) -> BTreeMap<String, bool> {
        let legs = self.store.sessions.get(&session).map(|s| s.legs.as_slice());
        let joined = legs.unwrap_or_default().iter();
        joined
            .filter(|leg| leg.presence == Presence::Joined)
            .map(|leg| (leg.sip.clone(), leg.has_messaging))
            .collect()
    }

    /// startOnlineMeeting and joinOnlineMeeting; returns the address of the invitation.
    pub(super) fn meet(&mut self, application: &str, request: &Request) -> Reply<String> {
        let input = Input::read(request)?;
        let operation = operation(&input)?;
        let topic = topic(self, &input)?;
        let own = self.sip_of(application);
        let uri = match input.text("onlineMeetingUri", 1000)?.as_deref() {
            None | Some("adhoc") => self.meeting_uri(&own),
            Some(uri) => uri.trim().to_ascii_lowercase(),
        };
        let is_it = |s: &&super::model::Session| s.meeting.as_ref() == Some(&uri);
        let found = self.store.sessions.values().find(is_it).map(|s| s.id);
        let is_own = uri.starts_with(&format!("{own};"));
        if found.is_none() && !is_own && self.service.engine.is_strict() {
            let message = "There is no such online meeting.";
            return Err(refusal(
                StatusCode::NOT_FOUND,
                "DestinationNotFound",
                message,
            ));
        }
        let session = found.unwrap_or_else(|| self.open_session(&topic));
        if let Some(found) = self.store.sessions.get_mut(&session) {
            found.meeting = Some(uri.clone());
        }
        let view = self
            .open_view(session, application, true)
            .ok_or_else(no_application)?;
        let invitation = self.invite(
            session,
            application,
            &view,
            Invites::Meeting,
            &uri,
            operation,
        );
        if let Some(view) = self.store.view_mut(application, &view) {
            view.state = "Conferencing";
            view.messaging = Messaging::Disconnected;
        }
        self.tell_invitation(application, &invitation, "started");
        self.tell_conversation(application, &view, "added");
        self.tell_local_participant(application, &view);
        self.seat_in_meeting(session, application, &view);
        self.complete_invitation(application, &invitation, "Connected", None);
        Ok(hrefs::invitation(
            application,
            Invites::Meeting.rel(),
            &invitation,
        ))
    }

    fn meeting_uri(&self, organizer: &str) -> String {
        let id = &self.id()[..8];
        format!("{organizer};gruu;opaque=app:conf:focus:id:{id}")
    }

    /// A view becomes part of the meeting: it sees the others, and they see its user.
    fn seat_in_meeting(&mut self, session: u64, application: &str, view: &str) {
        let own = self.sip_of(application);
        self.turn_conference(session, application, view);
        let mut members = self.members(session);
        members.remove(&own);
        for (sip, has_messaging) in &members {
            self.add_other(application, view, sip, *has_messaging);
        }
        for (sip, other, other_view) in self.seats(session) {
            if other != application && sip != own {
                self.add_other(&other, &other_view, &own, false);
            }
        }
    }

    /// The conversation is conferenced now, and shows its online meeting.
    fn turn_conference(&mut self, session: u64, application: &str, id: &str) {
        let Some(uri) = self
            .store
            .sessions
            .get(&session)
            .and_then(|s| s.meeting.clone())
        else {
            return;
        };
        let Some(view) = self.store.view_mut(application, id) else {
            return;
        };
        view.meeting = Some(uri);
        view.state = "Conferenced";
        let resource = render::online_meeting(application, view);
        self.tell_conversation(application, id, "updated");
        let href = format!("{}/onlineMeeting", hrefs::conversation(application, id));
        let mut event = Event::new("added", "onlineMeeting", href);
        event.embedded = resource;
        self.emit_conversation(application, id, event);
    }

    /// Lets a view see another member, once.
    pub(super) fn add_other(
        &mut self,
        application: &str,
        id: &str,
        sip: &str,
        has_messaging: bool,
    ) {
        let Some(view) = self.store.view_mut(application, id) else {
            return;
        };
        match view.others.iter_mut().find(|(other, _)| other == sip) {
            Some((_, known)) => {
                if *known == has_messaging {
                    return;
                }
                *known = has_messaging;
            }
            None => {
                view.others.push((sip.to_owned(), has_messaging));
                self.note_others(id);
                self.tell_participant(application, id, sip, "added");
                if !has_messaging {
                    return;
                }
            }
        }
        let kind = if has_messaging { "added" } else { "deleted" };
        self.tell_participant_messaging(application, id, sip, kind);
    }

    /// addParticipant; returns the address of the invitation. A session of two becomes a meeting.
    pub(super) fn add_participant(
        &mut self,
        application: &str,
        request: &Request,
        fault: Option<&UcwaFault>,
    ) -> Reply<String> {
        let input = Input::read(request)?;
        let id = input.text("conversation", 100)?;
        let id = input.required("conversation", id)?;
        let callee = callee(&input)?;
        let operation = operation(&input)?;
        let view = self.store.view(application, &id).ok_or_else(not_found)?;
        if !matches!(view.state, "Connected" | "Conferenced") {
            return Err(conflict("AnotherOperationPending"));
        }
        let session = view.session;
        if self.members(session).contains_key(&callee) {
            return Err(conflict("AlreadyExists"));
        }
        let session_now = self.store.sessions.get(&session).ok_or_else(not_found)?;
        if session_now.rings.iter().any(|ring| ring.callee == callee) {
            return Err(conflict("AnotherOperationPending"));
        }
        let own = self.sip_of(application);
        let invitation = self.invite(
            session,
            application,
            &id,
            Invites::Participant,
            &callee,
            operation,
        );
        self.tell_invitation(application, &invitation, "started");
        self.escalate(session, &own);
        let location = hrefs::invitation(application, Invites::Participant.rel(), &invitation);
        let asking = Asking {
            callee,
            caller: own,
            invites: Invites::Participant,
            inviter: Some((application.to_owned(), invitation)),
            toast: None,
            behaviour: behaviour_of(fault),
        };
        self.ask(session, &asking);
        Ok(location)
    }

    /// Makes a meeting of a session of two.
    fn escalate(&mut self, session: u64, organizer: &str) {
        let uri = self.meeting_uri(organizer);
        let Some(found) = self.store.sessions.get_mut(&session) else {
            return;
        };
        if found.meeting.is_some() {
            return;
        }
        found.meeting = Some(uri);
        for (_, application, view) in self.seats(session) {
            if let Some(view) = self.store.view_mut(&application, &view) {
                view.state = "Conferencing";
            }
            self.tell_conversation(&application, &view, "updated");
            self.turn_conference(session, &application, &view);
        }
    }

    /// Who was invited to the meeting comes in. A contact takes part in messaging at once.
    pub(super) fn join(&mut self, session: u64, ring: &Ring, by: Option<(&str, &str)>) {
        match by {
            Some((application, view)) => {
                let invitation = self.store.view_mut(application, view).and_then(|view| {
                    view.messaging = Messaging::Disconnected;
                    view.others.clear();
                    view.invitation.take()
                });
                self.seat_in_meeting(session, application, view);
                if let Some(invitation) = invitation {
                    self.complete_invitation(application, &invitation, "Connected", None);
                }
            }
            None => {
                for (_, application, view) in self.seats(session) {
                    self.add_other(&application, &view, &ring.callee, true);
                }
            }
        }
        self.complete_outgoing(ring);
    }

    /// One member leaves a meeting, which ends when no member with an application is left.
    pub(super) fn leave_meeting(
        &mut self,
        session: u64,
        application: &str,
        id: &str,
        why: &Reason,
    ) {
        let own = self.sip_of(application);
        let Some(found) = self.store.sessions.get_mut(&session) else {
            return;
        };
        found.legs.retain(
            |leg| !matches!(&leg.place, Place::At { conversation, .. } if conversation == id),
        );
        self.end_view(application, id, why);
        let seats = self.seats(session);
        if seats.is_empty() {
            return self.end_session(session, why);
        }
        for (_, other, view) in seats {
            self.add_other(&other, &view, &own, false);
            if let Some(found) = self.store.view_mut(&other, &view) {
                found.others.retain(|(sip, _)| *sip != own);
            }
            self.tell_participant(&other, &view, &own, "deleted");
        }
    }
}
