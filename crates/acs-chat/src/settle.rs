//! Settles a send whose delivery is unknown: looks for the message by the id that this client
//! wrote into it.

use std::time::{Duration, SystemTime};

use ms_messenger_core::{
    Acceptance, ClockOffset, ConversationId, Delivery, Error, ErrorKind, Evidence, MarkKind,
    Receipt, Result, SendRequest, Settled, Target, Window,
};
use ms_messenger_http::{Call, Look, Pages, encode_path_segment};
use serde::Deserialize;

use crate::{AcsChatClient, CLIENT_MESSAGE_ID, error::PLATFORM, operations::MESSAGE_LIST};

/// The most pages of 200 messages that are read.
const MAX_PAGES: usize = 20;
/// The limit of reading the start of the list again because messages moved there meanwhile.
const MAX_PASSES: usize = 10;
/// The limit of reading the list again because the service's clock may be further behind.
const MAX_LOOKS: usize = 4;
/// How long before the send the list begins while the service's clock is not known.
const UNREAD_CLOCK: Duration = Duration::from_secs(25 * 60 * 60);
/// The list begins a little before the window: the service counts whole milliseconds.
const BEFORE: Duration = Duration::from_secs(1);
/// It begins still earlier, because another reading of the same clock moves the window by some seconds: it
/// is not read again for that.
const ROOM: Duration = Duration::from_secs(5);

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Item {
    id: String,
    #[serde(default)]
    version: Option<String>,
    #[serde(default)]
    created_on: Option<String>,
    #[serde(default)]
    edited_on: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    deleted_on: Option<serde::de::IgnoredAny>,
    #[serde(default)]
    metadata: Option<serde_json::Map<String, serde_json::Value>>,
}

/// The result of reading the whole thread.
enum Seen {
    Found(Receipt),
    /// It is not there, unless it is one of these: the messages that were edited or deleted and may have
    /// lost their id, by the times at which they were created.
    Absent(Vec<Option<SystemTime>>),
}

impl AcsChatClient {
    /// The body of [`Messenger::settle`](ms_messenger_core::Messenger::settle).
    pub(crate) async fn look(&self, request: &SendRequest, evidence: &Evidence) -> Settled {
        match self.try_look(request, evidence).await {
            Ok(settled) => settled,
            // What ended the reading proves nothing about the send.
            Err(error) => Settled::CannotTell(
                error
                    .with_platform(PLATFORM)
                    .with_delivery(Delivery::Unknown),
            ),
        }
    }

    async fn try_look(&self, request: &SendRequest, evidence: &Evidence) -> Result<Settled> {
        evidence.check_platform(PLATFORM)?;
        let Target::Conversation(thread) = &request.to else {
            return Err(cannot("no such message is sent"));
        };
        let Some(mark) = self.mark(evidence) else {
            return Err(cannot(self.why_unmarked(evidence)));
        };
        let began = Look::begin();
        for _ in 0..MAX_LOOKS {
            let since = self.since(evidence);
            let seen = self.find(thread, mark, since).await?;
            // One clock for both: what other calls show meanwhile must not come between.
            let clock = self.pipeline().service_clock();
            match seen {
                Seen::Found(receipt) => return Ok(Settled::Found(receipt)),
                // A response showed that the service's clock may be further behind.
                _ if self.start(evidence, clock) < since => {}
                Seen::Absent(changed) => return self.absent(evidence, &changed, clock, began),
            }
        }
        Err(cannot_yet("the service's clock changes while it is read"))
    }

    /// The id that the client wrote into the message. The first form of evidence had no marks:
    /// there it was the client request id, if the client was set up to write one. Whether it was,
    /// only finding it shows.
    fn mark<'a>(&self, evidence: &'a Evidence) -> Option<&'a str> {
        let by_id = || evidence.client_request_id.as_deref();
        let is_first_form = evidence.ended_at.is_none() && evidence.pending_until.is_none();
        let is_first_form = is_first_form && self.writes_client_message_ids();
        evidence
            .mark_of(&MarkKind::ClientMessageId)
            .or_else(|| by_id().filter(|_| is_first_form))
    }

    /// Why there is no id to look for. Evidence of a send that was attempted has its end: without
    /// a mark, that send wrote no id. Other evidence was not taken from the error of a send.
    fn why_unmarked(&self, evidence: &Evidence) -> &'static str {
        if self.writes_client_message_ids() && evidence.ended_at.is_none() {
            "the evidence holds no client message id: settle with the evidence of the error that \
             the send returned"
        } else {
            "the message was sent without a client message id: set up the client \
             with_client_message_ids before sending"
        }
    }

    /// The time from which on messages are read, by the service's clock.
    fn since(&self, evidence: &Evidence) -> SystemTime {
        let start = self.start(evidence, self.pipeline().service_clock());
        start.checked_sub(ROOM).unwrap_or(start)
    }

    fn start(&self, evidence: &Evidence, clock: Option<ClockOffset>) -> SystemTime {
        let since = match evidence.window(clock, false) {
            Some(window) => window.opens.checked_sub(BEFORE),
            None => evidence.began_at.checked_sub(UNREAD_CLOCK),
        };
        since.unwrap_or(SystemTime::UNIX_EPOCH)
    }

    /// The verdict on a message that the whole list did not show.
    fn absent(
        &self,
        evidence: &Evidence,
        changed: &[Option<SystemTime>],
        clock: Option<ClockOffset>,
        began: Look,
    ) -> Result<Settled> {
        let window = evidence.window(clock, false);
        let within = |created: &Option<SystemTime>| window?.contains((*created)?);
        if changed.iter().any(|created| within(created) != Some(false)) {
            return Err(lost_id(window));
        }
        if window.is_none() {
            return Err(cannot_yet("no response of the service shows its clock"));
        }
        self.pipeline().absence(evidence, clock, began)
    }

    async fn find(&self, thread: &ConversationId, mark: &str, since: SystemTime) -> Result<Seen> {
        let first = format!(
            "/chat/threads/{}/messages?maxPageSize=200&startTime={}&api-version={}",
            encode_path_segment(thread.as_str()),
            encode_path_segment(&rfc3339(since)),
            self.api_version()
        );
        let mut look = Reading::new(thread, mark);
        for pass in 0..MAX_PASSES {
            let mut pages = self.pages(&first);
            let before = look.read.len();
            let mut filled = 0;
            while let Some(page) = pages.next_page().await? {
                filled += usize::from(!page.is_empty());
                let last = page.last();
                let is_known = last.is_some_and(|last| look.has_read(before, last));
                look.take(&page);
                if look.found.is_some() {
                    return Ok(look.end());
                }
                if is_known {
                    break;
                }
            }
            // What was edited or deleted meanwhile moved to the start of the list, so that is read
            // again, up to what was read before, until it is one page.
            if pages.pages_read() <= 1 || (pass > 0 && filled <= 1) {
                return Ok(look.end());
            }
        }
        Err(cannot(
            "the thread has too many messages since the send to read all of them",
        ))
    }

    fn pages(&self, first: &str) -> Pages<Item> {
        Pages::new(self.pipeline(), Ok(Call::of(&MESSAGE_LIST, first))).with_max_pages(MAX_PAGES)
    }
}

