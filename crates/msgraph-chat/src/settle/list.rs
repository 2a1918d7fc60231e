//! Reads every message that was posted since a send, whatever the order of the list.

use std::time::{Duration, SystemTime};

use ms_messenger_core::{
    Address, ConversationId, Error, ErrorKind, Evidence, Result, SendRequest, Target, Window,
};
use ms_messenger_http::{Call, Operation, Pages};

use super::doubt::Doubt;
use crate::{
    client::GraphChatClient,
    destination::{channel_messages, chat_messages, segment},
    error::{cannot_tell as cannot, cannot_tell_yet},
    models::ChatMessage,
    operations::{CHANNEL_MESSAGE_CHANGES, CHANNEL_MESSAGE_LIST, CHAT_MESSAGE_LIST, REPLY_LIST},
    times::rfc3339,
};

/// The limit of pages of one list, with 50 messages each.
const MAX_PAGES: usize = 40;
/// The limit of pages of the changes in a channel: nothing else shows a busy one whole.
const MAX_CHANGES: usize = 200;
/// The limit of reading the start of a list again because messages moved there meanwhile.
const MAX_PASSES: usize = 10;
/// The limit of reading a list again because the clock of the service is further behind.
const MAX_LOOKS: usize = 3;
/// The start of a list before the send while the clock of the service is not known.
const UNREAD_CLOCK: Duration = Duration::from_secs(25 * 60 * 60);
/// The bounds of a filter are exclusive.
const EXCLUSIVE: Duration = Duration::from_secs(1);
/// A list starts this long before the window, which another reading of the same clock moves by some
/// seconds: it is not read again for that.
const ROOM: Duration = Duration::from_secs(5);

/// The list in which a message would be.
pub(super) struct MessageList {
    /// The collection of its messages, without a query.
    pub(super) path: String,
    pub(super) conversation: ConversationId,
    kind: Kind,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Kind {
    Chat,
    Channel,
    Replies,
}

/// The messages that were read.
pub(super) struct Listed {
    pub(super) messages: Vec<ChatMessage>,
    /// Whether every message since the send is among them.
    pub(super) is_whole: bool,
    /// From when on; `None` for a list without a start.
    since: Option<SystemTime>,
}

impl MessageList {
    pub(super) fn of(request: &SendRequest, to: &Target, evidence: &Evidence) -> Result<Self> {
        Ok(match to {
            Target::Conversation(id) => Self::chat(id),
            Target::Channel { team, channel, .. } => {
                let reply_to = request.reply_to.as_ref();
                Self {
                    path: channel_messages(team, channel, reply_to),
                    conversation: ConversationId::new(channel.as_str()),
                    kind: reply_to.map_or(Kind::Channel, |_| Kind::Replies),
                }
            }
            // A request for the chat would create it.
            Target::Person(Address::User(_)) => match &evidence.conversation {
                Some(id) => Self::chat(id),
                None => return Err(cannot("the evidence does not name the chat")),
            },
            _ => return Err(cannot("such a message is not sent")),
        })
    }

    /// Whether `listed` belongs to this list: a reply is not among the messages of its channel.
    pub(super) fn holds(&self, listed: &ChatMessage) -> bool {
        self.kind != Kind::Channel || listed.reply_to_id.is_none()
    }

    pub(super) fn is_chat(&self) -> bool {
        self.kind == Kind::Chat
    }

    fn chat(id: &ConversationId) -> Self {
        Self {
            path: chat_messages(id),
            conversation: id.clone(),
            kind: Kind::Chat,
        }
    }
}

impl GraphChatClient {
    /// Every message that was created in `place` since the send, and older ones where the service
    /// cannot leave them out.
    pub(super) async fn list(&self, place: &MessageList, doubt: &Doubt<'_>) -> Result<Listed> {
        let path = format!("{}?$top=50", place.path);
        match place.kind {
            Kind::Chat => self.list_chat(path, doubt).await,
            Kind::Replies => self.pages(&REPLY_LIST, path, MAX_PAGES).await,
            Kind::Channel => {
                let listed = self.pages(&CHANNEL_MESSAGE_LIST, path, MAX_PAGES).await?;
                if listed.is_whole {
                    return Ok(listed);
                }
                self.list_changes(place, doubt, listed.messages).await
            }
        }
    }

    /// The list is sorted by the last activity of the threads, so it cannot be cut: only the changes
    /// since the send can be read whole.
    async fn list_changes(
        &self,
        place: &MessageList,
        doubt: &Doubt<'_>,
        listed: Vec<ChatMessage>,
    ) -> Result<Listed> {
        for _ in 0..MAX_LOOKS {
            let since = self.since(doubt);
            let path = format!("{}/delta?$top=50&$filter={}", place.path, newer(since));
            let changes = &CHANNEL_MESSAGE_CHANGES;
            let mut changed = self.pages(changes, path, MAX_CHANGES).await?;
            if self.is_covered(doubt, since) {
                changed.messages.extend(listed);
                changed.since = Some(since);
                return Ok(changed);
            }
        }
        Err(runs_away())
    }

    async fn list_chat(&self, path: String, doubt: &Doubt<'_>) -> Result<Listed> {
        let mut since = self.since(doubt);
        for _ in 0..MAX_LOOKS {
            let order = "$orderby=lastModifiedDateTime%20desc";
            let filtered = format!("{path}&{order}&$filter={}", newer(since));
            let mut listed = match self.pages(&CHAT_MESSAGE_LIST, filtered, MAX_PAGES).await {
                // Some clouds do not support the order, and so no filter.
                Err(error) if error.kind() == ErrorKind::InvalidRequest => {
                    return self.pages(&CHAT_MESSAGE_LIST, path, MAX_PAGES).await;
                }
                listed => listed?,
            };
            // The first response may have shown that the clock of the service is far behind.
            if self.is_covered(doubt, since) {
                listed.since = Some(since);
                if listed.is_whole {
                    return Ok(listed);
                }
                return self.list_window(&path, doubt, listed).await;
            }
            since = self.since(doubt);
        }
        Err(runs_away())
    }

