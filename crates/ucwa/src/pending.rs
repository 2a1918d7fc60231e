//! Messages that were posted and have no verdict yet.
//!
//! A verdict belongs to a message if it names the address that the 201 returned (`Location`), or
//! the operation id of the post. Nothing else proves it: an event of a peer's message looks the
//! same, and the server may report an earlier message again.
//!
//! A message is in one of three states:
//!
//! * *pending*: its send waits for the verdict. A verdict that comes before the 201 is unclaimed
//!   until the 201 returns the address.
//! * *past*: its send has ended without a verdict. A late verdict is kept for settling.
//! * *lost*: its conversation or its application has ended. Its address may be given to another
//!   message, so that only its operation id still identifies it.

use std::collections::{HashMap, VecDeque};

use tokio::sync::oneshot;

use crate::{
    addresses::Addresses,
    verdict::{AwaitedVerdict, Part, Verdict},
};

/// How many verdicts on unknown messages are kept.
const MAX_UNCLAIMED: usize = 256;
/// How many messages are remembered after their sends ended without a verdict.
const MAX_PAST: usize = 1024;

/// The messages of a session that have no verdict yet, and the verdicts without a message.
#[derive(Debug, Default)]
pub(crate) struct Verdicts {
    /// By operation id.
    pending: HashMap<String, Pending>,
    /// Verdicts that came before their 201, or without one because it was lost; the newest last.
    unclaimed: VecDeque<Unclaimed>,
    /// The newest last.
    past: VecDeque<Past>,
    /// The addresses of messages that have had their verdict; the newest last.
    resolved: VecDeque<Address>,
    /// The addresses of all these messages.
    addresses: Addresses,
}

/// The address of a message, and its conversation.
#[derive(Debug)]
struct Address {
    conversation: String,
    href: String,
}

#[derive(Debug)]
struct Pending {
    conversation: String,
    href: Option<String>,
    part: Part,
    verdict: oneshot::Sender<Verdict>,
}

#[derive(Debug)]
struct Unclaimed {
    conversation: String,
    href: String,
    verdict: Verdict,
}

/// A message after its send ended without a verdict.
#[derive(Debug)]
pub(crate) struct Past {
    operation: String,
    /// `None` once the conversation has ended.
    pub(crate) conversation: Option<String>,
    href: Option<String>,
    pub(crate) part: Part,
    /// The verdict that came afterwards.
    pub(crate) verdict: Option<Verdict>,
}

impl Verdicts {
    /// Registers a message before it is posted.
    pub(crate) fn register(
        &mut self,
        conversation: &str,
        operation: &str,
        part: Part,
    ) -> AwaitedVerdict {
        let (verdict, waiting) = oneshot::channel();
        let pending = Pending {
            conversation: conversation.to_owned(),
            href: None,
            part,
            verdict,
        };
        let before = self.pending.insert(operation.to_owned(), pending);
        self.release(operation, before.and_then(|it| it.href));
        AwaitedVerdict::new(waiting)
    }

    /// Records the address that the 201 returned. Returns whether it can be that of the message: an
    /// address that another one has shows that the 201 was the response to that one.
    pub(crate) fn locate(&mut self, operation: &str, href: &str) -> bool {
        if self.is_taken(operation, href) {
            return false;
        }
        if let Some(pending) = self.pending.get_mut(operation) {
            let before = pending.href.replace(href.to_owned());
            self.release(operation, before);
            self.addresses.hold(Some(operation), href);
            self.identify(href, Some(operation));
        }
        true
    }

    /// Whether another message than that of `operation` has this address.
    pub(crate) fn is_taken(&self, operation: &str, href: &str) -> bool {
        self.addresses.is_taken(operation, href)
    }

    /// The same, by a look at all messages.
    #[cfg(test)]
    pub(crate) fn is_taken_by_any(&self, operation: &str, href: &str) -> bool {
        let has = |own: &Option<String>| own.as_deref() == Some(href);
        let mut pending = self.pending.iter();
        let mut past = self.past.iter();
        pending.any(|(id, it)| id != operation && has(&it.href))
            || past.any(|it| it.operation != operation && has(&it.href))
            || self.resolved.iter().any(|it| it.href == href)
    }

    /// Takes a verdict of the server.
    pub(crate) fn complete(
        &mut self,
        conversation: &str,
        href: &str,
        operation: Option<&str>,
        verdict: Verdict,
    ) {
        if let Some(operation) = self.owner(conversation, href, operation) {
            return self.resolve(&operation, href, verdict);
        }
        if let Some(past) = self.past_owner(conversation, href, operation) {
            past.verdict.get_or_insert(verdict);
            return;
        }
        // A verdict that names another operation is on no message of this session.
        if operation.is_some() || !self.misses_an_address(conversation) {
            return;
        }
        self.unclaimed.retain(|other| other.href != href);
        self.unclaimed.push_back(Unclaimed {
            conversation: conversation.to_owned(),
            href: href.to_owned(),
            verdict,
        });
        if self.unclaimed.len() > MAX_UNCLAIMED {
            self.unclaimed.pop_front();
        }
    }

