//! What the inbox shows of Skype for Business.

use bytes::Bytes;

use crate::{
    engine::{
        inspect::{Inspect, Part, Scene, Shown},
        ledger::row::LedgerRow,
    },
    services::ucwa::{render, state::Ucwa, transaction::with_tx},
};

impl Inspect for Ucwa {
    fn message(&self, row: &LedgerRow) -> Shown {
        let number = row.message_id.rsplit('/').next();
        let number = number.and_then(|number| number.parse().ok());
        let found = with_tx(self, |tx| {
            let mut applications = tx.store.applications.iter();
            let (application, view) = applications.find_map(|(id, found)| {
                Some((id.clone(), found.conversations.get(&row.conversation)?))
            })?;
            let message = view.messages.get(&number?)?.clone();
            let stored = render::message(tx, &application, &row.conversation, &message);
            Some((message.status, stored))
        });
        Shown {
            parts: vec![Part::of(&row.kind, row.text.as_str())],
            delivery: found.as_ref().map(|(status, _)| (*status).to_owned()),
            stored: found.map(|(_, stored)| stored),
            ..Shown::default()
        }
    }

    fn conversation(&self, id: &str) -> Scene {
        with_tx(self, |tx| tx.scene(id))
    }

    fn name(&self, id: &str) -> Option<String> {
        Some(with_tx(self, |tx| tx.name_of(id)))
    }

    fn media(&self, _: &str, _: &str, _: &str) -> Option<(String, Bytes)> {
        None
    }
}
