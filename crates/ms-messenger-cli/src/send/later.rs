//! `msm send --at`: the message waits in an outbox.

use std::time::SystemTime;

use ms_messenger::{Delivery, Result, RetryPolicy, Uuid};
use ms_messenger_outbox::{Envelope, OutboxError, OutboxErrorKind};

use super::{
    plan::{Job, Plan},
    report::Report,
};
use crate::{
    args::SendArgs,
    config::Settings,
    connect,
    dry_run::Checker,
    exit::Exit,
    interrupted, kept_files, mentions,
    outbox::open::{Opened, open_or_create},
    outcome::{OutboxPlace, moment},
    platform::Platform,
    transport::http_options,
};

/// Checks the messages and hands them over: all or none.
pub(super) async fn run(
    args: &SendArgs,
    report: &Report<'_>,
    mut plan: Plan,
    at: SystemTime,
) -> Exit {
    let Some(settings) = &report.settings else {
        return Exit::Other;
    };
    match hand_over(args, settings, &mut plan.jobs, at).await {
        Ok(places) => {
            let jobs = plan.jobs.iter().zip(&places);
            let exits = jobs.map(|(job, place)| report.queued(job, place));
            exits.fold(Exit::Success, Exit::worse)
        }
        Err(error) => report.failed(None, error, None),
    }
}

async fn hand_over(
    args: &SendArgs,
    settings: &Settings,
    jobs: &mut [Job],
    at: SystemTime,
) -> Result<Vec<OutboxPlace>> {
    let prepared = prepare(args, settings, jobs, at).await;
    let (opened, envelopes) = prepared.map_err(|error| error.with_delivery(Delivery::NotSent))?;
    let places = envelopes.iter().map(|envelope| OutboxPlace {
        store: opened.address.shown(),
        id: envelope.id.to_string(),
        not_before: moment(at),
    });
    let places = places.collect();
    // A message that waits in the outbox is sent at its time.
    interrupted::unknown_from_now_on(None, args.json);
    let mut inserted = opened.outbox.enqueue_all(envelopes.clone()).await;
    if inserted.as_ref().is_err_and(may_be_stored) {
        // The same ids are stored once.
        inserted = opened.outbox.enqueue_all(envelopes).await;
    }
    match inserted {
        Ok(_) => Ok(places),
        Err(error) => {
            // A message that may wait in the outbox may be sent at its time.
            let delivery = if may_be_stored(&error) {
                Delivery::Unknown
            } else {
                Delivery::NotSent
            };
            Err(opened.error(error).with_delivery(delivery))
        }
    }
}

/// Whether the store may have the messages although it reported an error.
fn may_be_stored(error: &OutboxError) -> bool {
    use OutboxErrorKind::{Store, Unavailable};
    matches!(error.kind(), Store | Unavailable)
}

/// Checks and completes the messages, and opens the outbox.
async fn prepare(
    args: &SendArgs,
    settings: &Settings,
    jobs: &mut [Job],
    at: SystemTime,
) -> Result<(Opened, Vec<Envelope>)> {
    let options = http_options(None);
    for job in jobs.iter() {
        let checker = Checker::open(job.platform, settings, options.clone())?;
        checker.check(&job.pretended()?)?;
    }
    let opened = open_or_create(&args.outbox).await?;
    let mut envelopes = Vec::new();
    for job in jobs.iter_mut() {
        if job.platform == Platform::MsgraphChat {
            let retry = RetryPolicy::default();
            let client = connect::msgraph_chat(settings, options.clone(), retry)?;
            mentions::resolve(&client, &mut job.request.message, &job.mentions).await?;
        }
        kept_files::keep(&mut job.request.message)?;
        let (id, request) = (Uuid::new_v4().to_string(), job.request.clone());
        let envelope = Envelope::new(id, job.platform.as_str(), request).with_not_before(at);
        envelope.check().map_err(|error| opened.error(error))?;
        envelopes.push(envelope);
    }
    Ok((opened, envelopes))
}