    /// The message that a verdict is on: by its address first, if that is of its conversation.
    fn owner(&self, conversation: &str, href: &str, operation: Option<&str>) -> Option<String> {
        let mut pending = self.pending.iter();
        let is_it =
            |it: &Pending| it.href.as_deref() == Some(href) && it.conversation == conversation;
        if let Some((id, _)) = pending.find(|(_, it)| is_it(it)) {
            return Some(id.clone());
        }
        let id = operation?;
        // A message that is known to have another address is not meant.
        let has_no_address = self.pending.get(id)?.href.is_none();
        has_no_address.then(|| id.to_owned())
    }

    fn past_owner(
        &mut self,
        conversation: &str,
        href: &str,
        operation: Option<&str>,
    ) -> Option<&mut Past> {
        let is_it = |past: &Past| match &past.href {
            Some(own) => own == href && past.conversation.as_deref() == Some(conversation),
            None => operation == Some(past.operation.as_str()),
        };
        self.past.iter_mut().find(|past| is_it(past))
    }

    fn resolve(&mut self, operation: &str, href: &str, verdict: Verdict) {
        if let Some(pending) = self.pending.remove(operation) {
            self.release(operation, pending.href);
            self.addresses.hold(None, href);
            self.resolved.push_back(Address {
                conversation: pending.conversation,
                href: href.to_owned(),
            });
            if self.resolved.len() > MAX_PAST
                && let Some(oldest) = self.resolved.pop_front()
            {
                self.addresses.release(None, &oldest.href);
            }
            // A send that was dropped does not need it.
            let _ = pending.verdict.send(verdict);
        }
    }

    /// Frees an address that the message of an operation had.
    fn release(&mut self, operation: &str, href: Option<String>) {
        if let Some(href) = href {
            self.addresses.release(Some(operation), &href);
        }
    }

    /// Whether a message of the conversation waits for a verdict, or has missed it, whose address
    /// is not known.
    fn misses_an_address(&self, conversation: &str) -> bool {
        let mut pending = self.pending.values();
        let mut past = self.past.iter();
        pending.any(|it| it.href.is_none() && it.conversation == conversation)
            || past.any(|it| {
                it.href.is_none()
                    && it.verdict.is_none()
                    && it.conversation.as_deref() == Some(conversation)
            })
    }

    /// The addresses of verdicts in a conversation that no known message has.
    pub(crate) fn unclaimed(&self, conversation: &str) -> Vec<String> {
        let own = |it: &&Unclaimed| it.conversation == conversation;
        let own = self.unclaimed.iter().filter(own);
        own.map(|it| it.href.clone()).collect()
    }

    /// Records the operation that an unclaimed verdict belongs to; with `None` it is dropped.
    pub(crate) fn identify(&mut self, href: &str, operation: Option<&str>) {
        if let Some(at) = self.unclaimed.iter().position(|it| it.href == href)
            && let Some(found) = self.unclaimed.remove(at)
            && let Some(operation) = operation
        {
            self.complete(&found.conversation, href, Some(operation), found.verdict);
        }
    }

    /// Returns a message after its send ended without a verdict.
    pub(crate) fn past(&self, operation: &str) -> Option<&Past> {
        self.past.iter().find(|past| past.operation == operation)
    }

    /// Removes a message that the server rejected: no verdict will come.
    pub(crate) fn cancel(&mut self, operation: &str) {
        let rejected = self.pending.remove(operation);
        self.release(operation, rejected.and_then(|it| it.href));
    }

    /// Remembers a message after its send ended, so that a late verdict can settle it.
    pub(crate) fn give_up(&mut self, operation: &str) {
        if let Some(pending) = self.pending.remove(operation) {
            self.remember(Past {
                operation: operation.to_owned(),
                conversation: Some(pending.conversation),
                href: pending.href,
                part: pending.part,
                verdict: None,
            });
        }
    }

    fn remember(&mut self, past: Past) {
        self.past.push_back(past);
        if self.past.len() > MAX_PAST
            && let Some(oldest) = self.past.pop_front()
        {
            self.release(&oldest.operation, oldest.href);
        }
    }

