//! What the inbox shows of Skype for Business.

use bytes::Bytes;
use serde_json::json;

use crate::{
    engine::{
        inspect::{Inspect, Part, Person, Scene, Shown},
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
        with_tx(self, |tx| {
            let mut applications = tx.store.applications.values();
            let found = applications.find_map(|owner| {
                let view = owner.conversations.get(id)?;
                let others = view.others.iter().map(|(sip, _)| sip.clone());
                Some((owner.sip.clone(), others.collect(), view.subject.clone()))
            });
            let Some((owner, others, subject)): Option<(String, Vec<String>, String)> = found
            else {
                return Scene::default();
            };
            let person = |sip: &String| Person {
                id: sip.clone(),
                name: tx.name_of(sip),
            };
            let mut people: Vec<Person> = others.iter().map(person).collect();
            let names: Vec<&str> = people.iter().map(|person| &*person.name).collect();
            let title = format!("{} with {}", tx.name_of(&owner), names.join(", "));
            let title = if subject.is_empty() {
                title
            } else {
                format!("{title}: {subject}")
            };
            let inject = json!({"platform": "ucwa", "action": "message", "to": owner});
            people.push(person(&owner));
            Scene {
                title: Some(title),
                people,
                inject: Some(inject),
                sender_member: "from",
            }
        })
    }

    fn name(&self, id: &str) -> Option<String> {
        Some(with_tx(self, |tx| tx.name_of(id)))
    }

    fn media(&self, _: &str, _: &str, _: &str) -> Option<(String, Bytes)> {
        None
    }
}
