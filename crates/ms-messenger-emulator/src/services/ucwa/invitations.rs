//! Invitations as requests: startMessaging, accept, decline, cancel.

use crate::{
    services::ucwa::{
        applications::anonymous,
        faults::UcwaFault,
        hrefs,
        input::Input,
        messages::MAX_OPERATION,
        model::{Behaviour, Body, First, Invitation, Invites, Place, Presence, Reason, reason},
        responses::{Reply, bad_parameter, conflict, no_application, not_found},
        ringing::{Asking, Topic},
        transaction::Tx,
    },
    wire::request::Request,
};

const MAX_SUBJECT: usize = 250;
const IMPORTANCES: [&str; 3] = ["Normal", "Urgent", "Emergency"];

/// What a fault makes of the other side.
pub(super) fn behaviour_of(fault: Option<&UcwaFault>) -> Option<Behaviour> {
    match fault? {
        UcwaFault::Declined => Some(Behaviour::Decline),
        UcwaFault::Busy => Some(Behaviour::Busy),
        UcwaFault::DoNotDisturb => Some(Behaviour::DoNotDisturb),
        UcwaFault::Unanswered => Some(Behaviour::Ignore),
        _ => None,
    }
}

/// What the invitations of one request have in common.
pub(super) fn topic(tx: &Tx<'_>, input: &Input) -> Reply<Topic> {
    let importance = input
        .text("importance", 50)?
        .unwrap_or_else(|| "Normal".to_owned());
    if !IMPORTANCES.contains(&importance.as_str()) {
        return Err(input.bad("importance", "must be Normal, Urgent or Emergency"));
    }
    Ok(Topic {
        subject: input.text("subject", MAX_SUBJECT)?.unwrap_or_default(),
        importance,
        thread: match input.text("threadId", MAX_SUBJECT)? {
            Some(thread) if !thread.is_empty() => thread,
            _ => tx.id(),
        },
    })
}

pub(super) fn callee(input: &Input) -> Reply<String> {
    let to = input.text("to", 1000)?;
    let to = input.required("to", to)?;
    hrefs::normal_sip(&to).ok_or_else(|| input.bad("to", "must be a SIP address"))
}

pub(super) fn operation(input: &Input) -> Reply<Option<String>> {
    input.text("operationId", MAX_OPERATION)
}

