//! What of Skype for Business is in the data file: what its front end has from elsewhere, or signs.
//!
//! Applications, their conversations and what waits for them are in the memory of a front end, and end
//! with it: a client signs in again with its ticket and creates an application. Tickets count on, notes
//! and prepared responses stay, and the ledger has every message.

use serde_json::{Value, json};

use crate::{
    services::ucwa::{
        model::Behaviour,
        past::Past,
        presence::AVAILABILITIES,
        published::Published,
        state::Ucwa,
        ticket::{Caller, Ticket},
        transaction::{Tx, with_tx},
    },
    wire::{clock, request::Request, response::Response},
};

/// So many conversations are remembered by name.
const MOST_PAST: usize = 100_000;

// What the parts are called in the journal. Clients have no such paths.
const APPLICATION: &str = "ucwa/application";
const CLOCK: &str = "ucwa/clock-ahead";
const CONVERSATION: &str = "ucwa/conversation";
const PREPARED: &str = "ucwa/prepared";
const PUBLISHED: &str = "ucwa/published";
const TICKET: &str = "ucwa/ticket";

impl Tx<'_> {
    /// Records a ticket as it is now, or that there is none.
    pub(super) fn keep_ticket(&self, token: &str) {
        self.service.engine.note_state(TICKET, || {
            let Some(ticket) = self.store.tickets.get(token) else {
                return json!({"token": token});
            };
            let service = self.service;
            let left = ticket
                .expires
                .saturating_duration_since(service.clock.now());
            json!({
                "token": token,
                "sip": ticket.caller.sip,
                "name": ticket.caller.name,
                "is_anonymous": ticket.caller.is_anonymous,
                "expires": now(service).saturating_add(millis(left)),
                "bound_to": ticket.bound_to,
                "issuer": ticket.issuer,
            })
        });
    }

    /// Records that ids were made for an application, so that no later one has them.
    pub(super) fn keep_application(&self) {
        self.service.engine.note_state(APPLICATION, || Value::Null);
    }

    /// Records what a user or contact publishes.
    pub(super) fn keep_published(&self, sip: &str) {
        self.service.engine.note_state(PUBLISHED, || {
            let published = self.store.published.get(sip);
            json!({
                "sip": sip,
                "availability": published.and_then(|it| it.availability),
                "activity": published.and_then(|it| it.activity.as_deref()),
                "note": published.and_then(|it| it.note.as_deref()),
            })
        });
    }

    /// Records the prepared responses of a contact to a caller.
    pub(super) fn keep_prepared(&self, key: &(String, String)) {
        self.service.engine.note_state(PREPARED, || {
            let prepared = self.store.prepared.get(key).into_iter().flatten();
            let prepared: Vec<&str> = prepared.map(|it| it.as_str()).collect();
            json!({"callee": key.0, "caller": key.1, "responses": prepared})
        });
    }

    /// Notes whose conversation it is, which the inbox shows after the application has ended.
    pub(super) fn note_past(&mut self, conversation: &str) {
        let Some(past) = self.past_of(conversation) else {
            return;
        };
        if self.store.past.get(conversation) == Some(&past) {
            return;
        }
        self.service.engine.note_state(CONVERSATION, || {
            json!({
                "id": conversation,
                "owner": past.owner,
                "others": past.others,
                "subject": past.subject,
            })
        });
        self.store.past.insert(conversation.to_owned(), past);
        if self.store.past.len() > MOST_PAST {
            self.store.past.pop_first();
        }
    }

    /// Notes who has come into a conversation that the inbox shows: one with a message.
    pub(super) fn note_others(&mut self, conversation: &str) {
        if self.store.past.contains_key(conversation) {
            self.note_past(conversation);
        }
    }
}

/// Records how far UCWA's clock is ahead. Called under the lock of the store.
pub(super) fn keep_clock(service: &Ucwa) {
    let ahead = || json!({"ahead_ms": millis(service.clock.is_ahead_by())});
    service.engine.note_state(CLOCK, ahead);
}

/// Takes a part of the journal back; `None` for another path, or a client.
pub(super) fn restore(service: &Ucwa, path: &str, request: &Request) -> Option<Response> {
    let known = [
        APPLICATION,
        CLOCK,
        CONVERSATION,
        PREPARED,
        PUBLISHED,
        TICKET,
    ];
    let restore = |document: &Value| with_tx(service, |tx| tx.restore(path, document));
    service.engine.restore_state(&known, path, request, restore)
}

impl Tx<'_> {
    fn restore(&mut self, path: &str, document: &Value) -> Option<()> {
        let optional = |name: &str| document.get(name)?.as_str().map(str::to_owned);
        let strings = |name: &str| -> Option<Vec<String>> {
            let all = document.get(name)?.as_array()?.iter();
            all.map(|one| one.as_str().map(str::to_owned)).collect()
        };
        match path {
            TICKET => return self.restore_ticket(document),
            CLOCK => {
                let ahead = document.get("ahead_ms")?.as_u64()?;
                self.service.clock.set_ahead(ahead);
            }
            CONVERSATION => {
                let past = Past {
                    owner: optional("owner")?,
                    others: strings("others")?,
                    subject: optional("subject")?,
                };
                self.store.past.insert(optional("id")?, past);
            }
            PREPARED => {
                let words = strings("responses")?;
                let responses = words.iter().map(|word| Behaviour::of_word(word));
                let responses: Option<Vec<Behaviour>> = responses.collect();
                let key = (optional("callee")?, optional("caller")?);
                self.store.prepared.insert(key, responses?.into());
            }
            PUBLISHED => {
                let word = optional("availability");
                let mut known = AVAILABILITIES.into_iter();
                let published = Published {
                    availability: known.find(|known| word.as_deref() == Some(known)),
                    activity: optional("activity"),
                    note: optional("note"),
                };
                self.store.published.insert(optional("sip")?, published);
            }
            _ => {}
        }
        Some(())
    }

    fn restore_ticket(&mut self, document: &Value) -> Option<()> {
        let optional = |name: &str| document.get(name)?.as_str().map(str::to_owned);
        let token = optional("token")?;
        let Some(expires) = document.get("expires") else {
            self.store.tickets.remove(&token);
            return Some(());
        };
        // Time passes while no emulator runs. The clock may be set ahead by what follows.
        let left = expires.as_u64()?.saturating_sub(now(self.service));
        let left = std::time::Duration::from_millis(left);
        let ticket = Ticket {
            caller: Caller {
                sip: optional("sip")?,
                name: optional("name")?,
                is_anonymous: document.get("is_anonymous")?.as_bool()?,
            },
            expires: self.service.clock.now().checked_add(left)?,
            bound_to: optional("bound_to"),
            issuer: optional("issuer")?,
        };
        self.store.tickets.insert(token, ticket);
        Some(())
    }
}

/// The time on UCWA's clock, epoch milliseconds.
fn now(service: &Ucwa) -> u64 {
    clock::system_ms().saturating_add(millis(service.clock.is_ahead_by()))
}

fn millis(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}
