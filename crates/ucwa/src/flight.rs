//! Messages that were posted and whose verdict is still to come.
//!
//! A verdict is for a message when it has the address that the 201 told (its `Location`), or
//! names the operation id of the post. Nothing else makes it so: an event of a peer's message
//! looks the same, and the server may repeat one of an earlier message.

use std::{
    collections::{HashMap, VecDeque},
    time::SystemTime,
};

use tokio::sync::oneshot;

use crate::reason::Reason;

/// How a message ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The server says that it was delivered.
    Delivered(Arrival),
    /// The server says that it was not.
    Failed(Option<Reason>),
    /// The server says that it ended, but not how.
    Unsaid,
    /// The server will not say any more.
    Lost(&'static str),
}

/// A message that arrived, as the server's event tells.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Arrival {
    pub(crate) href: String,
    pub(crate) at: Option<SystemTime>,
    /// Who did not get it.
    pub(crate) failed: Vec<String>,
    pub(crate) reach: Reach,
}

/// Whom a message reached.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Reach {
    Everyone,
    /// Some did not get it, or it could not be read who did.
    NotProven,
    Nobody,
}

/// Which part of a message is under way.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct Part {
    /// Its number, from 0.
    pub(crate) number: usize,
    /// How many parts the message has.
    pub(crate) of: usize,
    /// Whether all parts before it reached everyone.
    pub(crate) reached_all: bool,
    /// Whether an invitation carried it, which shows it before anybody accepts.
    pub(crate) in_invitation: bool,
}

impl Part {
    /// A message in one part.
    pub(crate) const WHOLE: Self = Self {
        number: 0,
        of: 1,
        reached_all: true,
        in_invitation: false,
    };

    /// A message that an invitation carries.
    pub(crate) const INVITATION: Self = Self {
        in_invitation: true,
        ..Self::WHOLE
    };
}

/// How many verdicts of unknown messages are kept.
const MAX_UNCLAIMED: usize = 256;
/// How many messages are remembered that nobody waits for any more.
const MAX_PAST: usize = 1024;

#[derive(Debug, Default)]
pub(crate) struct Flights {
    /// By operation id.
    aloft: HashMap<String, Flight>,
    /// Verdicts that came before their 201, or whose 201 was lost; the newest last.
    unclaimed: VecDeque<Unclaimed>,
    /// The newest last.
    past: VecDeque<Past>,
}

#[derive(Debug)]
struct Flight {
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

/// A message that nobody waits for any more.
#[derive(Debug)]
pub(crate) struct Past {
    operation: String,
    /// None once the conversation is over.
    pub(crate) conversation: Option<String>,
    href: Option<String>,
    pub(crate) part: Part,
    /// What the server said after all.
    pub(crate) verdict: Option<Verdict>,
}

impl Flights {
    /// Registers a message before it is posted.
    pub(crate) fn begin(
        &mut self,
        conversation: &str,
        operation: &str,
        part: Part,
    ) -> oneshot::Receiver<Verdict> {
        let (verdict, waiting) = oneshot::channel();
        let flight = Flight {
            conversation: conversation.to_owned(),
            href: None,
            part,
            verdict,
        };
        self.aloft.insert(operation.to_owned(), flight);
        waiting
    }

    /// The 201 came and told the address.
    pub(crate) fn locate(&mut self, operation: &str, href: &str) {
        if let Some(flight) = self.aloft.get_mut(operation) {
            flight.href = Some(href.to_owned());
            self.identify(href, Some(operation));
        }
    }