impl Tx<'_> {
    /// startMessaging; returns the address of the invitation.
    pub(super) fn start(
        &mut self,
        application: &str,
        request: &Request,
        fault: Option<&UcwaFault>,
    ) -> Reply<String> {
        let owner = self.store.applications.get(application);
        if owner.is_some_and(|owner| owner.is_anonymous) {
            return Err(anonymous());
        }
        let input = Input::read(request)?;
        let callee = callee(&input)?;
        let topic = topic(self, &input)?;
        let operation = operation(&input)?;
        let toast = input.first_message()?;
        let caller = self.sip_of(application);
        let session = self.open_session(&topic);
        self.bend(session, fault);
        let view = self
            .open_view(session, application, true)
            .ok_or_else(no_application)?;
        let invitation = self.invite(
            session,
            application,
            &view,
            Invites::Messaging,
            &callee,
            operation.clone(),
        );
        let location = hrefs::invitation(application, Invites::Messaging.rel(), &invitation);
        if let (Some(body), Some(session)) = (&toast, self.store.sessions.get_mut(&session)) {
            session.first = Some(First {
                body: body.clone(),
                sender: caller.clone(),
                operation,
                message_id: location.clone(),
                conversation: view.clone(),
                ledger_operation: "send",
                request: request.clone(),
            });
        }
        if fault != Some(&UcwaFault::SkipIntermediate) {
            self.tell_outgoing(application, &view, &invitation);
        }
        let asking = Asking {
            callee,
            caller,
            invites: Invites::Messaging,
            inviter: Some((application.to_owned(), invitation)),
            toast,
            behaviour: behaviour_of(fault),
        };
        self.ask(session, &asking);
        Ok(location)
    }

    /// E1 of the contract.
    fn tell_outgoing(&mut self, application: &str, view: &str, invitation: &str) {
        self.tell_invitation(application, invitation, "started");
        self.tell_conversation(application, view, "added");
        self.tell_local_participant(application, view);
        self.tell_messaging(application, view);
    }

    /// What a fault changes in a session for good.
    pub(super) fn bend(&mut self, session: u64, fault: Option<&UcwaFault>) {
        if let Some(session) = self.store.sessions.get_mut(&session) {
            session.has_send_link &= fault != Some(&UcwaFault::NoSendLink);
            session.is_plain_only |= fault == Some(&UcwaFault::HtmlNotNegotiated);
        }
    }

    /// An outgoing invitation of an application; returns its id.
    pub(super) fn invite(
        &mut self,
        session: u64,
        application: &str,
        view: &str,
        invites: Invites,
        callee: &str,
        operation: Option<String>,
    ) -> String {
        let id = self.id();
        let from = self.sip_of(application);
        let Some(session) = self.store.sessions.get(&session) else {
            return id;
        };
        let invitation = Invitation {
            id: id.clone(),
            invites,
            is_incoming: false,
            state: "Connecting",
            operation,
            conversation: view.to_owned(),
            from,
            to: callee.to_owned(),
            subject: session.subject.clone(),
            importance: session.importance.clone(),
            thread: session.thread.clone(),
            meeting: session.meeting.clone(),
            toast: None::<Body>,
            accepted_by: None,
        };
        if let Some(owner) = self.store.applications.get_mut(application) {
            owner.invitations.insert(id.clone(), invitation);
        }
        id
    }

    fn invitation(&self, application: &str, id: &str) -> Reply<&Invitation> {
        let owner = self.store.applications.get(application);
        owner
            .and_then(|owner| owner.invitations.get(id))
            .ok_or_else(not_found)
    }

    /// The session and the ring of an incoming invitation that is still open.
    fn open_ring(&self, application: &str, id: &str) -> Reply<(u64, u64, String)> {
        let invitation = self.invitation(application, id)?;
        if !invitation.is_incoming {
            return Err(not_found());
        }
        if invitation.state != "Connecting" {
            return Err(conflict("None"));
        }
        let view = invitation.conversation.clone();
        let ring = self.ring_of(application, &view).ok_or_else(not_found)?;
        Ok((ring.0, ring.1, view))
    }

    /// Session and ring of the pending invitation in this view.
    fn ring_of(&self, application: &str, view: &str) -> Option<(u64, u64)> {
        let session = self.store.view(application, view)?.session;
        let found = self.store.sessions.get(&session)?;
        let owner = self.store.applications.get(application)?;
        let ring = found.rings.iter().find(|ring| ring.callee == owner.sip)?;
        Some((session, ring.id))
    }

    pub(super) fn accept(
        &mut self,
        application: &str,
        id: &str,
        fault: Option<&UcwaFault>,
    ) -> Reply<()> {
        let (session, ring, view) = self.open_ring(application, id)?;
        self.bend(session, fault);
        self.accept_ring(session, ring, Some((application, &view)));
        Ok(())
    }

    /// Local: this endpoint only, the others ring on. Global: the user will not have it.
    pub(super) fn decline(&mut self, application: &str, id: &str, input: &Input) -> Reply<()> {
        let scope = input.text("reason", 50)?;
        if !matches!(scope.as_deref(), None | Some("Local" | "Global")) {
            return Err(bad_parameter("reason", "must be Local or Global"));
        }
        let (session, ring, view) = self.open_ring(application, id)?;
        let declined = reason("RemoteFailure", "Declined");
        if scope.as_deref() == Some("Global") {
            self.refuse(session, ring, "Declined", &declined);
        } else {
            self.turn_down(application, &view, "Declined", &declined);
        }
        Ok(())
    }

    /// One endpoint refuses the call. When it was the last one to ring, the caller gets an event.
    pub(super) fn turn_down(
        &mut self,
        application: &str,
        view: &str,
        state: &'static str,
        why: &Reason,
    ) {
        let Some((session, ring)) = self.ring_of(application, view) else {
            return self.delete_view(application, view);
        };
        let Some(found) = self.store.sessions.get_mut(&session) else {
            return;
        };
        let callee = found.rings.iter().find(|r| r.id == ring);
        let callee = callee.map(|r| r.callee.clone()).unwrap_or_default();
        let rings_elsewhere = found.legs.iter().any(|leg| {
            let is_here =
                matches!(&leg.place, Place::At { conversation, .. } if conversation == view);
            leg.sip == callee && leg.presence == Presence::Ringing && !is_here
        });
        if !rings_elsewhere {
            return self.refuse(session, ring, state, why);
        }
        found.legs.retain(
            |leg| !matches!(&leg.place, Place::At { conversation, .. } if conversation == view),
        );
        self.close_ringing_view(application, view, state, why);
    }

    /// cancel, and terminate of a conversation that is not connected yet.
    pub(super) fn cancel(&mut self, application: &str, id: &str) -> Reply<()> {
        let invitation = self.invitation(application, id)?;
        if invitation.is_incoming {
            return Err(not_found());
        }
        if invitation.state != "Connecting" {
            return Err(conflict("None"));
        }
        let view = invitation.conversation.clone();
        let invites = invitation.invites;
        if invites == Invites::Messaging {
            return self.terminate(application, &view);
        }
        let session = self.store.view(application, &view).map(|view| view.session);
        let session = session.ok_or_else(not_found)?;
        let rings = self.store.sessions.get(&session).map(|found| &found.rings);
        let is_this = |ring: &&super::model::Ring| {
            ring.inviter
                .as_ref()
                .is_some_and(|(_, invitation)| invitation == id)
        };
        let ring = rings
            .and_then(|rings| rings.iter().find(is_this))
            .map(|ring| ring.id);
        let cancelled = reason("LocalFailure", "Canceled");
        self.refuse(
            session,
            ring.ok_or_else(not_found)?,
            "Cancelled",
            &cancelled,
        );
        Ok(())
    }

    /// terminate: ends the messaging of a view, and with it a session of two.
    pub(super) fn terminate(&mut self, application: &str, view: &str) -> Reply<()> {
        let found = self.store.view(application, view).ok_or_else(not_found)?;
        if found.invitation.is_some() {
            let declined = reason("RemoteFailure", "Declined");
            self.turn_down(application, view, "Declined", &declined);
        } else if found.meeting.is_some() {
            self.stop_messaging(application, view);
        } else {
            self.leave(application, view, &reason("Informational", "Ended"));
        }
        Ok(())
    }
}
