//! The post of a message to an open conversation, from top to bottom: each part is posted once,
//! and its verdict is awaited.
//!
//! | Response | Event | Outcome |
//! |---|---|---|
//! | any | `Success` for this message | `Delivered` |
//! | any | `Failure` for this message | `Failed`, `Declined` or `TimedOut` |
//! | 404 | none | the conversation had ended: not sent |
//! | 409 `AnotherOperationPending` | none | posted again once after the next event, then not sent |
//! | another proof that it was not taken | none | `Failed` |
//! | 201 | none before the deadline | `Unknown` |
//! | lost, 5xx, another 409 | none before the deadline | `Unknown` |
//! | 201 or lost | the conversation or the session ended | `Unknown` |

use std::{collections::HashSet, sync::Arc, time::SystemTime};

use ms_messenger_core::{
    Deadline, Delivery, Error, ErrorKind, Journal, Mark, MarkKind, random_uuid,
};
use ms_messenger_http::{Call, FOREIGN_RESPONSE, HeaderValue, Response};
use tokio::sync::watch;

use crate::{
    application::Application,
    conversations::Conversations,
    error::{UcwaErrorExt as _, not_open},
    history::Said,
    inner::Inner,
    message::Format,
    operations::{MESSAGE_GET, MESSAGE_SEND},
    outcome::{DeliveredMessage, UcwaOutcome},
    state::key,
    verdict::{Arrival, AwaitedVerdict, Part, Reach, Verdict},
    words::{WORDS, line},
};

/// Why an attempt ended without a delivered message.
pub(crate) enum Stop {
    /// This is the outcome of the send.
    Ended(UcwaOutcome),
    /// The conversation or the application had ended before; the message was not taken.
    Gone(Error),
}

impl Stop {
    pub(crate) fn failed(error: Error) -> Self {
        Self::Ended(UcwaOutcome::Failed(error))
    }

    /// Ends the attempt with an outcome.
    pub(crate) fn ended(outcome: UcwaOutcome) -> Result<DeliveredMessage, Self> {
        match outcome {
            UcwaOutcome::Delivered(delivered) => Ok(delivered),
            outcome => Err(Self::Ended(outcome)),
        }
    }
}

/// One attempt to post a message over one application.
pub(crate) struct PostAttempt<'a> {
    pub(crate) session: &'a Inner,
    pub(crate) application: &'a Arc<Application>,
    pub(crate) conversation: &'a str,
    /// The address to post to.
    pub(crate) href: &'a str,
    pub(crate) format: Format,
    pub(crate) deadline: &'a Deadline,
    pub(crate) journal: Option<&'a Journal>,
}

/// The response to a post.
enum PostResponse {
    /// The server took the message, under this request id.
    Received(Option<String>),
    /// The response was lost, or proves nothing.
    Lost(Error),
}

