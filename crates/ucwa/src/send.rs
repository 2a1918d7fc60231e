//! The send: open the conversation, post once, wait for the verdict.

use std::{
    sync::Arc,
    time::{Instant, SystemTime},
};

use ms_messenger_core::{Delivery, Error, ErrorKind, SipUri, random_uuid};
use ms_messenger_http::Call;
use serde_json::json;
use tokio::sync::{oneshot, watch};

use crate::{
    application::Application,
    data_uri,
    error::{PLATFORM, Says as _},
    flight::Verdict,
    message::{Format, InstantMessage, Oversize, importance, split},
    operation::{Pending, Progress, gone, not_allowed},
    outcome::{Delivered, Outcome},
    session::Inner,
    state::key,
};

/// What is left to do once a conversation stands.
enum Opened {
    /// The message is still to be posted, in this conversation.
    Ready(String),
    /// The invitation carried it.
    Carried(Delivered),
}

/// What came of a post.
enum Posted {
    Ended(Outcome),
    /// The conversation or the application was gone before; the message was not taken.
    Gone(Error),
}

/// One message under way. When its sender goes away, a later verdict is nobody's.
struct Flying<'a> {
    inner: &'a Inner,
    conversation: &'a str,
    operation: String,
}

impl Drop for Flying<'_> {
    fn drop(&mut self) {
        let mut state = self.inner.state();
        state.flights.give_up(self.conversation, &self.operation);
    }
}

impl Inner {
    /// Sends to a person, in whatever conversation is or becomes open with them.
    pub(crate) async fn send_to_person(&self, to: &str, message: &InstantMessage) -> Outcome {
        let peer = match SipUri::parse(to) {
            Ok(sip) => sip.as_str().to_ascii_lowercase(),
            Err(error) => {
                let message = format!("to: {error}");
                return Outcome::Failed(
                    Error::new(ErrorKind::InvalidRequest, message).with_platform(PLATFORM),
                );
            }
        };
        if let Err(error) = self.check(message) {
            return Outcome::Failed(error);
        }
        let deadline = self.deadline();
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
    ) -> Outcome {
        if let Err(error) = self.check(message) {
            return Outcome::Failed(error);
        }
        let (application, deadline) = (self.application(), self.deadline());
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
            .check(self.config.max_message_bytes, self.config.oversize)
            .map_err(|error| error.with_platform(PLATFORM))
    }

    /// Waits for a new application, when the error says that this one is gone.
    async fn replaced(&self, application: &Arc<Application>, error: &Error, deadline: Instant) {
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
        deadline: Instant,
    ) -> Result<Opened, Posted> {
        let ready = |key| Ok(Opened::Ready(key));
        if let Some(key) = self.state().open_with(peer) {
            return ready(key);
        }
        let gate = self.peer(peer);
        let Ok(_turn) = tokio::time::timeout_at(deadline.into(), gate.lock()).await else {
            let late = "another send to the same person opens the conversation and got no answer";
            return Err(Posted::Ended(Outcome::timed_out(late)));
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
        deadline: Instant,
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
            let _ = application.offer_html().await;
        }
        let carried = self.carried(message);
        if let Some(text) = carried {
            let uri = data_uri::encode(Format::Plain.media_type(), text);
            body["_links"] = json!({"message": {"href": uri}});
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
            None => None,
        };
        match (opened, carried) {
            (Some(key), None) => Ok(Opened::Ready(key)),
            (Some(key), Some(_)) => Ok(Opened::Carried(Delivered {
                message_id: None,
                conversation: key.into(),
                at: None,
                failed_participants: Vec::new(),
                request_id: None,
            })),
            (None, carried) => {
                self.withdraw(application, &pending).await;
                Err(Posted::Ended(self.unanswered(lost, carried.is_some())))
            }
        }
    }

