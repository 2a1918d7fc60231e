//! Settling sends nothing, and its verdicts are true.

use std::{
    mem::discriminant,
    sync::Arc,
    time::{Duration, SystemTime},
};

use ms_messenger_core::{
    Delivery, Error, Evidence, Messenger, Receipt, Result, SendRequest, Settled,
};

use crate::{Failure, Rule, Subject, suite::Suite};

/// The age of the sends that this messenger never made.
const LONG_AGO: Duration = Duration::from_secs(30 * 24 * 60 * 60);

pub(crate) async fn check<S: Subject + ?Sized>(suite: &mut Suite<'_, S>) {
    never_made(suite).await;
    after_success(suite).await;
    for failure in Failure::ALL {
        after_failure(suite, *failure).await;
    }
}

/// Evidence of sends that were never made: they get no verdict.
async fn never_made<S: Subject + ?Sized>(suite: &mut Suite<'_, S>) {
    suite.begin(Rule::NothingKnown);
    let now = SystemTime::now();
    let long_ago = now.checked_sub(LONG_AGO).unwrap_or(now);
    let ours = Evidence::new(long_ago).with_platform(suite.platform.clone());
    for (what, evidence) in [
        ("a send of a month ago", ours.clone()),
        ("a send of an unnamed platform", Evidence::new(long_ago)),
        (
            "a send with an unknown id",
            ours.with_client_request_id("5b1f0a5e-3f5b-4a43-a8d9-93a57a7fc0a5"),
        ),
    ] {
        let request = suite.request();
        let settled = suite.settle(&request, &evidence).await;
        nothing_claimed(suite, what, &settled);
    }
    let request = suite.request();
    let evidence = Evidence::new(SystemTime::now());
    foreign_evidence(suite, "an invented send", &request, &evidence).await;
}

fn nothing_claimed<S: Subject + ?Sized>(suite: &mut Suite<'_, S>, what: &str, settled: &Settled) {
    let claimed = match settled {
        Settled::Found(_) => "found",
        Settled::NotFound => "not found",
        _ => return,
    };
    suite.fail(format!(
        "{what}: settled as {claimed}, although this messenger never made it"
    ));
}

/// A send that succeeded. Evidence that does not say when it ended proves no absence.
async fn after_success<S: Subject + ?Sized>(suite: &mut Suite<'_, S>) {
    suite.begin(Rule::TrueVerdict);
    let request = suite.request();
    let evidence = Evidence::new(SystemTime::now()).with_platform(suite.platform.clone());
    if let (Ok(_), 1) = suite.send(&request).await {
        let settled = suite.settle(&request, &evidence).await;
        true_verdict(suite, "a send that succeeded", &settled, true);
    }
}

async fn after_failure<S: Subject + ?Sized>(suite: &mut Suite<'_, S>, failure: Failure) {
    suite.begin(Rule::TrueVerdict);
    if !suite.subject.fail_next(failure).await {
        return suite.skip(format!("{failure}: the subject cannot arrange it"));
    }
    let request = suite.request();
    let began_at = SystemTime::now();
    let (result, stored) = suite.send(&request).await;
    let what = failure.to_string();
    let Err(error) = &result else {
        return;
    };
    has_evidence(suite, &what, &result);
    let evidence = evidence_of(suite, error, began_at);
    suite.begin(Rule::TrueVerdict);
    let settled = suite.settle(&request, &evidence).await;
    true_verdict(suite, &what, &settled, stored > 0);
    same_verdict(suite, &what, &request, &evidence, &settled).await;
    foreign_evidence(suite, &what, &request, &evidence).await;
}

/// An error with an unknown delivery has evidence.
pub(crate) fn has_evidence<S: Subject + ?Sized>(
    suite: &mut Suite<'_, S>,
    what: &str,
    result: &Result<Receipt>,
) {
    suite.begin(Rule::HasEvidence);
    let Err(error) = result else { return };
    if error.delivery() != Delivery::Unknown {
        return;
    }
    let evidence = Evidence::of(error);
    let named = evidence.as_ref().and_then(|it| it.platform.as_deref());
    let named = named == Some(suite.platform.as_str());
    suite.expect(evidence.is_some(), || {
        format!("{what}: the delivery is unknown, but the error does not say when the send began")
    });
    suite.expect(evidence.is_none() || named, || {
        format!("{what}: the evidence does not name the platform")
    });
}

