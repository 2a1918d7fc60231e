//! One send from top to bottom: prepare without I/O, post, read what was stored.

use std::pin::pin;

use ms_messenger_core::{
    Acceptance, ConversationId, Deadline, Delivery, Error, ErrorKind, Evidence, Journal, Mark,
    MessageId, Problem, Problems, Receipt, Result, random_uuid,
};
use ms_messenger_http::{Bytes, Call, Operation, Response};
use serde::Serialize;

use crate::{
    client::GraphChatClient,
    content::{Content, Text},
    destination::{Destination, PostPath},
    error::PLATFORM,
    journal::CompletedJournal,
    posted::{PostedMessage, StoredId, read_id},
    sends::UnderWay,
    write::{NewChatMessage, markup::Markup},
};

/// A message that passed every check without I/O.
#[derive(Debug)]
pub(crate) struct Ready {
    pub(crate) operation: &'static Operation,
    body: Bytes,
    pub(crate) text: Text,
    pub(crate) warnings: Vec<Problem>,
}

impl Ready {
    /// The body of the message.
    pub(crate) fn into_body(self) -> Bytes {
        self.body
    }

    /// The call that posts the message.
    pub(crate) fn call(&self, path: PostPath) -> Call {
        Call::of(self.operation, path.into_path()).with_json_bytes(self.body.clone())
    }
}

/// The parts of a send other than its message.
#[derive(Default)]
pub(crate) struct Extras {
    pub(crate) deadline: Deadline,
    /// The chat, where the target does not name it.
    pub(crate) conversation: Option<ConversationId>,
    /// The mark by which this message alone can be recognised.
    pub(crate) mark: Option<Mark>,
    pub(crate) journal: Option<Journal>,
}

/// The body of a quote.
#[derive(Serialize)]
#[serde(rename_all = "camelCase")]
struct Quote<'a> {
    message_ids: &'a [MessageId],
    reply_message: &'a NewChatMessage,
}

impl GraphChatClient {
    /// Posts a message that is ready, for the typed handles.
    pub(crate) async fn post(&self, path: PostPath, ready: Ready) -> Result<PostedMessage> {
        let stored = self.post_raw(path, ready, Extras::default()).await?;
        stored.posted()
    }

    /// Runs every check that needs no I/O and writes the body, both once. `markup` is that of
    /// `message` where it is known without reading. The guards of size come first: what is too
    /// large is not looked into.
    pub(crate) fn prepare(
        &self,
        destination: Destination<'_>,
        message: &NewChatMessage,
        markup: Option<Markup>,
    ) -> Result<Ready> {
        let mut problems = Problems::for_platform(PLATFORM);
        destination.find_problems(&mut problems);
        let body = match destination.quoted() {
            None => json(message)?,
            Some(message_ids) => json(&Quote {
                message_ids,
                reply_message: message,
            })?,
        };
        let (mut seen, mut warnings) = (Markup::default(), Vec::new());
        if self.fits(message, body.len(), &mut problems) {
            seen = markup.unwrap_or_else(|| message.markup());
            let place = destination.place();
            message.find_problems(place, &seen, &mut problems, &mut warnings);
        }
        problems.into_result(ErrorKind::InvalidRequest)?;
        Ok(Ready {
            operation: destination.operation(),
            body: body.into(),
            text: Text::of(message.seen(&seen)),
            warnings,
        })
    }

    /// Whether a body of `bytes` is within the limits; adds a problem for each that it is not.
    fn fits(&self, message: &NewChatMessage, bytes: usize, problems: &mut Problems) -> bool {
        let pictures: usize = message
            .hosted_contents
            .iter()
            .filter_map(|hosted| hosted.content_bytes.as_ref().map(String::len))
            .sum();
        let own = bytes.saturating_sub(pictures);
        let (max_message, max_call) = self.limits();
        let mut fits = true;
        if let Some(limit) = max_message.filter(|limit| own > *limit) {
            let rule = format!(
                "the message has {own} bytes of JSON without its pictures, more than {limit}"
            );
            problems.add("body", rule);
            fits = false;
        }
        if let Some(limit) = max_call.filter(|limit| bytes > *limit) {
            let rule = format!("the call has {bytes} bytes with its pictures, more than {limit}");
            problems.add("hostedContents", rule);
            fits = false;
        }
        fits
    }

