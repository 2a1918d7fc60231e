//! The post of a message in an open conversation, and the wait for its verdict.

use std::{
    collections::HashSet,
    sync::Arc,
    time::{Duration, SystemTime},
};

use ms_messenger_core::{ClockOffset, Deadline, Delivery, Error, ErrorKind, random_uuid};
use ms_messenger_http::{Call, HeaderValue};
use tokio::sync::oneshot;

use crate::{
    application::Application,
    error::{PLATFORM, Says as _},
    flight::{Part, Reach, Verdict},
    message::{Format, InstantMessage, Oversize, split},
    operation::gone,
    outcome::{Delivered, Outcome},
    session::Inner,
    state::key,
    words::{WORDS, line},
};

const HTML: HeaderValue = HeaderValue::from_static("text/html; charset=utf-8");
const PLAIN: HeaderValue = HeaderValue::from_static("text/plain; charset=utf-8");

/// What came of a post.
pub(crate) enum Posted {
    Ended(Outcome),
    /// The conversation or the application was gone before; the message was not taken.
    Gone(Error),
}

/// One message under way. When its sender goes away, a later verdict is kept for who asks.
struct Flying<'a> {
    inner: &'a Inner,
    operation: String,
}

impl Drop for Flying<'_> {
    fn drop(&mut self) {
        self.inner.state().flights.give_up(&self.operation);
    }
}

/// Where and how the parts of a message are posted.
struct Way<'a> {
    application: &'a Arc<Application>,
    conversation: &'a str,
    href: &'a str,
    format: Format,
    deadline: &'a Deadline,
}

impl Inner {
    /// Posts a message in all its parts.
    pub(crate) async fn post(
        &self,
        application: &Arc<Application>,
        conversation: &str,
        message: &InstantMessage,
        deadline: &Deadline,
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
        let sizes = self.config.sizes;
        let parts = match (sizes.oversize, &format) {
            (Oversize::Split, Format::Plain) => split(body, sizes.limit),
            _ => vec![body],
        };
        let way = Way {
            application,
            conversation,
            href,
            format,
            deadline,
        };
        self.post_parts(&way, &parts).await
    }

    /// What all parts together came to: whom one did not reach, the message did not.
    async fn post_parts(&self, way: &Way<'_>, parts: &[&str]) -> Posted {
        let began_at = SystemTime::now();
        let mut whole: Option<Delivered> = None;
        for (number, body) in parts.iter().enumerate() {
            let part = Part {
                number,
                of: parts.len(),
                reached_all: whole.as_ref().is_none_or(|it| it.to_everyone),
                in_invitation: false,
            };
            let outcome = match self.post_part(way, body, part).await {
                Posted::Ended(Outcome::Delivered(part)) => {
                    whole = Some(match whole.take() {
                        Some(before) => before.and(part),
                        None => part,
                    });
                    continue;
                }
                Posted::Gone(error) if number == 0 => return Posted::Gone(error),
                Posted::Gone(error) => Outcome::Failed(error),
                Posted::Ended(outcome) => outcome,
            };
            return Posted::Ended(partly(
                outcome,
                (number, parts.len()),
                began_at,
                self.config.settling_margin,
                way.application.service_clock(),
            ));
        }
        match whole {
            Some(delivered) => Posted::Ended(Outcome::Delivered(delivered)),
            None => Posted::Gone(gone()),
        }
    }

    /// Posts one message and waits for its verdict.
    async fn post_part(&self, way: &Way<'_>, body: &str, part: Part) -> Posted {
        let (id, began_at) = (random_uuid(), SystemTime::now());
        let operation = id.to_string();
        let path = match way.application.path(way.href) {
            Ok(path) => with_operation(&path, &operation),
            Err(error) => {
                return Posted::Ended(Outcome::Failed(error.with_delivery(Delivery::NotSent)));
            }
        };
        let content_type = match way.format {
            Format::Html => HTML,
            _ => PLAIN,
        };
        // One post at a time in a conversation: messages keep their order.
        let gate = self.peer(way.conversation);
        let Ok(turn) = way.deadline.limit(gate.lock()).await else {
            let late = "another message to the same conversation got no response";
            return Posted::Ended(Outcome::timed_out(way.deadline, late));
        };
        let mut verdict = self
            .state()
            .flights
            .begin(way.conversation, &operation, part);
        let flying = Flying {
            inner: self,
            operation,
        };
        let mut may_retry = true;
        let lost = loop {
            let changes = self.changes();
            let call = Call::post("send", path.clone())
                .with_client_request_id(id)
                .with_body(content_type.clone(), body.as_bytes().to_vec());
            let error = match way.application.carry(call, way.deadline).await {
                Ok(response) => {
                    if let Some(location) = response.header("location").map(key) {
                        let flights = &mut self.state().flights;
                        flights.locate(&flying.operation, location);
                    }
                    break Lost::No(response.request_id().map(|id| line(id, WORDS)));
                }
                Err(error) => error,
            };
            self.heed(way.application, &error);
            if error.is_in_the_way()
                && std::mem::take(&mut may_retry)
                && self.is_free(way, changes, &verdict).await
            {
                continue;
            }
            let is_refused = error.is_in_the_way() || error.delivery() == Delivery::NotSent;
            // What the server said of it by an event counts, whatever it answers.
            if is_refused && !self.is_told(&mut verdict) {
                self.state().flights.cancel(&flying.operation);
                return match error.status() {
                    Some(404) => Posted::Gone(error),
                    _ => Posted::Ended(Outcome::Failed(error.with_delivery(Delivery::NotSent))),
                };
            }
            break Lost::Yes(error);
        };
        drop(turn);
        let told = self.verdict(way, &mut verdict, &lost).await;
        let outcome = concluded(way, told, lost);
        Posted::Ended(outcome.marked(
            began_at,
            self.config.settling_margin,
            way.application.service_clock(),
            Some(&flying.operation),
        ))
    }

