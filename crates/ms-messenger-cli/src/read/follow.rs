//! What arrives after the messages that were read.

use std::{ops::ControlFlow::Break, time::Duration};

use ms_messenger::{
    Error, Result, SipUri,
    ucwa::{AcceptPolicy, Incoming, UcwaSession},
};
use tokio::time::sleep;

use super::{
    item::Item,
    pages::{graph_item, last},
    seen::Seen,
    written,
};
use crate::{args::ReadArgs, exit::Exit, place::Place, print, text};

/// The terms of Graph ask for long intervals.
const TEAMS: Duration = Duration::from_secs(60);
const OTHERS: Duration = Duration::from_secs(5);
/// The most messages of one look.
const MOST: usize = 10_000;

/// Prints what arrives, is edited or deleted, until standard output is closed.
///
/// # Errors
///
/// An error that waiting does not help against.
pub(super) async fn follow(
    args: &ReadArgs,
    place: &Place,
    root: Option<&str>,
    printed: Vec<Item>,
) -> Result<Exit> {
    match place {
        Place::Channel(channel) if root.is_none() => {
            let mut seen = Seen::of(args, place, root, printed).await?;
            // It starts now, by the clock of the service.
            let interval = args.interval.unwrap_or(TEAMS);
            let mut watch = channel.watch().with_interval(interval);
            loop {
                let looked = watch.next().await;
                let is_first = watch.token().is_none();
                match looked {
                    Ok(messages) => {
                        for message in &messages {
                            let item = graph_item(message)?;
                            if seen.is_new(&item, is_first)
                                && let Break(exit) = written(args, place, &item)
                            {
                                return Ok(exit);
                            }
                        }
                    }
                    Err(error) => goes_on(error)?,
                }
            }
        }
        Place::Peer(session, sip) => follow_peer(args, place, session, sip).await,
        _ => {
            let teams = matches!(place, Place::Chat(_) | Place::Channel(_));
            let interval = if teams { TEAMS } else { OTHERS };
            let seen = Seen::of(args, place, root, printed).await?;
            poll(args, place, root, seen, args.interval.unwrap_or(interval)).await
        }
    }
}

async fn poll(
    args: &ReadArgs,
    place: &Place,
    root: Option<&str>,
    mut seen: Seen,
    interval: Duration,
) -> Result<Exit> {
    let mut is_first = true;
    loop {
        match last(place, root, seen.since(), MOST).await {
            Ok(items) => {
                for item in items {
                    if seen.is_new(&item, is_first)
                        && let Break(exit) = written(args, place, &item)
                    {
                        return Ok(exit);
                    }
                }
                is_first = false;
            }
            Err(error) => goes_on(error)?,
        }
        sleep(interval).await;
    }
}

/// Notes an error that waiting helps against.
fn goes_on(error: Error) -> Result<()> {
    if !error.is_transient() {
        return Err(error);
    }
    print::note(text::read::again_later(error));
    Ok(())
}

async fn follow_peer(
    args: &ReadArgs,
    place: &Place,
    session: &UcwaSession,
    sip: &str,
) -> Result<Exit> {
    let policy = AcceptPolicy::Only(vec![SipUri::parse(sip)?]);
    let mut incoming = session.receive(policy).await?;
    while let Some(event) = incoming.next().await {
        match event {
            Incoming::Message(message) => {
                let is_peer = message.from.uri.eq_ignore_ascii_case(sip);
                if is_peer && let Break(exit) = written(args, place, &Item::of_skype(&message)) {
                    return Ok(exit);
                }
            }
            Incoming::Missed(count) => print::note(text::outcome::warning(text::read::lost(count))),
            _ => {}
        }
    }
    Err(session.ended().await)
}
