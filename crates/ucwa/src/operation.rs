//! Operations that the server answers with 201 at once and finishes by an event later.

use std::{
    sync::Arc,
    time::{Duration, Instant},
};

use ms_messenger_core::{Deadline, Delivery, Error, ErrorKind, Result, random_uuid};
use ms_messenger_http::Call;
use serde_json::{Value, json};

use crate::{
    application::Application,
    error::{PLATFORM, Says as _, protocol},
    incoming::decline_body,
    outcome::Outcome,
    reason::Reason,
    session::Inner,
    state::{Conversation, Done, Operation, key},
};

const ADD_MESSAGING: &str = "add-messaging";

/// An operation that somebody waits for. It is registered before it is posted, because its
/// events can overtake the response.
pub(crate) struct Pending<'a> {
    inner: &'a Inner,
    pub(crate) id: String,
}

impl Pending<'_> {
    /// The server did not start it: nothing will be told of it.
    fn refused(&self) {
        self.inner.state().operations.remove(&self.id);
    }
}

impl Drop for Pending<'_> {
    /// Nobody waits any more. For a while the server's events still need the entry.
    fn drop(&mut self) {
        let mut state = self.inner.state();
        let operation = state.operations.get_mut(&self.id);
        let is_over = operation.is_some_and(|operation| {
            operation.left_at = Some(Instant::now());
            operation.done.is_some()
        });
        if is_over {
            state.operations.remove(&self.id);
        }
        state.flights.give_up(&self.id);
    }
}

/// So long after nobody waits for an operation any more, its events are still known for its own.
/// An invitation rings for half a minute.
const LEFT: Duration = Duration::from_secs(180);

/// How far an operation is.
pub(crate) enum Progress {
    /// The conversation is ready for messages.
    Ready(String),
    /// It did not fail, but the conversation is not known to be ready.
    Done(Operation),
    /// It failed.
    Failed(Option<Reason>),
    /// The server will not say any more.
    Lost(&'static str),
}

impl Inner {
    /// Registers an operation.
    pub(crate) fn begin(&self, peer: Option<&str>) -> Pending<'_> {
        let id = random_uuid().to_string();
        let operation = Operation {
            peer: peer.map(str::to_owned),
            ..Operation::default()
        };
        let mut state = self.state();
        let is_of_use = |it: &Operation| it.left_at.is_none_or(|left_at| left_at.elapsed() < LEFT);
        state.operations.retain(|_, operation| is_of_use(operation));
        state.operations.insert(id.clone(), operation);
        drop(state);
        Pending { inner: self, id }
    }

