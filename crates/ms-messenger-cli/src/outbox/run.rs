//! `msm outbox run`.

use std::{collections::HashMap, sync::Arc};

use ms_messenger::{Error, ErrorKind, Result};

use super::{metrics, open::open_or_create};
use crate::{
    args::{OutboxOptions, RunArgs},
    config::Settings,
    environment,
    exit::Exit,
    interrupt::Interrupt,
    lock::Lock,
    platform::Platform,
    print,
    progress::Progress,
    routes::Routes,
    text,
    transport::http_options,
    work::{Work, WorkOptions},
};

/// Sends what is in an outbox.
///
/// # Errors
///
/// Those of the settings and of the outbox.
pub(crate) async fn run(args: &RunArgs, common: &OutboxOptions) -> Result<Exit> {
    let settings = Settings::read(&args.connection, &environment::process)?;
    let settings = Arc::new(settings);
    let platforms = platforms(args, &settings)?;
    let mut interrupt = Interrupt::listen().map_err(|error| {
        Error::new(ErrorKind::Other, text::process::NO_SIGNALS).with_source(error)
    })?;
    // Before the lock: what cannot be used gets no lock file beside it.
    let opened = open_or_create(&common.outbox).await?;
    let address = &opened.address;
    let lock = address.file().map(Lock::shared).transpose()?;
    let Some(_lock) = lock.map_or(Some(None), |it| it.map(Some)) else {
        let text = text::outbox::in_use(&address.shown());
        return Ok(print::failure(&text, Exit::Temporary));
    };
    let options = http_options(args.pace.timeout);
    let margin = args.pace.settling_margin;
    let routes = Routes::open(&platforms, &settings, &options, margin).await?;
    let running = metrics::Running::default();
    let serving = match args.metrics {
        Some(at) => Some(metrics::Server::start(at, Arc::clone(&running)).await?),
        None => None,
    };
    let store = address.shown();
    let progress = Progress::new(None, false);
    let work = Work::new(
        options_of(args),
        &opened.outbox,
        &store,
        HashMap::new(),
        progress,
    )
    .with_running(running);
    let ended = Box::pin(work.run(&routes, &mut interrupt)).await;
    routes.end().await;
    drop(serving);
    let ended = ended.map_err(|error| opened.error(error))?;
    let counts = ended.progress.counts;
    print::note(counts.long());
    if ended.is_cut {
        print::important(text::outbox::SENDS_ENDED);
        return Ok(Exit::Unknown);
    }
    Ok(match (counts.exit(), ended.failure) {
        (Exit::Success | Exit::Temporary, Some(failure)) => failure,
        // Of what the rest waits behind.
        (_, Some(Exit::Unknown)) => Exit::Unknown,
        (exit, _) if args.until_empty => exit,
        // A worker that was asked to end has done what it should.
        _ => Exit::Success,
    })
}

fn options_of(args: &RunArgs) -> WorkOptions {
    WorkOptions {
        pace: args.pace.pace(),
        timeout: args.pace.timeout,
        settling_margin: args.pace.settling_margin,
        settling_patience: args.pace.settling_patience,
        until_empty: args.until_empty,
        erases_content: args.erase_content,
        ..WorkOptions::default()
    }
}

/// Returns the platforms over which is sent.
///
/// # Errors
///
/// `Config` when the named one, or every one, is not configured.
fn platforms(args: &RunArgs, settings: &Settings) -> Result<Vec<Platform>> {
    if let Some(platform) = args.platform {
        if !settings.configures(platform) {
            return Err(platform.not_configured());
        }
        return Ok(vec![platform]);
    }
    let all = Platform::ALL.into_iter();
    let configured: Vec<Platform> = all.filter(|it| settings.configures(*it)).collect();
    if configured.is_empty() {
        let text = text::platform::NONE_CONFIGURED;
        return Err(Error::new(ErrorKind::Config, text));
    }
    Ok(configured)
}
