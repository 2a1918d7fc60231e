//! The handle of a running emulator.

use std::io;
use std::sync::Arc;
use std::thread::JoinHandle;

use serde_json::{Value, json};
use tokio::runtime;
use tokio::sync::{oneshot, watch};

use crate::admin;
use crate::builder::{EmulatorBuilder, StartError};
use crate::faults::{FaultRule, Faults};
use crate::ledger::{self, Filter, LedgerRow};
use crate::server;
use crate::shared::Shared;
use crate::ucwa;
use crate::world::World;

/// A running emulator. It ends when the handle is dropped: listener and connections are closed by
/// the time the drop returns.
#[derive(Debug)]
pub struct Emulator {
    shared: Arc<Shared>,
    http_url: String,
    stop: watch::Sender<bool>,
    /// Dropped by `drop` to end without grace.
    keep: Option<oneshot::Sender<()>>,
    done: Option<oneshot::Receiver<()>>,
    thread: Option<JoinHandle<()>>,
}

impl Emulator {
    /// Starts an emulator with the defaults on a free port of 127.0.0.1.
    ///
    /// # Errors
    ///
    /// [`StartError`], see [`EmulatorBuilder::start`].
    pub async fn start() -> Result<Self, StartError> {
        Self::builder().start().await
    }

    /// A builder with the defaults.
    pub fn builder() -> EmulatorBuilder {
        EmulatorBuilder::new()
    }

    /// Origin of the HTTP listener, `http://127.0.0.1:PORT`.
    #[must_use]
    pub fn http_url(&self) -> &str {
        &self.http_url
    }

    /// The seeded constants: keys, tokens, users and ids.
    #[must_use]
    pub fn world(&self) -> &World {
        &self.shared.world
    }

    /// The line that the program prints when it is ready: `http`, `acs`, `graph` and `ucwa`.
    #[must_use]
    pub fn ready_line(&self) -> Value {
        let mut line = self.shared.world.to_json();
        line["http"] = json!(self.http_url);
        line
    }

    /// All rows of the ledger, oldest first: one per message stored.
    #[must_use]
    pub fn messages(&self) -> Vec<LedgerRow> {
        let rows = self.shared.state().ledger.rows(&Filter::default());
        rows.into_iter().map(ledger::owned).collect()
    }

    /// The document of `GET /_emulator/stats`.
    #[must_use]
    pub fn stats(&self) -> Value {
        self.shared.stats_json()
    }

    /// Replaces the fault rules; their counters start anew.
    pub fn set_faults(&self, faults: Faults) {
        self.shared.set_faults(faults);
    }

    /// Puts a rule before those that `set_faults` gave.
    pub(crate) fn add_urgent_fault(&self, rule: FaultRule) {
        self.shared.add_urgent_fault(rule);
    }

    /// Marked at every stored message and reset.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.shared.changes()
    }

    /// Lets the other side speak: the document of `POST /_emulator/inject`. Answers the ids it made.
    ///
    /// # Errors
    ///
    /// [`admin::InvalidInjection`] names each member that is unknown, missing or wrong.
    pub fn inject(&self, message: &Value) -> Result<Value, admin::InvalidInjection> {
        admin::inject(&self.shared, message)
    }

    /// Back to the seeded world: messages, ledger, statistics and faults.
    pub fn reset(&self) {
        self.shared.reset();
    }

    /// Ends cleanly: accepts nothing new, lets open requests finish (two seconds at most), then
    /// closes everything.
    pub async fn shutdown(mut self) {
        let _ = self.stop.send(true);
        self.shared.state().ucwa.end();
        if let Some(done) = self.done.take() {
            // An error means that the thread has ended already.
            let _ = done.await;
        }
    }
}

impl Drop for Emulator {
    fn drop(&mut self) {
        drop(self.keep.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// Starts the emulator's own runtime on `listener`.
pub(crate) fn run(
    listener: std::net::TcpListener,
    shared: Arc<Shared>,
    workers: usize,
) -> io::Result<Emulator> {
    let runtime = if workers == 1 {
        runtime::Builder::new_current_thread()
            .enable_all()
            .build()?
    } else {
        runtime::Builder::new_multi_thread()
            .worker_threads(workers)
            .thread_name("emulator-worker")
            .enable_all()
            .build()?
    };
    let listener = {
        let _guard = runtime.enter();
        tokio::net::TcpListener::from_std(listener)?
    };
    let http_url = format!("http://{}", shared.authority);
    let (stop, stopped) = watch::channel(false);
    let (keep, kept) = oneshot::channel::<()>();
    let (finished, done) = oneshot::channel();
    let serving = Arc::clone(&shared);
    let keeping_time = Arc::clone(&shared);
    let body = move || {
        runtime.block_on(async move {
            tokio::select! {
                () = server::serve(listener, serving, stopped) => {}
                () = ucwa::keep_time(keeping_time) => {}
                _ = kept => {}
            }
        });
        // Closes every connection that is still open, before anybody is told.
        drop(runtime);
        let _ = finished.send(());
    };
    let thread = std::thread::Builder::new()
        .name("emulator".to_owned())
        .spawn(body)?;
    Ok(Emulator {
        shared,
        http_url,
        stop,
        keep: Some(keep),
        done: Some(done),
        thread: Some(thread),
    })
}
