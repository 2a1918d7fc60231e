//! The neutral model on top of the session.

use async_trait::async_trait;
use ms_messenger_core::{
    Acceptance, Address, Body, Capabilities, Error, ErrorKind, Evidence, Feature, Message,
    Messenger, Receipt, Result, SendRequest, Settled, Target,
};

use crate::{InstantMessage, Outcome, UcwaSession, error::PLATFORM};

/// What a session carries, known before anybody is signed in.
pub const CAPABILITIES: Capabilities = Capabilities::of(&[
    Feature::ToConversation,
    Feature::ToSip,
    Feature::Text,
    Feature::Html,
    Feature::SubjectInConversation,
    Feature::Importance,
]);

#[async_trait]
impl Messenger for UcwaSession {
    fn platform(&self) -> &str {
        PLATFORM
    }

    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    /// A conversation that is open keeps its subject and importance: those of the message count
    /// for one that it begins. HTML without a text alternative is refused where the other side
    /// shows none.
    async fn send(&self, request: &SendRequest) -> Result<Receipt> {
        CAPABILITIES.check(PLATFORM, request)?;
        let message = instant_message(&request.message)?;
        let outcome: Outcome = match &request.to {
            Target::Conversation(id) => self.conversation(id).send(message).await,
            Target::Person(Address::Sip(sip)) => Self::send(self, sip.as_str(), message).await,
            _ => return Err(unsupported()),
        };
        let delivered = outcome.into_result()?;
        let mut receipt =
            Receipt::new(Acceptance::Delivered).with_conversation(delivered.conversation);
        receipt.message_id = delivered.message_id;
        receipt.accepted_at = delivered.at;
        receipt.request_id = delivered.request_id;
        Ok(receipt)
    }

    /// UCWA keeps no messages that could be looked for. What can be told is told by the event
    /// that carries the verdict: while the session and the conversation live it may come after
    /// the send was given up. So only the session that sent can tell, and `CannotTell` may become
    /// a fact a moment later.
    async fn settle(&self, _: &SendRequest, evidence: &Evidence) -> Settled {
        self.verdict(evidence)
    }
}

fn instant_message(message: &Message) -> Result<InstantMessage> {
    let mut instant = match &message.body {
        Body::Text(text) => InstantMessage::text(text),
        Body::Html {
            html,
            text: Some(text),
        } => InstantMessage::html(html, text),
        Body::Html { html, text: None } => InstantMessage::html_only(html),
        _ => return Err(unsupported()),
    };
    instant.subject.clone_from(&message.subject);
    instant.importance = message.importance;
    Ok(instant)
}

/// What the check of the capabilities has refused already.
fn unsupported() -> Error {
    Error::new(ErrorKind::Unsupported, "ucwa does not carry this").with_platform(PLATFORM)
}
