//! `msm read`.

mod follow;
mod item;
mod pages;
mod seen;

use std::{
    ops::ControlFlow,
    pin::{Pin, pin},
};

use ms_messenger::{Error, ErrorKind, Result, RetryPolicy};

pub(crate) use self::item::Item;
use self::pages::Since;
use crate::{
    args::{ReadArgs, argument_of},
    exit::Exit,
    interrupt::Interrupt,
    place::{Opening, Place},
    print, report, text,
    unread::output_unread,
    usage,
};

/// Prints the messages of a place, the oldest first, and goes on with what arrives if asked to.
pub(crate) async fn run(args: &ReadArgs) -> Exit {
    let needs_follow = [
        ("--interval", args.interval.is_some()),
        ("--for", args.at_most.is_some()),
    ];
    if let Some((option, _)) = needs_follow
        .iter()
        .find(|(_, is_given)| *is_given && !args.follow)
    {
        let rule = text::options::needs_one_of(option, &["--follow"]);
        return usage::report_violation(&rule, Some("read"), args.common.json);
    }
    let mut opening = Opening::default();
    match read(args, &mut opening).await {
        Ok(exit) => exit,
        Err(error) => {
            let settings = opening.settings.as_ref();
            report::failed_at(error, args.common.json, settings, argument_of)
        }
    }
}

async fn read(args: &ReadArgs, opening: &mut Opening) -> Result<Exit> {
    // From the start: a signal during a look-up ends it in order, too.
    let mut interrupt = Interrupt::listen().map_err(|error| {
        Error::new(ErrorKind::Other, text::process::NO_SIGNALS).with_source(error)
    })?;
    // From the start, too: a server that gives no response takes a part of the time.
    let mut end = pin!(ends(args));
    let target = &args.target.target;
    let place = tokio::select! {
        biased;
        opened = opening.open(&args.common, target, RetryPolicy::default()) => opened?,
        _ = interrupt.requested() => return Ok(interrupted(args)),
        () = &mut end => return Err(no_response()),
    };
    let root = args.target.reply_to.as_ref().map(|id| id.as_str());
    let outcome = tokio::select! {
        biased;
        outcome = read_place(args, &place, root, end) => outcome,
        _ = interrupt.requested() => Ok(interrupted(args)),
    };
    place.end().await;
    outcome
}

/// A signal is the end of what follows; without that, it ends a list before it is complete.
const fn interrupted(args: &ReadArgs) -> Exit {
    if args.follow {
        Exit::Success
    } else {
        Exit::Temporary
    }
}

async fn read_place(
    args: &ReadArgs,
    place: &Place,
    root: Option<&str>,
    mut end: Pin<&mut impl Future<Output = ()>>,
) -> Result<Exit> {
    if let (Place::Peer(..), false) = (place, args.follow) {
        let text = text::read::NO_HISTORY;
        return Err(Error::new(ErrorKind::Unsupported, text).with_platform("ucwa"));
    }
    let since = args.since.map(Since::Created);
    let items = tokio::select! {
        biased;
        items = pages::last(place, root, since, args.last as usize) => items?,
        () = &mut end => return Err(no_response()),
    };
    for item in &items {
        if let ControlFlow::Break(exit) = written(args, place, item) {
            return Ok(exit);
        }
    }
    if !args.follow {
        return Ok(Exit::Success);
    }
    let following = follow::follow(args, place, root, items);
    tokio::select! {
        biased;
        ended = following => ended,
        () = end => Ok(Exit::Success),
        () = output_unread() => Ok(Exit::Success),
    }
}

/// The time of `--for` ended before there was anything to follow.
fn no_response() -> Error {
    Error::new(ErrorKind::Timeout, text::read::NO_RESPONSE)
}

async fn ends(args: &ReadArgs) {
    match args.at_most {
        Some(time) => tokio::time::sleep(time).await,
        None => std::future::pending().await,
    }
}

/// Prints a message.
fn written(args: &ReadArgs, place: &Place, item: &Item) -> ControlFlow<Exit> {
    let text = if args.common.json {
        item.json(place)
    } else {
        item.text()
    };
    print::item(&text)
}
