//! `msm outbox status`, `list` and `show`.

use std::{ops::ControlFlow, time::SystemTime};

use ms_messenger::{Error, ErrorKind, Result};
use ms_messenger_outbox::{Count, EnvelopeId, Query, StoredMessage};
use serde_json::{Value, json};

use super::open::{Opened, open};
use crate::{
    args::{ListArgs, OutboxOptions, ShowArgs},
    exit::Exit,
    outcome::moment,
    print,
    report::done,
    terminal::escaped,
    text,
};

/// Counts the messages.
///
/// # Errors
///
/// Those of the outbox.
pub(crate) async fn status(common: &OutboxOptions) -> Result<Exit> {
    let opened = open(&common.outbox).await?;
    let counts = opened
        .outbox
        .counts()
        .await
        .map_err(|error| opened.error(error))?;
    if common.json {
        return Ok(printed(&done(json!({"counts": counts}))));
    }
    if counts.is_empty() {
        return Ok(printed(text::outbox::NO_MESSAGES));
    }
    let rows: Vec<Vec<String>> = counts.iter().map(row).collect();
    Ok(printed(&print::columns(&text::outbox::COUNTS, &rows)))
}

fn row(count: &Count) -> Vec<String> {
    let age = |time: SystemTime| {
        let age = time.elapsed().unwrap_or_default().as_secs();
        humantime::format_duration(std::time::Duration::from_secs(age)).to_string()
    };
    vec![
        count.route.clone(),
        count.state.to_string(),
        count.messages.to_string(),
        count.oldest.map(moment).unwrap_or_default(),
        count.oldest.map(age).unwrap_or_default(),
    ]
}

/// Lists messages.
///
/// # Errors
///
/// Those of the outbox.
pub(crate) async fn list(args: &ListArgs, common: &OutboxOptions) -> Result<Exit> {
    let opened = open(&common.outbox).await?;
    let mut query = Query::new().with_after(args.after).with_limit(args.limit);
    for state in &args.state {
        query = query.with_state((*state).into());
    }
    if let Some(route) = &args.route {
        query = query.with_route(route);
    }
    let heads = opened
        .outbox
        .list(&query)
        .await
        .map_err(|error| opened.error(error))?;
    for head in heads {
        if let ControlFlow::Break(exit) = print::item(&escaped(&json!(head).to_string())) {
            return Ok(exit);
        }
    }
    Ok(Exit::Success)
}

/// Prints a message.
///
/// # Errors
///
/// `NotFound`, and those of the outbox.
pub(crate) async fn show(args: &ShowArgs, common: &OutboxOptions) -> Result<Exit> {
    let opened = open(&common.outbox).await?;
    let id = EnvelopeId::from(args.id.as_str());
    let message = opened
        .outbox
        .get(&id)
        .await
        .map_err(|error| opened.error(error))?;
    let Some(message) = message else {
        let text = text::outbox::unknown_message(&args.id);
        return Err(Error::new(ErrorKind::NotFound, text));
    };
    let mut form = json!(message.head);
    if args.content {
        form["request"] = content(&opened, &message)?;
    }
    let text = if common.json {
        escaped(&form.to_string())
    } else {
        format!("{form:#}")
    };
    Ok(printed(&text))
}

/// Returns the request; `null` after it was erased.
fn content(opened: &Opened, message: &StoredMessage) -> Result<Value> {
    let request = opened
        .outbox
        .request(message)
        .map_err(|error| opened.error(error))?;
    Ok(json!(request))
}

fn printed(text: &str) -> Exit {
    print::last(text, Exit::Success)
}
