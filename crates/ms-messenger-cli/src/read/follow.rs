//! What arrives after the messages that were read.

use std::{
    collections::HashSet,
    ops::ControlFlow::{self, Break, Continue},
    time::{Duration, SystemTime},
};

use ms_messenger::{
    Error, Result, SipUri,
    ucwa::{AcceptPolicy, Incoming, UcwaSession},
};
use tokio::time::sleep;

use super::{
    item::Item,
    pages::{Since, graph_item, last},
    written,
};
use crate::{args::ReadArgs, exit::Exit, place::Place, print, text};

/// The terms of Graph ask for long intervals.
const TEAMS: Duration = Duration::from_secs(60);
const OTHERS: Duration = Duration::from_secs(5);
/// How far two looks overlap: what is stored late is not missed.
const OVERLAP: Duration = Duration::from_secs(60);
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
    let mut seen: HashSet<String> = printed.iter().map(key).collect();
    match place {
        Place::Channel(channel) if root.is_none() => {
            let mut watch = channel
                .watch()
                .with_since(SystemTime::now() - OVERLAP)
                .with_interval(args.interval.unwrap_or(TEAMS));
            loop {
                match watch.next().await {
                    Ok(messages) => {
                        for message in &messages {
                            let item = graph_item(message)?;
                            if let Break(exit) = new_is_written(args, place, &mut seen, item) {
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
            poll(args, place, root, seen, args.interval.unwrap_or(interval)).await
        }
    }
}

async fn poll(
    args: &ReadArgs,
    place: &Place,
    root: Option<&str>,
    mut seen: HashSet<String>,
    interval: Duration,
) -> Result<Exit> {
    let mut since = SystemTime::now();
    loop {
        let began = SystemTime::now();
        match last(place, root, Some(Since::Changed(since - OVERLAP)), MOST).await {
            Ok(items) => {
                since = began;
                for item in items {
                    if let Break(exit) = new_is_written(args, place, &mut seen, item) {
                        return Ok(exit);
                    }
                }
            }
            Err(error) => goes_on(error)?,
        }
        sleep(interval).await;
    }
}

/// Prints a message unless it was printed in this state.
fn new_is_written(
    args: &ReadArgs,
    place: &Place,
    seen: &mut HashSet<String>,
    item: Item,
) -> ControlFlow<Exit> {
    if seen.insert(key(&item)) {
        written(args, place, &item)
    } else {
        Continue(())
    }
}

fn key(item: &Item) -> String {
    item.state().map(Option::unwrap_or_default).join("\n")
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
