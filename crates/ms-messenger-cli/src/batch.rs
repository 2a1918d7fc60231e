//! `msm batch`: sends many messages, and goes on where an earlier run ended.

mod earlier;
pub(crate) mod findings;
pub(crate) mod input;
mod line;
mod table;

use std::{
    ffi::OsString,
    path::{Path, PathBuf},
    sync::Arc,
    time::Duration,
};

use ms_messenger::{Delivery, Error, ErrorKind};
use ms_messenger_outbox::{Backoff, EnvelopeId, Outbox, State};

use self::{
    earlier::Earlier,
    findings::Findings,
    input::{Entry, Input, Reading, Unusable},
};
use crate::{
    args::BatchArgs,
    config::Settings,
    counts::Counts,
    environment,
    exit::Exit,
    explain::{Explained, explain},
    files::Stamp,
    interrupt::Interrupt,
    lock::Lock,
    outbox_store::{self, Address},
    outcome::{Line, Status},
    platform::Platform,
    print,
    progress::Progress,
    routes::Routes,
    text,
    transport::http_options,
    usage,
    work::{Ended, Work, WorkOptions},
};

/// The longest pause between two attempts of a message: shorter than that of the library, because
/// a terminal waits for the end.
const LONGEST_PAUSE: Duration = Duration::from_secs(60);

/// Why a batch ends before the first message is sent.
#[derive(Debug)]
enum Failure {
    Error(Box<Error>),
    Findings(Findings),
    /// Another process uses the outbox.
    InUse(PathBuf),
}

impl From<Error> for Failure {
    fn from(error: Error) -> Self {
        Self::Error(Box::new(error))
    }
}

impl From<Unusable> for Failure {
    fn from(unusable: Unusable) -> Self {
        match unusable {
            Unusable::Error(error) => error.into(),
            Unusable::Findings(findings) => Self::Findings(findings),
        }
    }
}

/// Sends every message of the input.
pub(crate) async fn run(args: &BatchArgs) -> Exit {
    let Some(path) = outbox_path(args) else {
        let rule = text::batch::OUTBOX_MISSING;
        return usage::report_violation(rule, Some("batch"), args.json);
    };
    let mut settings = None;
    // Before it is read: what comes later is not in it.
    let file = Stamp::look(&args.file);
    match batch(args, path, &mut settings).await {
        Ok(exit) => {
            if is_changed(&args.file, file.as_ref()) {
                print::note(text::batch::changed_meanwhile(args.file.display()));
            }
            exit
        }
        Err(failure) => failed(args, failure, settings.as_deref()),
    }
}

/// Returns the path of the outbox; `None` for standard input without `--outbox`.
fn outbox_path(args: &BatchArgs) -> Option<PathBuf> {
    if let Some(path) = &args.outbox {
        return Some(path.clone());
    }
    if args.file.as_os_str() == "-" {
        return None;
    }
    let mut name = OsString::from(&args.file);
    name.push(".outbox");
    Some(name.into())
}

