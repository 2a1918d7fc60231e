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
    compose,
    config::{self, Settings},
    doubt,
    exit::Exit,
    explain::{Explained, explain, with_a_used_key},
    files::unreadable,
    http_options,
    interrupt::Interrupt,
    keys::{FirstUses, Use},
    outcome::{Line, Status},
    platform::Platform,
    print, profile, usage,
};

/// Sends one message and says what became of it.
pub(crate) async fn run(args: &SendArgs) -> Exit {
    if let Some(broken) = args.broken() {
        return usage::wrong(&broken, Some("send"), args.json);
    }
    let mut known = Known::default();
    match outcome(args, &mut known).await {
        Ok(Outcome::Sent(platform, receipt)) => sent(args, &known, platform, &receipt),
        Ok(Outcome::Checked(platform)) => checked(args, &known, platform),
        Err(error) => failed(args, &known, error),
    }
}

enum Outcome {
    Sent(Platform, Receipt),
    Checked(Platform),
}

/// What is known by the time that a send fails.
#[derive(Debug, Default)]
struct Known {
    request: Option<SendRequest>,
    warnings: Vec<Problem>,
    settings: Option<Settings>,
}

async fn outcome(args: &SendArgs, known: &mut Known) -> Result<Outcome> {
    let composed = compose::request(args)?;
    known.warnings = composed.warnings;
    let mut request = composed.request;
    let settings = Settings::read(&args.connection, &config::environment)?;
    let settings = known.settings.insert(settings);
    let platform = Platform::choose(args.platform, &request, settings)?;
    if args.dry_run {
        let warnings = platform.check(settings, http_options(args.timeout), &request)?;
        known.warnings.extend(warnings);
        return Ok(Outcome::Checked(platform));
    }
    let interrupt = Interrupt::listen();
    let mut interrupt = interrupt.map_err(|error| {
        let text = "signals cannot be listened for";
        let error = Error::new(ErrorKind::Other, text).with_source(error);
        error.with_delivery(Delivery::NotSent)
    })?;
    let connecting = platform.connect(settings, http_options(args.timeout), retry(args.retries));
    let connection = tokio::select! {
        biased;
        connection = connecting => connection?,
        () = interrupt.requested() => {
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
    let request = &*known.request.insert(request);
    let outcome = send(messenger, request, args.timeout, &mut interrupt, &cancel).await;
    // Whatever became of it: a session that stays behind counts against the user.
    connection.end().await;
    let outcome = outcome.map_err(with_a_used_key);
    if let (Some(key), Err(error)) = (key_in_use, &outcome)
        && error.delivery() == Delivery::NotSent
    {
        key.forget();
    }
    Ok(Outcome::Sent(platform, outcome?))
}

/// The key under which it goes: with the time of its first use where only the key is given, and
/// a random one where none is, because the client's own would not survive an interruption.
fn begin_key(
    args: &SendArgs,
    platform: Platform,
    request: &mut SendRequest,
) -> Result<Option<Use>> {
    let (Some(id), None) = (args.idempotency_key, args.first_sent) else {
        request
            .idempotency
            .get_or_insert_with(IdempotencyKey::random);
        return Ok(None);
    };
    let state = profile::state_dir(&args.connection.store, &config::environment)?;
    let (key, key_in_use) = FirstUses::new(&state).begin(id, platform, request)?;
    request.idempotency = Some(key);
    Ok(Some(key_in_use))
}

/// The default, or with so many retries.
pub(crate) fn retry(retries: Option<u32>) -> RetryPolicy {
    let retry = RetryPolicy::default();
    match retries {
        Some(retries) => retry.with_max_attempts(retries.saturating_add(1)),
        None => retry,
    }
}

/// Sends. A signal ends the send as soon as it can say what is known; where it cannot be told to
/// end, or is told twice, at once.
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
        () = interrupt.requested() => cancel.cancel(),
    }
    let can_end = request.cancel.is_some();
    tokio::select! {
        biased;
        outcome = &mut sending, if can_end => outcome,
        () = interrupt.requested(), if can_end => Err(interrupted(messenger, request, began_at)),
        else => Err(interrupted(messenger, request, began_at)),
    }
}

