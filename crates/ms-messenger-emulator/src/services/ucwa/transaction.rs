//! Transactions: changes of UCWA's store under its lock.

use std::time::Instant;

use serde_json::Value;

use crate::{
    engine::{
        ledger::row::{About, NewRow},
        platform::Platform,
        stats::Event as Counted,
    },
    seed::ucwa::UcwaUser,
    services::ucwa::{
        channel::Style,
        event::{Event, Sender},
        hrefs,
        model::{Body, First},
        render,
        state::Ucwa,
        store::Store,
        time::Due,
    },
    wire::request::Request,
};

/// The store, with its lock held, and the service around it.
pub(super) struct Tx<'a> {
    pub(super) service: &'a Ucwa,
    pub(super) store: &'a mut Store,
}

/// Runs `work` under the lock of the store; the ledger is locked inside.
pub(super) fn with_tx<T>(service: &Ucwa, work: impl FnOnce(&mut Tx<'_>) -> T) -> T {
    let mut store = service.store();
    work(&mut Tx {
        service,
        store: &mut store,
    })
}

impl Tx<'_> {
    /// Sets a deadline so many of UCWA's seconds from now.
    pub(super) fn remind(&mut self, seconds: u64, due: Due) {
        let at = self.service.clock.now() + self.service.settings.seconds(seconds);
        self.remind_at(at, due);
    }

    pub(super) fn remind_at(&mut self, at: Instant, due: Due) {
        if self.store.deadlines.add(at, due) {
            self.service.deadline_set.notify_one();
        }
    }

    /// A fresh id in the form of the service's: 32 hexadecimal digits.
    pub(super) fn id(&self) -> String {
        self.service.engine.guid().simple().to_string()
    }

    /// The seeded user of that address.
    pub(super) fn user(&self, sip: &str) -> Option<&UcwaUser> {
        self.service.seed.ucwa.users.iter().find(|u| u.sip == sip)
    }

    /// A name for an address: the user's, else the part before the `@`.
    pub(super) fn name_of(&self, sip: &str) -> String {
        if let Some(user) = self.user(sip) {
            return user.name.clone();
        }
        let bare = sip.strip_prefix("sip:").unwrap_or(sip);
        bare.split('@').next().unwrap_or_default().to_owned()
    }

    /// Puts an event into an application's channel; an application that has ended gets none.
    pub(super) fn emit(&mut self, application: &str, sender: Sender, event: Event) {
        let settings = self.service.settings;
        let is_medium = matches!(event.rel, "communication" | "me" | "presence" | "note");
        let Some(target) = self.store.applications.get_mut(application) else {
            return;
        };
        let not_before = (settings.aggregates && is_medium).then(|| {
            let delay = settings.seconds(target.channel.medium_delay());
            self.service.clock.now() + delay
        });
        target.channel.push(sender, event, not_before);
    }

    /// An event of `communication` about one of its members.
    pub(super) fn emit_communication(&mut self, application: &str, event: Event) {
        self.emit(application, hrefs::of_communication(application), event);
    }

    /// An event of a conversation about one of its members.
    pub(super) fn emit_conversation(&mut self, application: &str, id: &str, event: Event) {
        self.emit(application, hrefs::of_conversation(application, id), event);
    }

    /// The conversation as it is now, as an event of that kind.
    pub(super) fn tell_conversation(&mut self, application: &str, id: &str, kind: &'static str) {
        let Some(resource) = render::conversation(self, application, id) else {
            return;
        };
        let href = hrefs::conversation(application, id);
        let event = Event::new(kind, "conversation", href).embedding(resource);
        self.emit_communication(application, event);
    }

    /// The messaging of a conversation as it is now.
    pub(super) fn messaging_event(&self, application: &str, id: &str) -> Option<Event> {
        let resource = render::messaging(self, application, id)?;
        let href = hrefs::messaging(application, id);
        Some(Event::new("updated", "messaging", href).embedding(resource))
    }

    pub(super) fn tell_messaging(&mut self, application: &str, id: &str) {
        if let Some(event) = self.messaging_event(application, id) {
            self.emit_conversation(application, id, event);
        }
    }

    /// The invitation as it is now, as an event of that kind.
    pub(super) fn invitation_event(
        &self,
        application: &str,
        id: &str,
        kind: &'static str,
    ) -> Option<Event> {
        let found = self.store.applications.get(application)?;
        let invitation = found.invitations.get(id)?;
        let rel = invitation.invites.rel();
        let resource = render::invitation(self, application, invitation);
        let href = hrefs::invitation(application, rel, id);
        Some(Event::new(kind, rel, href).embedding(resource))
    }

    /// Takes what is queued as a response, and confirms the deliveries in it.
    pub(super) fn take_events(&mut self, application: &str, style: Style) -> Option<Value> {
        let found = self.store.applications.get_mut(application)?;
        let (response, receipts) = found.channel.take(&hrefs::base(application), style);
        for delivery in receipts {
            self.fetched(delivery, application);
        }
        Some(response)
    }

    /// Subject and importance of a conversation, by its id in any view.
    pub(super) fn about(&self, conversation: &str) -> About {
        let mut applications = self.store.applications.values();
        let view = applications.find_map(|found| found.conversations.get(conversation));
        view.map_or_else(About::default, |view| About {
            subject: Some(view.subject.clone()).filter(|subject| !subject.is_empty()),
            importance: Some(view.importance.clone()),
        })
    }

    /// Writes a message into the ledger.
    pub(super) fn record(&mut self, message: &First) {
        self.note_past(&message.conversation);
        let row = row(
            message.ledger_operation,
            &message.conversation,
            &message.sender,
            &message.body,
            &message.message_id,
            message.operation.clone(),
            self.about(&message.conversation),
        );
        self.service.engine.append(row, &message.request);
        self.service
            .engine
            .stats
            .count(Platform::UCWA, Counted::Stored);
        self.service.engine.announce();
    }

    /// Writes a message of the request itself into the ledger; its request is counted elsewhere.
    pub(super) fn record_request(&mut self, row: NewRow, request: &Request) {
        self.note_past(&row.conversation);
        self.service.engine.append(row, request);
    }
}

/// A row of the ledger.
pub(super) fn row(
    operation: &'static str,
    conversation: &str,
    sender: &str,
    body: &Body,
    message_id: &str,
    operation_id: Option<String>,
    about: About,
) -> NewRow {
    NewRow {
        platform: Platform::UCWA,
        operation,
        conversation: conversation.to_owned(),
        sender: sender.to_owned(),
        kind: if body.is_html { "html" } else { "text" }.to_owned(),
        text: body.text.clone(),
        message_id: message_id.to_owned(),
        idempotency_key: operation_id,
        // Some clients send one id with all requests.
        is_request_id_unique: false,
        about,
    }
}
