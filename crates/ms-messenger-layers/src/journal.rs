//! The journal of a request, as the members of a composition write it.

use std::{sync::Arc, time::SystemTime};

use async_trait::async_trait;
use ms_messenger_core::{
    Delivery, Evidence, Journal, MemberReport, Result, SendJournal, SendRequest,
};
use tokio::sync::Mutex;

use crate::facts::{self, Key};

/// What the journal of the caller must know of all members before each attempt of one of them.
#[derive(Debug)]
pub(crate) struct Ledger {
    outer: Journal,
    platform: String,
    key: Key,
    began_at: SystemTime,
    /// Locked while the journal writes: a state must not be written over a later one.
    members: Mutex<Vec<MemberReport>>,
}

impl Ledger {
    /// Returns a ledger over the journal of `request`, if that has one.
    pub(crate) fn of(
        request: &SendRequest,
        platform: &str,
        key: Key,
        members: Vec<MemberReport>,
    ) -> Option<Arc<Self>> {
        Some(Arc::new(Self {
            outer: request.journal.clone()?,
            platform: platform.to_owned(),
            key,
            began_at: SystemTime::now(),
            members: Mutex::new(members),
        }))
    }

    /// Notes the outcome of a member, for the next attempt of another one.
    pub(crate) async fn note(&self, report: MemberReport) {
        let mut members = self.members.lock().await;
        if let Some(member) = members.iter_mut().find(|it| it.name == report.name) {
            *member = report;
        }
    }

    /// Returns the journal of the member at `index`.
    pub(crate) fn journal(self: &Arc<Self>, index: usize) -> Journal {
        Journal::new(MemberJournal {
            ledger: Arc::clone(self),
            index,
        })
    }
}

/// Writes the evidence of a member as that of its composition.
#[derive(Debug)]
struct MemberJournal {
    ledger: Arc<Ledger>,
    index: usize,
}

#[async_trait]
impl SendJournal for MemberJournal {
    async fn attempt_begins(&self, evidence: &Evidence) -> Result<()> {
        let ledger = &*self.ledger;
        let mut members = ledger.members.lock().await;
        let mut after = members.clone();
        if let Some(member) = after.get_mut(self.index) {
            member.delivery = Delivery::Unknown;
            member.evidence = Some(evidence.clone());
        }
        let whole = facts::evidence(&ledger.platform, ledger.key, ledger.began_at, after.clone());
        ledger.outer.attempt_begins(&whole).await?;
        *members = after;
        Ok(())
    }

    fn may_leave(&self) -> bool {
        self.ledger.outer.may_leave()
    }
}