    /// Whether an event said how it ended. It stays in `verdict`.
    fn is_told(&self, verdict: &mut oneshot::Receiver<Verdict>) -> bool {
        match verdict.try_recv() {
            Ok(told @ (Verdict::Delivered(_) | Verdict::Failed(_) | Verdict::Unsaid)) => {
                let (back, again) = oneshot::channel();
                let _ = back.send(told);
                *verdict = again;
                true
            }
            Ok(Verdict::Lost(_)) | Err(_) => false,
        }
    }

    /// Waits for the verdict until the deadline. Where no response told the address, the server is
    /// asked of which operation the messages are that it reports meanwhile.
    async fn verdict(
        &self,
        way: &Way<'_>,
        verdict: &mut oneshot::Receiver<Verdict>,
        lost: &Lost,
    ) -> Option<Verdict> {
        let (mut changes, mut asked) = (self.changes(), HashSet::new());
        // What does not end until the deadline, ends then.
        let identifying = async {
            loop {
                changes.mark_unchanged();
                self.identify(way.application, way.conversation, &mut asked)
                    .await;
                if changes.changed().await.is_err() {
                    std::future::pending::<()>().await;
                }
            }
        };
        let waited = way.deadline.limit(async {
            match lost {
                Lost::No(_) => verdict.await.ok(),
                Lost::Yes(_) => tokio::select! {
                    biased;
                    told = verdict => told.ok(),
                    () = identifying => None,
                },
            }
        });
        waited.await.ok().flatten()
    }

    /// Asks the server of which operations the messages are that nobody claims.
    pub(crate) async fn identify(
        &self,
        application: &Application,
        conversation: &str,
        asked: &mut HashSet<String>,
    ) {
        let unclaimed = self.state().flights.unclaimed(conversation);
        for href in unclaimed {
            if !asked.insert(href.clone()) {
                continue;
            }
            if let Some(message) = application.read(&href).await {
                let is_own = message.text("direction") != Some("Incoming");
                let operation = message.text("operationId").filter(|_| is_own);
                self.state().flights.identify(&href, operation);
            }
        }
    }

    /// Waits until a message may be posted once more that the server did not start, because an
    /// operation was in the way. A verdict that comes meanwhile says that it did after all.
    async fn is_free(
        &self,
        way: &Way<'_>,
        mut changes: tokio::sync::watch::Receiver<u64>,
        verdict: &oneshot::Receiver<Verdict>,
    ) -> bool {
        loop {
            let changed = way.deadline.limit(changes.changed()).await;
            if !matches!(changed, Ok(Ok(()))) || !verdict.is_empty() {
                return false;
            }
            let state = self.state();
            let Some(known) = state.conversations.get(way.conversation) else {
                return false;
            };
            if known.ready().is_some() {
                return true;
            }
        }
    }
}

/// Whether the response of a post was lost; if not, under which id the server knows it.
enum Lost {
    No(Option<String>),
    Yes(Error),
}

/// The verdict counts, whatever became of the response. Without one nobody knows.
fn concluded(way: &Way<'_>, told: Option<Verdict>, lost: Lost) -> Outcome {
    match (told, lost) {
        (Some(Verdict::Delivered(arrival)), _) if arrival.reach == Reach::Nobody => {
            Outcome::unknown(
                ErrorKind::Other,
                "the server took the message, but names all participants as not reached",
            )
        }
        (Some(Verdict::Delivered(arrival)), lost) => Outcome::Delivered(Delivered {
            message_id: Some(arrival.href.into()),
            conversation: way.conversation.into(),
            at: arrival.at,
            failed_participants: arrival.failed,
            to_everyone: arrival.reach == Reach::Everyone,
            request_id: match lost {
                Lost::No(id) => id,
                Lost::Yes(_) => None,
            },
        }),
        (Some(Verdict::Failed(reason)), _) => {
            Outcome::refused("the message was not delivered", reason.as_ref())
        }
        (_, Lost::Yes(error)) => Outcome::Unknown(error.with_delivery(Delivery::Unknown)),
        (Some(Verdict::Lost(why)), _) => Outcome::unknown(ErrorKind::Other, why),
        (Some(Verdict::Unsaid), _) => Outcome::unknown(
            ErrorKind::Other,
            "the server reported the end of the message, but not whether it was delivered",
        ),
        (None, _) => Outcome::unanswered(
            way.deadline,
            "the server took the message, but its verdict did not come in time",
        ),
    }
}

/// A message of which some parts arrived is neither out nor not out.
fn partly(
    outcome: Outcome,
    (arrived, parts): (usize, usize),
    began_at: SystemTime,
    margin: Duration,
    clock: Option<ClockOffset>,
) -> Outcome {
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
            let operation = error.client_request_id().map(str::to_owned);
            let whole = Error::new(error.kind(), message)
                .with_platform(PLATFORM)
                .with_delivery(Delivery::Unknown)
                .with_source(error);
            Outcome::Unknown(whole).marked(began_at, margin, clock, operation.as_deref())
        }
    }
}

fn with_operation(path: &str, operation: &str) -> String {
    let sign = if path.contains('?') { '&' } else { '?' };
    format!("{path}{sign}operationId={operation}")
}