    /// The text that the invitation carries, if that is wished and fits.
    fn carried<'a>(&self, message: &'a InstantMessage) -> Option<&'a str> {
        let limit = self.config.first_message_bytes?;
        let text = message.text.as_deref()?;
        (message.html.is_none() && text.len() <= limit).then_some(text)
    }

    /// An invitation that nobody waits for any more must not ring on.
    async fn withdraw(&self, application: &Application, pending: &Pending<'_>) {
        let stop = {
            let state = self.state();
            let operation = state.operations.get(&pending.id);
            let key = operation.and_then(|operation| operation.conversation.as_ref());
            let conversation = key.and_then(|key| state.conversations.get(key));
            conversation.and_then(|c| c.messaging.stop.clone())
        };
        if let Some(href) = stop {
            // It may have ended meanwhile, which is what is wanted.
            let _ = application
                .post("cancel", &href, serde_json::Value::Null)
                .await;
        }
    }

    /// Nobody answered the invitation. A message that it carried may have been seen.
    fn unanswered(&self, lost: Option<Error>, carried: bool) -> Outcome {
        if let Err(error) = self.alive() {
            return match carried {
                true => Outcome::unknown(ErrorKind::Other, "the session ended before the answer"),
                false => Outcome::Failed(error),
            };
        }
        match (lost, carried) {
            (Some(error), true) => Outcome::of(error),
            (None, true) => Outcome::unknown(ErrorKind::Timeout, "the invitation got no answer"),
            (Some(error), false) => Outcome::TimedOut(error.with_delivery(Delivery::NotSent)),
            (None, false) => Outcome::timed_out("the other side did not answer in time"),
        }
    }

    /// Posts a message in all its parts.
    async fn post(
        &self,
        application: &Arc<Application>,
        conversation: &str,
        message: &InstantMessage,
        deadline: Instant,
    ) -> Posted {
        let known = self.state().conversations.get(conversation).cloned();
        let Some((href, formats)) = known
            .as_ref()
            .and_then(|c| Some((c.ready()?, &c.messaging.formats)))
        else {
            return Posted::Gone(gone());
        };
        let Some((format, body)) = message.written(formats) else {
            let refused = Error::new(
                ErrorKind::Unsupported,
                "the other side shows no HTML, and the message has no text alternative",
            );
            return Posted::Ended(Outcome::Failed(refused.with_platform(PLATFORM)));
        };
        let parts = match (self.config.oversize, &format) {
            (Oversize::Split, Format::Plain) => split(body, self.config.max_message_bytes),
            _ => vec![body],
        };
        let mut delivered = None;
        for (number, part) in parts.iter().enumerate() {
            let posted = self
                .post_part(application, (conversation, href), (&format, part), deadline)
                .await;
            let outcome = match posted {
                Posted::Ended(Outcome::Delivered(part)) => {
                    delivered = Some(part);
                    continue;
                }
                Posted::Gone(error) if number == 0 => return Posted::Gone(error),
                Posted::Gone(error) => Outcome::Failed(error),
                Posted::Ended(outcome) => outcome,
            };
            return Posted::Ended(partly(outcome, number, parts.len()));
        }
        match delivered {
            Some(delivered) => Posted::Ended(Outcome::Delivered(delivered)),
            None => Posted::Gone(gone()),
        }
    }

    /// Posts one message and waits for its verdict.
    async fn post_part(
        &self,
        application: &Arc<Application>,
        (conversation, href): (&str, &str),
        (format, body): (&Format, &str),
        deadline: Instant,
    ) -> Posted {
        let (id, began_at) = (random_uuid(), SystemTime::now());
        let operation = id.to_string();
        let path = match application.path(href) {
            Ok(path) => with_operation(&path, &operation),
            Err(error) => {
                return Posted::Ended(Outcome::Failed(error.with_delivery(Delivery::NotSent)));
            }
        };
        let content_type = match format {
            Format::Html => "text/html; charset=utf-8",
            _ => "text/plain; charset=utf-8",
        };
        // One post at a time in a conversation: messages keep their order, and a verdict that
        // nobody claims can only be of the one whose answer was lost.
        let gate = self.peer(conversation);
        let Ok(turn) = tokio::time::timeout_at(deadline.into(), gate.lock()).await else {
            let late = "another message to the same conversation got no answer";
            return Posted::Ended(Outcome::timed_out(late));
        };
        let mut verdict = self.state().flights.begin(conversation, &operation);
        let flying = Flying {
            inner: self,
            conversation,
            operation,
        };
        let mut may_try_again = true;
        let lost = loop {
            let moment = self.moment(conversation);
            let call = Call::post("send", path.clone())
                .with_client_request_id(id)
                .with_body(content_type, body.as_bytes().to_vec());
            let error = match application.call(call).await {
                Ok(answer) => {
                    self.taken(&flying, answer.header("location").map(key));
                    break Lost::No(answer.request_id().map(str::to_owned));
                }
                Err(error) => error,
            };
            self.heed(application, &error);
            if may_try_again && error.is_wrong_moment() {
                may_try_again = false;
                self.state().flights.doubt(conversation, &flying.operation);
                if self.is_free(moment, &error, &mut verdict, deadline).await {
                    continue;
                }
            }
            if error.delivery() == Delivery::NotSent {
                self.state().flights.cancel(conversation, &flying.operation);
                return match error.status() {
                    Some(404) => Posted::Gone(error),
                    _ => Posted::Ended(Outcome::Failed(error)),
                };
            }
            self.state().flights.doubt(conversation, &flying.operation);
            break Lost::Yes(error);
        };
        let turn = matches!(lost, Lost::Yes(_)).then_some(turn);
        let waited = tokio::time::timeout_at(deadline.into(), &mut verdict).await;
        drop(turn);
        let outcome = concluded(conversation, waited, lost);
        Posted::Ended(match outcome {
            Outcome::Unknown(error) => Outcome::Unknown(
                error
                    .with_began_at(began_at)
                    .with_client_request_id(&flying.operation),
            ),
            other => other,
        })
    }

    /// How often the conversation has changed so far, and the session.
    fn moment(&self, conversation: &str) -> (String, u64, watch::Receiver<u64>) {
        let changes = self.changes();
        let known = self
            .state()
            .conversations
            .get(conversation)
            .map(|c| c.changes);
        (conversation.to_owned(), known.unwrap_or_default(), changes)
    }

    /// Waits until a message that came at the wrong moment may be posted once more: it must be
    /// proven that the first was not taken. Where the server named an operation in the way, any
    /// event will do; else messaging must have become ready since, which it was not before.
    /// A verdict that comes meanwhile says that it was taken after all.
    async fn is_free(
        &self,
        (conversation, before, mut changes): (String, u64, watch::Receiver<u64>),
        error: &Error,
        verdict: &mut oneshot::Receiver<Verdict>,
        deadline: Instant,
    ) -> bool {
        let named = error.is_in_the_way();
        loop {
            let changed = tokio::time::timeout_at(deadline.into(), changes.changed()).await;
            if !matches!(changed, Ok(Ok(()))) || !verdict.is_empty() {
                return false;
            }
            let state = self.state();
            let Some(known) = state.conversations.get(&conversation) else {
                return false;
            };
            if known.ready().is_some() && (named || known.changes > before) {
                return true;
            }
        }
    }

    fn taken(&self, flying: &Flying<'_>, location: Option<&str>) {
        let flights = &mut self.state().flights;
        match location {
            Some(href) => flights.locate(flying.conversation, &flying.operation, href),
            None => flights.doubt(flying.conversation, &flying.operation),
        }
    }
}

