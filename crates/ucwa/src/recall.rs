//! What a session recalls of a conversation: its history, with the verdicts that came late.

use ms_messenger_core::Delivery;

use crate::{
    conversation_message::{ConversationMessage, Direction},
    history::{Said, SaidBy},
    resource::Resource,
    sender::Sender,
    state::{ConversationState, State, key},
    verdict::{Reach, Verdict},
};

impl State {
    /// Returns the messages of a conversation, oldest first, without those that were not sent.
    pub(crate) fn recall(&self, conversation: &str) -> Vec<ConversationMessage> {
        let known = self.conversations.get(conversation);
        let said = self.history.of(conversation);
        said.filter_map(|said| self.recalled(known?, said))
            .collect()
    }

    fn recalled(&self, known: &ConversationState, said: &Said) -> Option<ConversationMessage> {
        let mut message = ConversationMessage {
            id: said
                .href
                .as_deref()
                .filter(|href| !href.is_empty())
                .map(Into::into),
            direction: Direction::Incoming,
            from: Sender::default(),
            format: said.format.clone(),
            text: Some(said.text.clone()),
            at: said.at,
            delivery: Delivery::Sent,
        };
        match &said.by {
            SaidBy::Other { from, participant } => {
                let from = from.clone();
                let found = || known.sender_at(participant.as_deref()?);
                message.from = from.or_else(found).unwrap_or_default();
            }
            SaidBy::Own {
                operation,
                is_delivered,
            } => {
                message.direction = Direction::Outgoing;
                message.from = Sender::new(self.own.clone(), None);
                if !is_delivered {
                    self.judge(operation, &mut message)?;
                }
            }
        }
        Some(message)
    }

    /// Takes the verdict that came after the send had ended; `None` for a message that was not sent.
    fn judge(&self, operation: &str, message: &mut ConversationMessage) -> Option<()> {
        message.delivery = Delivery::Unknown;
        let past = self.verdicts.past(operation);
        match past.and_then(|past| past.verdict.as_ref()) {
            Some(Verdict::Delivered(arrival)) if arrival.reach != Reach::Nobody => {
                message.delivery = Delivery::Sent;
                message.id = Some(arrival.href.as_str().into());
                message.at = arrival.at;
            }
            Some(Verdict::Failed(_)) => return None,
            _ => {}
        }
        Some(())
    }
}

impl ConversationState {
    /// The participant at an address, if the server named it.
    pub(crate) fn sender_at(&self, href: &str) -> Option<Sender> {
        let found = self.participants.get(key(href)).cloned();
        found.filter(|known| !known.uri.is_empty())
    }

    /// The sender of a message that was received.
    pub(crate) fn sender_of(&self, message: &Resource) -> Sender {
        let link = message.link("participant");
        let named = link.and_then(|link| self.sender_at(&link.href));
        let title = link.and_then(|link| link.title.clone());
        let title = title.filter(|title| !title.is_empty());
        let peer = || Some(Sender::new(self.peer.clone()?, title));
        named.or_else(peer).unwrap_or_default()
    }
}
