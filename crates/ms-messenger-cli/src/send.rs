//! `msm send`.

use ms_messenger::{
    Delivery, Error, ErrorKind, Feature, IdempotencyKey, Messenger, Receipt, Result, RetryPolicy,
    SendRequest,
};

use crate::{
    args::SendArgs,
    compose,
    config::{self, Settings},
    exit::Exit,
    http_options,
    interrupt::Interrupt,
    platform::Platform,
    print,
};

/// Sends one message and says what became of it.
pub(crate) async fn run(args: &SendArgs) -> Exit {
    match outcome(args).await {
        Ok(Outcome::Sent(platform, receipt)) => sent(args, platform, &receipt),
        Ok(Outcome::Checked(platform)) => checked(args, platform),
        Err(error) => failed(args, &error),
    }
}

enum Outcome {
    Sent(Platform, Receipt),
    Checked(Platform),
}

async fn outcome(args: &SendArgs) -> Result<Outcome> {
    let mut request = compose::request(args)?;
    let settings = Settings::read(&args.connection, &config::environment)?;
    let platform = Platform::choose(args.platform, &request, &settings)?;
    if args.dry_run {
        platform.check(&settings, http_options(args.timeout), &request)?;
        return Ok(Outcome::Checked(platform));
    }
    let connection = platform
        .connect(&settings, http_options(args.timeout), retry(args))
        .await?;
    let messenger = &connection.messenger;
    if messenger.capabilities().supports(Feature::Idempotency) {
        // The client would take a key of its own; one of ours survives an interruption.
        request
            .idempotency
            .get_or_insert_with(IdempotencyKey::random);
    }
    let outcome = send(&**messenger, &request).await;
    // Whatever became of it: a session that stays behind counts against the user.
    connection.end().await;
    Ok(Outcome::Sent(platform, outcome?))
}

fn retry(args: &SendArgs) -> RetryPolicy {
    let retry = RetryPolicy::default();
    match args.retries {
        Some(retries) => retry.with_max_attempts(retries.saturating_add(1)),
        None => retry,
    }
}

/// Sends, unless somebody ends the program meanwhile: whether it went out is unknown then.
async fn send(messenger: &dyn Messenger, request: &SendRequest) -> Result<Receipt> {
    let Ok(mut interrupt) = Interrupt::listen() else {
        return messenger.send(request).await;
    };
    tokio::select! {
        biased;
        outcome = messenger.send(request) => outcome,
        () = interrupt.requested() => {
            let error = Error::new(ErrorKind::Other, "interrupted before the answer came")
                .with_delivery(Delivery::Unknown)
                .with_platform(messenger.platform().to_owned());
            Err(match request.idempotency {
                Some(key) => error.with_idempotency(key),
                None => error,
            })
        }
    }
}

fn sent(args: &SendArgs, platform: Platform, receipt: &Receipt) -> Exit {
    let text = if args.json {
        print::sent_line(platform.as_str(), receipt)
    } else {
        print::sent_text(platform.as_str(), receipt)
    };
    match print::result(&text) {
        Ok(()) => Exit::Sent,
        // The message is out: a script must not take this for a failed send.
        Err(_) => print::failure("it is out, but the receipt could not be written", Exit::Out),
    }
}

fn checked(args: &SendArgs, platform: Platform) -> Exit {
    let text = if args.json {
        print::checked_line(platform.as_str())
    } else {
        format!("{}: would carry this; nothing was sent", platform.as_str())
    };
    print::result(&text).map_or(Exit::Other, |()| Exit::Sent)
}

fn failed(args: &SendArgs, error: &Error) -> Exit {
    let exit = Exit::of(error);
    if args.json {
        // The exit code says it too, if nobody reads this.
        let _ = print::result(&print::error_line(error, exit));
    } else {
        print::note(print::error_text(error, exit));
    }
    exit
}