    /// Reads the messages that were created in the window, in a chat in which more were changed since
    /// the send than are read: `listed` is a part of those.
    async fn list_window(
        &self,
        path: &str,
        doubt: &Doubt<'_>,
        mut listed: Listed,
    ) -> Result<Listed> {
        let Some((opens, before)) = self.bounds(doubt) else {
            return Ok(listed);
        };
        // The service ignores a filter that it does not support: only messages that it leaves out
        // show that it obeys.
        if !listed.messages.iter().any(|it| created(it) >= Some(before)) {
            return Ok(listed);
        }
        let order = "$orderby=createdDateTime%20desc";
        let time = rfc3339(before);
        let filter = format!("$filter=createdDateTime%20lt%20{}", segment(&time));
        let first = Call::of(&CHAT_MESSAGE_LIST, format!("{path}&{order}&{filter}"));
        let mut pages = Pages::new(self.pipeline(), Ok(first)).with_max_pages(MAX_PAGES);
        let mut last = before;
        loop {
            let page = match pages.next_page().await {
                Err(error) if error.kind() == ErrorKind::InvalidRequest => return Ok(listed),
                page => page?,
            };
            let Some(page) = page else {
                break;
            };
            for message in &page {
                match created(message) {
                    Some(time) if time < before && time <= last => last = time,
                    _ => return Ok(listed),
                }
            }
            listed.messages.extend(page);
            if last < opens {
                break;
            }
            if pages.is_cut_short() {
                return Ok(listed);
            }
        }
        let (earliest, latest) = self.bounds(doubt).unwrap_or((opens, before));
        listed.is_whole = earliest >= opens && latest <= before;
        listed.since = Some(opens);
        Ok(listed)
    }

    /// The outer bounds of the window, the end exclusive.
    fn bounds(&self, doubt: &Doubt<'_>) -> Option<(SystemTime, SystemTime)> {
        let window = doubt.window(self.pipeline().service_clock())?;
        Some((window.opens, window.closes?.checked_add(EXCLUSIVE)?))
    }

    /// The time from which messages are read, by the clock of the service.
    fn since(&self, doubt: &Doubt<'_>) -> SystemTime {
        let start = self.opening(doubt);
        start.checked_sub(ROOM).unwrap_or(start)
    }

    /// Whether a list from `since` on has all of the window, as it is by now.
    fn is_covered(&self, doubt: &Doubt<'_>, since: SystemTime) -> bool {
        since <= self.opening(doubt)
    }

    fn opening(&self, doubt: &Doubt<'_>) -> SystemTime {
        let opens = match doubt.window(self.pipeline().service_clock()) {
            Some(window) => window.opens.checked_sub(EXCLUSIVE),
            None => doubt.evidence.began_at.checked_sub(UNREAD_CLOCK),
        };
        opens.unwrap_or(SystemTime::UNIX_EPOCH)
    }

    /// Reads a list of at most `max_pages` to its end, past empty pages too. What changes meanwhile
    /// moves to the start of the list, so the start is read again, up to what was read before, until
    /// that is one page: during one call nothing moves unseen.
    async fn pages(
        &self,
        of: &'static Operation,
        first: String,
        max_pages: usize,
    ) -> Result<Listed> {
        let first = Call::of(of, first);
        let mut messages = Vec::new();
        for pass in 0..MAX_PASSES {
            let mut pages =
                Pages::new(self.pipeline(), Ok(first.clone())).with_max_pages(max_pages);
            let before = messages.len();
            let mut filled = 0;
            while let Some(page) = pages.next_page().await? {
                filled += usize::from(!page.is_empty());
                let is_known = page
                    .last()
                    .is_some_and(|last| was_read(&messages[..before], last));
                messages.extend(page);
                if is_known {
                    break;
                }
                if pages.is_cut_short() {
                    return Ok(Listed::part(messages));
                }
            }
            if pages.pages_read() <= 1 || (pass > 0 && filled <= 1) {
                return Ok(Listed {
                    messages,
                    is_whole: true,
                    since: None,
                });
            }
        }
        Ok(Listed::part(messages))
    }
}

impl Listed {
    const fn part(messages: Vec<ChatMessage>) -> Self {
        Self {
            messages,
            is_whole: false,
            since: None,
        }
    }

    /// Fails if the window has become wider than what was read, because responses to other calls showed
    /// another clock meanwhile.
    pub(super) fn check(&self, window: Option<Window>) -> Result<()> {
        match (self.since, window) {
            (Some(since), Some(window)) if window.opens < since => Err(runs_away()),
            _ => Ok(()),
        }
    }
}

fn runs_away() -> Error {
    cannot_tell_yet("the clock of the service changes while it is read")
}

/// Whether a message was read before and has not changed since: those that moved are before it.
fn was_read(messages: &[ChatMessage], last: &ChatMessage) -> bool {
    messages.iter().any(|message| {
        message.id == last.id && message.last_modified_date_time == last.last_modified_date_time
    })
}

fn created(message: &ChatMessage) -> Option<SystemTime> {
    message.created_date_time.as_ref()?.to_system_time()
}

/// The filter for messages that were changed after `time`.
fn newer(time: SystemTime) -> String {
    let time = rfc3339(time);
    format!("lastModifiedDateTime%20gt%20{}", segment(&time))
}
