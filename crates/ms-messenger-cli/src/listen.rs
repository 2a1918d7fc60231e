//! `msm listen`: receives the events of Event Grid and the notifications of Graph.

mod kept;
mod receiver;
mod statuses;

use std::{
    ops::ControlFlow,
    path::Path,
    sync::Arc,
    time::{Duration, SystemTime},
};

use ms_messenger::{
    Error, ErrorKind, ExposeSecret as _, Problem, Result, SecretString,
    events::{EventGrid, GraphNotifications, SeenEvents},
};
use serde_json::json;
use tokio::{net::TcpListener, sync::mpsc, task::JoinHandle};

use self::{kept::Kept, receiver::Receiver, statuses::Statuses};
use crate::{
    args::ListenArgs,
    environment::{self, variable},
    exit::Exit,
    files::{self, unreadable},
    interrupt::Interrupt,
    outbox::open::open_or_create,
    print, report,
    terminal::escaped,
    text,
    unread::output_unread,
};

/// The secret of the address for Event Grid, in the query.
const KEY: &str = "key";

/// How long requests that have begun may take at the end.
const LAST_REQUESTS: Duration = Duration::from_secs(3);

/// How much of the end of a file is read for duplicates, in bytes: more than is remembered.
const TAIL: u64 = 256 << 20;

/// Listens until a signal, or as the options say.
pub(crate) async fn run(args: &ListenArgs) -> Exit {
    let listened = listen(args).await;
    listened.unwrap_or_else(|error| report::failed(error, args.json))
}

async fn listen(args: &ListenArgs) -> Result<Exit> {
    let mut interrupt = Interrupt::listen().map_err(|error| {
        Error::new(ErrorKind::Other, text::process::NO_SIGNALS).with_source(error)
    })?;
    let (events, notifications) = receivers(args)?;
    check_address(args)?;
    Kept::check(&args.keep)?;
    // A key without an outbox is a mistake, which opening reports.
    let is_given = args.outbox.store.is_some() || args.outbox.key_file.is_some();
    let statuses = if is_given || variable(&environment::process, "MSM_OUTBOX").is_some() {
        Some(Statuses::new(open_or_create(&args.outbox).await?))
    } else {
        None
    };
    let kept = Kept::open(&args.keep)?;
    let seen = earlier(&kept, statuses.as_ref()).await?;
    let listener = TcpListener::bind(args.address).await.map_err(|error| {
        let rule = text::listen::not_bound(error.kind());
        Problem::new("--address", rule).into_error(ErrorKind::Config)
    })?;
    let address = listener.local_addr().map_err(|error| {
        Error::new(ErrorKind::Other, text::listen::UNKNOWN_ADDRESS).with_source(error)
    })?;
    let (sender, mut lines) = mpsc::unbounded_channel();
    let (has_events, has_notifications) = (events.is_some(), notifications.is_some());
    let receiver = Receiver::new((events, notifications), (kept, seen), statuses, sender);
    let receiver = Arc::new(receiver);
    // The secret of the address is not printed.
    let ready = json!({
        "event": "ready",
        "event_grid": has_events.then(|| format!("http://{address}/events")),
        "graph": has_notifications.then(|| format!("http://{address}/notifications")),
        "keep": args.keep.display().to_string(),
    });
    if print::result(&escaped(&ready.to_string())).is_err() {
        return Ok(Exit::Other);
    }
    let server = tokio::spawn(receiver::serve(listener, Arc::clone(&receiver)));
    let exit = tokio::select! {
        biased;
        exit = print_events(args, &mut lines, &mut interrupt) => exit,
        () = waiting(&receiver) => Exit::Other,
    };
    // A request that has begun is kept and acknowledged, or is sent again.
    receiver.end();
    finished(server, &mut interrupt).await;
    while let Ok(line) = lines.try_recv() {
        let _ = print::result(&escaped(&line));
    }
    Ok(exit)
}

/// Returns which events earlier processes kept: they were acknowledged, and are duplicates if they are
/// sent again. Reports the statuses that they did not report.
async fn earlier(kept: &Kept, statuses: Option<&Statuses>) -> Result<SeenEvents> {
    let mut seen = SeenEvents::new();
    let most = if statuses.is_some() { u64::MAX } else { TAIL };
    let now = SystemTime::now();
    for event in kept.events(most)? {
        let event = event?;
        seen.insert(&event, now);
        if let Some(statuses) = statuses {
            statuses.report(&event).await?;
        }
    }
    Ok(seen)
}

/// Waits for the requests that have begun: not for one that does not arrive, and not after another
/// signal. What is not acknowledged is sent again.
async fn finished(server: JoinHandle<()>, interrupt: &mut Interrupt) {
    tokio::select! {
        _ = server => {}
        _ = interrupt.requested() => {}
        () = tokio::time::sleep(LAST_REQUESTS) => {}
    }
}

/// Never ends.
async fn waiting(receiver: &Receiver) {
    receiver.report_waiting().await;
    std::future::pending::<()>().await;
}

/// Prints each event until the end.
async fn print_events(
    args: &ListenArgs,
    lines: &mut mpsc::UnboundedReceiver<String>,
    interrupt: &mut Interrupt,
) -> Exit {
    let time = async {
        match args.at_most {
            Some(time) => tokio::time::sleep(time).await,
            None => std::future::pending().await,
        }
    };
    let unread = output_unread();
    tokio::pin!(time, unread);
    loop {
        tokio::select! {
            biased;
            Some(line) = lines.recv() => {
                // The event is kept, whoever reads it or not.
                match print::item(&escaped(&line)) {
                    ControlFlow::Break(exit) => return exit,
                    ControlFlow::Continue(()) if args.once => return Exit::Success,
                    ControlFlow::Continue(()) => {}
                }
            }
            _ = interrupt.requested() => return Exit::Success,
            () = &mut unread => return Exit::Success,
            () = &mut time => {
                return if args.once { Exit::Temporary } else { Exit::Success };
            }
        }
    }
}

/// Builds the receivers whose secrets are given.
fn receivers(args: &ListenArgs) -> Result<(Option<EventGrid>, Option<GraphNotifications>)> {
    let key = secret(args.secret_file.as_deref(), "MSM_LISTEN_KEY")?;
    let state = secret(args.client_state_file.as_deref(), "MSM_LISTEN_CLIENT_STATE")?;
    if key.is_none() && state.is_none() {
        return Err(Error::new(ErrorKind::Config, text::listen::NO_SECRET));
    }
    let events = key.map(|key| EventGrid::builder().with_secret(KEY, key).build());
    let graph = state.map(|it| GraphNotifications::builder().with_client_state(it).build());
    Ok((events.transpose()?, graph.transpose()?))
}

/// Reads a secret of a file, else of a variable.
fn secret(file: Option<&Path>, name: &str) -> Result<Option<SecretString>> {
    let Some(path) = file else {
        return Ok(variable(&environment::process, name).map(SecretString::from));
    };
    let invalid =
        |rule: &str| Problem::new(path.display().to_string(), rule).into_error(ErrorKind::Config);
    let text = files::text(path, files::SETTING).map(SecretString::from);
    let text = text.map_err(|error| invalid(&unreadable(&error)))?;
    let text = text.expose_secret().trim();
    if text.is_empty() {
        return Err(invalid(text::files::EMPTY));
    }
    Ok(Some(text.into()))
}

fn check_address(args: &ListenArgs) -> Result<()> {
    if args.address.ip().is_loopback() || args.any_address {
        return Ok(());
    }
    let rule = text::listen::NO_LOOPBACK;
    Err(Problem::new("--address", rule).into_error(ErrorKind::Config))
}