    /// Ends a conversation: no verdict on its messages will come, and its addresses may be given
    /// to others.
    pub(crate) fn lose(&mut self, conversation: &str, why: &'static str) {
        self.lose_where(why, |own| own == conversation);
    }

    /// Ends all conversations.
    pub(crate) fn lose_all(&mut self, why: &'static str) {
        self.lose_where(why, |_| true);
    }

    fn lose_where(&mut self, why: &'static str, has_ended: impl Fn(&str) -> bool) {
        let lost = self
            .pending
            .extract_if(|_, pending| has_ended(&pending.conversation));
        for (operation, pending) in lost.collect::<Vec<_>>() {
            let _ = pending.verdict.send(Verdict::Lost(why));
            self.release(&operation, pending.href);
            self.remember(Past {
                operation,
                conversation: None,
                href: None,
                part: pending.part,
                verdict: None,
            });
        }
        for past in &mut self.past {
            if past.conversation.as_deref().is_some_and(&has_ended) {
                past.conversation = None;
                if let Some(href) = past.href.take() {
                    self.addresses.release(Some(&past.operation), &href);
                }
            }
        }
        self.unclaimed.retain(|it| !has_ended(&it.conversation));
        self.resolved.retain(|it| {
            let ends = has_ended(&it.conversation);
            if ends {
                self.addresses.release(None, &it.href);
            }
            !ends
        });
    }

    /// Whether a message that waits for its verdict is known to have this address.
    pub(crate) fn is_awaited(&self, href: &str) -> bool {
        let mut pending = self.pending.values();
        pending.any(|it| it.href.as_deref() == Some(href))
    }

