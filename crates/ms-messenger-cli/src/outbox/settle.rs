//! `msm outbox settle`.

use std::sync::Arc;

use ms_messenger::{Error, ErrorKind, Result, Settled};
use ms_messenger_outbox::{EnvelopeId, Head, Query, State};

use super::open::{Opened, open};
use crate::{
    args::{OutboxOptions, SettleMessagesArgs},
    config::Settings,
    environment,
    exit::Exit,
    outcome::{Status, moment},
    platform::Platform,
    print,
    routes::Routes,
    stored::Stored,
    text,
    transport::http_options,
};

/// Asks the platforms about unconfirmed messages.
///
/// # Errors
///
/// Those of the settings and of the outbox.
pub(crate) async fn run(args: &SettleMessagesArgs, common: &OutboxOptions) -> Result<Exit> {
    let opened = open(&common.outbox).await?;
    let heads = match &args.id {
        Some(id) => vec![head(&opened, &id.as_str().into()).await?],
        None => unconfirmed(&opened).await?,
    };
    let settings = Settings::read(&args.connection, &environment::process)?;
    let settings = Arc::new(settings);
    let platforms = platforms(&heads, &settings);
    let options = http_options(args.timeout);
    let routes = Routes::open(&platforms, &settings, &options, None).await?;
    let asked = ask(&opened, &heads, &routes).await;
    routes.end().await;
    asked
}

/// Returns the configured platforms of the messages.
fn platforms(heads: &[Head], settings: &Settings) -> Vec<Platform> {
    let is_used = |it: &Platform| heads.iter().any(|head| head.route == it.as_str());
    let platforms = Platform::ALL.into_iter().filter(is_used);
    platforms.filter(|it| settings.configures(*it)).collect()
}

async fn head(opened: &Opened, id: &EnvelopeId) -> Result<Head> {
    let message = opened
        .outbox
        .get(id)
        .await
        .map_err(|error| opened.error(error))?;
    let missing = || Error::new(ErrorKind::NotFound, text::outbox::unknown_message(id));
    Ok(message.ok_or_else(missing)?.head)
}

async fn unconfirmed(opened: &Opened) -> Result<Vec<Head>> {
    let mut all = Vec::new();
    let mut query = Query::new().with_state(State::Unconfirmed).with_limit(1000);
    loop {
        let page = opened
            .outbox
            .list(&query)
            .await
            .map_err(|error| opened.error(error))?;
        let Some(last) = page.last() else {
            return Ok(all);
        };
        query = query.with_after(last.seq);
        all.extend(page);
    }
}

/// Asks about each message, and prints what is known then.
async fn ask(opened: &Opened, heads: &[Head], routes: &Routes) -> Result<Exit> {
    let store = opened.address.shown();
    let mut exit = Exit::Success;
    for head in heads {
        let Some(messenger) = routes.messenger(&head.route) else {
            let text = text::outbox::not_configured(&head.id, &head.route);
            exit = print::failure(&text, Exit::Unknown);
            continue;
        };
        let settled = opened.outbox.settle(&head.id, messenger).await;
        let settled = settled.map_err(|error| opened.error(error))?;
        let status = match &settled {
            Settled::Found(_) => Status::Found,
            Settled::NotFound => Status::NotFound,
            Settled::NotYet(_) => Status::NotYet,
            _ => Status::CannotTell,
        };
        let then = match &settled {
            Settled::NotYet(then) => Some(moment(*then)),
            _ => None,
        };
        if matches!(status, Status::NotYet | Status::CannotTell) {
            exit = Exit::Unknown;
        }
        let head = self::head(opened, &head.id).await?;
        let stored = Stored::new(&head, &store);
        let line = stored.line(None, None).settled(status, then.as_deref());
        // The verdicts are stored, and the exit code is theirs.
        let _ = print::result(&line.to_string());
    }
    Ok(exit)
}
