//! A thread that waits for signals while the program cannot: it reads something that may never end.

use std::{
    io, process,
    sync::{Mutex, MutexGuard, PoisonError, mpsc::sync_channel},
    thread,
    time::Duration,
};

use tokio::sync::mpsc::{UnboundedReceiver, UnboundedSender, unbounded_channel};

use super::unix::{Received, Signals};

/// So long a report may take: what writes to standard output at the time may wait for its reader.
const REPORT: Duration = Duration::from_secs(1);

/// How a signal ends the program.
struct End {
    /// The exit code; by default that of a program that a signal ends.
    code: Option<i32>,
    report: Box<dyn FnOnce() + Send>,
}

/// What becomes of a signal.
struct State {
    /// By default, a signal ends the program as it ends any.
    end: Option<End>,
    /// Whether the program reads something that may never end.
    is_reading: bool,
    is_watched: bool,
    /// Whether something else listens that did so before.
    has_listener: bool,
    /// Where signals go while nothing is read.
    forward: Option<UnboundedSender<&'static str>>,
}

static STATE: Mutex<State> = Mutex::new(State {
    end: None,
    is_reading: false,
    is_watched: false,
    has_listener: false,
    forward: None,
});

fn state() -> MutexGuard<'static, State> {
    STATE.lock().unwrap_or_else(PoisonError::into_inner)
}

/// Sets how a signal ends the program while nothing else waits for it.
pub(crate) fn end_with(code: Option<i32>, report: impl FnOnce() + Send + 'static) {
    let report = Box::new(report);
    state().end = Some(End { code, report });
}

/// Says that another part of the program listens to signals.
pub(crate) fn has_listener() {
    state().has_listener = true;
}

/// Lets a signal end the program as prepared from now on, whatever the program does meanwhile.
pub(crate) fn watch() {
    let mut state = state();
    // Where there is no thread, a signal ends the program as it ends any.
    if !state.is_watched && start().is_ok() {
        state.is_watched = true;
    }
}

/// Reads something that may never end; a signal ends the program then.
pub(crate) fn while_reading<T>(read: impl FnOnce() -> T) -> T {
    watch();
    state().is_reading = true;
    let read = read();
    state().is_reading = false;
    read
}

/// Returns where the signals arrive if the thread runs.
pub(super) fn forwarded() -> Option<UnboundedReceiver<&'static str>> {
    let mut state = state();
    state.has_listener = true;
    if !state.is_watched {
        return None;
    }
    let (sender, receiver) = unbounded_channel();
    state.forward = Some(sender);
    Some(receiver)
}

/// Starts the thread, which catches signals when this returns.
fn start() -> io::Result<()> {
    let (sender, started) = sync_channel(1);
    thread::Builder::new().spawn(move || {
        let runtime = tokio::runtime::Builder::new_current_thread()
            .enable_io()
            .build();
        let listen = |runtime: tokio::runtime::Runtime| {
            let signals = {
                let _context = runtime.enter();
                Signals::listen()
            };
            signals.map(|signals| (runtime, signals))
        };
        let (result, watching) = match runtime.and_then(listen) {
            Ok(watching) => (Ok(()), Some(watching)),
            Err(error) => (Err(error), None),
        };
        let _ = sender.send(result);
        if let Some((runtime, mut signals)) = watching {
            runtime.block_on(async {
                loop {
                    received(signals.next().await);
                }
            });
        }
    })?;
    started
        .recv()
        .unwrap_or_else(|_| Err(io::ErrorKind::Other.into()))
}

fn received(signal: Received) {
    let mut state = state();
    if !state.is_reading {
        if let Some(forward) = &state.forward {
            let _ = forward.send(signal.name);
            return;
        }
        if state.has_listener {
            return;
        }
    }
    let end = state.end.take();
    drop(state);
    let code = end.as_ref().and_then(|end| end.code);
    if let Some(End { report, .. }) = end {
        let (sender, reported) = sync_channel(1);
        let reporting = thread::Builder::new().spawn(move || {
            report();
            let _ = sender.send(());
        });
        if reporting.is_ok() {
            let _ = reported.recv_timeout(REPORT);
        }
    }
    process::exit(code.unwrap_or(128 + signal.number));
}
