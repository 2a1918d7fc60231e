//! The store of UCWA and the desk at which everything that changes it is done, under one lock.

use std::collections::{BTreeMap, HashMap, VecDeque};
use std::time::Instant;

use serde_json::{Value, json};

use super::channel::Style;
use super::event::{Event, Sender};
use super::model::{Application, Behaviour, Body, Conversation, First, Message, Session};
use super::tickets::Ticket;
use super::time::{Deadlines, Due};
use super::{hrefs, render};
use crate::engine::ledger::{About, Ledger, NewRow};
use crate::engine::platform::Platform;
use crate::engine::resources::Shared;
use crate::engine::stats::Event as Counted;
use crate::seed::UcwaUser;
use crate::wire::request::Request;

/// A message that waits to be fetched by the channels of its receivers.
#[derive(Debug)]
pub(super) struct Delivery {
    pub(super) application: String,
    pub(super) conversation: String,
    pub(super) message: Message,
    /// Applications that have not fetched it, with their users.
    pub(super) waiting: Vec<(String, String)>,
    pub(super) reached: usize,
    pub(super) failed: Vec<String>,
}

/// Everything that UCWA requests change.
#[derive(Debug, Default)]
pub(crate) struct Store {
    pub(super) tickets: HashMap<String, Ticket>,
    pub(super) applications: BTreeMap<String, Application>,
    /// Applications that ended for inactivity, and until when they are remembered.
    pub(super) gone: HashMap<String, Instant>,
    pub(super) sessions: BTreeMap<u64, Session>,
    pub(super) deliveries: BTreeMap<u64, Delivery>,
    /// Prepared answers of a user without application, by callee and caller.
    pub(super) prepared: HashMap<(String, String), VecDeque<Behaviour>>,
    pub(super) deadlines: Deadlines,
    serial: u64,
    /// The most requests for events that any application ever had at once.
    pub(super) pgets_max_at_once: u64,
    /// Whether the emulator shuts down: requests are held no longer.
    pub(super) is_ending: bool,
}

impl Store {
    /// A number that was not used before.
    pub(super) fn number(&mut self) -> u64 {
        self.serial += 1;
        self.serial
    }

    /// Lets all held requests go, because the emulator shuts down.
    pub(crate) fn end(&mut self) {
        self.is_ending = true;
        for application in self.applications.values() {
            application.channel.wake();
        }
    }

    /// Adds what UCWA counts to its part of the statistics.
    pub(crate) fn add_stats(&self, counters: &mut Value) {
        let per_application = |a: &Application| {
            json!({
                "id": a.id,
                "user": a.sip,
                "available": a.is_available,
                "pgets_held": u64::from(a.channel.is_held()),
                "pgets_max_at_once": a.channel.max_at_once,
                "conversations": a.conversations.len(),
            })
        };
        let applications: Vec<Value> = self.applications.values().map(per_application).collect();
        counters["applications_alive"] = applications.len().into();
        counters["applications"] = applications.into();
        counters["pgets_max_at_once"] = self.pgets_max_at_once.into();
    }

    /// The available applications of a user.
    pub(super) fn available(&self, sip: &str) -> Vec<String> {
        let of_user = self.applications.values().filter(|a| a.sip == sip);
        of_user
            .filter(|a| a.is_available)
            .map(|a| a.id.clone())
            .collect()
    }

    pub(super) fn view(&self, application: &str, id: &str) -> Option<&Conversation> {
        self.applications.get(application)?.conversations.get(id)
    }

    pub(super) fn view_mut(&mut self, application: &str, id: &str) -> Option<&mut Conversation> {
        let application = self.applications.get_mut(application)?;
        application.conversations.get_mut(id)
    }
}

/// Store, ledger and surroundings, while the lock is held.
pub(super) struct Desk<'a> {
    pub(super) shared: &'a Shared,
    pub(super) store: &'a mut Store,
    ledger: &'a mut Ledger,
}

/// Works at the desk; hold it briefly.
pub(super) fn with_desk<T>(shared: &Shared, work: impl FnOnce(&mut Desk<'_>) -> T) -> T {
    let mut state = shared.state();
    let state = &mut *state;
    work(&mut Desk {
        shared,
        store: &mut state.ucwa,
        ledger: &mut state.ledger,
    })
}

impl Desk<'_> {
    /// Sets a deadline so many of UCWA's seconds from now.
    pub(super) fn remind(&mut self, seconds: u64, due: Due) {
        let at = Instant::now() + self.shared.settings.ucwa.seconds(seconds);
        self.remind_at(at, due);
    }

    pub(super) fn remind_at(&mut self, at: Instant, due: Due) {
        if self.store.deadlines.add(at, due) {
            self.shared.ucwa_clock.notify_one();
        }
    }

    /// A fresh id in the form of the service's: 32 hexadecimal digits.
    pub(super) fn id(&self) -> String {
        self.shared.guid().simple().to_string()
    }

    /// The seeded user of that address.
    pub(super) fn user(&self, sip: &str) -> Option<&UcwaUser> {
        self.shared.seed.ucwa.users.iter().find(|u| u.sip == sip)
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
        let settings = self.shared.settings.ucwa;
        let is_medium = matches!(event.rel, "communication" | "me" | "presence" | "note");
        let Some(target) = self.store.applications.get_mut(application) else {
            return;
        };
        let not_before = (settings.aggregates && is_medium).then(|| {
            let delay = settings.seconds(target.channel.medium_delay());
            Instant::now() + delay
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

    /// Takes what is queued as an answer, and confirms the deliveries in it.
    pub(super) fn take_events(&mut self, application: &str, style: Style) -> Option<Value> {
        let found = self.store.applications.get_mut(application)?;
        let (response, receipts) = found.channel.take(&hrefs::base(application), style);
        for delivery in receipts {
            self.fetched(delivery, application);
        }
        Some(response)
    }

    /// Subject and importance of a conversation, by its id in whoever's view.
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
        let row = row(
            message.ledger_operation,
            &message.conversation,
            &message.sender,
            &message.body,
            &message.message_id,
            message.operation.clone(),
            self.about(&message.conversation),
        );
        self.ledger.append(row, &message.request);
        self.shared.stats.count(Platform::Ucwa, Counted::Stored);
        self.shared.announce();
    }

    /// Writes a message of the request itself into the ledger; its request is counted elsewhere.
    pub(super) fn record_request(&mut self, row: NewRow, request: &Request) {
        self.ledger.append(row, request);
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
        platform: Platform::Ucwa,
        operation,
        conversation: conversation.to_owned(),
        sender: sender.to_owned(),
        kind: if body.is_html { "html" } else { "text" }.to_owned(),
        text: body.text.clone(),
        message_id: message_id.to_owned(),
        idempotency_key: operation_id,
        about,
    }
}
