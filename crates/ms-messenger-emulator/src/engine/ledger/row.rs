//! One stored message: as readers get it, and as it is kept.

use std::{num::NonZeroU64, sync::Arc};

use serde::{Deserialize, Serialize};

use crate::{
    engine::{
        ledger::{
            filter::State,
            present::{Present, mark},
            request::{CapturedRequest, Head},
        },
        platform::Platform,
    },
    wire::{
        clock,
        packed::{Packed, Packer},
        request::Request,
    },
};

/// A stored message. It serialises as a row of `GET /_emulator/messages`, member for member.
///
/// ```
/// use ms_messenger_emulator::Emulator;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = Emulator::start().await?;
/// emulator.inject(&serde_json::json!({
///     "platform": "acs-messages", "from": "+14255550123", "text": "hi",
/// }))?;
/// let row = &emulator.messages()[0];
/// assert_eq!((row.seq, row.operation, &*row.text), (1, "inject", "hi"));
/// assert_eq!(row.request.path(), "/_emulator/inject");
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, Serialize)]
#[non_exhaustive]
pub struct LedgerRow {
    /// Number of the row, from 1, in the order of storage.
    pub seq: u64,
    /// The platform that stored it.
    pub platform: Platform,
    /// The operation, for example `send.reply`; `inject` for a message from the other side.
    pub operation: &'static str,
    /// Conversation, thread, chat or channel id; the recipient of a notification.
    pub conversation: String,
    /// The sender: `8:acs:…`, the object id of a user, a channel registration id, or a phone
    /// number.
    pub sender: String,
    /// `text`, `html`, or the kind of an Advanced Messaging message.
    pub kind: String,
    /// The text as sent (HTML source for `html`; caption, address, template name or emoji for other kinds).
    pub text: String,
    /// The text as it is now, where it was edited; `None` where it is as it was sent, and for a deleted message.
    pub edited_text: Option<String>,
    /// Whether the message is deleted now. The other members say what was sent.
    pub is_deleted: bool,
    /// The subject as sent, where the platform has one: of the conversation in UCWA, of the message in Graph.
    pub subject: Option<String>,
    /// The subject as it is now, where it was changed, empty where it was removed; `None` where it is as it was sent,
    /// and for a deleted message.
    pub edited_subject: Option<String>,
    /// The importance, where the platform has one, in its own spelling.
    pub importance: Option<String>,
    /// The id that the sender got.
    pub message_id: String,
    /// The client request id of the call, if there was one.
    pub request_id: Option<String>,
    /// `Repeatability-Request-ID`, if the platform honours it.
    pub idempotency_key: Option<String>,
    /// How often a retried request got its response from the repeatability store.
    pub replays: u64,
    /// When it was stored, RFC 3339 UTC with milliseconds.
    pub received_at: String,
    /// The earlier row with the same client request id or idempotency key: a message sent twice.
    pub duplicate_of: Option<u64>,
    /// The request that carried it.
    pub request: CapturedRequest,
    /// The number of the exchange that stored it, 0 for none that was recorded.
    #[serde(skip)]
    pub(crate) exchange: u64,
    /// Whether the edited text is HTML; `None` where it is of the same kind.
    #[serde(skip)]
    pub(crate) is_edited_html: Option<bool>,
}

/// A stored message, as a service adds it to the ledger.
///
/// ```
/// use ms_messenger_emulator::{Platform, service::NewRow};
///
/// let row = NewRow::new(Platform::new("pager"), "send", "room-1", "1")
///     .with_sender("alice")
///     .with_text("text", "hello");
/// # let _ = row;
/// ```
#[derive(Debug)]
#[must_use]
pub struct NewRow {
    pub(crate) platform: Platform,
    pub(crate) operation: &'static str,
    pub(crate) conversation: String,
    pub(crate) sender: String,
    pub(crate) kind: String,
    pub(crate) text: String,
    pub(crate) message_id: String,
    pub(crate) idempotency_key: Option<String>,
    pub(crate) is_request_id_unique: bool,
    pub(crate) about: About,
}