    /// Posts an operation. A response that was lost is no failure yet: the events tell. It is
    /// posted twice only where the server says that it did not start the first, or where twice
    /// is as good as once, as for messaging that is added.
    ///
    /// Answers the error of a lost response.
    pub(crate) async fn post_operation(
        &self,
        application: &Arc<Application>,
        (name, href, body): (&'static str, &str, Value),
        pending: &Pending<'_>,
        deadline: &Deadline,
    ) -> Result<Option<Error>> {
        let path = application.path(href)?;
        let mut changes = self.changes();
        let mut may_retry = true;
        loop {
            let call = Call::post(name, path.clone()).with_json(&body)?;
            let error = match application.carry(call, deadline).await {
                Ok(response) => {
                    let mut state = self.state();
                    if let Some(operation) = state.operations.get_mut(&pending.id) {
                        let location = response.header("location");
                        operation.href = location.map(|href| key(href).to_owned());
                    }
                    return Ok(None);
                }
                Err(error) => error,
            };
            self.heed(application, &error);
            let in_the_way = error.is_in_the_way();
            let is_early = name == ADD_MESSAGING && error.is_vague_conflict();
            if (in_the_way || is_early) && std::mem::take(&mut may_retry) {
                let next = deadline.limit(changes.changed()).await;
                if matches!(next, Ok(Ok(()))) {
                    continue;
                }
            }
            if in_the_way || error.delivery() == Delivery::NotSent {
                pending.refused();
                return Err(error.with_delivery(Delivery::NotSent));
            }
            return Ok(Some(error));
        }
    }

    /// Waits until an operation has succeeded, failed, or made its conversation ready.
    pub(crate) async fn progress(
        &self,
        pending: &Pending<'_>,
        deadline: &Deadline,
    ) -> Option<Progress> {
        self.wait_for(deadline, |state| {
            let operation = state.operations.get(&pending.id)?;
            match &operation.done {
                Some(Done::Failure(reason)) => return Some(Progress::Failed(reason.clone())),
                Some(Done::Lost(why)) => return Some(Progress::Lost(why)),
                _ => {}
            }
            let conversation = operation.conversation.as_ref();
            let known = conversation.and_then(|key| state.conversations.get(key));
            if known.is_some_and(|c| c.ready().is_some()) {
                return conversation.cloned().map(Progress::Ready);
            }
            let is_over = operation.done.is_some();
            is_over.then(|| Progress::Done(operation.clone()))
        })
        .await
    }

    /// Waits until a conversation is ready for messages, after reading its messaging once in
    /// case the event was swallowed.
    pub(crate) async fn ready(
        &self,
        application: &Application,
        operation: &Operation,
        deadline: &Deadline,
    ) -> Option<String> {
        let conversation = operation.conversation.clone()?;
        if let Some(href) = &operation.messaging
            && let Some(messaging) = application.read(href).await
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
            let deadline = &self.deadline();
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

    async fn conferenced(&self, conversation: &str, deadline: &Deadline) -> Result<()> {
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
        deadline: &Deadline,
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
            application.read(&href?).await
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
                (ADD_MESSAGING, &href, body),
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
            Some(Progress::Lost(why)) => return Err(lost_track(why)),
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
        let (application, deadline) = (self.application(), &self.deadline());
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
            Some(Progress::Lost(why)) => return Err(lost_track(why)),
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
        let (application, deadline) = (self.application(), &self.deadline());
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
            Some(Done::Success) => Ok(()),
            Some(Done::Unsaid) => Err(lost_track("the server did not say how it ended")),
            Some(Done::Lost(why)) => Err(lost_track(why)),
            Some(Done::Failure(reason)) => {
                let refused = Outcome::refused("the participant was not added", reason.as_ref());
                refused.into_result().map(drop)
            }
            None => Err(lost.unwrap_or_else(|| late("the participant did not respond in time"))),
        }
    }
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

#[cfg(test)]
mod tests {
    use super::*;
    use crate::double::{BOB, Double, Reply, body, located, soon, status};

    #[tokio::test(flavor = "multi_thread")]
    async fn an_operation_that_was_refused_or_has_ended_leaves_nothing_behind() {
        let pending = serde_json::json!({"code": "Conflict", "subcode": "AnotherOperationPending"});
        let double = Double::start().await;
        let alice = double.user().with_send_timeout(Duration::from_millis(200));
        let alice = alice.sign_in().await.unwrap();
        for refusal in [status(400), status(403), status(429), body(409, pending)] {
            double.always("POST", "/apps/1/invitations", refusal);
            for _ in 0..3 {
                assert!(!soon(alice.send(BOB, "x")).await.is_delivered());
            }
            assert!(alice.inner().state().operations.is_empty());
        }
        // What may still ring is known for a while, and no longer.
        double.always("POST", "/apps/1/invitations", Reply::Close);
        double.once(
            "POST",
            "/apps/1/invitations",
            located("/apps/1/invitations/1"),
        );
        for _ in 0..3 {
            assert!(!soon(alice.send(BOB, "x")).await.is_delivered());
        }
        assert_eq!(alice.inner().state().operations.len(), 3);
        for operation in alice.inner().state().operations.values_mut() {
            operation.left_at = Instant::now().checked_sub(LEFT);
        }
        drop(alice.inner().begin(None));
        assert_eq!(alice.inner().state().operations.len(), 1);
    }
}
