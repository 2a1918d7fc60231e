//! Operations that the server answers with 201 at once and finishes by an event later.

use std::{sync::Arc, time::Instant};

use ms_messenger_core::{Delivery, Error, ErrorKind, Result, random_uuid};
use ms_messenger_http::Call;
use serde_json::{Value, json};

use crate::{
    application::Application,
    error::{PLATFORM, Says as _, protocol},
    incoming::decline_body,
    outcome::Outcome,
    reason::Reason,
    session::Inner,
    state::{Conversation, Operation, key},
};

/// An operation that somebody waits for. It is registered before it is posted, because its
/// events can overtake the answer.
pub(crate) struct Pending<'a> {
    inner: &'a Inner,
    pub(crate) id: String,
}

impl Drop for Pending<'_> {
    /// Nobody waits any more. Until the end is told, the server's events still need the entry.
    fn drop(&mut self) {
        let mut state = self.inner.state();
        let operation = state.operations.get_mut(&self.id);
        let is_over = operation.is_some_and(|operation| {
            operation.wanted = false;
            operation.done.is_some()
        });
        if is_over {
            state.operations.remove(&self.id);
        }
    }
}

/// How far an operation is.
pub(crate) enum Progress {
    /// The conversation is ready for messages.
    Ready(String),
    /// It succeeded, but the conversation is not known to be ready.
    Done(Operation),
    /// It failed.
    Failed(Option<Reason>),
}