impl NewRow {
    /// Creates the row of an empty plain text that `operation` stored in `conversation`; the sender
    /// got the id `message_id`.
    pub fn new(
        platform: Platform,
        operation: &'static str,
        conversation: impl Into<String>,
        message_id: impl Into<String>,
    ) -> Self {
        Self {
            platform,
            operation,
            conversation: conversation.into(),
            sender: String::new(),
            kind: "text".to_owned(),
            text: String::new(),
            message_id: message_id.into(),
            idempotency_key: None,
            is_request_id_unique: true,
            about: About::default(),
        }
    }

    /// Sets the sender's id.
    pub fn with_sender(mut self, sender: impl Into<String>) -> Self {
        self.sender = sender.into();
        self
    }

    /// Sets kind (`text`, `html` …) and text of the message.
    pub fn with_text(mut self, kind: impl Into<String>, text: impl Into<String>) -> Self {
        self.kind = kind.into();
        self.text = text.into();
        self
    }

    /// Sets the key by which the service itself recognises a retry; a second row with the same key
    /// is a duplicate.
    pub fn with_idempotency_key(mut self, key: impl Into<String>) -> Self {
        self.idempotency_key = Some(key.into());
        self
    }

    /// Sets whether clients of this service may send the same client request id with every request,
    /// so that a second row with the same one is no duplicate. Default `false`.
    pub const fn with_shared_request_id(mut self, is_shared: bool) -> Self {
        self.is_request_id_unique = !is_shared;
        self
    }
}

/// The members of a row that are kept in a data file, beside those that the ledger knows of itself.
#[derive(Debug, Deserialize, Serialize)]
pub(crate) struct KeptFields {
    conversation: String,
    sender: String,
    kind: String,
    text: String,
    message_id: String,
    idempotency_key: Option<String>,
    is_request_id_unique: bool,
    about: About,
}

impl KeptFields {
    pub(crate) fn of(row: &NewRow) -> Self {
        Self {
            conversation: row.conversation.clone(),
            sender: row.sender.clone(),
            kind: row.kind.clone(),
            text: row.text.clone(),
            message_id: row.message_id.clone(),
            idempotency_key: row.idempotency_key.clone(),
            is_request_id_unique: row.is_request_id_unique,
            about: row.about.clone(),
        }
    }

    pub(crate) fn row(self, platform: Platform, operation: &'static str) -> NewRow {
        NewRow {
            platform,
            operation,
            conversation: self.conversation,
            sender: self.sender,
            kind: self.kind,
            text: self.text,
            message_id: self.message_id,
            idempotency_key: self.idempotency_key,
            is_request_id_unique: self.is_request_id_unique,
            about: self.about,
        }
    }
}

/// What a message says about itself, where the platform has that.
#[derive(Clone, Debug, Default, Deserialize, Serialize)]
pub(crate) struct About {
    pub(crate) subject: Option<String>,
    pub(crate) importance: Option<String>,
}

/// The operation of a message of the other side.
pub(crate) const INJECT: &str = "inject";

/// A row as it is kept: the members that are searched as they are, the others packed.
#[derive(Clone, Debug)]
pub(crate) struct KeptRow {
    pub(super) seq: u64,
    pub(super) platform: Platform,
    pub(super) operation: &'static str,
    pub(super) conversation: Arc<str>,
    pub(super) sender: Arc<str>,
    pub(super) text: Box<str>,
    received_ms: u64,
    pub(super) replays: u32,
    /// Of the message id.
    pub(super) mark: u32,
    pub(super) duplicate_of: Option<NonZeroU64>,
    exchange: u64,
    /// In a copy: what the message said when it was made.
    pub(super) present: Option<Box<Present>>,
    /// [`Rest`] as JSON, a line feed, and the body of the request.
    rest: Packed,
}

#[derive(Serialize)]
struct Rest<'a> {
    kind: &'a str,
    message_id: &'a str,
    request_id: Option<&'a str>,
    idempotency_key: Option<&'a str>,
    about: &'a About,
    head: Head,
}

#[derive(Deserialize)]
struct OwnedRest {
    kind: String,
    message_id: String,
    request_id: Option<String>,
    idempotency_key: Option<String>,
    about: About,
    head: Head,
}

