//! Everything that UCWA requests change.

use std::{
    collections::{BTreeMap, HashMap, VecDeque},
    time::Instant,
};

use serde_json::{Value, json};

use crate::services::ucwa::{
    model::{Application, Behaviour, Conversation, Message, Session},
    past::Past,
    published::Published,
    ticket::Ticket,
    time::Deadlines,
};

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
    /// Prepared reactions of a user without application, by callee and caller.
    pub(super) prepared: HashMap<(String, String), VecDeque<Behaviour>>,
    /// What users and contacts publish of themselves, by address.
    pub(super) published: BTreeMap<String, Published>,
    /// Whose conversations the ledger has messages of, by conversation.
    pub(super) past: BTreeMap<String, Past>,
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
