//! The send: open the conversation, with the message in the invitation or without, and post.

use std::{sync::Arc, time::SystemTime};

use ms_messenger_core::{Deadline, Delivery, Error, ErrorKind, SipUri};
use serde_json::json;

use crate::{
    application::{Application, READ},
    data_uri,
    error::{PLATFORM, Says as _},
    flight::{Arrival, Part, Verdict},
    message::{Format, InstantMessage, importance},
    operation::{Pending, Progress, gone, not_allowed},
    outcome::{Delivered, Outcome},
    post::Posted,
    session::Inner,
};

/// What is left to do once a conversation stands.
enum Opened {
    /// The message is still to be posted, in this conversation.
    Ready(String),
    /// The invitation carried it.
    Carried(Delivered),
}

impl Inner {
    /// Sends to a person, in whatever conversation is or becomes open with them.
    pub(crate) async fn send_to_person(
        &self,
        to: &str,
        message: &InstantMessage,
        deadline: &Deadline,
    ) -> Outcome {
        let peer = match recipient(to) {
            Ok(peer) => peer,
            Err(error) => return Outcome::Failed(error),
        };
        if let Err(error) = self.check(message) {
            return Outcome::Failed(error);
        }
        let (mut last, mut thread) = (None, None);
        // Twice: a conversation that ended unnoticed is replaced by a new one.
        for _ in 0..2 {
            let application = self.application();
            let conversation = match self
                .open(&application, (&peer, thread.as_deref()), message, deadline)
                .await
            {
                Ok(Opened::Ready(conversation)) => conversation,
                Ok(Opened::Carried(delivered)) => return Outcome::Delivered(delivered),
                Err(Posted::Ended(outcome)) => return outcome,
                Err(Posted::Gone(error)) => {
                    self.replaced(&application, &error, deadline).await;
                    last = Some(error);
                    continue;
                }
            };
            match self
                .post(&application, &conversation, message, deadline)
                .await
            {
                Posted::Ended(outcome) => return outcome,
                Posted::Gone(error) => {
                    // A new conversation with the same thread goes on where this one ended.
                    let ended = self.state().conversations.remove(&conversation);
                    thread = ended.and_then(|ended| ended.thread);
                    self.replaced(&application, &error, deadline).await;
                    last = Some(error);
                }
            }
        }
        Outcome::Failed(last.unwrap_or_else(gone))
    }

    /// Sends to a conversation that is open.
    pub(crate) async fn send_to_conversation(
        &self,
        conversation: &str,
        message: &InstantMessage,
        deadline: &Deadline,
    ) -> Outcome {
        if let Err(error) = self.check(message) {
            return Outcome::Failed(error);
        }
        let application = self.application();
        match self
            .post(&application, conversation, message, deadline)
            .await
        {
            Posted::Ended(outcome) => outcome,
            Posted::Gone(error) => Outcome::Failed(error),
        }
    }

    fn check(&self, message: &InstantMessage) -> Result<(), Error> {
        self.alive()?;
        message
            .check(self.config.sizes)
            .map_err(|error| error.with_platform(PLATFORM))
    }

    /// Waits for a new application, when the error says that this one is gone.
    async fn replaced(&self, application: &Arc<Application>, error: &Error, deadline: &Deadline) {
        if error.is_application_gone() {
            self.wait_for(deadline, |_| {
                (!Arc::ptr_eq(application, &self.application())).then_some(())
            })
            .await;
        }
    }

    async fn open(
        &self,
        application: &Arc<Application>,
        (peer, thread): (&str, Option<&str>),
        message: &InstantMessage,
        deadline: &Deadline,
    ) -> Result<Opened, Posted> {
        let ready = |key| Ok(Opened::Ready(key));
        if let Some(key) = self.state().open_with(peer) {
            return ready(key);
        }
        let gate = self.peer(peer);
        let Ok(_turn) = deadline.limit(gate.lock()).await else {
            let late = "another send to the same person opens the conversation and got no response";
            return Err(Posted::Ended(Outcome::timed_out(deadline, late)));
        };
        if let Some(key) = self.state().open_with(peer) {
            return ready(key);
        }
        self.alive()
            .map_err(|e| Posted::Ended(Outcome::Failed(e)))?;
        self.invite(application, (peer, thread), message, deadline)
            .await
    }