/// The evidence of an error; of a send whose delivery is known, what an observer could write down.
fn evidence_of<S: Subject + ?Sized>(
    suite: &Suite<'_, S>,
    error: &Error,
    began_at: SystemTime,
) -> Evidence {
    if let Some(evidence) = Evidence::of(error) {
        return evidence;
    }
    let noted = error.evidence().cloned();
    noted.unwrap_or_else(|| Evidence::new(began_at).with_platform(suite.platform.clone()))
}

pub(crate) fn true_verdict<S: Subject + ?Sized>(
    suite: &mut Suite<'_, S>,
    what: &str,
    settled: &Settled,
    is_stored: bool,
) {
    match settled {
        Settled::Found(receipt) => {
            suite.expect(is_stored, || {
                format!("{what}: settled as found, but nothing was stored")
            });
            let id = receipt.message_id.as_ref();
            suite.expect(id.is_none_or(|id| !id.as_str().is_empty()), || {
                format!("{what}: the message id of the receipt is given, but empty")
            });
        }
        Settled::NotFound => suite.expect(!is_stored, || {
            format!("{what}: settled as not found, but the message was stored")
        }),
        _ => {}
    }
}

/// Settling again, by the JSON form or through pointers, gives the same verdict.
async fn same_verdict<S: Subject + ?Sized>(
    suite: &mut Suite<'_, S>,
    what: &str,
    request: &SendRequest,
    evidence: &Evidence,
    first: &Settled,
) {
    suite.begin(Rule::SameVerdict);
    let json = serde_json::to_string(evidence).map_err(|error| error.to_string());
    let read = json.and_then(|json| Evidence::from_json(&json).map_err(|error| error.to_string()));
    match read {
        Ok(read) => {
            let again = suite.settle(request, &read).await;
            compare(suite, &format!("{what}, evidence from JSON"), first, &again);
        }
        Err(error) => suite.fail(format!("{what}: the evidence has no JSON form: {error}")),
    }
    let inner = Arc::clone(&suite.messenger);
    let boxed: Box<dyn Messenger> = Box::new(Arc::new(Arc::clone(&inner)));
    suite.messenger = Arc::from(boxed);
    let again = suite.settle(request, evidence).await;
    suite.messenger = inner;
    compare(
        suite,
        &format!("{what}, through Arc, Box and dyn"),
        first,
        &again,
    );
}

fn compare<S: Subject + ?Sized>(
    suite: &mut Suite<'_, S>,
    what: &str,
    first: &Settled,
    again: &Settled,
) {
    let ids = match (first, again) {
        // Time has passed since the first verdict.
        (Settled::NotYet(_), _) | (_, Settled::NotYet(_)) => return,
        (Settled::Found(one), Settled::Found(two)) => one.message_id == two.message_id,
        _ => true,
    };
    let same = ids && discriminant(first) == discriminant(again);
    suite.expect(same, || {
        format!(
            "{what}: settling again gives {}, the first time it gave {}",
            name(again),
            name(first)
        )
    });
}

pub(crate) fn name(settled: &Settled) -> &'static str {
    match settled {
        Settled::Found(_) => "found",
        Settled::NotFound => "not found",
        Settled::NotYet(_) => "not yet",
        Settled::CannotTell(_) => "cannot tell",
        _ => "another verdict",
    }
}

async fn foreign_evidence<S: Subject + ?Sized>(
    suite: &mut Suite<'_, S>,
    what: &str,
    request: &SendRequest,
    evidence: &Evidence,
) {
    suite.begin(Rule::ForeignEvidence);
    let foreign = evidence
        .clone()
        .with_platform(format!("not-{}", suite.platform));
    let settled = suite.settle(request, &foreign).await;
    let rejected = matches!(settled, Settled::CannotTell(_));
    suite.expect(rejected, || {
        format!(
            "{what}: evidence of another platform must be rejected, but was settled as {}",
            name(&settled)
        )
    });
}