    /// Posts a message that is ready. Returns what the service stored, not yet read.
    pub(crate) async fn post_raw(
        &self,
        path: PostPath,
        ready: Ready,
        extras: Extras,
    ) -> Result<Stored<'_>> {
        let content = Content::new(&path.list, ready.text);
        // What has a mark is recognised by it, whatever else is sent.
        let is_alone = extras.journal.is_some() && extras.mark.is_none();
        if extras.journal.is_some() && !self.pipeline().knows_service_clock() {
            // After a crash, another process would have to look through the messages of two days.
            let newest = path.newest().with_deadline(extras.deadline.clone());
            Box::pin(self.pipeline().read_clock(newest)).await;
        }
        let margin = self.settling_margin();
        let mut under_way = match self.sends().begin_now(content, margin, is_alone) {
            Some(under_way) => under_way,
            // Boxed: hardly any send waits.
            None => Box::pin(self.begin_later(content, is_alone, &extras.deadline)).await?,
        };
        let mut call = ready.call(path).with_deadline(extras.deadline);
        if let Some(mark) = extras.mark {
            call = call.with_mark(mark);
        }
        if let Some(journal) = extras.journal {
            let id = random_uuid();
            under_way.name(id.to_string());
            let journal = CompletedJournal {
                journal,
                client: self.clone(),
                content,
                conversation: extras.conversation.clone(),
            };
            let journal = Some(Journal::new(journal));
            call = call.with_client_request_id(id).with_journal(journal);
        }
        let response = match self.pipeline().call(call).await {
            Ok(response) => response,
            Err(error) => return Err(self.failed(error, under_way, extras.conversation)),
        };
        // Some documents say 200 for imports; everything else is 201.
        match response.status() {
            200 | 201 => Ok(Stored {
                response,
                under_way,
            }),
            _ => Err(response.unusable("a send returns 201, this was another success")),
        }
    }

    /// Begins a send that waits for another one of its content.
    async fn begin_later(
        &self,
        content: Content,
        is_alone: bool,
        deadline: &Deadline,
    ) -> Result<UnderWay<'_>> {
        let margin = self.settling_margin();
        let later = pin!(self.sends().begin_later(content, margin, is_alone));
        deadline.limit(later).await.map_err(|reached| {
            let error = reached.into_error().with_delivery(Delivery::NotSent);
            error.with_platform(PLATFORM)
        })
    }

    /// Notes how a send failed, and completes the evidence of one whose delivery is unknown.
    pub(crate) fn failed(
        &self,
        error: Error,
        under_way: UnderWay<'_>,
        conversation: Option<ConversationId>,
    ) -> Error {
        match error.delivery() {
            Delivery::NotSent => under_way.not_sent(),
            Delivery::Unknown => {
                let error = under_way.unknown(error, self.user_at_hand());
                return in_conversation(error, conversation);
            }
            _ => {}
        }
        error
    }
}

/// A message that the service stored, by its response.
pub(crate) struct Stored<'a> {
    pub(crate) response: Response,
    pub(crate) under_way: UnderWay<'a>,
}

impl Stored<'_> {
    /// The message, for the typed handles.
    pub(crate) fn posted(self) -> Result<PostedMessage> {
        let id = self.id(false)?.id;
        let posted = PostedMessage::new(id, &self.response);
        self.under_way.sent(posted.id.as_str());
        Ok(posted)
    }

    /// The receipt of the message, which is in `conversation`.
    pub(crate) fn receipt(
        self,
        client: &GraphChatClient,
        conversation: ConversationId,
    ) -> Result<Receipt> {
        let stored = self.id(true)?;
        self.under_way.sent(stored.id.as_str());
        let created = stored.created.and_then(|time| time.to_system_time());
        if let Some(created) = created {
            client.pipeline().note_message(created, &self.response);
        }
        let mut receipt = Receipt::new(Acceptance::Posted)
            .with_message_id(stored.id)
            .with_conversation(conversation);
        receipt.accepted_at = created;
        receipt.web_url = stored.web_url;
        receipt.request_id = self.response.request_id().map(str::to_owned);
        Ok(receipt)
    }

    fn id(&self, with_rest: bool) -> Result<StoredId> {
        let read = read_id(self.response.body(), with_rest);
        read.map_err(|rule| self.response.unusable(rule))
    }
}

fn json(body: &impl Serialize) -> Result<Vec<u8>> {
    let mut bytes = Vec::with_capacity(512);
    serde_json::to_writer(&mut bytes, body).map_err(|error| {
        Error::new(ErrorKind::InvalidRequest, "the body has no JSON form").with_source(error)
    })?;
    Ok(bytes)
}

/// Adds the conversation that the message would be in to the evidence.
fn in_conversation(error: Error, conversation: Option<ConversationId>) -> Error {
    match (Evidence::of(&error), conversation) {
        (Some(evidence), Some(id)) => error.with_evidence(evidence.with_conversation(id)),
        _ => error,
    }
}
