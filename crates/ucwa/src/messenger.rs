//! The neutral model on top of the session.

use async_trait::async_trait;
use ms_messenger_core::{
    Acceptance, Address, Body, Capabilities, Capability, ConversationId, Error, ErrorKind,
    Evidence, Message, Messenger, Problem, Problems, Receipt, Result, SendRequest, Settled, SipUri,
    Target,
};

use crate::{
    builder::UcwaBuilder,
    error::PLATFORM,
    message::{InstantMessage, Sizes},
    outcome::UcwaOutcome,
    send,
    session::UcwaSession,
    settle,
};

/// What a session carries, known before anybody is signed in.
pub const CAPABILITIES: Capabilities = Capabilities::new(&[
    Capability::ToConversation,
    Capability::ToSip,
    Capability::Text,
    Capability::Html,
    Capability::SubjectInConversation,
    Capability::Importance,
    Capability::Deadline,
]);

/// Runs every check of a send that needs no I/O and no session: what the platform carries, the
/// address, the sizes of the texts; with the size that a builder has by default. What is
/// returned are warnings: there are none yet.
///
/// What only a session knows is not checked: whether a conversation is open, and what the other
/// side shows.
///
/// ```
/// use ms_messenger_core::{Message, SendRequest, Target};
///
/// let request = |text: String| {
///     SendRequest::new(Target::conversation("/ucwa/1"), Message::text(text))
/// };
/// assert!(ucwa::check(&request("Build 42 is green".into())).is_ok());
/// let error = ucwa::check(&request("x".repeat(7001))).unwrap_err();
/// assert_eq!(error.problems()[0].field, "message.text");
/// ```
///
/// # Errors
///
/// As the send would answer: `Unsupported` or `InvalidRequest`, with every problem named.
pub fn check(request: &SendRequest) -> Result<Vec<Problem>> {
    checked(request, Sizes::default()).map(|_| Vec::new())
}

impl UcwaBuilder {
    /// The same as [`check`](crate::check()), with the sizes that are set here.
    ///
    /// # Errors
    ///
    /// As [`check`](crate::check()).
    pub fn check(&self, request: &SendRequest) -> Result<Vec<Problem>> {
        checked(request, self.sizes()).map(|_| Vec::new())
    }
}

/// Where a message goes.
enum Recipient<'a> {
    Conversation(&'a ConversationId),
    Person(&'a SipUri),
}

/// The local checks of a send, and what it comes to.
fn checked(request: &SendRequest, sizes: Sizes) -> Result<(Recipient<'_>, InstantMessage)> {
    CAPABILITIES.check(PLATFORM, request)?;
    let message = instant_message(&request.message)?;
    let to = match &request.to {
        Target::Conversation(id) if id.as_str().is_empty() => {
            let mut problems = Problems::new();
            problems.add("to", "the id of the conversation must not be empty");
            let refused = problems.into_result(ErrorKind::InvalidRequest);
            return Err(refused
                .err()
                .unwrap_or_else(unsupported)
                .with_platform(PLATFORM));
        }
        Target::Conversation(id) => Recipient::Conversation(id),
        Target::Person(Address::Sip(sip)) => Recipient::Person(sip),
        _ => return Err(unsupported()),
    };
    let checked = message.check(sizes);
    checked.map_err(|error| error.with_platform(PLATFORM))?;
    Ok((to, message))
}

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
    /// shows none. A message to a meeting that did not reach everyone is `Posted`.
    async fn send(&self, request: &SendRequest) -> Result<Receipt> {
        let (to, message) = checked(request, self.inner().config.sizes)?;
        let inner = self.inner();
        let deadline = &inner.deadline_of(request.timeout, request.cancel.clone());
        let outcome: UcwaOutcome = match to {
            Recipient::Conversation(id) => {
                let key = id.as_str();
                send::to_conversation(inner, key, &message, deadline).await
            }
            Recipient::Person(sip) => send::to_person(inner, sip, &message, deadline).await,
        };
        let delivered = outcome.into_result()?;
        // The server has it in any case; that everyone got it is more.
        let acceptance = if delivered.to_everyone {
            Acceptance::Delivered
        } else {
            Acceptance::Posted
        };
        let mut receipt = Receipt::new(acceptance).with_conversation(delivered.conversation);
        receipt.message_id = delivered.message_id;
        receipt.accepted_at = delivered.at;
        receipt.request_id = delivered.request_id;
        Ok(receipt)
    }

    /// UCWA keeps no messages that could be looked for. What can be told is told by the event
    /// that carries the verdict: while the session lives it may come after the send was given
    /// up. So only the session that sent can tell. `NotYet` while the verdict may still come.
    async fn settle(&self, _: &SendRequest, evidence: &Evidence) -> Settled {
        settle::settle(self.inner(), evidence).await
    }
}

fn instant_message(message: &Message) -> Result<InstantMessage> {
    let mut instant = match &message.body {
        Body::Text(text) => InstantMessage::text(text),
        Body::Html {
            html,
            text: Some(text),
            ..
        } => InstantMessage::html(html, text),
        Body::Html { html, .. } => InstantMessage::html_only(html),
        _ => return Err(unsupported()),
    };
    instant.subject.clone_from(&message.subject);
    instant.importance = message.importance;
    Ok(instant)
}

/// What the check of the capabilities has refused already.
fn unsupported() -> Error {
    Error::new(ErrorKind::Unsupported, "ucwa does not support this").with_platform(PLATFORM)
}
