//! `msm settle`: what became of a message whose delivery is unknown.

use std::{path::Path, time::Duration};

use ms_messenger::{
    Delivery, Error, ErrorKind, MessengerExt as _, Receipt, Result, SettlePolicy, Settled,
};

use crate::{
    args::{Relations as _, SettleArgs},
    config::{self, Settings},
    doubt::{self, Doubt},
    exit::Exit,
    explain::{Explained, explain},
    http_options,
    outcome::{Line, Status, moment},
    platform::Platform,
    print, profile, send, usage,
};

/// Asks the platform. Whatever fails here says nothing of the message: it stays in doubt.
pub(crate) async fn run(args: &SettleArgs) -> Exit {
    let broken = args.broken();
    let (None, Some(evidence)) = (&broken, &args.evidence) else {
        return usage::wrong(&broken.unwrap_or_default(), Some("settle"), args.json);
    };
    let mut settings = None;
    match verdict(args, evidence, &mut settings).await {
        Ok((platform, Settled::Found(receipt))) => {
            forget(args, evidence);
            found(args, platform, &receipt)
        }
        Ok((platform, Settled::NotFound)) => {
            forget(args, evidence);
            let text = "it is not out: sending it again makes no duplicate";
            say(args, platform, Status::NotFound, Exit::Absent, text, None)
        }
        Ok((platform, Settled::NotYet(then))) => {
            let then = moment(then);
            let text = format!("it is not there, but can still appear: look again after {then}");
            let (status, exit) = (Status::NotYet, Exit::Unknown);
            say(args, platform, status, exit, &text, Some(&then))
        }
        Ok((_, Settled::CannotTell(error))) | Err(error) => {
            cannot_tell(args, error, settings.as_ref())
        }
        Ok((platform, _)) => {
            let error = Error::new(ErrorKind::Other, "the verdict is not known to this program");
            cannot_tell(
                args,
                error.with_platform(platform.as_str()),
                settings.as_ref(),
            )
        }
    }
}

async fn verdict(
    args: &SettleArgs,
    evidence: &Path,
    settings: &mut Option<Settings>,
) -> Result<(Platform, Settled)> {
    let doubt = Doubt::read(evidence, args.request.as_deref())?;
    let settings = settings.insert(Settings::read(&args.connection, &config::environment)?);
    let named = args.platform.or(doubt.platform);
    let platform = Platform::choose(named, &doubt.request, settings)?;
    let options = http_options(args.timeout);
    let connection = platform
        .connect(settings, options, send::retry(None))
        .await?;
    let wait = args.wait.unwrap_or(Duration::ZERO);
    let policy = SettlePolicy::default().with_max_wait(wait);
    let (request, evidence) = (&doubt.request, &doubt.evidence);
    let messenger = &connection.messenger;
    let verdict = messenger.settle_with(request, evidence, &policy).await;
    connection.end().await;
    Ok((platform, verdict))
}

/// What is settled need not be kept.
fn forget(args: &SettleArgs, evidence: &Path) {
    let state = profile::state_dir(&args.connection.store, &config::environment);
    if let Ok(state) = state {
        doubt::forget(&state, evidence);
    }
}

fn found(args: &SettleArgs, platform: Platform, receipt: &Receipt) -> Exit {
    let text = if args.json {
        let line = Line {
            status: Status::Found,
            ..Line::sent(platform.as_str(), receipt)
        };
        line.to_string()
    } else {
        format!(
            "it is out: {}",
            print::sent_text(platform.as_str(), receipt)
        )
    };
    match print::result(&text) {
        Ok(()) => Exit::Sent,
        Err(_) => print::failure("it is out, but that could not be written", Exit::Out),
    }
}

fn say(
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
    // The exit code says it too, if nobody reads this.
    let _ = print::result(&text);
    exit
}

fn cannot_tell(args: &SettleArgs, error: Error, settings: Option<&Settings>) -> Exit {
    // An error of the question is none of the message.
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
        print::note(format_args!(
            "it cannot be told what became of the message\n{text}"
        ));
    }
    exit
}
