//! Instant messages in an online meeting: switched on and off by each member.

use crate::{
    services::ucwa::{
        faults::UcwaFault,
        hrefs,
        input::Input,
        invitations::operation,
        messages::incoming,
        model::{First, Invites, Messaging, Place},
        responses::{Reply, conflict, not_found},
        transaction::Tx,
    },
    wire::request::Request,
};

impl Tx<'_> {
    /// addMessaging in a meeting; returns the address of the invitation.
    pub(super) fn add_messaging(
        &mut self,
        application: &str,
        id: &str,
        request: &Request,
        fault: Option<&UcwaFault>,
    ) -> Reply<String> {
        let input = Input::read(request)?;
        let operation = operation(&input)?;
        let body = input.first_message()?;
        let view = self.store.view(application, id).ok_or_else(not_found)?;
        if view.state != "Conferenced" {
            return Err(conflict("None"));
        }
        if view.messaging != Messaging::Disconnected {
            return Err(conflict("AnotherOperationPending"));
        }
        let session = view.session;
        let meeting = view.meeting.clone().unwrap_or_default();
        self.bend(session, fault);
        let invitation = self.invite(
            session,
            application,
            id,
            Invites::Messaging,
            &meeting,
            operation.clone(),
        );
        let location = hrefs::invitation(application, Invites::Messaging.rel(), &invitation);
        self.tell_invitation(application, &invitation, "started");
        if let Some(view) = self.store.view_mut(application, id) {
            view.messaging = Messaging::Connecting;
        }
        self.tell_messaging(application, id);
        self.switch_on(session, application, id);
        self.tell_conversation(application, id, "updated");
        let own = self.sip_of(application);
        self.tell_participant_messaging(application, id, &own, "added");
        self.tell_messaging(application, id);
        self.complete_invitation(application, &invitation, "Connected", None);
        for (_, other, view) in self.seats(session) {
            if other != application {
                self.add_other(&other, &view, &own, true);
            }
        }
        if let Some(body) = body {
            let first = First {
                body,
                sender: own,
                operation,
                message_id: location.clone(),
                conversation: id.to_owned(),
                ledger_operation: "send",
                request: request.clone(),
            };
            self.say_first(session, application, &first);
        }
        Ok(location)
    }

    /// The message that came with addMessaging, for all other members.
    fn say_first(&mut self, session: u64, application: &str, first: &First) {
        self.record(first);
        for leg in self.listeners(session, application) {
            if let Place::At {
                application,
                conversation,
            } = leg.place
            {
                let message = incoming(&first.sender, &first.body, self.service.engine.now_ms());
                self.hand_over(&application, &conversation, message, None);
            }
        }
    }

    /// Ends the messaging of one member; the meeting continues.
    pub(super) fn stop_messaging(&mut self, application: &str, id: &str) {
        let own = self.sip_of(application);
        let Some(view) = self.store.view_mut(application, id) else {
            return;
        };
        view.messaging = Messaging::Disconnected;
        let session = view.session;
        if let Some(found) = self.store.sessions.get_mut(&session) {
            for leg in found.legs.iter_mut().filter(|leg| leg.sip == own) {
                leg.has_messaging = false;
            }
        }
        self.tell_messaging(application, id);
        self.tell_participant_messaging(application, id, &own, "deleted");
        self.tell_conversation(application, id, "updated");
        for (_, other, view) in self.seats(session) {
            if other != application {
                self.add_other(&other, &view, &own, false);
            }
        }
    }
}
