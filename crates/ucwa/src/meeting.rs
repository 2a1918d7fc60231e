//! Meetings: begin one, add participants, add messaging.

use std::sync::Arc;

use ms_messenger_core::{Deadline, Delivery, Error, ErrorKind, Result, SipUri};
use serde_json::json;

use crate::{
    application::Application,
    error::{PLATFORM, not_allowed, not_open, protocol},
    inner::Inner,
    operation::{ADD_MESSAGING, PendingOperation, Progress},
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
    let lost = meeting.post("start-meeting", &href, &body).await?;
    let conversation = match meeting.progress().await {
        Some(Progress::Ready(conversation)) => conversation,
        Some(Progress::Done(done)) => done
            .conversation
            .ok_or_else(|| protocol("the meeting has no conversation"))?,
        Some(Progress::Failed(reason)) => {
            return Err(failed("the meeting did not begin", reason.as_ref()));
        }
        Some(Progress::Lost(why)) => return Err(lost_track(why)),
        None => return Err(lost.unwrap_or_else(|| late("the meeting did not begin in time"))),
    };
    await_conference(session, &conversation, deadline).await?;
    add_messaging(session, &application, &conversation, deadline).await?;
    Ok(conversation)
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
    let lost = adding.post("add-participant", &href, &body).await?;
    match adding.done().await {
        Some(Done::Success) => Ok(()),
        Some(Done::Unsaid) => Err(lost_track("the server did not say how it ended")),
        Some(Done::Lost(why)) => Err(lost_track(why)),
        Some(Done::Failure(reason)) => {
            Err(failed("the participant was not added", reason.as_ref()))
        }
        None => Err(lost.unwrap_or_else(|| late("the participant did not respond in time"))),
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
    let lost = adding.post(ADD_MESSAGING, &href, &body).await?;
    let is_ready = match adding.progress().await {
        Some(Progress::Ready(_)) => true,
        Some(Progress::Done(done)) => adding.ready(&done).await.is_some(),
        Some(Progress::Failed(reason)) => {
            return Err(failed("messaging was not added", reason.as_ref()));
        }
        Some(Progress::Lost(why)) => return Err(lost_track(why)),
        None => false,
    };
    match (is_ready, lost) {
        (true, _) => Ok(()),
        (false, Some(error)) => Err(error),
        (false, None) => Err(late("messaging was not added in time")),
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
        && let Some(messaging) = application.read(&href).await
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

fn failed(what: &str, reason: Option<&Reason>) -> Error {
    let refused = UcwaOutcome::refused(what, reason).into_result();
    refused.err().unwrap_or_else(not_open)
}

fn late(message: &'static str) -> Error {
    Error::new(ErrorKind::Timeout, message)
        .with_platform(PLATFORM)
        .with_delivery(Delivery::NotSent)
}

fn lost_track(why: &'static str) -> Error {
    Error::new(ErrorKind::Other, why)
        .with_platform(PLATFORM)
        .with_delivery(Delivery::NotSent)
}