    /// A verdict came from the server.
    pub(crate) fn complete(
        &mut self,
        conversation: &str,
        href: &str,
        operation: Option<&str>,
        verdict: Verdict,
    ) {
        if let Some(operation) = self.owner(href, operation) {
            return self.land(&operation, verdict);
        }
        if let Some(past) = self.past_owner(href, operation) {
            past.verdict.get_or_insert(verdict);
            return;
        }
        // One that names another operation is nobody's here.
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

    /// The message that a verdict is for: by its address first.
    fn owner(&self, href: &str, operation: Option<&str>) -> Option<String> {
        let mut aloft = self.aloft.iter();
        if let Some((id, _)) = aloft.find(|(_, flight)| flight.href.as_deref() == Some(href)) {
            return Some(id.clone());
        }
        let id = operation?;
        // What is known to be at another address is not meant.
        let is_free = self.aloft.get(id)?.href.is_none();
        is_free.then(|| id.to_owned())
    }

    fn past_owner(&mut self, href: &str, operation: Option<&str>) -> Option<&mut Past> {
        let is_it = |past: &Past| match &past.href {
            Some(own) => own == href,
            None => operation == Some(past.operation.as_str()),
        };
        self.past.iter_mut().find(|past| is_it(past))
    }

    fn land(&mut self, operation: &str, verdict: Verdict) {
        if let Some(flight) = self.aloft.remove(operation) {
            // A sender that went away does not need it.
            let _ = flight.verdict.send(verdict);
        }
    }

    /// Whether a message of the conversation is under way, or in doubt, whose address is not known.
    fn misses_an_address(&self, conversation: &str) -> bool {
        let mut aloft = self.aloft.values();
        let mut past = self.past.iter();
        aloft.any(|it| it.href.is_none() && it.conversation == conversation)
            || past.any(|it| {
                it.href.is_none()
                    && it.verdict.is_none()
                    && it.conversation.as_deref() == Some(conversation)
            })
    }

    /// The addresses of a conversation's verdicts whose messages are not known.
    pub(crate) fn unclaimed(&self, conversation: &str) -> Vec<String> {
        let own = |it: &&Unclaimed| it.conversation == conversation;
        let own = self.unclaimed.iter().filter(own);
        own.map(|it| it.href.clone()).collect()
    }

    /// Says which operation a verdict that nobody claimed is of, if it is known by now.
    pub(crate) fn identify(&mut self, href: &str, operation: Option<&str>) {
        if let Some(at) = self.unclaimed.iter().position(|it| it.href == href)
            && let Some(found) = self.unclaimed.remove(at)
            && let Some(operation) = operation
        {
            self.complete(&found.conversation, href, Some(operation), found.verdict);
        }
    }

    /// A message that nobody waits for any more, with what the server said of it after all.
    pub(crate) fn past(&self, operation: &str) -> Option<&Past> {
        self.past.iter().find(|past| past.operation == operation)
    }

    /// The message was refused: no verdict will come.
    pub(crate) fn cancel(&mut self, operation: &str) {
        self.aloft.remove(operation);
    }

    /// Nobody waits any more, though a verdict may still come.
    pub(crate) fn give_up(&mut self, operation: &str) {
        if let Some(flight) = self.aloft.remove(operation) {
            let conversation = Some(flight.conversation);
            self.remember(operation.to_owned(), conversation, flight.href, flight.part);
        }
    }

    fn remember(
        &mut self,
        operation: String,
        conversation: Option<String>,
        href: Option<String>,
        part: Part,
    ) {
        self.past.push_back(Past {
            operation,
            conversation,
            href,
            part,
            verdict: None,
        });
        if self.past.len() > MAX_PAST {
            self.past.pop_front();
        }
    }

    /// The conversation is over: nothing more will be said of its messages, and its addresses
    /// may be given to others.
    pub(crate) fn lose(&mut self, conversation: &str, why: &'static str) {
        self.lose_where(why, |own| own == conversation);
    }

    /// All conversations are over.
    pub(crate) fn lose_all(&mut self, why: &'static str) {
        self.lose_where(why, |_| true);
    }

    fn lose_where(&mut self, why: &'static str, is_over: impl Fn(&str) -> bool) {
        let lost = self
            .aloft
            .extract_if(|_, flight| is_over(&flight.conversation));
        for (operation, flight) in lost.collect::<Vec<_>>() {
            let _ = flight.verdict.send(Verdict::Lost(why));
            self.remember(operation, None, None, flight.part);
        }
        for past in &mut self.past {
            if past.conversation.as_deref().is_some_and(&is_over) {
                (past.conversation, past.href) = (None, None);
            }
        }
        self.unclaimed.retain(|it| !is_over(&it.conversation));
    }

    /// Whether a message that is waited for is known to have this address.
    pub(crate) fn is_awaited(&self, href: &str) -> bool {
        self.owner(href, None).is_some()
    }

    /// Whether somebody waits for a verdict.
    pub(crate) fn is_waited_for(&self) -> bool {
        !self.aloft.is_empty()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivered(href: &str) -> Verdict {
        Verdict::Delivered(Arrival {
            href: href.to_owned(),
            at: None,
            failed: Vec::new(),
            reach: Reach::Everyone,
        })
    }

    fn begin(flights: &mut Flights, operation: &str) -> oneshot::Receiver<Verdict> {
        flights.begin("c", operation, Part::WHOLE)
    }

    #[test]
    fn a_verdict_is_matched_by_address_first() {
        let mut flights = Flights::default();
        let (mut a, mut b) = (begin(&mut flights, "1"), begin(&mut flights, "2"));
        flights.locate("1", "/m/1");
        flights.locate("2", "/m/2");
        // The operation id names the other: the address counts.
        flights.complete("c", "/m/2", Some("1"), delivered("/m/2"));
        assert_eq!(b.try_recv().unwrap(), delivered("/m/2"));
        flights.complete("c", "/m/3", Some("1"), delivered("/m/3"));
        assert!(a.try_recv().is_err());
        flights.complete("c", "/m/1", None, delivered("/m/1"));
        assert_eq!(a.try_recv().unwrap(), delivered("/m/1"));
    }

    #[test]
    fn a_verdict_before_its_201_waits_for_it() {
        let mut flights = Flights::default();
        let (mut a, mut b) = (begin(&mut flights, "1"), begin(&mut flights, "2"));
        flights.complete("c", "/m/2", None, delivered("/m/2"));
        assert!(a.try_recv().is_err() && b.try_recv().is_err());
        flights.locate("2", "/m/2");
        assert_eq!(b.try_recv().unwrap(), delivered("/m/2"));
        assert!(a.try_recv().is_err());
    }

    #[test]
    fn the_only_verdict_and_the_only_message_in_doubt_need_not_belong_together() {
        let mut flights = Flights::default();
        let mut a = begin(&mut flights, "1");
        flights.complete("c", "/m/1", None, delivered("/m/1"));
        flights.complete("c", "/m/2", Some("another"), delivered("/m/2"));
        assert!(a.try_recv().is_err());
        assert_eq!(flights.unclaimed("c"), ["/m/1"]);
        // The server was asked: it is of another operation.
        flights.identify("/m/1", Some("another"));
        assert!(a.try_recv().is_err() && flights.unclaimed("c").is_empty());
        flights.complete("c", "/m/3", None, delivered("/m/3"));
        flights.identify("/m/3", Some("1"));
        assert_eq!(a.try_recv().unwrap(), delivered("/m/3"));
    }

    #[test]
    fn a_verdict_that_comes_again_is_for_nobody() {
        let mut flights = Flights::default();
        let mut a = begin(&mut flights, "1");
        flights.locate("1", "/m/1");
        flights.complete("c", "/m/1", None, delivered("/m/1"));
        assert!(a.try_recv().is_ok());
        let mut b = begin(&mut flights, "2");
        flights.complete("c", "/m/1", Some("1"), delivered("/m/1"));
        flights.complete("c", "/m/1", None, delivered("/m/1"));
        assert!(b.try_recv().is_err());
    }

    #[test]
    fn a_late_verdict_is_kept_for_who_asks() {
        let mut flights = Flights::default();
        for (operation, href) in [("1", Some("/m/1")), ("2", None)] {
            let waiting = begin(&mut flights, operation);
            if let Some(href) = href {
                flights.locate(operation, href);
            }
            drop(waiting);
            flights.give_up(operation);
            assert_eq!(flights.past(operation).unwrap().verdict, None);
        }
        flights.complete("c", "/m/1", None, delivered("/m/1"));
        assert_eq!(flights.past("1").unwrap().verdict, Some(delivered("/m/1")));
        flights.complete("c", "/m/2", None, delivered("/m/2"));
        assert_eq!(flights.past("2").unwrap().verdict, None);
        flights.identify("/m/2", Some("2"));
        assert_eq!(flights.past("2").unwrap().verdict, Some(delivered("/m/2")));
    }

    #[test]
    fn the_end_of_a_conversation_is_told_to_all_who_wait_and_frees_its_addresses() {
        let mut flights = Flights::default();
        let mut a = begin(&mut flights, "1");
        let mut b = flights.begin("d", "2", Part::WHOLE);
        flights.locate("1", "/m/1");
        flights.lose("c", "over");
        assert_eq!(a.try_recv().unwrap(), Verdict::Lost("over"));
        // Another conversation may get the same addresses.
        flights.complete("c", "/m/1", None, delivered("/m/1"));
        assert_eq!(flights.past("1").unwrap().verdict, None);
        flights.complete("c", "/m/1", Some("1"), delivered("/m/1"));
        assert_eq!(flights.past("1").unwrap().verdict, Some(delivered("/m/1")));
        flights.lose_all("gone");
        assert_eq!(b.try_recv().unwrap(), Verdict::Lost("gone"));
        assert!(!flights.is_waited_for());
    }

    #[test]
    fn no_flood_of_verdicts_is_kept() {
        let mut flights = Flights::default();
        let _waiting = begin(&mut flights, "1");
        for n in 0..10_000 {
            flights.complete("c", &format!("/m/{n}"), None, Verdict::Unsaid);
        }
        assert_eq!(flights.unclaimed.len(), MAX_UNCLAIMED);
        for n in 0..2 * MAX_PAST {
            let operation = n.to_string();
            drop(begin(&mut flights, &operation));
            flights.give_up(&operation);
        }
        assert_eq!(flights.past.len(), MAX_PAST);
    }
}
