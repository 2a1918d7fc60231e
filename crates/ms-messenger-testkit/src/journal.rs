//! A journal notes each attempt before the message is stored, and can hold it back until then.

use std::{sync::Arc, time::SystemTime};

use futures_util::future::{Either, select};
use ms_messenger_core::{
    Capability, Delivery, Error, ErrorKind, Evidence, Journal, Result, SendJournal, SendRequest,
    async_trait,
};
use tokio::sync::{mpsc, oneshot};

use crate::{Rule, Subject, settle::true_verdict, suite::Suite};

pub(crate) async fn check<S: Subject + ?Sized>(suite: &mut Suite<'_, S>) {
    let capabilities = suite.messenger.capabilities();
    if !capabilities.supports(Capability::Journal) {
        // The rules of the capabilities check that it rejects such a request.
        return;
    }
    noted_first(suite).await;
    let full = Journal::new(Refusing { is_full: true });
    sends_nothing(suite, Rule::JournalRefusal, "a journal that fails", full).await;
    let held = Journal::new(Refusing { is_full: false });
    sends_nothing(suite, Rule::HeldBack, "a message that may not leave", held).await;
    suite.send_valid("after a journal that refused").await;
}

/// An attempt that waits until it may go on.
struct Noted {
    evidence: Evidence,
    go_on: oneshot::Sender<()>,
}

/// A journal that lets the suite look at the platform while it notes an attempt.
#[derive(Debug)]
struct Watched(mpsc::UnboundedSender<Noted>);

#[async_trait]
impl SendJournal for Watched {
    async fn attempt_begins(&self, evidence: &Evidence) -> Result<()> {
        let (go_on, may_go_on) = oneshot::channel();
        let evidence = evidence.clone();
        let _ = self.0.send(Noted { evidence, go_on });
        let _ = may_go_on.await;
        Ok(())
    }

    fn may_leave(&self) -> bool {
        true
    }
}

/// A journal that cannot note anything, or whose messages may not leave.
#[derive(Debug)]
struct Refusing {
    is_full: bool,
}

#[async_trait]
impl SendJournal for Refusing {
    async fn attempt_begins(&self, _: &Evidence) -> Result<()> {
        if self.is_full {
            return Err(Error::new(ErrorKind::Other, "the journal is full"));
        }
        Ok(())
    }

    fn may_leave(&self) -> bool {
        self.is_full
    }
}

/// The attempt is noted, under the name of the platform, before anything is stored.
async fn noted_first<S: Subject + ?Sized>(suite: &mut Suite<'_, S>) {
    suite.begin(Rule::JournalFirst);
    let (notes, mut noted) = mpsc::unbounded_channel();
    let plain = suite.request();
    let request = plain.clone().with_journal(Journal::new(Watched(notes)));
    let before = suite.subject.stored().await;
    let mut evidence = Vec::new();
    let mut early = 0;
    let (messenger, subject) = (Arc::clone(&suite.messenger), suite.subject);
    let watching = async {
        while let Some(noting) = noted.recv().await {
            early += subject.stored().await.saturating_sub(before);
            evidence.push(noting.evidence);
            let _ = noting.go_on.send(());
        }
    };
    let sent = match select(messenger.send(&request), Box::pin(watching)).await {
        Either::Left((result, _)) => result,
        // The request keeps the journal, so that it can only be the send that ends.
        Either::Right(((), sending)) => sending.await,
    };
    let stored = suite.subject.stored().await.saturating_sub(before);
    suite.expect(sent.is_ok() && stored == 1, || {
        format!("a request with a journal was stored {stored} times: {sent:?}")
    });
    suite.expect(!evidence.is_empty(), || {
        "the message was sent without a note in the journal".to_owned()
    });
    suite.expect(early == 0, || {
        "the message was stored before the journal had noted it".to_owned()
    });
    for it in evidence {
        suite.expect(it.platform.as_deref() == Some(&suite.platform), || {
            "the evidence for the journal does not name the platform".to_owned()
        });
        suite.print("the evidence for a journal", format!("{it:?}{it:#?}"));
        if sent.is_ok() {
            lost_receipt(suite, &plain, it).await;
        }
    }
}

/// A caller that lost the receipt, e.g. a queue whose store failed, settles the send by its note.
async fn lost_receipt<S: Subject + ?Sized>(
    suite: &mut Suite<'_, S>,
    request: &SendRequest,
    noted: Evidence,
) {
    suite.begin(Rule::TrueVerdict);
    let now = SystemTime::now();
    let settled = suite.settle(request, &noted.with_end(now, now)).await;
    true_verdict(suite, "a send whose receipt was lost", &settled, true);
    suite.begin(Rule::JournalFirst);
}

/// A send that its journal refuses is not sent.
async fn sends_nothing<S: Subject + ?Sized>(
    suite: &mut Suite<'_, S>,
    rule: Rule,
    what: &str,
    journal: Journal,
) {
    suite.begin(rule);
    let request = suite.request().with_journal(journal);
    let (result, stored) = suite.send(&request).await;
    suite.expect(stored == 0, || {
        format!("{what}: {stored} messages were stored")
    });
    match result {
        Ok(_) => suite.fail(format!("{what}: was accepted")),
        Err(error) => suite.expect(error.delivery() == Delivery::NotSent, || {
            format!("{what}: must be not_sent, is {}", error.delivery())
        }),
    }
}