    /// Whether any message waits for its verdict.
    pub(crate) fn any_awaited(&self) -> bool {
        !self.pending.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::verdict::{Arrival, Reach};

    fn delivered(href: &str) -> Verdict {
        Verdict::Delivered(Arrival {
            href: href.to_owned(),
            at: None,
            failed: Vec::new(),
            reach: Reach::Everyone,
        })
    }

    fn begin(verdicts: &mut Verdicts, operation: &str) -> oneshot::Receiver<Verdict> {
        verdicts.register("c", operation, Part::WHOLE).channel
    }

    #[test]
    fn a_verdict_is_matched_by_address_first() {
        let mut verdicts = Verdicts::default();
        let (mut a, mut b) = (begin(&mut verdicts, "1"), begin(&mut verdicts, "2"));
        verdicts.locate("1", "/m/1");
        verdicts.locate("2", "/m/2");
        // The operation id names the other: the address counts.
        verdicts.complete("c", "/m/2", Some("1"), delivered("/m/2"));
        assert_eq!(b.try_recv().unwrap(), delivered("/m/2"));
        verdicts.complete("c", "/m/3", Some("1"), delivered("/m/3"));
        assert!(a.try_recv().is_err());
        verdicts.complete("c", "/m/1", None, delivered("/m/1"));
        assert_eq!(a.try_recv().unwrap(), delivered("/m/1"));
    }

    #[test]
    fn a_verdict_before_its_201_waits_for_it() {
        let mut verdicts = Verdicts::default();
        let (mut a, mut b) = (begin(&mut verdicts, "1"), begin(&mut verdicts, "2"));
        verdicts.complete("c", "/m/2", None, delivered("/m/2"));
        assert!(a.try_recv().is_err() && b.try_recv().is_err());
        verdicts.locate("2", "/m/2");
        assert_eq!(b.try_recv().unwrap(), delivered("/m/2"));
        assert!(a.try_recv().is_err());
    }

    #[test]
    fn a_single_verdict_does_not_belong_to_a_single_message_without_proof() {
        let mut verdicts = Verdicts::default();
        let mut a = begin(&mut verdicts, "1");
        verdicts.complete("c", "/m/1", None, delivered("/m/1"));
        verdicts.complete("c", "/m/2", Some("another"), delivered("/m/2"));
        assert!(a.try_recv().is_err());
        assert_eq!(verdicts.unclaimed("c"), ["/m/1"]);
        // The server was asked: it is of another operation.
        verdicts.identify("/m/1", Some("another"));
        assert!(a.try_recv().is_err() && verdicts.unclaimed("c").is_empty());
        verdicts.complete("c", "/m/3", None, delivered("/m/3"));
        verdicts.identify("/m/3", Some("1"));
        assert_eq!(a.try_recv().unwrap(), delivered("/m/3"));
    }

    #[test]
    fn a_repeated_verdict_belongs_to_no_message() {
        let mut verdicts = Verdicts::default();
        let mut a = begin(&mut verdicts, "1");
        verdicts.locate("1", "/m/1");
        verdicts.complete("c", "/m/1", None, delivered("/m/1"));
        assert!(a.try_recv().is_ok());
        let mut b = begin(&mut verdicts, "2");
        verdicts.complete("c", "/m/1", Some("1"), delivered("/m/1"));
        verdicts.complete("c", "/m/1", None, delivered("/m/1"));
        assert!(b.try_recv().is_err());
    }

    #[test]
    fn an_address_that_another_message_has_is_refused() {
        let mut verdicts = Verdicts::default();
        let mut a = begin(&mut verdicts, "1");
        let mut b = verdicts.register("d", "2", Part::WHOLE).channel;
        assert!(verdicts.locate("1", "/m/1"));
        assert!(!verdicts.locate("2", "/m/1"), "awaited");
        verdicts.complete("c", "/m/1", None, delivered("/m/1"));
        assert_eq!(a.try_recv().unwrap(), delivered("/m/1"));
        assert!(!verdicts.locate("2", "/m/1"), "resolved");
        verdicts.complete("c", "/m/1", None, delivered("/m/1"));
        assert!(b.try_recv().is_err());
        // Its own operation still identifies it.
        verdicts.complete("d", "/m/2", Some("2"), delivered("/m/2"));
        assert_eq!(b.try_recv().unwrap(), delivered("/m/2"));
        // A conversation that has ended may give its addresses to others.
        verdicts.lose("c", "it has ended");
        let _c = begin(&mut verdicts, "3");
        assert!(verdicts.locate("3", "/m/1"));
    }

    #[test]
    fn a_copied_response_that_comes_first_takes_no_verdict_of_another_conversation() {
        let mut verdicts = Verdicts::default();
        let mut own = begin(&mut verdicts, "1");
        let mut other = verdicts.register("d", "2", Part::WHOLE).channel;
        assert!(verdicts.locate("2", "/m/1"), "nobody else has it yet");
        assert!(!verdicts.locate("1", "/m/1"));
        verdicts.complete("c", "/m/1", Some("1"), delivered("/m/1"));
        assert_eq!(own.try_recv().unwrap(), delivered("/m/1"));
        assert!(other.try_recv().is_err());
    }

    #[test]
    fn a_late_verdict_is_kept_for_settling() {
        let mut verdicts = Verdicts::default();
        for (operation, href) in [("1", Some("/m/1")), ("2", None)] {
            let waiting = begin(&mut verdicts, operation);
            if let Some(href) = href {
                verdicts.locate(operation, href);
            }
            drop(waiting);
            verdicts.give_up(operation);
            assert_eq!(verdicts.past(operation).unwrap().verdict, None);
        }
        verdicts.complete("c", "/m/1", None, delivered("/m/1"));
        assert_eq!(verdicts.past("1").unwrap().verdict, Some(delivered("/m/1")));
        verdicts.complete("c", "/m/2", None, delivered("/m/2"));
        assert_eq!(verdicts.past("2").unwrap().verdict, None);
        verdicts.identify("/m/2", Some("2"));
        assert_eq!(verdicts.past("2").unwrap().verdict, Some(delivered("/m/2")));
    }

    #[test]
    fn the_end_of_a_conversation_ends_its_messages_and_frees_its_addresses() {
        let mut verdicts = Verdicts::default();
        let mut a = begin(&mut verdicts, "1");
        let mut b = verdicts.register("d", "2", Part::WHOLE).channel;
        verdicts.locate("1", "/m/1");
        verdicts.lose("c", "ended");
        assert_eq!(a.try_recv().unwrap(), Verdict::Lost("ended"));
        // Another conversation may get the same addresses.
        verdicts.complete("c", "/m/1", None, delivered("/m/1"));
        assert_eq!(verdicts.past("1").unwrap().verdict, None);
        verdicts.complete("c", "/m/1", Some("1"), delivered("/m/1"));
        assert_eq!(verdicts.past("1").unwrap().verdict, Some(delivered("/m/1")));
        verdicts.lose_all("lost");
        assert_eq!(b.try_recv().unwrap(), Verdict::Lost("lost"));
        assert!(!verdicts.any_awaited());
    }

    #[test]
    fn the_number_of_kept_verdicts_is_bounded() {
        let mut verdicts = Verdicts::default();
        let _waiting = begin(&mut verdicts, "1");
        for n in 0..10_000 {
            verdicts.complete("c", &format!("/m/{n}"), None, Verdict::Unsaid);
        }
        assert_eq!(verdicts.unclaimed.len(), MAX_UNCLAIMED);
        for n in 0..2 * MAX_PAST {
            let operation = n.to_string();
            drop(begin(&mut verdicts, &operation));
            verdicts.give_up(&operation);
        }
        assert_eq!(verdicts.past.len(), MAX_PAST);
    }
}
