//! `msm outbox retry`, `cancel`, `confirm`, `give-up` and `purge`.

use ms_messenger::{Error, ErrorKind, Result};
use ms_messenger_outbox::{EnvelopeId, Head, Purge, State};
use serde_json::json;

use super::open::open;
use crate::{
    args::{IdArgs, OutboxOptions, PurgeArgs, RetryArgs},
    exit::Exit,
    print,
    report::done,
    text,
};

/// Queues a message again.
///
/// # Errors
///
/// `Conflict` if its state does not allow it, or it may have been sent.
pub(crate) async fn retry(args: &RetryArgs, common: &OutboxOptions) -> Result<Exit> {
    let opened = open(&common.outbox).await?;
    let id = id(&args.message);
    let message = opened
        .outbox
        .get(&id)
        .await
        .map_err(|error| opened.error(error))?;
    let is_unconfirmed = message.is_some_and(|it| it.head.state == State::Unconfirmed);
    if is_unconfirmed && !args.allow_duplicate {
        let text = text::outbox::RETRY_IN_DOUBT;
        return Err(Error::new(ErrorKind::Conflict, text));
    }
    let head = opened
        .outbox
        .retry(&id)
        .await
        .map_err(|error| opened.error(error))?;
    Ok(changed(&head, common.json))
}

/// Cancels a message.
///
/// # Errors
///
/// `Conflict` if its state does not allow it.
pub(crate) async fn cancel(args: &IdArgs, common: &OutboxOptions) -> Result<Exit> {
    let opened = open(&common.outbox).await?;
    let head = opened
        .outbox
        .cancel(&id(args))
        .await
        .map_err(|error| opened.error(error))?;
    Ok(changed(&head, common.json))
}

/// Notes that a message was sent.
///
/// # Errors
///
/// `Conflict` if its state does not allow it.
pub(crate) async fn confirm(args: &IdArgs, common: &OutboxOptions) -> Result<Exit> {
    let opened = open(&common.outbox).await?;
    let head = opened
        .outbox
        .confirm(&id(args), None)
        .await
        .map_err(|error| opened.error(error))?;
    Ok(changed(&head, common.json))
}

/// Notes that a message was not sent.
///
/// # Errors
///
/// `Conflict` if its state does not allow it.
pub(crate) async fn give_up(args: &IdArgs, common: &OutboxOptions) -> Result<Exit> {
    let opened = open(&common.outbox).await?;
    let head = opened
        .outbox
        .give_up(&id(args))
        .await
        .map_err(|error| opened.error(error))?;
    Ok(changed(&head, common.json))
}

/// Deletes messages that have ended.
///
/// # Errors
///
/// `InvalidRequest` for a state that is none of an end, and those of the outbox.
pub(crate) async fn purge(args: &PurgeArgs, common: &OutboxOptions) -> Result<Exit> {
    let mut purge = Purge::new(args.before);
    for state in args.state.iter().map(|it| State::from(*it)) {
        if !state.is_final() {
            let text = text::outbox::not_deleted(state);
            return Err(Error::new(ErrorKind::InvalidRequest, text));
        }
        purge = purge.with_state(state);
    }
    let opened = open(&common.outbox).await?;
    let mut deleted = 0;
    loop {
        match opened
            .outbox
            .purge(&purge)
            .await
            .map_err(|error| opened.error(error))?
        {
            0 => break,
            more => deleted += more,
        }
    }
    let text = if common.json {
        done(json!({"deleted": deleted}))
    } else {
        text::outbox::deleted(deleted)
    };
    Ok(print::last(&text, Exit::Success))
}

fn id(args: &IdArgs) -> EnvelopeId {
    args.id.as_str().into()
}

fn changed(head: &Head, json: bool) -> Exit {
    let text = if json {
        done(json!({"id": head.id, "state": head.state}))
    } else {
        format!("{}: {}", head.id, head.state)
    };
    // The change is made, even if standard output is closed.
    let _ = print::result(&text);
    Exit::Success
}