impl Inner {
    /// Registers an operation.
    pub(crate) fn begin(&self, peer: Option<&str>) -> Pending<'_> {
        let id = random_uuid().to_string();
        let operation = Operation {
            peer: peer.map(str::to_owned),
            wanted: true,
            ..Operation::default()
        };
        self.state().operations.insert(id.clone(), operation);
        Pending { inner: self, id }
    }

    /// Posts an operation. An answer that was lost is no failure yet: the events tell. It is
    /// never posted twice, except at the wrong moment, which the server did not start.
    ///
    /// Answers the error of a lost answer.
    pub(crate) async fn post_operation(
        &self,
        application: &Arc<Application>,
        (name, href, body): (&'static str, &str, Value),
        pending: &Pending<'_>,
        deadline: Instant,
    ) -> Result<Option<Error>> {
        let path = application.path(href)?;
        let mut changes = self.changes();
        // An invitation that carries a message is posted once, whatever the server calls it.
        let mut may_try_again = body.get("_links").is_none();
        loop {
            let call = Call::post(name, path.clone()).with_json(&body)?;
            let error = match application.call(call).await {
                Ok(answer) => {
                    let mut state = self.state();
                    if let Some(operation) = state.operations.get_mut(&pending.id) {
                        let location = answer.header("location");
                        operation.href = location.map(|href| key(href).to_owned());
                    }
                    return Ok(None);
                }
                Err(error) => error,
            };
            self.heed(application, &error);
            if error.is_wrong_moment() && may_try_again {
                may_try_again = false;
                let next = tokio::time::timeout_at(deadline.into(), changes.changed()).await;
                if matches!(next, Ok(Ok(()))) {
                    continue;
                }
            }
            return match error.delivery() {
                Delivery::NotSent => Err(error),
                _ => Ok(Some(error)),
            };
        }
    }

    /// Waits until an operation has succeeded, failed, or made its conversation ready.
    pub(crate) async fn progress(
        &self,
        pending: &Pending<'_>,
        deadline: Instant,
    ) -> Option<Progress> {
        self.wait_for(deadline, |state| {
            let operation = state.operations.get(&pending.id)?;
            if let Some(Err(reason)) = &operation.done {
                return Some(Progress::Failed(reason.clone()));
            }
            let conversation = operation.conversation.as_ref();
            let known = conversation.and_then(|key| state.conversations.get(key));
            if known.is_some_and(|c| c.ready().is_some()) {
                return conversation.cloned().map(Progress::Ready);
            }
            let succeeded = operation.done.is_some();
            succeeded.then(|| Progress::Done(operation.clone()))
        })
        .await
    }

    /// Waits until a conversation is ready for messages, after reading its messaging once in
    /// case the event was swallowed.
    pub(crate) async fn ready(
        &self,
        application: &Application,
        operation: &Operation,
        deadline: Instant,
    ) -> Option<String> {
        let conversation = operation.conversation.clone()?;
        if let Some(href) = &operation.messaging
            && let Ok(messaging) = application.get(href).await
        {
            self.state().take_messaging(&conversation, &messaging);
        }
        self.wait_for(deadline, |state| {
            let known = state.conversations.get(&conversation)?;
            known.ready().map(|_| conversation.clone())
        })
        .await
    }

    /// Accepts an invitation; one to a meeting needs messaging added once the meeting stands.
    pub(crate) async fn accept(
        &self,
        conversation: &str,
        accept: Option<&str>,
        meeting: bool,
    ) -> Result<()> {
        let application = self.application();
        if let Some(href) = accept {
            match application.post("accept", href, Value::Null).await {
                Err(error) if error.status() == Some(409) => {}
                other => other?,
            }
        }
        if meeting {
            let deadline = self.deadline();
            self.conferenced(conversation, deadline).await?;
            self.add_messaging(&application, conversation, deadline)
                .await?;
        }
        Ok(())
    }

    pub(crate) async fn decline(&self, href: &str) -> Result<()> {
        match self
            .application()
            .post("decline", href, decline_body())
            .await
        {
            Err(error) if matches!(error.status(), Some(404 | 409)) => Ok(()),
            other => other,
        }
    }

    async fn conferenced(&self, conversation: &str, deadline: Instant) -> Result<()> {
        let stands = self.wait_for(deadline, |state| {
            let known = state.conversations.get(conversation)?;
            matches!(known.state.as_str(), "Conferenced" | "InLobby").then_some(())
        });
        stands
            .await
            .ok_or_else(|| late("the meeting did not stand in time"))
    }

    /// Adds messaging to a conversation that has none.
    pub(crate) async fn add_messaging(
        &self,
        application: &Arc<Application>,
        conversation: &str,
        deadline: Instant,
    ) -> Result<()> {
        enum Found {
            Ready,
            Add(String),
        }
        let find = |state: &Conversation| match (state.ready(), &state.messaging.add) {
            (Some(_), _) => Some(Found::Ready),
            (None, Some(href)) => Some(Found::Add(href.clone())),
            (None, None) => None,
        };
        let look = |href: Option<String>| async move {
            // The event may have been swallowed: the resource is asked once.
            application.get(&href?).await.ok()
        };
        let known = self.state().conversations.get(conversation).cloned();
        let known = known.ok_or_else(gone)?;
        if find(&known).is_none()
            && let Some(messaging) = look(known.messaging.href).await
        {
            self.state().take_messaging(conversation, &messaging);
        }
        let found = self.wait_for(deadline, |state| {
            find(state.conversations.get(conversation)?)
        });
        let href = match found.await {
            Some(Found::Ready) => return Ok(()),
            Some(Found::Add(href)) => href,
            None => return Err(late("messaging could not be added in time")),
        };
        let pending = self.begin(None);
        let body = json!({"operationId": pending.id});
        let lost = self
            .post_operation(
                application,
                ("add-messaging", &href, body),
                &pending,
                deadline,
            )
            .await?;
        let ready = match self.progress(&pending, deadline).await {
            Some(Progress::Ready(_)) => true,
            Some(Progress::Done(operation)) => self
                .ready(application, &operation, deadline)
                .await
                .is_some(),
            Some(Progress::Failed(reason)) => {
                Outcome::refused("messaging was not added", reason.as_ref()).into_result()?;
                false
            }
            None => false,
        };
        match (ready, lost) {
            (true, _) => Ok(()),
            (false, Some(error)) => Err(error),
            (false, None) => Err(late("messaging was not added in time")),
        }
    }

    /// Begins a meeting of its own and answers its conversation.
    pub(crate) async fn start_meeting(&self, subject: Option<&str>) -> Result<String> {
        self.alive()?;
        let (application, deadline) = (self.application(), self.deadline());
        let href = application
            .start_online_meeting()
            .ok_or_else(|| not_allowed("meetings"))?;
        let pending = self.begin(None);
        let mut body = json!({"operationId": pending.id, "importance": "Normal"});
        if let Some(subject) = subject {
            body["subject"] = subject.into();
        }
        let lost = self
            .post_operation(
                &application,
                ("start-meeting", &href, body),
                &pending,
                deadline,
            )
            .await?;
        let conversation = match self.progress(&pending, deadline).await {
            Some(Progress::Ready(conversation)) => conversation,
            Some(Progress::Done(operation)) => operation
                .conversation
                .ok_or_else(|| protocol("the meeting has no conversation"))?,
            Some(Progress::Failed(reason)) => {
                Outcome::refused("the meeting did not begin", reason.as_ref()).into_result()?;
                return Err(gone());
            }
            None => return Err(lost.unwrap_or_else(|| late("the meeting did not begin in time"))),
        };
        self.conferenced(&conversation, deadline).await?;
        self.add_messaging(&application, &conversation, deadline)
            .await?;
        Ok(conversation)
    }

    /// Invites a person to a conversation, which becomes a meeting if it was none.
    pub(crate) async fn add_participant(&self, conversation: &str, sip: &str) -> Result<()> {
        self.alive()?;
        let (application, deadline) = (self.application(), self.deadline());
        let known = self.state().conversations.get(conversation).cloned();
        let href = known.ok_or_else(gone)?.add_participant.ok_or_else(|| {
            not_allowed("participants to be added, or the conversation is not connected")
        })?;
        let pending = self.begin(None);
        let body = json!({"operationId": pending.id, "to": sip});
        let lost = self
            .post_operation(
                &application,
                ("add-participant", &href, body),
                &pending,
                deadline,
            )
            .await?;
        let done = self.wait_for(deadline, |state| {
            state.operations.get(&pending.id)?.done.clone()
        });
        match done.await {
            Some(Ok(())) => Ok(()),
            Some(Err(reason)) => {
                let refused = Outcome::refused("the participant was not added", reason.as_ref());
                refused.into_result().map(drop)
            }
            None => Err(lost.unwrap_or_else(|| late("the participant did not answer in time"))),
        }
    }
}

fn late(message: &'static str) -> Error {
    Error::new(ErrorKind::Timeout, message)
        .with_platform(PLATFORM)
        .with_delivery(Delivery::NotSent)
}

/// A conversation that is not, or not any more, of this session.
pub(crate) fn gone() -> Error {
    Error::new(
        ErrorKind::NotFound,
        "the conversation is not open in this session",
    )
    .with_platform(PLATFORM)
}

pub(crate) fn not_allowed(what: &str) -> Error {
    Error::new(
        ErrorKind::Unsupported,
        format!("the policy of the user does not allow {what}"),
    )
    .with_platform(PLATFORM)
}
