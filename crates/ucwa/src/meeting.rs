//! Meetings: begin one, add participants, add messaging.

use std::sync::Arc;

use ms_messenger_core::{Deadline, Delivery, Error, ErrorKind, Result, SipUri};
use ms_messenger_http::Operation;
use serde_json::json;

use crate::{
    application::Application,
    error::{PLATFORM, not_allowed, not_open, protocol},
    inner::Inner,
    operation::{PendingOperation, Progress},
    operations::{MEETING_START, MESSAGING_ADD, MESSAGING_GET, PARTICIPANT_ADD},
    outcome::UcwaOutcome,
    reason::Reason,
    state::{ConversationState, Done},
};

/// Begins a meeting and returns the key of its conversation.
pub(crate) async fn start(session: &Inner, subject: Option<&str>) -> Result<String> {
    session.lifecycle.check()?;
    let (application, deadline) = (session.application.get(), &session.deadline());
    let href = application
        .start_online_meeting()
        .ok_or_else(|| not_allowed("meetings"))?;
    let meeting = PendingOperation::begin(session, &application, deadline, None);
    let mut body = json!({"operationId": meeting.id, "importance": "Normal"});
    if let Some(subject) = subject {
        body["subject"] = subject.into();
    }
    let lost = meeting.post(&MEETING_START, &href, &body).await?;
    let conversation = match meeting.progress().await {
        Some(Progress::Ready(conversation)) => conversation,
        Some(Progress::Done(done)) => done
            .conversation
            .ok_or_else(|| protocol("the meeting has no conversation"))?,
        Some(Progress::Failed(reason)) => {
            let what = "the meeting did not begin";
            return Err(failed(&MEETING_START, what, reason.as_ref()));
        }
        Some(Progress::Lost(why)) => return Err(in_doubt(&MEETING_START, ErrorKind::Other, why)),
        None => {
            let late = "the meeting did not begin in time";
            let late = || in_doubt(&MEETING_START, ErrorKind::Timeout, late);
            return Err(lost.unwrap_or_else(late));
        }
    };
    let connected = async {
        await_conference(session, &conversation, deadline).await?;
        add_messaging(session, &application, &conversation, deadline).await
    };
    connected.await.map_err(begun)?;
    Ok(conversation)
}

/// The error of a meeting that has begun, but takes no messages.
fn begun(error: Error) -> Error {
    let message = format!("the meeting has begun, but: {}", error.message());
    Error::new(error.kind(), message)
        .with_platform(PLATFORM)
        .with_operation(MEETING_START.name())
        .with_delivery(Delivery::Sent)
        .with_source(error)
}

/// Invites a participant to a conversation. One of two becomes a meeting.
pub(crate) async fn add_participant(
    session: &Inner,
    conversation: &str,
    sip: &SipUri,
) -> Result<()> {
    session.lifecycle.check()?;
    let (application, deadline) = (session.application.get(), &session.deadline());
    let known = session.conversations.snapshot(conversation);
    let href = known.ok_or_else(not_open)?.add_participant.ok_or_else(|| {
        not_allowed("participants to be added, or the conversation is not connected")
    })?;
    let adding = PendingOperation::begin(session, &application, deadline, None);
    let body = json!({"operationId": adding.id, "to": sip.as_str()});
    let lost = adding.post(&PARTICIPANT_ADD, &href, &body).await?;
    match adding.done().await {
        Some(Done::Success) => Ok(()),
        Some(Done::Unsaid) => {
            let unsaid = "the server did not say how it ended";
            Err(in_doubt(&PARTICIPANT_ADD, ErrorKind::Other, unsaid))
        }
        Some(Done::Lost(why)) => Err(in_doubt(&PARTICIPANT_ADD, ErrorKind::Other, why)),
        Some(Done::Failure(reason)) => {
            let what = "the participant was not added";
            Err(failed(&PARTICIPANT_ADD, what, reason.as_ref()))
        }
        None => {
            let late = "the participant did not respond in time";
            let late = || in_doubt(&PARTICIPANT_ADD, ErrorKind::Timeout, late);
            Err(lost.unwrap_or_else(late))
        }
    }
}

