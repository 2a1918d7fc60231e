//! Messages that were posted and whose verdict is still to come, conversation by conversation.
//!
//! A verdict is matched by the address of the message first (the `Location` of the 201), by the
//! operation id second. After an answer that was lost there is no address; then the one verdict
//! of the conversation that nobody else can claim is the one that was waited for.

use std::{
    collections::{HashMap, VecDeque},
    time::{Duration, Instant, SystemTime},
};

use tokio::sync::oneshot;

use crate::reason::Reason;

/// How a message ended.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Verdict {
    /// The server says that it was delivered.
    Delivered {
        href: String,
        at: Option<SystemTime>,
        /// Who of a meeting did not get it.
        failed: Vec<String>,
    },
    /// The server says that it was not.
    Failed(Option<Reason>),
    /// The server will not say any more.
    Lost(&'static str),
}

#[derive(Debug, Default)]
pub(crate) struct Flights {
    spaces: HashMap<String, Airspace>,
    /// Verdicts that came after nobody waited any more, by operation id, the newest last.
    late: VecDeque<(String, Verdict)>,
}

/// A message that is not fetched within 30 seconds fails: so long after a send was given up
/// no verdict of it comes any more.
const LATEST_VERDICT: Duration = Duration::from_secs(90);
/// How many late verdicts are kept.
const MAX_LATE: usize = 1024;

/// One conversation.
#[derive(Debug, Default)]
struct Airspace {
    flights: Vec<Flight>,
    /// Verdicts that came before their 201, or whose 201 was lost, by address.
    unclaimed: Vec<(String, Verdict)>,
    given_up: Vec<GivenUp>,
}

/// A flight that nobody waits for any more.
#[derive(Debug)]
struct GivenUp {
    operation: String,
    href: Option<String>,
    at: Instant,
}

#[derive(Debug)]
struct Flight {
    operation: String,
    href: Option<String>,
    /// Whether the answer was lost.
    doubtful: bool,
    verdict: oneshot::Sender<Verdict>,
}

impl Flights {
    /// Registers a message before it is posted.
    pub(crate) fn begin(
        &mut self,
        conversation: &str,
        operation: &str,
    ) -> oneshot::Receiver<Verdict> {
        let (verdict, waiting) = oneshot::channel();
        let space = self.spaces.entry(conversation.to_owned()).or_default();
        space.flights.push(Flight {
            operation: operation.to_owned(),
            href: None,
            doubtful: false,
            verdict,
        });
        waiting
    }

    /// The 201 came and told the address.
    pub(crate) fn locate(&mut self, conversation: &str, operation: &str, href: &str) {
        let Some(space) = self.spaces.get_mut(conversation) else {
            return;
        };
        if let Some(flight) = space.flight(operation) {
            flight.href = Some(href.to_owned());
        }
        if let Some(at) = space.unclaimed.iter().position(|(own, _)| own == href) {
            let (_, verdict) = space.unclaimed.remove(at);
            space.land(|flight| flight.operation == operation, verdict);
        }
        space.settle_doubt();
    }