    /// Starts a conversation and waits until the other side is there.
    async fn invite(
        &self,
        application: &Arc<Application>,
        (peer, thread): (&str, Option<&str>),
        message: &InstantMessage,
        deadline: &Deadline,
    ) -> Result<Opened, Posted> {
        let Some(href) = application.start_messaging() else {
            let refused = not_allowed("instant messages");
            return Err(Posted::Ended(Outcome::Failed(refused)));
        };
        let pending = self.begin(Some(peer));
        let mut body = json!({
            "to": peer,
            "operationId": pending.id,
            "importance": importance(message.importance),
        });
        if let Some(subject) = &message.subject {
            body["subject"] = subject.as_str().into();
        }
        if let Some(thread) = thread {
            body["threadId"] = thread.into();
        }
        if message.html.is_some() {
            // Where it cannot be offered, the text alternative goes out, or nothing does.
            let _ = deadline.limit(application.offer_html()).await;
        }
        if let Some(text) = self.carried(message) {
            let uri = data_uri::encode(Format::Plain.media_type(), text);
            body["_links"] = json!({"message": {"href": uri}});
            let invited = self.invite_with(application, (&href, body), pending, deadline);
            return Box::pin(invited).await;
        }
        let posted = self
            .post_operation(application, ("start", &href, body), &pending, deadline)
            .await;
        let lost = match posted {
            Ok(lost) => lost,
            Err(error) if error.is_application_gone() => return Err(Posted::Gone(error)),
            Err(error) => return Err(Posted::Ended(Outcome::of(error))),
        };
        let opened = match self.progress(&pending, deadline).await {
            Some(Progress::Ready(key)) => Some(key),
            Some(Progress::Done(operation)) => self.ready(application, &operation, deadline).await,
            Some(Progress::Failed(reason)) => {
                let refused = Outcome::refused("the other side is not there", reason.as_ref());
                return Err(Posted::Ended(refused));
            }
            Some(Progress::Lost(why)) => {
                let lost = Error::new(ErrorKind::Other, why).with_platform(PLATFORM);
                let lost = lost.with_delivery(Delivery::NotSent);
                return Err(Posted::Ended(Outcome::Failed(lost)));
            }
            None => None,
        };
        if let Some(key) = opened {
            return Ok(Opened::Ready(key));
        }
        self.withdraw(application, &pending);
        Err(Posted::Ended(match (self.alive(), lost) {
            (Err(ended), _) => Outcome::Failed(ended),
            (Ok(()), Some(error)) => Outcome::TimedOut(error.with_delivery(Delivery::NotSent)),
            (Ok(()), None) => {
                Outcome::timed_out(deadline, "the other side did not respond in time")
            }
        }))
    }

    /// Starts a conversation with an invitation that carries the message. From the moment it is
    /// posted the other side may see it: only the end of our own invitation says more.
    async fn invite_with(
        &self,
        application: &Arc<Application>,
        (href, body): (&str, serde_json::Value),
        pending: Pending<'_>,
        deadline: &Deadline,
    ) -> Result<Opened, Posted> {
        let began_at = SystemTime::now();
        let mut verdict = {
            let mut state = self.state();
            if let Some(operation) = state.operations.get_mut(&pending.id) {
                operation.carries = true;
            }
            state.flights.begin("", &pending.id, Part::INVITATION)
        };
        let posted = self
            .post_operation(application, ("start", href, body), &pending, deadline)
            .await;
        let lost = match posted {
            Ok(lost) => lost,
            Err(error) => {
                // What the server said of it before counts, whatever it answers.
                if !matches!(
                    verdict.try_recv(),
                    Ok(Verdict::Delivered(_) | Verdict::Unsaid)
                ) {
                    self.state().flights.cancel(&pending.id);
                    return Err(match error.is_application_gone() {
                        true => Posted::Gone(error),
                        false => Posted::Ended(Outcome::Failed(error)),
                    });
                }
                Some(error)
            }
        };
        let waited = deadline.limit(&mut verdict).await;
        let outcome = match waited {
            Ok(Ok(Verdict::Delivered(Arrival { href, .. }))) => {
                return Ok(Opened::Carried(Delivered {
                    message_id: None,
                    conversation: href.into(),
                    at: None,
                    failed_participants: Vec::new(),
                    to_everyone: true,
                    request_id: None,
                }));
            }
            Ok(Ok(Verdict::Failed(reason))) => Outcome::refused_after(
                "the invitation that carried the message failed",
                reason.as_ref(),
            ),
            Ok(Ok(Verdict::Unsaid)) => Outcome::unknown(
                ErrorKind::Other,
                "the invitation ended, but the server did not say how",
            ),
            Ok(Ok(Verdict::Lost(why))) => Outcome::unknown(ErrorKind::Other, why),
            Ok(Err(_)) | Err(_) => {
                self.withdraw(application, &pending);
                match lost {
                    Some(error) => Outcome::Unknown(error.with_delivery(Delivery::Unknown)),
                    None => Outcome::unanswered(deadline, "the invitation got no response"),
                }
            }
        };
        Err(Posted::Ended(outcome.marked(
            began_at,
            self.config.settling_margin,
            application.service_clock(),
            Some(&pending.id),
        )))
    }

    /// The text that the invitation carries, if that is wished and fits.
    fn carried<'a>(&self, message: &'a InstantMessage) -> Option<&'a str> {
        let limit = self.config.first_message_bytes?;
        let text = message.text.as_deref()?;
        (message.html.is_none() && text.len() <= limit).then_some(text)
    }

    /// An invitation that nobody waits for any more must not ring on. It may have ended
    /// meanwhile, which is what is wanted.
    fn withdraw(&self, application: &Arc<Application>, pending: &Pending<'_>) {
        let stop = {
            let state = self.state();
            let operation = state.operations.get(&pending.id);
            let key = operation.and_then(|operation| operation.conversation.as_ref());
            let conversation = key.and_then(|key| state.conversations.get(key));
            conversation.and_then(|c| c.messaging.stop.clone())
        };
        if let Some(href) = stop {
            let application = Arc::clone(application);
            tokio::spawn(async move {
                let cancelling = application.post("cancel", &href, serde_json::Value::Null);
                let _ = tokio::time::timeout(READ, cancelling).await;
            });
        }
    }
}

/// Who is meant, as conversations are found by.
pub(crate) fn recipient(to: &str) -> Result<String, Error> {
    match SipUri::parse(to) {
        Ok(sip) => Ok(sip.as_str().to_ascii_lowercase()),
        Err(error) => {
            let message = format!("to: {error}");
            Err(Error::new(ErrorKind::InvalidRequest, message).with_platform(PLATFORM))
        }
    }
}
