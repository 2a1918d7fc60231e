//! What is written down before a member sends.

use std::sync::{Arc, Mutex};

use ms_messenger_core::{
    Delivery, Error, ErrorKind, Evidence, Journal, Messenger, Result, SendJournal, SettlePolicy,
    Settled, async_trait,
};
use ms_messenger_layers::{Fallback, FanOut, Member, Route, Router};

use crate::double::{Probe, no_connection, request};

/// Keeps the JSON of each note, as a file does.
#[derive(Debug, Default)]
pub(crate) struct Notes {
    pub(crate) written: Mutex<Vec<String>>,
    pub(crate) is_full: bool,
    pub(crate) is_stale: bool,
}

#[async_trait]
impl SendJournal for Notes {
    async fn attempt_begins(&self, evidence: &Evidence) -> Result<()> {
        if self.is_full {
            let error = Error::new(ErrorKind::Other, "the disk is full");
            return Err(error.with_delivery(Delivery::NotSent));
        }
        let json = serde_json::to_string(evidence).unwrap();
        self.written.lock().unwrap().push(json);
        Ok(())
    }

    fn may_leave(&self) -> bool {
        !self.is_stale
    }
}

impl Notes {
    pub(crate) fn last(&self) -> Evidence {
        Evidence::from_json(self.written.lock().unwrap().last().unwrap()).unwrap()
    }
}

fn deliveries(evidence: &Evidence) -> Vec<(&str, Delivery)> {
    let members = evidence.members.iter();
    members.map(|it| (it.name.as_str(), it.delivery)).collect()
}

#[tokio::test]
async fn a_router_notes_its_route() {
    let (notes, probe) = (Arc::new(Notes::default()), Probe::new("probe"));
    let router = Router::new([Route::new("all", Arc::clone(&probe))]).unwrap();
    let request = request().with_journal(Journal::shared(Arc::<Notes>::clone(&notes)));
    router.send(&request).await.unwrap();
    let evidence = notes.last();
    assert_eq!(evidence.platform.as_deref(), Some("router"));
    assert_eq!(deliveries(&evidence), [("all", Delivery::Unknown)]);
    let own = evidence.members[0].evidence.as_ref().unwrap();
    assert_eq!(own.platform.as_deref(), Some("probe"));
    // Another process asks the route about it.
    assert_asked(&router.settle(&request, &evidence).await, &probe);
}

/// The store does not know the id of the note, and says so.
fn assert_asked(settled: &Settled, probe: &Probe) {
    assert!(matches!(settled, Settled::CannotTell(_)), "{settled:?}");
    assert_eq!(probe.settled.lock().unwrap().len(), 1);
}

#[tokio::test]
async fn a_fallback_notes_the_member_that_sends_and_those_that_did_not() {
    let notes = Arc::new(Notes::default());
    let (one, two) = (Probe::new("one"), Probe::new("two"));
    one.store.fail_next(no_connection());
    let members = [
        Member::new("one", Arc::clone(&one)),
        Member::new("two", Arc::clone(&two)),
    ];
    let fallback = Fallback::new(members).unwrap();
    let request = request().with_journal(Journal::shared(Arc::<Notes>::clone(&notes)));
    fallback.send(&request).await.unwrap();
    let written = notes.written.lock().unwrap().clone();
    assert_eq!(written.len(), 2);
    let first = Evidence::from_json(&written[0]).unwrap();
    assert_eq!(deliveries(&first), [("one", Delivery::Unknown)]);
    let last = notes.last();
    let expected = [("one", Delivery::NotSent), ("two", Delivery::Unknown)];
    assert_eq!(deliveries(&last), expected);
    assert_asked(&fallback.settle(&request, &last).await, &two);
    assert!(one.settled.lock().unwrap().is_empty());
}

#[tokio::test]
async fn a_fan_out_notes_all_members_each_time() {
    let notes = Arc::new(Notes::default());
    let (one, two) = (Probe::new("one"), Probe::new("two"));
    let members = [Member::new("one", one), Member::new("two", two)];
    let fan_out = FanOut::new(members).unwrap();
    let request = request().with_journal(Journal::shared(Arc::<Notes>::clone(&notes)));
    fan_out.send(&request).await.unwrap();
    assert_eq!(notes.written.lock().unwrap().len(), 2);
    let last = notes.last();
    // The first has sent by then; without a receipt it would be in doubt.
    let expected = [("one", Delivery::Sent), ("two", Delivery::Unknown)];
    assert_eq!(deliveries(&last), expected);
}

#[tokio::test]
async fn nothing_is_sent_that_cannot_be_noted_or_may_not_leave() {
    for (is_full, is_stale) in [(true, false), (false, true)] {
        let notes = Notes {
            is_full,
            is_stale,
            ..Notes::default()
        };
        let (one, two) = (Probe::new("one"), Probe::new("two"));
        let members = [
            Member::new("one", Arc::clone(&one)),
            Member::new("two", Arc::clone(&two)),
        ];
        let fallback = Fallback::new(members).unwrap();
        let fallback = fallback.with_settle_policy(SettlePolicy::once());
        let request = request().with_journal(Journal::new(notes));
        let error = fallback.send(&request).await.unwrap_err();
        assert_eq!(error.delivery(), Delivery::NotSent);
        assert!(one.store.sent().is_empty() && two.store.sent().is_empty());
    }
}