impl PostAttempt<'_> {
    /// Posts all parts. A participant that one part did not reach has not received the message.
    pub(crate) async fn post_parts(&self, parts: &[&str]) -> Result<DeliveredMessage, Stop> {
        let began_at = SystemTime::now();
        let mut whole: Option<DeliveredMessage> = None;
        for (number, body) in parts.iter().enumerate() {
            let part = Part {
                number,
                of: parts.len(),
                reached_all: whole.as_ref().is_none_or(|it| it.to_everyone),
                in_invitation: false,
            };
            match self.post_part(body, part).await {
                Ok(delivered) => {
                    whole = Some(match whole.take() {
                        Some(before) => before.and(delivered),
                        None => delivered,
                    });
                }
                Err(stop) if number == 0 => return Err(stop),
                Err(Stop::Gone(error)) => return Err(self.partly(error, part, began_at)),
                Err(Stop::Ended(outcome)) => {
                    return match outcome.into_result() {
                        Ok(delivered) => Ok(delivered),
                        Err(error) => Err(self.partly(error, part, began_at)),
                    };
                }
            }
        }
        whole.ok_or_else(|| Stop::Gone(not_open()))
    }

    /// A message with some parts delivered is neither sent nor not sent.
    fn partly(&self, error: Error, part: Part, began_at: SystemTime) -> Stop {
        let operation = error.client_request_id().map(str::to_owned);
        let outcome = UcwaOutcome::partly(part.number, part.of, error);
        Stop::Ended(self.marked(outcome, began_at, operation.as_deref()))
    }

    /// Posts one part and waits for its verdict.
    async fn post_part(&self, body: &str, part: Part) -> Result<DeliveredMessage, Stop> {
        let (id, began_at) = (random_uuid(), SystemTime::now());
        let operation = id.to_string();
        let path = self.application.path(self.href);
        let path = path.map_err(|e| Stop::failed(e.with_delivery(Delivery::NotSent)))?;
        // One post at a time in a conversation: messages keep their order.
        let gate = self.session.turns.of(self.conversation);
        let Ok(turn) = self.deadline.limit(gate.lock()).await else {
            let late = "another message to the same conversation got no response";
            return Err(Stop::Ended(UcwaOutcome::timed_out(self.deadline, late)));
        };
        let call = Call::of(&MESSAGE_SEND, with_operation(&path, &operation))
            .with_client_request_id(id)
            .with_mark(Mark::new(MarkKind::OperationId, operation.as_str()))
            .with_journal(self.journal.cloned())
            .with_body(self.content_type(), body.as_bytes().to_vec());
        let mut pending = PendingMessage::begin(self, operation, body, part);
        let response = self.transmit(&mut pending, call).await?;
        drop(turn);
        let verdict = self.await_verdict(&mut pending, &response).await;
        let outcome = self.conclude(verdict, response);
        pending.keep(&outcome);
        Stop::ended(self.marked(outcome, began_at, Some(&pending.operation)))
    }

    /// Posts the call, and again if the server names an operation that is in the way.
    async fn transmit(
        &self,
        pending: &mut PendingMessage<'_>,
        call: Call,
    ) -> Result<PostResponse, Stop> {
        let mut may_retry = true;
        loop {
            let changes = self.session.conversations.changes();
            let error = match self.application.carry(call.clone(), self.deadline).await {
                Ok(response) => {
                    let location = response.header("location").map(key);
                    if location.is_some_and(|it| !pending.locate(it)) {
                        // What follows on the connection belongs to other requests, too.
                        self.application.distrust_connections();
                        return Ok(PostResponse::Lost(foreign(&response)));
                    }
                    let id = response.request_id().map(|id| line(id, WORDS));
                    return Ok(PostResponse::Received(id));
                }
                Err(error) => error,
            };
            let current = &self.session.application;
            current.observe_error(self.application, &error);
            if error.is_in_the_way()
                && std::mem::take(&mut may_retry)
                && self.wait_until_ready(changes, pending).await
            {
                continue;
            }
            let is_rejected = error.is_in_the_way() || error.delivery() == Delivery::NotSent;
            // An event that reports the message counts, whatever the response says.
            if is_rejected && !pending.has_verdict() {
                pending.cancel();
                return Err(match error.status() {
                    Some(404) => Stop::Gone(error),
                    _ => Stop::failed(error.with_delivery(Delivery::NotSent)),
                });
            }
            return Ok(PostResponse::Lost(error));
        }
    }

    /// Waits until a message may be posted again that the server did not start, because an
    /// operation was in the way. A verdict that comes meanwhile proves that it was started.
    async fn wait_until_ready(
        &self,
        mut changes: watch::Receiver<u64>,
        pending: &mut PendingMessage<'_>,
    ) -> bool {
        loop {
            let changed = self.deadline.limit(changes.changed()).await;
            if !matches!(changed, Ok(Ok(()))) || pending.verdict.peek().is_some() {
                return false;
            }
            let state = self.session.conversations.state();
            let Some(known) = state.conversations.get(self.conversation) else {
                return false;
            };
            if known.ready().is_some() {
                return true;
            }
        }
    }

    /// Waits for the verdict until the deadline. If no response returned the address, the server
    /// is asked to which operations the messages belong that it reports meanwhile.
    async fn await_verdict(
        &self,
        pending: &mut PendingMessage<'_>,
        response: &PostResponse,
    ) -> Option<Verdict> {
        let conversations = &self.session.conversations;
        let (mut changes, mut asked) = (conversations.changes(), HashSet::new());
        // Never completes: the deadline ends it.
        let identifying = async {
            loop {
                changes.mark_unchanged();
                let application = self.application;
                identify_messages(conversations, application, self.conversation, &mut asked).await;
                if changes.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        };
        let waited = self.deadline.limit(async {
            match response {
                PostResponse::Received(_) => pending.verdict.wait().await,
                PostResponse::Lost(_) => tokio::select! {
                    biased;
                    verdict = pending.verdict.wait() => verdict,
                    () = identifying => None,
                },
            }
        });
        waited.await.ok().flatten()
    }

    /// The verdict counts, whatever the response was. Without a verdict the outcome is unknown.
    fn conclude(&self, verdict: Option<Verdict>, response: PostResponse) -> UcwaOutcome {
        let unknown = |why| UcwaOutcome::unknown(ErrorKind::Other, why);
        match (verdict, response) {
            (Some(Verdict::Delivered(arrival)), _) if arrival.reach == Reach::Nobody => {
                unknown("the server took the message, but it reached none of the participants")
            }
            (Some(Verdict::Delivered(arrival)), response) => {
                UcwaOutcome::Delivered(delivered(self.conversation, arrival, response))
            }
            (Some(Verdict::Failed(reason)), _) => {
                UcwaOutcome::refused("the message was not delivered", reason.as_ref())
            }
            (_, PostResponse::Lost(error)) => {
                UcwaOutcome::Unknown(error.with_delivery(Delivery::Unknown))
            }
            (Some(Verdict::Lost(why)), _) => unknown(why),
            (Some(Verdict::Unsaid), _) => unknown(
                "the server reported the end of the message, but not whether it was delivered",
            ),
            (None, _) => UcwaOutcome::unanswered(
                self.deadline,
                "the server took the message, but its verdict did not come in time",
            ),
        }
    }

    /// Adds the evidence that settling needs to an unknown outcome.
    fn marked(
        &self,
        outcome: UcwaOutcome,
        began_at: SystemTime,
        operation: Option<&str>,
    ) -> UcwaOutcome {
        outcome.marked(
            began_at,
            self.session.config.settling_margin,
            self.application.service_clock(),
            operation,
        )
    }

    fn content_type(&self) -> HeaderValue {
        self.format.content_type()
    }
}

