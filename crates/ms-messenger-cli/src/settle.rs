//! `msm settle`: finds out whether a message was sent.

use std::{path::Path, time::Duration};

use ms_messenger::{
    Delivery, Error, ErrorKind, MessengerExt as _, Receipt, Result, SettlePolicy, Settled,
};

use crate::{
    args::{Relations as _, SettleArgs},
    choose::choose,
    config::Settings,
    connect::Connection,
    environment,
    exit::Exit,
    explain::{Explained, explain},
    outcome::{Line, Status, moment},
    platform::Platform,
    print, text,
    transport::{http_options, retry},
    unsettled::{self, Unsettled},
    usage,
};

/// Asks the platform. A failure of this command says nothing about the message.
pub(crate) async fn run(args: &SettleArgs) -> Exit {
    let violation = args.violation();
    let (None, Some(evidence)) = (&violation, &args.evidence) else {
        return usage::report_violation(&violation.unwrap_or_default(), Some("settle"), args.json);
    };
    let mut settings = None;
    match verdict(args, evidence, &mut settings).await {
        Ok((platform, Settled::Found(receipt))) => {
            delete(args, evidence);
            found(args, platform, &receipt)
        }
        Ok((platform, Settled::NotFound)) => {
            delete(args, evidence);
            let text = text::settle::NOT_SENT;
            report(
                args,
                platform,
                Status::NotFound,
                Exit::ProvenNotSent,
                text,
                None,
            )
        }
        Ok((platform, Settled::NotYet(then))) => {
            let then = moment(then);
            let text = text::settle::not_yet(&then);
            let (status, exit) = (Status::NotYet, Exit::Unknown);
            report(args, platform, status, exit, &text, Some(&then))
        }
        Ok((_, Settled::CannotTell(error))) | Err(error) => {
            cannot_tell(args, error, settings.as_ref())
        }
        Ok((platform, _)) => {
            let error = Error::new(ErrorKind::Other, text::settle::UNKNOWN_VERDICT);
            cannot_tell(
                args,
                error.with_platform(platform.as_str()),
                settings.as_ref(),
            )
        }
    }
}

/// Reads the evidence and asks the platform.
async fn verdict(
    args: &SettleArgs,
    evidence: &Path,
    settings: &mut Option<Settings>,
) -> Result<(Platform, Settled)> {
    let unsettled = Unsettled::read(evidence, args.request.as_deref())?;
    if unsettled.is_of_used_key {
        let text = text::settle::USED_KEY;
        return Err(Error::new(ErrorKind::InvalidRequest, text));
    }
    let settings = settings.insert(Settings::read(&args.connection, &environment::process)?);
    let named = args.platform.or(unsettled.platform);
    let platform = choose(named, &unsettled.request, settings)?;
    let options = http_options(args.timeout);
    let connection = Connection::open(platform, settings, options, retry(None)).await?;
    let wait = args.wait.unwrap_or(Duration::ZERO);
    let policy = SettlePolicy::default().with_max_wait(wait);
    let (request, evidence) = (&unsettled.request, &unsettled.evidence);
    let messenger = &connection.messenger;
    let verdict = messenger.settle_with(request, evidence, &policy).await;
    connection.end().await;
    Ok((platform, verdict))
}

/// Deletes the stored evidence of a settled send.
fn delete(args: &SettleArgs, evidence: &Path) {
    let state = args.connection.store.state_dir(&environment::process);
    if let Ok(state) = state {
        unsettled::delete(&state, evidence);
    }
}

/// Prints the receipt of a message that was found.
fn found(args: &SettleArgs, platform: Platform, receipt: &Receipt) -> Exit {
    let text = if args.json {
        let line = Line {
            status: Status::Found,
            ..Line::sent(platform.as_str(), receipt)
        };
        line.to_string()
    } else {
        text::send::found(&print::sent_text(platform.as_str(), receipt))
    };
    match print::result(&text) {
        Ok(()) => Exit::Success,
        Err(_) => print::failure(text::send::RECEIPT_UNWRITTEN, Exit::SentUnread),
    }
}

/// Prints any other verdict.
fn report(
    args: &SettleArgs,
    platform: Platform,
    status: Status,
    exit: Exit,
    text: &str,
    settle_after: Option<&str>,
) -> Exit {
    let text = if args.json {
        let line = Line {
            platform: Some(platform.as_str()),
            message: Some(text),
            settle_after,
            ..Line::new(status, exit)
        };
        line.to_string()
    } else {
        format!("{}: {text}", platform.as_str())
    };
    // The exit code reports the verdict even if standard output is closed.
    let _ = print::result(&text);
    exit
}

/// Prints why there is no verdict.
fn cannot_tell(args: &SettleArgs, error: Error, settings: Option<&Settings>) -> Exit {
    // The error of this command says nothing about the message.
    let Explained { error, advice } = explain(error, settings);
    let error = error.with_delivery(Delivery::Unknown);
    let exit = Exit::Unknown;
    if args.json {
        let line = Line {
            status: Status::CannotTell,
            advice: advice.as_deref(),
            ..Line::of(&error, exit)
        };
        let _ = print::result(&line.to_string());
    } else {
        let text = print::error_text(&error, exit, advice.as_deref());
        print::important(text::settle::still_unknown(&text));
    }
    exit
}
