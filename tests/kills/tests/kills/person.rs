//! The person for whom an unconfirmed message waits, and behind it those of its order key.

use std::{
    collections::HashSet,
    time::{Duration, SystemTime},
};

use ms_messenger_emulator::Emulator;
use ms_messenger_outbox::{Outbox, Query, State};

use crate::audit::id_in;

/// A request that is late is stored by then.
const LATEST: Duration = Duration::from_secs(10);

/// Looks the message up in the ledger, as a person would in the chat.
#[derive(Debug, Default)]
pub(crate) struct Person {
    /// The ids of the messages that were unconfirmed until then.
    pub(crate) decided: Vec<String>,
    /// Those that had no evidence, or no reason.
    pub(crate) unexplained: Vec<String>,
}

impl Person {
    /// Decides what became of the unconfirmed messages with an order key.
    pub(crate) async fn decide(&mut self, outbox: &Outbox, emulator: &Emulator) {
        let query = Query::new()
            .with_state(State::Unconfirmed)
            .with_limit(10_000);
        let Ok(heads) = outbox.list(&query).await else {
            return;
        };
        let since = SystemTime::now() - LATEST;
        let ripe = heads
            .iter()
            .filter(|it| it.order_key.is_some() && it.changed_at < since);
        let ripe: Vec<_> = ripe.collect();
        if ripe.is_empty() {
            return;
        }
        let rows = emulator.messages();
        let stored: HashSet<&str> = rows.iter().filter_map(|it| id_in(&it.text)).collect();
        for head in ripe {
            let decided = match stored.contains(head.id.as_str()) {
                true => outbox.confirm(&head.id, None).await,
                false => outbox.retry(&head.id).await,
            };
            // A busy store is asked again.
            if decided.is_err() {
                continue;
            }
            if head.evidence.is_none() || head.error.is_none() {
                self.unexplained.push(head.id.to_string());
            }
            self.decided.push(head.id.to_string());
        }
    }
}
