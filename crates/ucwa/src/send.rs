//! A send, from top to bottom: find the open conversation or invite the recipient, then post.
//!
//! 1. [`to_person`] takes the open conversation with the recipient, or invites the recipient
//!    and waits for the acceptance. One conversation at a time is opened per recipient.
//! 2. [`PostAttempt`] posts each part once and waits for its verdict. One part at a time is
//!    posted per conversation.
//! 3. If the conversation or the application had ended before the post was taken (404), both steps
//!    are repeated once. In every other case the outcome is final.
//!
//! Nothing is awaited between the registration of a message and its post: a send that is dropped at
//! any point leaves either no request, or a registered message that a late verdict can settle.

use std::{sync::Arc, time::SystemTime};

use ms_messenger_core::{Deadline, Delivery, Error, ErrorKind, Journal, SipUri};
use serde_json::{Value, json};

use crate::{
    application::Application,
    data_uri,
    error::{PLATFORM, UcwaErrorExt as _, not_allowed, not_open},
    history::{Said, SaidBy},
    inner::Inner,
    message::{Format, InstantMessage, Oversize, importance, split},
    operation::{PendingOperation, Progress},
    operations::INVITATION_START,
    outcome::{DeliveredMessage, UcwaOutcome},
    post::{PostAttempt, Stop},
    verdict::Verdict,
};

/// Sends to a person, in the conversation that is open with that person or in a new one.
pub(crate) async fn to_person(
    session: &Inner,
    to: &SipUri,
    message: &InstantMessage,
    deadline: &Deadline,
    journal: Option<&Journal>,
) -> UcwaOutcome {
    if let Err(error) = check(session, message) {
        return UcwaOutcome::Failed(error);
    }
    let peer = to.as_str().to_ascii_lowercase();
    let (mut thread, mut last) = (None, None);
    // Twice: a conversation that ended unnoticed is replaced by a new one.
    for _ in 0..2 {
        let attempt = SendAttempt::new(session, message, deadline, journal);
        match attempt.send_to(&peer, &mut thread).await {
            Ok(delivered) => return UcwaOutcome::Delivered(delivered),
            Err(Stop::Ended(outcome)) => return outcome,
            Err(Stop::Gone(error)) => {
                attempt.wait_for_replacement(&error).await;
                last = Some(error);
            }
        }
    }
    UcwaOutcome::Failed(last.unwrap_or_else(not_open))
}

/// Sends to a conversation that is open.
pub(crate) async fn to_conversation(
    session: &Inner,
    conversation: &str,
    message: &InstantMessage,
    deadline: &Deadline,
    journal: Option<&Journal>,
) -> UcwaOutcome {
    if let Err(error) = check(session, message) {
        return UcwaOutcome::Failed(error);
    }
    let attempt = SendAttempt::new(session, message, deadline, journal);
    match attempt.post(conversation).await {
        Ok(delivered) => UcwaOutcome::Delivered(delivered),
        Err(Stop::Ended(outcome)) => outcome,
        Err(Stop::Gone(error)) => UcwaOutcome::Failed(error),
    }
}

fn check(session: &Inner, message: &InstantMessage) -> Result<(), Error> {
    session.lifecycle.check()?;
    let checked = message.check(session.config.sizes);
    checked.map_err(|error| error.with_platform(PLATFORM))
}

/// One attempt to send a message over one application.
struct SendAttempt<'a> {
    session: &'a Inner,
    application: Arc<Application>,
    message: &'a InstantMessage,
    deadline: &'a Deadline,
    journal: Option<&'a Journal>,
}

/// What is left to do once a conversation is open.
enum Opened {
    /// The message is still to be posted, in this conversation.
    Ready(String),
    /// The invitation carried the message.
    Carried(DeliveredMessage),
}

impl<'a> SendAttempt<'a> {
    fn new(
        session: &'a Inner,
        message: &'a InstantMessage,
        deadline: &'a Deadline,
        journal: Option<&'a Journal>,
    ) -> Self {
        Self {
            session,
            application: session.application.get(),
            message,
            deadline,
            journal,
        }
    }