async fn batch(
    args: &BatchArgs,
    path: PathBuf,
    known_settings: &mut Option<Arc<Settings>>,
) -> Result<Exit, Failure> {
    let settings = Settings::read(&args.connection, &environment::process)?;
    let settings = known_settings.insert(Arc::new(settings));
    let options = http_options(args.pace.timeout);
    let keys = outbox_store::keys(args.key_file.as_deref(), &environment::process)?;
    let reading = Reading {
        platform: args.platform,
        checks_token: args.dry_run,
        checks_files: args.dry_run,
        makes_ids: true,
        keeps_files: false,
    };
    let input = input::read(&args.file, args.csv.as_deref(), reading, settings, &options)?;
    let address = Address::Sqlite(path.clone());
    let store = address.shown();
    address.check()?;
    address.check_folder()?;
    if args.dry_run && is_new(&path) {
        return Ok(checked(args, &input));
    }
    let mut interrupt = Interrupt::listen().map_err(|error| {
        Error::new(ErrorKind::Other, text::process::NO_SIGNALS).with_source(error)
    })?;
    // Before the lock: what cannot be used gets no lock file beside it.
    let outbox = address.open(keys, !args.dry_run).await?;
    let Some(_lock) = Lock::exclusive(&path)? else {
        return Err(Failure::InUse(path));
    };
    let outbox = outbox.with_backoff(backoff(args));
    let earlier = earlier::read(&outbox).await;
    let earlier = earlier.map_err(|error| address.error(error))?;
    let conflicts = earlier::conflicts(&input.entries, &earlier, &outbox, &address);
    let conflicts = conflicts.await?;
    if !conflicts.is_empty() {
        return Err(Failure::Findings(conflicts));
    }
    if args.dry_run {
        return Ok(checked(args, &input));
    }
    let ready = Ready {
        args,
        outbox,
        store,
        earlier,
    };
    input.warn();
    let (platforms, margin) = (platforms(&input.entries), args.pace.settling_margin);
    let routes = Routes::open(&platforms, settings, &options, margin).await?;
    let outcome = Box::pin(ready.send(input.entries, &routes, &mut interrupt)).await;
    routes.end().await;
    Ok(outcome.map_err(|error| address.error(error))?)
}

/// Whether the file of the input has another content than before.
fn is_changed(file: &Path, before: Option<&Stamp>) -> bool {
    let now = Stamp::look(file);
    before.is_some() && now.is_some() && now.as_ref() != before
}

/// Whether no earlier run has stored anything there.
fn is_new(outbox: &Path) -> bool {
    outbox
        .metadata()
        .map_or(true, |it| it.is_file() && it.len() == 0)
}

/// A batch whose input has no problem.
struct Ready<'a> {
    args: &'a BatchArgs,
    outbox: Outbox,
    store: String,
    earlier: Earlier,
}

impl Ready<'_> {
    /// Hands the messages over, and sends what waits.
    ///
    /// # Errors
    ///
    /// Those of the outbox.
    async fn send(
        self,
        entries: Vec<Entry>,
        routes: &Routes,
        interrupt: &mut Interrupt,
    ) -> ms_messenger_outbox::Result<Exit> {
        let Self {
            args,
            outbox,
            store,
            earlier,
        } = self;
        let lines = entries.iter();
        let lines = lines.map(|it| (it.envelope.id.clone(), it.line)).collect();
        let ids = ids(&entries);
        let envelopes = entries.into_iter().map(|it| it.envelope);
        outbox.enqueue_all(envelopes).await?;
        let before = states(&ids, &earlier);
        let total = u64::try_from(ids.len()).unwrap_or(u64::MAX);
        let progress = Progress::new(Some(total - before.ended()), print::is_quiet());
        let mut work = Work::new(work_options(args), &outbox, &store, lines, progress);
        if args.all {
            print_earlier(&mut work, &outbox, &ids, &earlier).await?;
        }
        let ended = work.run(routes, interrupt).await?;
        let after = earlier::read(&outbox).await?;
        Ok(summary(&ended, before, states(&ids, &after), &store))
    }
}

fn work_options(args: &BatchArgs) -> WorkOptions {
    WorkOptions {
        pace: args.pace.pace(),
        timeout: args.pace.timeout,
        settling_margin: args.pace.settling_margin,
        settling_patience: args.pace.settling_patience,
        is_sole_owner: true,
        until_empty: true,
        erases_content: false,
    }
}

fn backoff(args: &BatchArgs) -> Backoff {
    let backoff = Backoff::default();
    let backoff = backoff.with_pauses(backoff.initial, LONGEST_PAUSE);
    match args.give_up_after {
        Some(time) => backoff.with_give_up_after(time),
        None => backoff,
    }
}

fn ids(entries: &[Entry]) -> Vec<EnvelopeId> {
    entries.iter().map(|it| it.envelope.id.clone()).collect()
}

fn platforms(entries: &[Entry]) -> Vec<Platform> {
    let is_used = |platform: &Platform| entries.iter().any(|it| it.platform == *platform);
    Platform::ALL.into_iter().filter(is_used).collect()
}