/// One reading of the list.
struct Reading<'a> {
    thread: &'a ConversationId,
    mark: &'a str,
    found: Option<Receipt>,
    /// When the messages were created that may have lost it.
    changed: Vec<Option<SystemTime>>,
    /// Id and version of every item.
    read: Vec<(String, Option<String>)>,
}

impl<'a> Reading<'a> {
    fn new(thread: &'a ConversationId, mark: &'a str) -> Self {
        Self {
            thread,
            mark,
            found: None,
            changed: Vec::new(),
            read: Vec::new(),
        }
    }

    fn take(&mut self, page: &[Item]) {
        if let Some(item) = page.iter().find(|item| item.carries(self.mark)) {
            let mut receipt = Receipt::new(Acceptance::Posted)
                .with_message_id(item.id.as_str())
                .with_conversation(self.thread.clone());
            receipt.accepted_at = item.created();
            self.found = Some(receipt);
        }
        let changed = page.iter().filter(|item| item.may_have_lost_it());
        self.changed.extend(changed.map(Item::created));
        let read = page.iter();
        self.read
            .extend(read.map(|item| (item.id.clone(), item.version.clone())));
    }

    /// Whether an item was among the first ones that were read and has not changed since: all that
    /// moved are before it.
    fn has_read(&self, first: usize, item: &Item) -> bool {
        let mut read = self.read.iter().take(first);
        read.any(|(id, version)| *id == item.id && *version == item.version)
    }

    fn end(self) -> Seen {
        match self.found {
            Some(receipt) => Seen::Found(receipt),
            None => Seen::Absent(self.changed),
        }
    }
}

impl Item {
    fn carries(&self, mark: &str) -> bool {
        let written = self
            .metadata
            .as_ref()
            .and_then(|it| it.get(CLIENT_MESSAGE_ID));
        written.and_then(serde_json::Value::as_str) == Some(mark)
    }

    fn created(&self) -> Option<SystemTime> {
        humantime::parse_rfc3339(self.created_on.as_deref()?).ok()
    }

    /// Whether it could be the message, changed after it was posted. It is not documented which
    /// members a change keeps; one that has another id is another message.
    fn may_have_lost_it(&self) -> bool {
        let is_changed = self.edited_on.is_some() || self.deleted_on.is_some();
        let carries_another = self
            .metadata
            .as_ref()
            .is_some_and(|it| it.contains_key(CLIENT_MESSAGE_ID));
        is_changed && !carries_another
    }
}

/// RFC 3339, within the years that it knows.
fn rfc3339(time: SystemTime) -> String {
    let latest = SystemTime::UNIX_EPOCH + Duration::from_secs(253_402_300_799);
    let time = time.clamp(SystemTime::UNIX_EPOCH, latest);
    humantime::format_rfc3339_millis(time).to_string()
}

/// Why a list without the message proves nothing.
fn lost_id(window: Option<Window>) -> Error {
    match window {
        None => cannot_yet(
            "a message was edited or deleted and may have lost its id, and its time decides nothing: \
             no response of the service shows its clock",
        ),
        Some(window) if window.is_disputed => cannot_yet(
            "a message was edited or deleted and may have lost its id, and its time decides nothing: \
             the dates of the service and the clock of this machine contradict each other",
        ),
        Some(_) => {
            cannot("a message of about that time was edited or deleted, and may have lost its id")
        }
    }
}

fn cannot(why: &'static str) -> Error {
    Error::new(ErrorKind::Other, why)
}

/// A check that may find it out later: what the service said of its clock cannot be used.
fn cannot_yet(why: &'static str) -> Error {
    Error::new(ErrorKind::Protocol, why)
}