    /// Sends to a peer. `thread` is the thread that a new conversation continues.
    async fn send_to(
        &self,
        peer: &str,
        thread: &mut Option<String>,
    ) -> Result<DeliveredMessage, Stop> {
        let conversation = match self.open(peer, thread.as_deref()).await? {
            Opened::Ready(conversation) => conversation,
            Opened::Carried(delivered) => return Ok(delivered),
        };
        let posted = self.post(&conversation).await;
        if let Err(Stop::Gone(_)) = &posted {
            let mut state = self.session.conversations.state();
            let ended = state.conversations.remove(&conversation);
            state.history.forget(&conversation);
            *thread = ended.and_then(|ended| ended.thread);
        }
        posted
    }

    /// Waits for a new application, if the error says that this one does not exist any more.
    async fn wait_for_replacement(&self, error: &Error) {
        if !error.is_application_gone() {
            return;
        }
        let current = &self.session.application;
        let replaced = self.session.conversations.wait_for(self.deadline, |_| {
            (!Arc::ptr_eq(&self.application, &current.get())).then_some(())
        });
        replaced.await;
    }

    /// Finds the open conversation with a peer, or opens one.
    async fn open(&self, peer: &str, thread: Option<&str>) -> Result<Opened, Stop> {
        let conversations = &self.session.conversations;
        let open = conversations.state().open_with(peer);
        if let Some(open) = open {
            return Ok(Opened::Ready(open));
        }
        let turn = self.session.turns.of(peer);
        let Ok(_turn) = self.deadline.limit(turn.lock()).await else {
            let late = "another send to the same person opens the conversation and got no response";
            return Err(Stop::Ended(UcwaOutcome::timed_out(self.deadline, late)));
        };
        let open = conversations.state().open_with(peer);
        if let Some(open) = open {
            return Ok(Opened::Ready(open));
        }
        self.session.lifecycle.check().map_err(Stop::failed)?;
        self.invite(peer, thread).await
    }

    /// Invites a peer, with the message in the invitation if that is enabled and it fits.
    async fn invite(&self, peer: &str, thread: Option<&str>) -> Result<Opened, Stop> {
        let Some(href) = self.application.start_messaging() else {
            return Err(Stop::failed(not_allowed("instant messages")));
        };
        let invitation =
            PendingOperation::begin(self.session, &self.application, self.deadline, Some(peer));
        let mut body = self.invitation(&invitation.id, peer, thread);
        if self.message.html.is_some() {
            // If HTML cannot be offered, the text alternative is posted, or nothing is.
            let _ = self.deadline.limit(self.application.offer_html()).await;
        }
        if let Some(text) = self.text_in_invitation() {
            let uri = data_uri::encode(Format::Plain.media_type(), text);
            body["_links"] = json!({"message": {"href": uri}});
            let invited = self.invite_with_message(invitation, &href, body);
            return Box::pin(invited).await.map(Opened::Carried);
        }
        match invitation.post(&INVITATION_START, &href, &body).await {
            Ok(lost) => self.await_acceptance(invitation, lost).await,
            Err(error) if error.is_application_gone() => Err(Stop::Gone(error)),
            Err(error) => Err(Stop::Ended(UcwaOutcome::of(error))),
        }
    }

    fn invitation(&self, operation: &str, peer: &str, thread: Option<&str>) -> Value {
        let mut body = json!({
            "to": peer,
            "operationId": operation,
            "importance": importance(self.message.importance),
        });
        if let Some(subject) = &self.message.subject {
            body["subject"] = subject.as_str().into();
        }
        if let Some(thread) = thread {
            body["threadId"] = thread.into();
        }
        body
    }

