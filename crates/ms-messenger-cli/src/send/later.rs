//! `msm send --at`: the message waits in an outbox.

use std::time::SystemTime;

use ms_messenger::{Delivery, Error, ErrorKind, Result, RetryPolicy, Uuid};
use ms_messenger_outbox::Envelope;

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
    mentions,
    outbox::open::open_or_create,
    outbox_store::outbox_error,
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
        Err(error) => report.failed(None, error.with_delivery(Delivery::NotSent), None),
    }
}

async fn hand_over(
    args: &SendArgs,
    settings: &Settings,
    jobs: &mut [Job],
    at: SystemTime,
) -> Result<Vec<OutboxPlace>> {
    let options = http_options(None);
    for job in jobs.iter() {
        let checker = Checker::open(job.platform, settings, options.clone())?;
        checker.check(&job.pretended()?)?;
    }
    let opened = open_or_create(&args.outbox.options()).await?;
    let mut envelopes = Vec::new();
    for job in jobs.iter_mut() {
        if job.platform == Platform::MsgraphChat {
            let retry = RetryPolicy::default();
            let client = connect::msgraph_chat(settings, options.clone(), retry)?;
            mentions::resolve(&client, &mut job.request.message, &job.mentions).await?;
        }
        let (id, request) = (Uuid::new_v4().to_string(), job.request.clone());
        let envelope = Envelope::new(id, job.platform.as_str(), request).with_not_before(at);
        envelope.check().map_err(outbox_error)?;
        envelopes.push(envelope);
    }
    let places = envelopes.iter().map(|envelope| OutboxPlace {
        store: opened.address.shown(),
        id: envelope.id.to_string(),
        not_before: moment(at),
    });
    let places: Vec<OutboxPlace> = places.collect();
    let inserted = opened.outbox.enqueue_all(envelopes).await;
    let inserted = inserted.map_err(outbox_error)?;
    if inserted.len() != places.len() {
        let text = "the outbox did not take every message";
        return Err(Error::new(ErrorKind::Other, text));
    }
    Ok(places)
}
