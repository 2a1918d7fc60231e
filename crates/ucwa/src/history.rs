//! What was said in the open conversations of a session: the messages that its event channel
//! brought, and those that it posted. The server has no list of them.
//!
//! Bounded: 200 messages of a conversation and 4 MiB of all together; the oldest are dropped.

use std::{
    collections::{HashMap, VecDeque},
    time::SystemTime,
};

use crate::{message::Format, sender::Sender};

const MAX_MESSAGES: usize = 200;
const MAX_BYTES: usize = 4 << 20;
/// What a message holds beside its text.
const OVERHEAD: usize = 256;

/// The messages of all open conversations.
#[derive(Debug, Default)]
pub(crate) struct History {
    conversations: HashMap<String, VecDeque<Said>>,
    bytes: usize,
    count: u64,
}

/// One message.
#[derive(Clone)]
pub(crate) struct Said {
    /// Its place among all messages of the session.
    number: u64,
    pub(crate) href: Option<String>,
    pub(crate) by: SaidBy,
    pub(crate) format: Format,
    pub(crate) text: String,
    pub(crate) at: Option<SystemTime>,
}

impl std::fmt::Debug for Said {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Said")
            .field("number", &self.number)
            .finish_non_exhaustive()
    }
}

/// The side that a message is of.
#[derive(Clone, Debug)]
pub(crate) enum SaidBy {
    /// This user, under an operation id.
    Own {
        operation: String,
        /// Whether an event reported that it was delivered.
        is_delivered: bool,
    },
    /// Another participant, and the address of that participant.
    Other {
        from: Option<Sender>,
        participant: Option<String>,
    },
}

impl Said {
    pub(crate) fn new(by: SaidBy, format: Format, text: String) -> Self {
        Self {
            number: 0,
            href: None,
            by,
            format,
            text,
            at: None,
        }
    }

    /// The same with the address that the server gave it, and its time there.
    pub(crate) fn located(mut self, href: &str, at: Option<SystemTime>) -> Self {
        (self.href, self.at) = (Some(href.to_owned()), at);
        self
    }

    /// A message of this user that is about to be posted.
    pub(crate) fn own(operation: &str, format: Format, text: &str) -> Self {
        let by = SaidBy::Own {
            operation: operation.to_owned(),
            is_delivered: false,
        };
        Self::new(by, format, text.to_owned())
    }

    fn bytes(&self) -> usize {
        self.text.len() + OVERHEAD
    }

    fn is_of(&self, id: &str) -> bool {
        matches!(&self.by, SaidBy::Own { operation, .. } if operation == id)
    }
}

impl History {
    /// Adds a message to a conversation, unless the server reports one again.
    pub(crate) fn add(&mut self, conversation: &str, mut said: Said) {
        let all = self.conversations.entry(conversation.to_owned());
        let all = all.or_default();
        let is_known = |known: &Said| said.href.is_some() && known.href == said.href;
        if all.iter().any(is_known) {
            return;
        }
        self.count += 1;
        said.number = self.count;
        self.bytes += said.bytes();
        all.push_back(said);
        if all.len() > MAX_MESSAGES
            && let Some(oldest) = all.pop_front()
        {
            self.bytes -= oldest.bytes();
        }
        while self.bytes > MAX_BYTES && self.drop_oldest() {}
    }

    /// Drops the oldest message of all conversations. Returns whether there was one.
    fn drop_oldest(&mut self) -> bool {
        let number = |all: &VecDeque<Said>| all.front().map(|said| said.number);
        let all = self.conversations.iter();
        let oldest = all.filter_map(|(key, all)| Some((number(all)?, key)));
        let Some(key) = oldest.min().map(|(_, key)| key.clone()) else {
            return false;
        };
        if let Some(all) = self.conversations.get_mut(&key)
            && let Some(oldest) = all.pop_front()
        {
            self.bytes -= oldest.bytes();
            if all.is_empty() {
                self.conversations.remove(&key);
            }
        }
        true
    }

    /// The messages of a conversation, oldest first.
    pub(crate) fn of(&self, conversation: &str) -> impl Iterator<Item = &Said> {
        self.conversations.get(conversation).into_iter().flatten()
    }