    /// The text that the invitation carries, if that is enabled and the text fits.
    fn text_in_invitation(&self) -> Option<&'a str> {
        let limit = self.session.config.first_message_bytes?;
        let text = self.message.text.as_deref()?;
        (self.message.html.is_none() && text.len() <= limit).then_some(text)
    }

    /// Waits until the peer has accepted an invitation without a message. `lost` is the error of
    /// a lost response.
    async fn await_acceptance(
        &self,
        invitation: PendingOperation<'_>,
        lost: Option<Error>,
    ) -> Result<Opened, Stop> {
        let opened = match invitation.progress().await {
            Some(Progress::Ready(conversation)) => Some(conversation),
            Some(Progress::Done(done)) => invitation.ready(&done).await,
            Some(Progress::Failed(reason)) => {
                let what = "the recipient did not accept the invitation";
                return Err(Stop::Ended(UcwaOutcome::refused(what, reason.as_ref())));
            }
            Some(Progress::Lost(why)) => {
                let lost = Error::new(ErrorKind::Other, why).with_platform(PLATFORM);
                return Err(Stop::failed(lost.with_delivery(Delivery::NotSent)));
            }
            None => None,
        };
        if let Some(conversation) = opened {
            return Ok(Opened::Ready(conversation));
        }
        invitation.withdraw();
        Err(Stop::Ended(match (self.session.lifecycle.check(), lost) {
            (Err(ended), _) => UcwaOutcome::Failed(ended),
            (Ok(()), Some(error)) => UcwaOutcome::TimedOut(error.with_delivery(Delivery::NotSent)),
            (Ok(()), None) => {
                let late = "the recipient did not respond to the invitation in time";
                UcwaOutcome::timed_out(self.deadline, late)
            }
        }))
    }

    /// Invites with the message in the invitation. From the moment it is posted the peer may see
    /// the message: only the end of the invitation says more.
    async fn invite_with_message(
        &self,
        mut invitation: PendingOperation<'_>,
        href: &str,
        body: Value,
    ) -> Result<DeliveredMessage, Stop> {
        let began_at = SystemTime::now();
        let mut verdict = invitation.carry_message(self.journal);
        let lost = match invitation.post(&INVITATION_START, href, &body).await {
            Ok(lost) => lost,
            // An event that reports the message counts, whatever the response says.
            Err(error) => match verdict.peek() {
                Some(Verdict::Delivered(_) | Verdict::Unsaid) => Some(error),
                _ => {
                    let mut state = self.session.conversations.state();
                    state.verdicts.cancel(&invitation.id);
                    return Err(if error.is_application_gone() {
                        Stop::Gone(error)
                    } else {
                        Stop::failed(error)
                    });
                }
            },
        };
        let outcome = match self.deadline.limit(verdict.wait()).await {
            Ok(Some(verdict)) => UcwaOutcome::of_invitation(verdict),
            Ok(None) | Err(_) => {
                invitation.withdraw();
                match lost {
                    Some(error) => UcwaOutcome::Unknown(error.with_delivery(Delivery::Unknown)),
                    None => {
                        let late = "the invitation got no response";
                        UcwaOutcome::unanswered(self.deadline, late)
                    }
                }
            }
        };
        self.keep(&invitation.id, &outcome);
        let margin = self.session.config.settling_margin;
        let clock = self.application.service_clock();
        Stop::ended(outcome.marked(began_at, margin, clock, Some(&invitation.id)))
    }

    /// Records a message that an invitation carried in the history of its conversation.
    fn keep(&self, operation: &str, outcome: &UcwaOutcome) {
        let (UcwaOutcome::Delivered(it), Some(text)) = (outcome, &self.message.text) else {
            return;
        };
        let by = SaidBy::Own {
            operation: operation.to_owned(),
            is_delivered: true,
        };
        let said = Said::new(by, Format::Plain, text.clone());
        let mut state = self.session.conversations.state();
        if state.conversations.contains_key(it.conversation.as_str()) {
            state.history.add(it.conversation.as_str(), said);
        }
    }

    /// Posts the message to an open conversation, in one part or several.
    async fn post(&self, conversation: &str) -> Result<DeliveredMessage, Stop> {
        let known = self.session.conversations.snapshot(conversation);
        let Some((href, formats)) = known
            .as_ref()
            .and_then(|c| Some((c.ready()?, &c.messaging.formats)))
        else {
            return Err(Stop::Gone(not_open()));
        };
        let Some((format, body)) = self.message.written(formats) else {
            let why = "the recipient shows no HTML, and the message has no text alternative";
            let error = Error::new(ErrorKind::Unsupported, why);
            return Err(Stop::failed(error.with_platform(PLATFORM)));
        };
        let sizes = self.session.config.sizes;
        let parts = match (sizes.oversize, &format) {
            (Oversize::Split, Format::Plain) => split(body, sizes.limit),
            _ => vec![body],
        };
        let post = PostAttempt {
            session: self.session,
            application: &self.application,
            conversation,
            href,
            format,
            deadline: self.deadline,
            journal: self.journal,
        };
        post.post_parts(&parts).await
    }
}
