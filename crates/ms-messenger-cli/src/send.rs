//! `msm send`.

use std::{
    pin::pin,
    time::{Duration, SystemTime},
};

use ms_messenger::{
    CancelHandle, Capability, Delivery, Error, ErrorKind, Evidence, IdempotencyKey, Messenger,
    MessengerExt as _, Problem, Receipt, Result, RetryPolicy, SendRequest,
};

use crate::{
    args::{Relations as _, SendArgs},
    choose::choose,
    compose,
    config::Settings,
    connect::Connection,
    dry_run, environment,
    exit::Exit,
    explain::{Explained, explain, mark_used_key},
    failures,
    files::unreadable,
    interrupt::Interrupt,
    keys::{FirstUses, KeyUse},
    outcome::{Line, Status},
    platform::Platform,
    print,
    transport::http_options,
    unsettled, usage,
};

/// Sends one message and reports whether it was sent.
pub(crate) async fn run(args: &SendArgs) -> Exit {
    if let Some(violation) = args.violation() {
        return usage::report_violation(&violation, Some("send"), args.json);
    }
    let mut context = SendContext::default();
    match outcome(args, &mut context).await {
        Ok(Outcome::Sent(platform, receipt)) => sent(args, &context, platform, &receipt),
        Ok(Outcome::Checked(platform)) => checked(args, &context, platform),
        Err(error) => failed(args, &context, error),
    }
}

/// What became of the command, if it did not fail.
enum Outcome {
    Sent(Platform, Receipt),
    Checked(Platform),
}

/// What is known when a send fails.
#[derive(Debug, Default)]
struct SendContext {
    request: Option<SendRequest>,
    warnings: Vec<Problem>,
    settings: Option<Settings>,
}

/// Composes the request and sends it, or checks it in a dry run.
async fn outcome(args: &SendArgs, context: &mut SendContext) -> Result<Outcome> {
    let composed = compose::request(args)?;
    context.warnings = composed.warnings;
    let mut request = composed.request;
    let settings = Settings::read(&args.connection, &environment::process)?;
    context.warnings.extend(settings.warnings.clone());
    let settings = context.settings.insert(settings);
    let platform = choose(args.platform, &request, settings)?;
    if args.dry_run {
        let options = http_options(args.timeout);
        let warnings = dry_run::check(platform, settings, options, &request)?;
        context.warnings.extend(warnings);
        return Ok(Outcome::Checked(platform));
    }
    let interrupt = Interrupt::listen();
    let mut interrupt = interrupt.map_err(|error| {
        let text = "cannot listen for signals";
        let error = Error::new(ErrorKind::Other, text).with_source(error);
        error.with_delivery(Delivery::NotSent)
    })?;
    let (options, retry) = (http_options(args.timeout), retry(args.retries));
    let connecting = Connection::open(platform, settings, options, retry);
    let connection = tokio::select! {
        biased;
        connection = connecting => connection?,
        _ = interrupt.requested() => {
            let text = "interrupted before anything was sent";
            let error = Error::new(ErrorKind::Cancelled, text).with_delivery(Delivery::NotSent);
            return Err(error.with_platform(platform.as_str()));
        }
    };
    let messenger = &*connection.messenger;
    let key_in_use = if messenger.capabilities().supports(Capability::Idempotency) {
        begin_key(args, platform, &mut request)?
    } else {
        None
    };
    let cancel = CancelHandle::new();
    if messenger.capabilities().supports(Capability::Deadline) {
        request.timeout = request.timeout.or(args.timeout);
        request = request.with_cancel(cancel.clone());
    }
    let request = &*context.request.insert(request);
    let outcome = send(messenger, request, args.timeout, &mut interrupt, &cancel).await;
    // Also after a failure: a session that stays open counts against the user.
    connection.end().await;
    let outcome = outcome.map_err(mark_used_key);
    if let (Some(key), Err(error)) = (key_in_use, &outcome)
        && error.delivery() == Delivery::NotSent
    {
        key.forget();
    }
    Ok(Outcome::Sent(platform, outcome?))
}

/// Sets the idempotency key: with the time of its first use if only the key is given, and a random
/// one if none is given, because the client's own would be lost by an interruption.
fn begin_key(
    args: &SendArgs,
    platform: Platform,
    request: &mut SendRequest,
) -> Result<Option<KeyUse>> {
    let (Some(id), None) = (args.idempotency_key, args.first_sent) else {
        request
            .idempotency
            .get_or_insert_with(IdempotencyKey::random);
        return Ok(None);
    };
    let state = args.connection.store.state_dir(&environment::process)?;
    let (key, key_in_use) = FirstUses::new(&state).begin(id, platform, request)?;
    request.idempotency = Some(key);
    Ok(Some(key_in_use))
}

/// Returns the default policy, or one with this number of retries.
pub(crate) fn retry(retries: Option<u32>) -> RetryPolicy {
    let retry = RetryPolicy::default();
    match retries {
        Some(retries) => retry.with_max_attempts(retries.saturating_add(1)),
        None => retry,
    }
}