    /// The answer was lost.
    pub(crate) fn doubt(&mut self, conversation: &str, operation: &str) {
        if let Some(space) = self.spaces.get_mut(conversation) {
            if let Some(flight) = space.flight(operation) {
                flight.doubtful = true;
            }
            space.settle_doubt();
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
        let Some(space) = self.spaces.get_mut(conversation) else {
            return;
        };
        let verdict = space.land(|flight| flight.href.as_deref() == Some(href), verdict);
        let verdict = verdict.and_then(|verdict| match operation {
            Some(id) => space.land(|flight| flight.operation == id, verdict),
            None => Some(verdict),
        });
        let Some(verdict) = verdict else {
            space.settle_doubt();
            return;
        };
        if let Some(operation) = space.given_up(href, operation) {
            self.late.push_back((operation, verdict));
            if self.late.len() > MAX_LATE {
                self.late.pop_front();
            }
        } else if !space.flights.is_empty() {
            space.unclaimed.push((href.to_owned(), verdict));
            space.settle_doubt();
        }
    }

    /// The verdict of a message that came after nobody waited for it any more.
    pub(crate) fn late(&self, operation: &str) -> Option<&Verdict> {
        let found = self.late.iter().find(|(own, _)| own == operation);
        found.map(|(_, verdict)| verdict)
    }

    /// The message was refused: no verdict will come.
    pub(crate) fn cancel(&mut self, conversation: &str, operation: &str) {
        if let Some(space) = self.spaces.get_mut(conversation) {
            space.flights.retain(|flight| flight.operation != operation);
            space.settle_doubt();
        }
    }

    /// Nobody waits any more, though a verdict may still come.
    pub(crate) fn give_up(&mut self, conversation: &str, operation: &str) {
        if let Some(space) = self.spaces.get_mut(conversation) {
            let flights = &mut space.flights;
            if let Some(at) = flights.iter().position(|f| f.operation == operation) {
                let flight = flights.swap_remove(at);
                space.given_up.push(GivenUp {
                    operation: flight.operation,
                    href: flight.href,
                    at: Instant::now(),
                });
            }
        }
    }

    /// The conversation is over; nothing more will be said of its messages.
    pub(crate) fn lose(&mut self, conversation: &str, why: &'static str) {
        if let Some(space) = self.spaces.remove(conversation) {
            space.lose(why);
        }
    }

    /// All conversations are over.
    pub(crate) fn lose_all(&mut self, why: &'static str) {
        for (_, space) in self.spaces.drain() {
            space.lose(why);
        }
    }

    #[cfg(test)]
    fn count(&self) -> usize {
        self.spaces.values().map(|space| space.flights.len()).sum()
    }
}

impl Airspace {
    fn flight(&mut self, operation: &str) -> Option<&mut Flight> {
        let mut flights = self.flights.iter_mut();
        flights.find(|flight| flight.operation == operation)
    }

    /// Hands the verdict to the flight that it is for, or back.
    fn land(&mut self, is_for: impl Fn(&Flight) -> bool, verdict: Verdict) -> Option<Verdict> {
        let Some(at) = self.flights.iter().position(is_for) else {
            return Some(verdict);
        };
        // A sender that went away does not need it.
        let _ = self.flights.swap_remove(at).verdict.send(verdict);
        None
    }

    /// The operation that was given up and that a verdict is for.
    fn given_up(&mut self, href: &str, operation: Option<&str>) -> Option<String> {
        let is_it = |old: &GivenUp| {
            old.href.as_deref() == Some(href) || operation == Some(old.operation.as_str())
        };
        let at = self.given_up.iter().position(is_it)?;
        Some(self.given_up.swap_remove(at).operation)
    }

    /// The one flight whose address is not known, because its answer was lost, and the one
    /// verdict that nobody claims belong together, unless an earlier flight was given up.
    fn settle_doubt(&mut self) {
        if self.flights.is_empty() {
            self.unclaimed.clear();
            return;
        }
        let mut lost = self.flights.iter().filter(|flight| flight.href.is_none());
        let alone = matches!((lost.next(), lost.next()), (Some(flight), None) if flight.doubtful);
        self.given_up
            .retain(|old| old.at.elapsed() < LATEST_VERDICT);
        let ambiguous = self.given_up.iter().any(|old| old.href.is_none());
        if alone
            && !ambiguous
            && self.unclaimed.len() == 1
            && let Some((_, verdict)) = self.unclaimed.pop()
        {
            self.land(|flight| flight.href.is_none(), verdict);
        }
    }