impl KeptRow {
    pub(super) fn new(
        new: &NewRow,
        request: &Request,
        packer: &mut Packer,
        (seq, duplicate_of): (u64, Option<u64>),
        received_ms: u64,
        (conversation, sender): (Arc<str>, Arc<str>),
    ) -> Self {
        let rest = Rest {
            kind: &new.kind,
            message_id: &new.message_id,
            request_id: request.client_request_id(),
            idempotency_key: new.idempotency_key.as_deref(),
            about: &new.about,
            head: Head::new(request),
        };
        // Text alone: it has a JSON form without a line feed.
        let mut bytes = serde_json::to_vec(&rest).unwrap_or_default();
        bytes.push(b'\n');
        bytes.extend_from_slice(&request.body);
        Self {
            seq,
            platform: new.platform,
            operation: new.operation,
            conversation,
            sender,
            text: new.text.as_str().into(),
            received_ms,
            replays: 0,
            mark: mark(&new.message_id),
            duplicate_of: duplicate_of.and_then(NonZeroU64::new),
            exchange: request.exchange,
            present: None,
            rest: packer.pack(&bytes),
        }
    }

    fn rest(&self) -> Option<(OwnedRest, Vec<u8>)> {
        let mut bytes = self.rest.unpack();
        let end = bytes.iter().position(|byte| *byte == b'\n')?;
        let body = bytes.split_off(end + 1);
        Some((serde_json::from_slice(&bytes).ok()?, body))
    }

    pub(crate) const fn platform(&self) -> Platform {
        self.platform
    }

    /// The id that the sender was given.
    pub(super) fn message_id(&self) -> String {
        self.rest()
            .map_or_else(String::new, |(rest, _)| rest.message_id)
    }

    /// The subject and the id that the sender was given; empty where there is none.
    pub(super) fn subject_and_id(&self) -> (String, String) {
        self.rest().map_or_else(Default::default, |(rest, _)| {
            (rest.about.subject.unwrap_or_default(), rest.message_id)
        })
    }

    /// Whether the message is in that state.
    pub(crate) fn has(&self, state: State) -> bool {
        match state {
            State::Sent => self.operation != INJECT,
            State::Injected => self.operation == INJECT,
            State::Duplicate => self.duplicate_of.is_some(),
            State::Replayed => self.replays > 0,
        }
    }

    /// The keys by which duplicates of it would be found: client request id, idempotency key.
    pub(super) fn keys(&self) -> (Option<String>, Option<String>) {
        let rest = self.rest();
        rest.map_or((None, None), |(rest, _)| {
            (rest.request_id, rest.idempotency_key)
        })
    }

    /// The row for a reader; `None` cannot happen to what was packed here.
    pub(crate) fn open(&self) -> Option<LedgerRow> {
        let (rest, body) = self.rest()?;
        let present = self.present.as_deref();
        let is_deleted = present.is_some_and(|present| present.is_deleted);
        let shown = present.filter(|present| !present.is_deleted);
        let edited = shown.and_then(|present| present.edited.as_ref());
        let subject_now = shown.and_then(|present| present.subject.as_deref());
        Some(LedgerRow {
            seq: self.seq,
            platform: self.platform,
            operation: self.operation,
            conversation: self.conversation.as_ref().to_owned(),
            sender: self.sender.as_ref().to_owned(),
            kind: rest.kind,
            text: self.text.as_ref().to_owned(),
            edited_text: edited.map(|edited| edited.text.as_ref().to_owned()),
            is_edited_html: edited.and_then(|edited| edited.is_html),
            is_deleted,
            subject: rest.about.subject,
            edited_subject: subject_now.map(str::to_owned),
            importance: rest.about.importance,
            message_id: rest.message_id,
            request_id: rest.request_id,
            idempotency_key: rest.idempotency_key,
            replays: self.replays.into(),
            received_at: clock::rfc3339_millis(self.received_ms),
            duplicate_of: self.duplicate_of.map(NonZeroU64::get),
            request: CapturedRequest::new(rest.head, body),
            exchange: self.exchange,
        })
    }
}
