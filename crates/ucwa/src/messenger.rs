//! The neutral model, on top of the session.

use async_trait::async_trait;
use ms_messenger_core::{
    Acceptance, Address, Body, Capabilities, Capability, ConversationId, Error, ErrorKind,
    Evidence, Message, Messenger, Problem, Receipt, Result, SendRequest, Settled, SipUri, Target,
};
use ms_messenger_http::{Call, Preview};

use crate::{
    builder::UcwaBuilder,
    error::PLATFORM,
    message::{Format, InstantMessage, Sizes},
    operations::{APPLICATION_CREATE, INVITATION_START, MESSAGE_SEND, TICKET_ISSUE},
    outcome::UcwaOutcome,
    send,
    session::UcwaSession,
    settle,
};

/// The capabilities of a session, known before sign-in.
/// ```
/// use ms_messenger_core::Capability;
///
/// assert!(ucwa::CAPABILITIES.supports(Capability::ToSip));
/// assert!(!ucwa::CAPABILITIES.supports(Capability::Idempotency));
/// ```
pub const CAPABILITIES: Capabilities = Capabilities::new(&[
    Capability::ToConversation,
    Capability::ToSip,
    Capability::Text,
    Capability::Html,
    Capability::SubjectInConversation,
    Capability::Importance,
    Capability::Deadline,
    Capability::Journal,
]);

/// Runs every check of a send that needs no I/O and no session: the capabilities, the address, and
/// the sizes of the texts against the default limit. Returns warnings; there are none yet.
///
/// Only a session can check whether a conversation is open, and which formats the recipient shows.
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
/// The error of the send: `Unsupported` or `InvalidRequest`, with every problem named.
pub fn check(request: &SendRequest) -> Result<Vec<Problem>> {
    checked(request, Sizes::default()).map(|_| Vec::new())
}

/// Runs every check of [`check`], and returns the request that carries the message. Its address is
/// known in a session only, and so are the formats that the recipient shows: HTML is sent if the
/// recipient shows it, else the text beside it.
///
/// ```
/// use ms_messenger_core::{SendRequest, Target};
///
/// let to: Target = "sip:lene@contoso.com".parse()?;
/// let preview = ucwa::preview(&SendRequest::new(to, "Build 42 is green"))?;
/// assert_eq!(preview.headers["content-type"], "text/plain; charset=utf-8");
/// assert_eq!(preview.after.last().unwrap().name(), "invitation.start");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
///
/// # Errors
///
/// As [`check`].
pub fn preview(request: &SendRequest) -> Result<Preview> {
    let (to, message) = checked(request, Sizes::default())?;
    let every = [Format::Html.as_str().to_owned()];
    let (format, body) = message.written(&every).ok_or_else(unsupported)?;
    let call = Call::of(&MESSAGE_SEND, "/").with_body(format.content_type(), body.to_owned());
    let mut after = vec![&TICKET_ISSUE, &APPLICATION_CREATE];
    let address = match to {
        Recipient::Conversation(id) => format!("{}/{{sendMessage}}", id.as_str()),
        Recipient::Person(_) => {
            after.push(&INVITATION_START);
            "{conversation}/{sendMessage}".to_owned()
        }
    };
    Ok(Preview::new(&call, address).with_after(after))
}

impl UcwaBuilder {
    /// Runs the checks of [`check`](crate::check()) with the size limit of this builder.
    ///
    /// # Errors
    ///
    /// As [`check`](crate::check()).
    pub fn check(&self, request: &SendRequest) -> Result<Vec<Problem>> {
        checked(request, self.sizes()).map(|_| Vec::new())
    }
}

/// The recipient of a message.
enum Recipient<'a> {
    Conversation(&'a ConversationId),
    Person(&'a SipUri),
}

/// Runs the local checks of a send, and returns the recipient and the message.
fn checked(request: &SendRequest, sizes: Sizes) -> Result<(Recipient<'_>, InstantMessage)> {
    CAPABILITIES.check(PLATFORM, request)?;
    let message = instant_message(&request.message)?;
    let to = match &request.to {
        Target::Conversation(id) if id.as_str().is_empty() => {
            let rule = "the id of the conversation must not be empty";
            return Err(Error::invalid("to", rule).with_platform(PLATFORM));
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

    /// An open conversation keeps its subject and importance: those of the message apply to a
    /// conversation that it opens. HTML without a text alternative is refused if the recipient
    /// does not show HTML. The acceptance of a message to a meeting that did not reach everyone is
    /// `Posted`.
    async fn send(&self, request: &SendRequest) -> Result<Receipt> {
        let (to, message) = checked(request, self.inner().config.sizes)?;
        let inner = self.inner();
        let deadline = &inner.deadline_of(request.timeout, request.cancel.clone());
        let journal = request.journal.as_ref();
        let outcome: UcwaOutcome = match to {
            Recipient::Conversation(id) => {
                let key = id.as_str();
                send::to_conversation(inner, key, &message, deadline, journal).await
            }
            Recipient::Person(sip) => {
                send::to_person(inner, sip, &message, deadline, journal).await
            }
        };
        let delivered = outcome.into_result()?;
        // The server has it in any case; that everyone received it is more.
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

    /// UCWA stores no messages that could be searched. Only the event with the verdict settles a
    /// send; it may come after the send has ended, while the session that sent it is alive.
    /// `NotYet` while the verdict may still come.
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

/// The check of the capabilities has already refused this.
fn unsupported() -> Error {
    Error::new(ErrorKind::Unsupported, "ucwa does not support this").with_platform(PLATFORM)
}
