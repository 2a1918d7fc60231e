//! An error reports the true delivery.

use ms_messenger_core::{Delivery, Error, ErrorKind, Receipt, Result};

use crate::{Failure, Rule, Subject, suite::Suite};

pub(crate) async fn check<S: Subject + ?Sized>(suite: &mut Suite<'_, S>) {
    for failure in Failure::ALL {
        suite.begin(Rule::TrueDelivery);
        if !suite.subject.fail_next(*failure).await {
            suite.skip(format!("{failure}: the subject cannot arrange it"));
            continue;
        }
        let request = suite.request();
        let (result, stored) = suite.send(&request).await;
        true_delivery(suite, *failure, &result, stored);
        if let Err(error) = &result {
            facts(suite, *failure, error);
        }
        suite.begin(Rule::Recovery);
        suite.send_valid(&format!("after a {failure}")).await;
    }
    local_facts(suite).await;
}

fn true_delivery<S: Subject + ?Sized>(
    suite: &mut Suite<'_, S>,
    failure: Failure,
    result: &Result<Receipt>,
    stored: usize,
) {
    suite.expect(stored < 2, || {
        format!("{failure}: the message was stored {stored} times")
    });
    suite.expect(stored > 0 || !failure.is_stored(), || {
        format!("{failure}: the subject should have stored the message, but nothing arrived")
    });
    let said = match result {
        Ok(_) => "sent",
        Err(error) => error.delivery().as_str(),
    };
    let truth = match (result, stored) {
        (Ok(_), 0) => false,
        (Err(error), 0) => error.delivery() != Delivery::Sent,
        (Err(error), _) => error.delivery() != Delivery::NotSent,
        (Ok(_), _) => true,
    };
    suite.expect(truth, || {
        format!("{failure}: reported {said}, but stored {stored} times")
    });
    let proven = matches!(failure, Failure::Rejected | Failure::RateLimited);
    suite.expect(!(proven && said == "unknown"), || {
        format!(
            "{failure}: the platform said that it stored nothing, so it is not_sent and not unknown"
        )
    });
}

fn facts<S: Subject + ?Sized>(suite: &mut Suite<'_, S>, failure: Failure, error: &Error) {
    suite.begin(Rule::ErrorFacts);
    presentable(suite, &failure.to_string(), error);
    let kind = error.kind();
    let limited = kind == ErrorKind::RateLimited;
    suite.expect(limited == (failure == Failure::RateLimited), || {
        format!("{failure}: the kind is {kind}")
    });
    let transient = error.is_transient();
    suite.expect(!(failure == Failure::Rejected && transient), || {
        format!("{failure}: the kind is {kind}, which says that a retry may help")
    });
}

/// A local error is as presentable as one of the platform.
async fn local_facts<S: Subject + ?Sized>(suite: &mut Suite<'_, S>) {
    suite.begin(Rule::ErrorFacts);
    let request = suite.request().with_reply_to("");
    if let (Err(error), _) = suite.send(&request).await {
        presentable(suite, "invalid request", &error);
    }
}

fn presentable<S: Subject + ?Sized>(suite: &mut Suite<'_, S>, what: &str, error: &Error) {
    let named = error.platform() == Some(suite.platform.as_str());
    suite.expect(named, || {
        format!(
            "{what}: the error names the platform {:?}",
            error.platform()
        )
    });
    suite.expect(!error.message().is_empty(), || {
        format!("{what}: the error has no message")
    });
    let one_line = !error.to_string().contains(['\n', '\r']);
    suite.expect(one_line, || {
        format!("{what}: the error takes several lines")
    });
}