/// Of a send whose end was not waited for.
fn interrupted(messenger: &dyn Messenger, request: &SendRequest, began_at: SystemTime) -> Error {
    let text = "interrupted before the response came";
    let error = Error::new(ErrorKind::Cancelled, text)
        .with_delivery(Delivery::Unknown)
        .with_began_at(began_at)
        .with_platform(messenger.platform().to_owned());
    match request.idempotency {
        Some(key) => error.with_idempotency(key),
        None => error,
    }
}

fn sent(args: &SendArgs, known: &Known, platform: Platform, receipt: &Receipt) -> Exit {
    warn(args, known);
    let text = if args.json {
        let line = Line {
            warnings: &known.warnings,
            ..Line::sent(platform.as_str(), receipt)
        };
        line.to_string()
    } else {
        print::sent_text(platform.as_str(), receipt)
    };
    match print::result(&text) {
        Ok(()) => Exit::Sent,
        // The message is out: a script must not take this for a failed send.
        Err(_) => print::failure("it is out, but the receipt could not be written", Exit::Out),
    }
}

fn checked(args: &SendArgs, known: &Known, platform: Platform) -> Exit {
    warn(args, known);
    let text = if args.json {
        let line = Line {
            platform: Some(platform.as_str()),
            delivery: Delivery::NotSent.as_str(),
            warnings: &known.warnings,
            ..Line::new(Status::Checked, Exit::Sent)
        };
        line.to_string()
    } else {
        format!(
            "{}: nothing speaks against this; nothing was sent",
            platform.as_str()
        )
    };
    print::result(&text).map_or(Exit::Other, |()| Exit::Sent)
}

fn failed(args: &SendArgs, known: &Known, error: Error) -> Exit {
    warn(args, known);
    let Explained { error, advice } = explain(error, known.settings.as_ref());
    let exit = Exit::of(&error);
    let is_in_doubt = exit == Exit::Unknown;
    let evidence = Evidence::of(&error);
    let line = Line {
        advice: advice.as_deref(),
        warnings: &known.warnings,
        request: known.request.as_ref().filter(|_| is_in_doubt),
        evidence: evidence.as_ref().filter(|_| is_in_doubt),
        ..Line::of(&error, exit)
    };
    if args.json {
        // The exit code says it too, if nobody reads this.
        let _ = print::result(&line.to_string());
        return exit;
    }
    print::note(print::error_text(&error, exit, advice.as_deref()));
    // With a key the send is run again, which is as good and needs no file.
    if line.evidence.is_some() && line.request.is_some() && line.idempotency.is_none() {
        keep(args, &line);
    }
    exit
}

/// Keeps what settling needs, and says what to type.
fn keep(args: &SendArgs, line: &Line<'_>) {
    let state = profile::state_dir(&args.connection.store, &config::environment);
    let kept = state
        .map_err(|error| error.message().to_owned())
        .and_then(|state| {
            let kept = doubt::keep(&state, &line.to_string());
            kept.map_err(|error| unreadable(&error))
        });
    match kept {
        Ok(path) => print::note(format_args!(
            "what became of it can be asked, with the same settings, by:\n  \
             msm settle --evidence {} --wait 2m",
            quoted(&path.display().to_string())
        )),
        Err(why) => print::note(format_args!(
            "what settling needs could not be kept: {why}; --json would print it"
        )),
    }
}

/// As a shell takes it for one word.
fn quoted(text: &str) -> String {
    let is_plain = |c: char| c.is_ascii_alphanumeric() || "/._-+:@".contains(c);
    match text.chars().all(is_plain) {
        true => text.to_owned(),
        false => format!("'{}'", text.replace('\'', "'\\''")),
    }
}

fn warn(args: &SendArgs, known: &Known) {
    if args.json {
        return;
    }
    for warning in &known.warnings {
        print::note(format_args!("warning: {warning}"));
    }
}