/// Counts the messages of the input; those that are not stored wait.
fn states(ids: &[EnvelopeId], stored: &Earlier) -> Counts {
    Counts::of(
        ids.iter()
            .map(|id| stored.get(id).map_or(State::Queued, |it| it.state)),
    )
}

/// Prints the outcomes of earlier runs, in the order of the lines.
async fn print_earlier(
    work: &mut Work<'_>,
    outbox: &Outbox,
    ids: &[EnvelopeId],
    earlier: &Earlier,
) -> ms_messenger_outbox::Result<()> {
    for id in ids {
        let state = earlier.get(id).map(|it| it.state);
        if !state.is_some_and(|it| it.is_final() || it == State::Unconfirmed) {
            continue;
        }
        if let Some(message) = outbox.get(id).await?
            && let Err(error) = work.print(&message.head).await
        {
            work.output_failed(&error);
        }
    }
    Ok(())
}

/// Prints what became of the messages, and what to do next.
fn summary(ended: &Ended, before: Counts, all: Counts, store: &str) -> Exit {
    let exit = match (all.exit(), ended.failure) {
        (Exit::Temporary, Some(failure)) => failure,
        (Exit::Success, _) if ended.is_output_closed => Exit::SentUnread,
        (exit, _) => exit,
    };
    if print::is_quiet() {
        return exit;
    }
    let seconds = ended.progress.elapsed().as_secs_f64();
    let this_run = ended.progress.counts.ended();
    let mut text = all.long();
    if before.ended() > 0 {
        text.push_str(&text::batch::of_an_earlier_run(before.ended()));
    }
    let rate = this_run as f64 / seconds.max(0.001);
    text.push_str(&text::batch::pace(seconds, rate));
    if all.waiting + all.sending > 0 {
        text.push_str(text::batch::GO_ON);
    }
    if all.unconfirmed > 0 {
        text.push_str(&text::batch::unconfirmed(all.unconfirmed, store));
    }
    print::note(text);
    exit
}

/// Prints that a dry run found no problem.
fn checked(args: &BatchArgs, input: &Input) -> Exit {
    input.warn();
    let line = Line {
        delivery: Delivery::NotSent.as_str(),
        warnings: &input.warnings,
        ..Line::new(Status::Checked, Exit::Success)
    };
    let text = if args.json {
        line.to_string()
    } else {
        text::batch::checked(input.entries.len() as u64)
    };
    print::last(&text, Exit::Success)
}

fn failed(args: &BatchArgs, failure: Failure, settings: Option<&Settings>) -> Exit {
    match failure {
        Failure::Error(error) => {
            let error = error.with_delivery(Delivery::NotSent);
            let Explained { error, advice } = explain(error, settings);
            let exit = Exit::of(&error);
            report(args, exit, &error, advice.as_deref(), 0)
        }
        Failure::Findings(findings) => {
            let error = findings.to_error().with_delivery(Delivery::NotSent);
            report(args, findings.exit(), &error, None, findings.more())
        }
        Failure::InUse(path) => {
            let text = text::batch::in_use(path.display());
            let error = Error::new(ErrorKind::Other, text).with_code("outbox_in_use");
            let error = error.with_delivery(Delivery::NotSent);
            report(args, Exit::Temporary, &error, None, 0)
        }
    }
}

/// Reports why nothing was sent by this run.
fn report(args: &BatchArgs, exit: Exit, error: &Error, advice: Option<&str>, more: usize) -> Exit {
    if args.json {
        let more = (more > 0).then(|| text::batch::more_problems(more));
        let line = Line {
            advice: advice.or(more.as_deref()),
            ..Line::of(error, exit)
        };
        // The exit code reports the failure even if standard output is closed.
        let _ = print::result(&line.to_string());
    } else {
        let mut text = print::plain_error_text(error, exit, advice);
        if more > 0 {
            text.push_str(&format!("\n{}", text::batch::more_problems(more)));
        }
        print::important(text::batch::nothing_sent(&text));
    }
    exit
}
