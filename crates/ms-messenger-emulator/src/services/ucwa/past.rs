//! Whose conversations there were: what the inbox shows of them once their applications have ended.

use serde_json::json;

use crate::{
    engine::inspect::{Person, Scene},
    services::ucwa::transaction::Tx,
};

/// The owner of a conversation, the others, and the subject.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Past {
    pub(super) owner: String,
    pub(super) others: Vec<String>,
    pub(super) subject: String,
}

impl Tx<'_> {
    /// Whose conversation it is, while its application is there.
    pub(super) fn past_of(&self, conversation: &str) -> Option<Past> {
        let mut applications = self.store.applications.values();
        applications.find_map(|owner| {
            let view = owner.conversations.get(conversation)?;
            Some(Past {
                owner: owner.sip.clone(),
                others: view.others.iter().map(|(sip, _)| sip.clone()).collect(),
                subject: view.subject.clone(),
            })
        })
    }

    /// A conversation as the inbox shows it. One whose application has ended takes no messages.
    pub(super) fn scene(&self, conversation: &str) -> Scene {
        let present = self.past_of(conversation);
        let is_open = present.is_some();
        let past = present.or_else(|| self.store.past.get(conversation).cloned());
        let Some(past) = past else {
            return Scene::default();
        };
        let person = |sip: &String| Person {
            id: sip.clone(),
            name: self.name_of(sip),
        };
        let mut people: Vec<Person> = past.others.iter().map(person).collect();
        let names: Vec<&str> = people.iter().map(|person| &*person.name).collect();
        let mut title = self.name_of(&past.owner);
        if !names.is_empty() {
            title = format!("{title} with {}", names.join(", "));
        }
        if !past.subject.is_empty() {
            title = format!("{title}: {}", past.subject);
        }
        people.insert(0, person(&past.owner));
        let inject = json!({"platform": "ucwa", "action": "message", "to": past.owner});
        Scene {
            title: Some(title),
            people,
            inject: is_open.then_some(inject),
            sender_member: "from",
        }
    }
}