/// Sends. The first signal cancels the send, which then reports what is known; a second signal, or
/// the first where the platform cannot cancel, ends it at once.
async fn send(
    messenger: &dyn Messenger,
    request: &SendRequest,
    timeout: Option<Duration>,
    interrupt: &mut Interrupt,
    cancel: &CancelHandle,
) -> Result<Receipt> {
    let began_at = SystemTime::now();
    let mut sending = pin!(async {
        match timeout {
            Some(timeout) => messenger.send_within(request, timeout).await,
            None => messenger.send(request).await,
        }
    });
    tokio::select! {
        biased;
        outcome = &mut sending => return outcome,
        _ = interrupt.requested() => cancel.cancel(),
    }
    let can_end = request.cancel.is_some();
    tokio::select! {
        biased;
        outcome = &mut sending, if can_end => outcome,
        _ = interrupt.requested(), if can_end => Err(interrupted(messenger, request, began_at)),
        else => Err(interrupted(messenger, request, began_at)),
    }
}

/// Returns the error of a send that was ended before it returned.
fn interrupted(messenger: &dyn Messenger, request: &SendRequest, began_at: SystemTime) -> Error {
    let text = "interrupted before the response arrived";
    let error = Error::new(ErrorKind::Cancelled, text)
        .with_delivery(Delivery::Unknown)
        .with_began_at(began_at)
        .with_platform(messenger.platform().to_owned());
    match request.idempotency {
        Some(key) => error.with_idempotency(key),
        None => error,
    }
}

/// Prints the receipt.
fn sent(args: &SendArgs, context: &SendContext, platform: Platform, receipt: &Receipt) -> Exit {
    warn(args, context);
    let text = if args.json {
        let line = Line {
            warnings: &context.warnings,
            ..Line::sent(platform.as_str(), receipt)
        };
        line.to_string()
    } else {
        print::sent_text(platform.as_str(), receipt)
    };
    match print::result(&text) {
        Ok(()) => Exit::Success,
        // The message was sent: a script must not take this for a failed send.
        Err(_) => print::failure(
            "the message was sent, but the receipt could not be written",
            Exit::SentUnread,
        ),
    }
}

/// Prints that a dry run found no problem.
fn checked(args: &SendArgs, context: &SendContext, platform: Platform) -> Exit {
    warn(args, context);
    let text = if args.json {
        let line = Line {
            platform: Some(platform.as_str()),
            delivery: Delivery::NotSent.as_str(),
            warnings: &context.warnings,
            ..Line::new(Status::Checked, Exit::Success)
        };
        line.to_string()
    } else {
        format!("{}: no problem found; nothing was sent", platform.as_str())
    };
    print::result(&text).map_or(Exit::Other, |()| Exit::Success)
}

/// Prints the error, and stores the evidence of an unknown delivery.
fn failed(args: &SendArgs, context: &SendContext, error: Error) -> Exit {
    warn(args, context);
    let Explained { error, advice } = explain(error, context.settings.as_ref());
    let exit = Exit::of(&error);
    let is_unknown = exit == Exit::Unknown;
    let evidence = Evidence::of(&error);
    let line = Line {
        advice: advice.as_deref(),
        warnings: &context.warnings,
        request: context.request.as_ref().filter(|_| is_unknown),
        evidence: evidence.as_ref().filter(|_| is_unknown),
        ..Line::of(&error, exit)
    };
    let state = args.connection.store.state_dir(&environment::process);
    failures::note(state.ok(), "send", &line);
    if args.json {
        // The exit code reports the failure even if standard output is closed.
        let _ = print::result(&line.to_string());
        return exit;
    }
    print::important(print::error_text(&error, exit, advice.as_deref()));
    // With a key the send can be run again, which needs no file.
    if line.evidence.is_some() && line.request.is_some() && line.idempotency.is_none() {
        store(args, &line);
    }
    exit
}

/// Stores what `msm settle` needs and prints its command.
fn store(args: &SendArgs, line: &Line<'_>) {
    let state = args.connection.store.state_dir(&environment::process);
    let stored = state
        .map_err(|error| error.message().to_owned())
        .and_then(|state| {
            let stored = unsettled::store(&state, &line.to_string());
            stored.map_err(|error| unreadable(&error))
        });
    match stored {
        Ok(path) => print::important(format_args!(
            "to find out whether it was sent, run with the same settings:\n  \
             msm settle --evidence {} --wait 2m",
            quoted(&path.display().to_string())
        )),
        Err(why) => print::important(format_args!(
            "the evidence for msm settle could not be stored: {why}; --json prints it"
        )),
    }
}

/// Quotes a text for a shell, if needed.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@".contains(c);
    if text.chars().all(is_plain) {
        text.to_owned()
    } else {
        format!("'{}'", text.replace('\'', "'\\''"))
    }
}

/// Prints the warnings.
fn warn(args: &SendArgs, context: &SendContext) {
    if args.json {
        return;
    }
    for warning in &context.warnings {
        print::note(format_args!("warning: {warning}"));
    }
}