/// Whether the answer of a post was lost; if not, under which id the server knows it.
enum Lost {
    No(Option<String>),
    Yes(Error),
}

type Waited = Result<Result<Verdict, oneshot::error::RecvError>, tokio::time::error::Elapsed>;

/// The verdict counts, whatever became of the answer. Without one nobody knows.
fn concluded(conversation: &str, waited: Waited, lost: Lost) -> Outcome {
    match (waited, lost) {
        (Ok(Ok(Verdict::Delivered { href, at, failed })), lost) => Outcome::Delivered(Delivered {
            message_id: Some(href.into()),
            conversation: conversation.into(),
            at,
            failed_participants: failed,
            request_id: match lost {
                Lost::No(id) => id,
                Lost::Yes(_) => None,
            },
        }),
        (Ok(Ok(Verdict::Failed(reason))), _) => {
            Outcome::refused("the message was not delivered", reason.as_ref())
        }
        (_, Lost::Yes(error)) => Outcome::Unknown(error.with_delivery(Delivery::Unknown)),
        (Ok(Ok(Verdict::Lost(why))), _) => Outcome::unknown(ErrorKind::Other, why),
        _ => Outcome::unknown(
            ErrorKind::Timeout,
            "the server took the message, but its verdict did not come in time",
        ),
    }
}

/// A message of which some parts arrived is neither out nor not out.
fn partly(outcome: Outcome, arrived: usize, parts: usize) -> Outcome {
    if arrived == 0 {
        return outcome;
    }
    match outcome.into_result() {
        Ok(delivered) => Outcome::Delivered(delivered),
        Err(error) => {
            let message = format!(
                "{arrived} of {parts} parts arrived, then: {}",
                error.message()
            );
            Outcome::Unknown(
                Error::new(error.kind(), message)
                    .with_platform(PLATFORM)
                    .with_delivery(Delivery::Unknown)
                    .with_source(error),
            )
        }
    }
}

fn with_operation(path: &str, operation: &str) -> String {
    let sign = if path.contains('?') { '&' } else { '?' };

    format!("{path}{sign}operationId={operation}")
}