/// Waits until a meeting has begun.
pub(crate) async fn await_conference(
    session: &Inner,
    conversation: &str,
    deadline: &Deadline,
) -> Result<()> {
    let begun = session.conversations.wait_for(deadline, |state| {
        let known = state.conversations.get(conversation)?;
        matches!(known.state.as_str(), "Conferenced" | "InLobby").then_some(())
    });
    begun
        .await
        .ok_or_else(|| late("the meeting was not connected in time"))
}

/// Adds messaging to a conversation that has none.
pub(crate) async fn add_messaging(
    session: &Inner,
    application: &Arc<Application>,
    conversation: &str,
    deadline: &Deadline,
) -> Result<()> {
    let href = match find_messaging(session, application, conversation, deadline).await? {
        Messaging::Ready => return Ok(()),
        Messaging::Missing(href) => href,
    };
    let adding = PendingOperation::begin(session, application, deadline, None);
    let body = json!({"operationId": adding.id});
    let lost = adding.post(&MESSAGING_ADD, &href, &body).await?;
    let is_ready = match adding.progress().await {
        Some(Progress::Ready(_)) => true,
        Some(Progress::Done(done)) => adding.ready(&done).await.is_some(),
        Some(Progress::Failed(reason)) => {
            let what = "messaging was not added";
            return Err(failed(&MESSAGING_ADD, what, reason.as_ref()));
        }
        Some(Progress::Lost(why)) => return Err(in_doubt(&MESSAGING_ADD, ErrorKind::Other, why)),
        None => false,
    };
    match (is_ready, lost) {
        (true, _) => Ok(()),
        (false, Some(error)) => Err(error),
        (false, None) => {
            let late = "messaging was not added in time";
            Err(in_doubt(&MESSAGING_ADD, ErrorKind::Timeout, late))
        }
    }
}

/// The messaging of a conversation.
enum Messaging {
    Ready,
    /// It can be added at this address.
    Missing(String),
}

impl Messaging {
    fn of(conversation: &ConversationState) -> Option<Self> {
        match (conversation.ready(), &conversation.messaging.add) {
            (Some(_), _) => Some(Self::Ready),
            (None, Some(href)) => Some(Self::Missing(href.clone())),
            (None, None) => None,
        }
    }
}

async fn find_messaging(
    session: &Inner,
    application: &Application,
    conversation: &str,
    deadline: &Deadline,
) -> Result<Messaging> {
    let conversations = &session.conversations;
    let known = conversations.snapshot(conversation).ok_or_else(not_open)?;
    // The event may have been swallowed: the resource is read once.
    if Messaging::of(&known).is_none()
        && let Some(href) = known.messaging.href
        && let Some(messaging) = application.read(&MESSAGING_GET, &href).await
    {
        conversations
            .state()
            .take_messaging(conversation, &messaging);
    }
    let found = conversations.wait_for(deadline, |state| {
        Messaging::of(state.conversations.get(conversation)?)
    });
    found
        .await
        .ok_or_else(|| late("messaging could not be added in time"))
}

fn failed(operation: &Operation, what: &str, reason: Option<&Reason>) -> Error {
    let refused = UcwaOutcome::refused(what, reason).into_result();
    let error = refused.err().unwrap_or_else(not_open);
    error.with_operation(operation.name())
}

/// The error of an operation that was posted, and of whose end nothing is known.
fn in_doubt(operation: &Operation, kind: ErrorKind, what: &'static str) -> Error {
    let message = match operation.doubt() {
        Some(doubt) => format!("{what}; {doubt}"),
        None => what.to_owned(),
    };
    Error::new(kind, message)
        .with_platform(PLATFORM)
        .with_operation(operation.name())
        .with_delivery(Delivery::Unknown)
}

fn late(message: &'static str) -> Error {
    Error::new(ErrorKind::Timeout, message)
        .with_platform(PLATFORM)
        .with_delivery(Delivery::NotSent)
}
