//! The evidence, receipts and errors of a composition.

use std::time::SystemTime;

use ms_messenger_core::{Delivery, Error, Evidence, MemberReport, Problems, Receipt};

use crate::{
    member::Member,
    outcome::{MemberOutcome, one_line},
};

/// Whether the idempotency key of a member is one of the composition. It is not if the composition
/// could send a request with that key through another member.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Key {
    Kept,
    Hidden,
}

/// The evidence of a composition named `platform`, whose send began at `began_at`.
pub(crate) fn evidence(
    platform: &str,
    key: Key,
    began_at: SystemTime,
    members: Vec<MemberReport>,
) -> Evidence {
    let doubts: Vec<&Evidence> = members
        .iter()
        .filter(|member| member.delivery == Delivery::Unknown)
        .filter_map(|member| member.evidence.as_ref())
        .collect();
    let first = doubts.iter().map(|it| it.began_at).min();
    let mut evidence = Evidence::new(first.unwrap_or(began_at)).with_platform(platform);
    // The last moment is known only if it is known for every doubt.
    let latest = |times: Vec<Option<SystemTime>>| -> Option<SystemTime> {
        let times: Option<Vec<SystemTime>> = times.into_iter().collect();
        times?.into_iter().max()
    };
    evidence.ended_at = latest(doubts.iter().map(|it| it.ended_at).collect());
    evidence.pending_until = latest(doubts.iter().map(|it| it.pending_until).collect());
    if let [only] = doubts.as_slice() {
        evidence
            .client_request_id
            .clone_from(&only.client_request_id);
        if key == Key::Kept {
            evidence.idempotency = only.idempotency;
        }
    }
    evidence.members = members;
    evidence
}

/// The receipt of a composition whose `member` sent the message, after `earlier` ones did not.
pub(crate) fn receipt(
    member: &Member,
    receipt: Receipt,
    mut earlier: Vec<MemberReport>,
) -> Receipt {
    let mut report = member.report(Delivery::Sent);
    // That of a composition says more than what is copied.
    report.receipt = (!receipt.members.is_empty()).then(|| receipt.clone());
    earlier.push(report);
    let mut whole = receipt;
    whole.members = earlier;
    whole
}

/// The error of a composition named `platform` that ended with that of `member`.
pub(crate) fn error(
    platform: &str,
    key: Key,
    began_at: SystemTime,
    (member, error): (&Member, Error),
    mut earlier: Vec<MemberReport>,
) -> Error {
    let began_at = error.began_at().unwrap_or(began_at);
    let outcome = MemberOutcome::new(member, Err(error.clone()));
    earlier.push(outcome.report());
    let evidence = evidence(platform, key, began_at, earlier);
    let text = match error.platform() {
        Some(own) => format!("{}: {own}: {}", outcome.name, error.message()),
        None => format!("{}: {}", outcome.name, error.message()),
    };
    let mut whole = with_problems(&error)
        .with_message(text)
        .with_delivery(error.delivery())
        .with_platform(platform.to_owned())
        .with_attempts(error.attempts())
        .with_began_at(began_at)
        .with_evidence(evidence);
    if let Some(status) = error.status() {
        whole = whole.with_status(status);
    }
    if let Some(code) = error.code() {
        whole = whole.with_code(code);
    }
    if let Some(id) = error.request_id() {
        whole = whole.with_request_id(id);
    }
    if let Some(id) = error.client_request_id() {
        whole = whole.with_client_request_id(id);
    }
    if let Some(wait) = error.retry_after() {
        whole = whole.with_retry_after(wait);
    }
    if let (Some(key), Key::Kept) = (error.idempotency(), key) {
        whole = whole.with_idempotency(*key);
    }
    whole.with_source(error)
}

/// An error of the same kind with the same problems.
fn with_problems(error: &Error) -> Error {
    let mut problems = Problems::new();
    for problem in error.problems() {
        problems.push(problem.clone());
    }
    let kind = error.kind();
    let with_problems = problems.into_error(kind);
    with_problems.unwrap_or_else(|| Error::new(kind, String::new()))
}

/// The error of a composition of which no member sent the message.
pub(crate) fn none_sent(platform: &str, began_at: SystemTime, outcomes: &[MemberOutcome]) -> Error {
    let texts = outcomes.iter().filter_map(|outcome| {
        let error = outcome.result.as_ref().err()?;
        Some(format!("{}: {}", outcome.name, one_line(error)))
    });
    let text = format!(
        "no member sent the message: {}",
        texts.collect::<Vec<_>>().join("; ")
    );
    summary(platform, Key::Hidden, began_at, outcomes)
        .with_message(text)
        .with_delivery(Delivery::NotSent)
}

/// An error with what the errors of `outcomes` have in common: the kind is one of which a later
/// attempt may help, if there is one.
pub(crate) fn summary(
    platform: &str,
    key: Key,
    began_at: SystemTime,
    outcomes: &[MemberOutcome],
) -> Error {
    let errors = || outcomes.iter().filter_map(|it| it.result.as_ref().err());
    let leading = errors().find(|error| error.is_transient());
    let leading = leading.or_else(|| errors().next());
    let mut whole = match leading {
        Some(error) => with_problems(error).with_source(error.clone()),
        None => Error::new(ms_messenger_core::ErrorKind::Other, String::new()),
    };
    if let Some(wait) = errors().filter_map(Error::retry_after).min() {
        whole = whole.with_retry_after(wait);
    }
    let reports = outcomes.iter().map(MemberOutcome::report).collect();
    whole
        .with_platform(platform.to_owned())
        .with_attempts(errors().map(Error::attempts).sum())
        .with_began_at(began_at)
        .with_evidence(evidence(platform, key, began_at, reports))
}