fn delivered(conversation: &str, arrival: Arrival, response: PostResponse) -> DeliveredMessage {
    DeliveredMessage {
        message_id: Some(arrival.href.into()),
        conversation: conversation.into(),
        at: arrival.at,
        failed_participants: arrival.failed,
        to_everyone: arrival.reach == Reach::Everyone,
        request_id: match response {
            PostResponse::Received(id) => id,
            PostResponse::Lost(_) => None,
        },
    }
}

/// The error of a post whose response is the copy of that to another one.
fn foreign(response: &Response) -> Error {
    let rule = "the response belongs to another request: it names the address of another message";
    let error = response.unusable(rule).with_code(FOREIGN_RESPONSE);
    error.with_delivery(Delivery::Unknown)
}

fn with_operation(path: &str, operation: &str) -> String {
    let sign = if path.contains('?') { '&' } else { '?' };
    format!("{path}{sign}operationId={operation}")
}

/// A message that was registered to be posted. When it is dropped, it is remembered, so that a
/// late verdict can settle it.
struct PendingMessage<'a> {
    conversations: &'a Conversations,
    conversation: &'a str,
    operation: String,
    verdict: AwaitedVerdict,
}

impl<'a> PendingMessage<'a> {
    fn begin(attempt: &'a PostAttempt<'_>, operation: String, body: &str, part: Part) -> Self {
        let (conversations, conversation) = (&attempt.session.conversations, attempt.conversation);
        let mut state = conversations.state();
        let verdict = state.verdicts.register(conversation, &operation, part);
        if state.conversations.contains_key(conversation) {
            let said = Said::own(&operation, attempt.format.clone(), body);
            state.history.add(conversation, said);
        }
        drop(state);
        Self {
            conversations,
            conversation,
            operation,
            verdict,
        }
    }

    /// Whether the address that the 201 returned can be that of this message.
    fn locate(&self, href: &str) -> bool {
        let mut state = self.conversations.state();
        state.verdicts.locate(&self.operation, href)
    }

    fn cancel(&self) {
        let mut state = self.conversations.state();
        state.verdicts.cancel(&self.operation);
        state.history.retract(self.conversation, &self.operation);
    }

    /// Records in the history what became of it. One that is unknown stays as it is.
    fn keep(&self, outcome: &UcwaOutcome) {
        let mut state = self.conversations.state();
        let (conversation, operation) = (self.conversation, self.operation.as_str());
        match outcome {
            UcwaOutcome::Delivered(it) => {
                let href = it.message_id.as_ref().map_or("", |id| id.as_str());
                state
                    .history
                    .delivered(conversation, operation, href, it.at);
            }
            UcwaOutcome::Unknown(_) => {}
            _ => state.history.retract(conversation, operation),
        }
    }

    /// Whether an event has reported how the message ended.
    fn has_verdict(&mut self) -> bool {
        let verdict = self.verdict.peek();
        verdict.is_some_and(|verdict| !matches!(verdict, Verdict::Lost(_)))
    }
}

impl Drop for PendingMessage<'_> {
    fn drop(&mut self) {
        let mut state = self.conversations.state();
        state.verdicts.give_up(&self.operation);
    }
}

/// Asks the server to which operations the messages of a conversation belong that no send claims.
pub(crate) async fn identify_messages(
    conversations: &Conversations,
    application: &Application,
    conversation: &str,
    asked: &mut HashSet<String>,
) {
    let unclaimed = conversations.state().verdicts.unclaimed(conversation);
    for href in unclaimed {
        if !asked.insert(href.clone()) {
            continue;
        }
        if let Some(message) = application.read(&MESSAGE_GET, &href).await {
            let is_own = message.text("direction") != Some("Incoming");
            let operation = message.text("operationId").filter(|_| is_own);
            conversations.state().verdicts.identify(&href, operation);
        }
    }
}