    fn lose(self, why: &'static str) {
        for flight in self.flights {
            let _ = flight.verdict.send(Verdict::Lost(why));
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn delivered(href: &str) -> Verdict {
        Verdict::Delivered {
            href: href.to_owned(),
            at: None,
            failed: Vec::new(),
        }
    }

    #[test]
    fn a_verdict_is_matched_by_address_first() {
        let mut flights = Flights::default();
        let (mut a, mut b) = (flights.begin("c", "1"), flights.begin("c", "2"));
        flights.locate("c", "1", "/m/1");
        flights.locate("c", "2", "/m/2");
        // The operation id names the other: the address counts.
        flights.complete("c", "/m/2", Some("1"), delivered("/m/2"));
        assert_eq!(b.try_recv().unwrap(), delivered("/m/2"));
        assert!(a.try_recv().is_err());
        flights.complete("c", "/m/1", None, delivered("/m/1"));
        assert_eq!(a.try_recv().unwrap(), delivered("/m/1"));
    }

    #[test]
    fn a_verdict_before_its_201_waits_for_it() {
        let mut flights = Flights::default();
        let (mut a, mut b) = (flights.begin("c", "1"), flights.begin("c", "2"));
        flights.complete("c", "/m/2", None, delivered("/m/2"));
        assert!(a.try_recv().is_err() && b.try_recv().is_err());
        flights.locate("c", "2", "/m/2");
        assert_eq!(b.try_recv().unwrap(), delivered("/m/2"));
        assert!(a.try_recv().is_err());
    }

    #[test]
    fn after_a_lost_answer_the_only_verdict_left_is_the_one() {
        let mut flights = Flights::default();
        let mut a = flights.begin("c", "1");
        flights.doubt("c", "1");
        flights.complete("c", "/m/1", None, delivered("/m/1"));
        assert_eq!(a.try_recv().unwrap(), delivered("/m/1"));
        assert_eq!(flights.count(), 0);
    }

    #[test]
    fn while_another_could_claim_it_nobody_guesses() {
        let mut flights = Flights::default();
        let (mut a, mut b) = (flights.begin("c", "1"), flights.begin("c", "2"));
        flights.doubt("c", "1");
        flights.complete("c", "/m/2", None, delivered("/m/2"));
        assert!(a.try_recv().is_err());
        flights.locate("c", "2", "/m/2");
        assert_eq!(b.try_recv().unwrap(), delivered("/m/2"));
        assert!(a.try_recv().is_err());
        flights.complete("c", "/m/1", None, delivered("/m/1"));
        assert_eq!(a.try_recv().unwrap(), delivered("/m/1"));
    }

    #[test]
    fn the_late_verdict_of_a_given_up_message_is_nobody_elses() {
        let mut flights = Flights::default();
        let first = flights.begin("c", "1");
        flights.doubt("c", "1");
        drop(first);
        flights.give_up("c", "1");
        let mut second = flights.begin("c", "2");
        flights.doubt("c", "2");
        flights.complete("c", "/m/1", None, delivered("/m/1"));
        assert!(second.try_recv().is_err());
        flights.complete("c", "/m/2", Some("2"), delivered("/m/2"));
        assert_eq!(second.try_recv().unwrap(), delivered("/m/2"));
    }

    #[test]
    fn a_late_verdict_is_kept_for_who_asks() {
        let mut flights = Flights::default();
        let waiting = flights.begin("c", "1");
        flights.locate("c", "1", "/m/1");
        drop(waiting);
        flights.give_up("c", "1");
        assert_eq!(flights.late("1"), None);
        flights.complete("c", "/m/1", None, delivered("/m/1"));
        assert_eq!(flights.late("1"), Some(&delivered("/m/1")));
    }

    #[test]
    fn the_end_of_a_conversation_is_told_to_all_who_wait() {
        let mut flights = Flights::default();
        let (mut a, mut b) = (flights.begin("c", "1"), flights.begin("d", "2"));
        flights.lose("c", "over");
        assert_eq!(a.try_recv().unwrap(), Verdict::Lost("over"));
        flights.lose_all("gone");
        assert_eq!(b.try_recv().unwrap(), Verdict::Lost("gone"));
    }
}