    /// Records that a message of this user was delivered.
    pub(crate) fn delivered(
        &mut self,
        conversation: &str,
        operation: &str,
        href: &str,
        at: Option<SystemTime>,
    ) {
        let all = self.conversations.get_mut(conversation);
        let mut all = all.into_iter().flatten();
        if let Some(said) = all.find(|said| said.is_of(operation)) {
            (said.href, said.at) = (Some(href.to_owned()), at);
            said.by = SaidBy::Own {
                operation: operation.to_owned(),
                is_delivered: true,
            };
        }
    }

    /// Removes a message of this user that was not sent.
    pub(crate) fn retract(&mut self, conversation: &str, operation: &str) {
        if let Some(all) = self.conversations.get_mut(conversation)
            && let Some(at) = all.iter().position(|said| said.is_of(operation))
            && let Some(said) = all.remove(at)
        {
            self.bytes -= said.bytes();
        }
    }

    /// Records the sender of a message that was looked up.
    pub(crate) fn name(&mut self, conversation: &str, href: &str, sender: &Sender) {
        let all = self.conversations.get_mut(conversation);
        let mut all = all.into_iter().flatten();
        let said = all.find(|said| said.href.as_deref() == Some(href));
        if let Some(SaidBy::Other { from, .. }) = said.map(|said| &mut said.by) {
            *from = Some(sender.clone());
        }
    }

    /// Forgets a conversation that has ended.
    pub(crate) fn forget(&mut self, conversation: &str) {
        let ended = self.conversations.remove(conversation);
        let ended = ended.into_iter().flatten();
        self.bytes -= ended.map(|said| said.bytes()).sum::<usize>();
    }

    /// Forgets all conversations.
    pub(crate) fn forget_all(&mut self) {
        self.conversations.clear();
        self.bytes = 0;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn received(href: usize, text: &str) -> Said {
        let by = SaidBy::Other {
            from: None,
            participant: None,
        };
        Said::new(by, Format::Plain, text.to_owned()).located(&format!("/m/{href}"), None)
    }

    fn texts(history: &History, conversation: &str) -> Vec<String> {
        let all = history.of(conversation);
        all.map(|said| said.text.clone()).collect()
    }

    fn counted(history: &History) -> usize {
        let all = history.conversations.values().flatten();
        all.map(Said::bytes).sum()
    }

    #[test]
    fn a_message_that_is_reported_again_is_there_once() {
        let mut history = History::default();
        history.add("c", received(1, "one"));
        history.add("c", received(1, "one again"));
        history.add("d", received(1, "of another conversation"));
        assert_eq!(texts(&history, "c"), ["one"]);
        assert_eq!(texts(&history, "d").len(), 1);
    }

    #[test]
    fn a_message_that_was_not_sent_is_not_there() {
        let mut history = History::default();
        for id in ["1", "2", "3"] {
            history.add("c", Said::own(id, Format::Plain, id));
        }
        history.retract("c", "2");
        history.delivered("c", "3", "/m/3", None);
        assert_eq!(texts(&history, "c"), ["1", "3"]);
        let last = history.of("c").last().unwrap();
        assert_eq!(last.href.as_deref(), Some("/m/3"));
        assert!(matches!(
            &last.by,
            SaidBy::Own {
                is_delivered: true,
                ..
            }
        ));
        assert_eq!(history.bytes, counted(&history));
    }

    #[test]
    fn the_oldest_messages_make_room() {
        let mut history = History::default();
        for n in 0..MAX_MESSAGES + 5 {
            history.add("c", received(n, "x"));
        }
        assert_eq!(history.of("c").count(), MAX_MESSAGES);
        assert_eq!(
            history.of("c").next().unwrap().href.as_deref(),
            Some("/m/5")
        );
        let long = "x".repeat(MAX_BYTES / 4);
        for n in 0..20 {
            history.add(&format!("c{n}"), received(n, &long));
        }
        assert!(history.bytes <= MAX_BYTES && history.bytes == counted(&history));
        assert!(texts(&history, "c").is_empty() && texts(&history, "c0").is_empty());
        assert_eq!(texts(&history, "c19").len(), 1);
        // One that alone is too long is not kept either.
        history.add("d", received(1, &"x".repeat(MAX_BYTES)));
        assert_eq!((history.bytes, history.conversations.len()), (0, 0));
        history.add("c", received(1, "x"));
        history.forget("c");
        assert_eq!(history.bytes, 0);
    }
}
