//! The handle of a running emulator.

use std::io;
use std::path::PathBuf;
use std::sync::Arc;
use std::thread::JoinHandle;

use serde_json::{Value, json};
use tokio::runtime;
use tokio::sync::{oneshot, watch};
use tokio::task::JoinSet;
use tokio_rustls::TlsAcceptor;

use crate::admin;
use crate::builder::{EmulatorBuilder, StartError};
use crate::engine::faults::{FaultRule, Faults};
use crate::engine::ledger::{Filter, KeptRow, LedgerRow};
use crate::engine::resources::Shared;
use crate::engine::server;
use crate::seed::Seed;
use crate::services::ucwa;
use crate::wire::clock;

/// A running emulator. It ends when the handle is dropped: listener and connections are closed by
/// the time the drop returns.
#[derive(Debug)]
pub struct Emulator {
    shared: Arc<Shared>,
    http_url: String,
    https: Option<Https>,
    stop: watch::Sender<bool>,
    /// Dropped by `drop` to end without grace.
    keep: Option<oneshot::Sender<()>>,
    done: Option<oneshot::Receiver<()>>,
    thread: Option<JoinHandle<()>>,
}

/// What clients need to know of the HTTPS listener.
#[derive(Debug)]
pub(crate) struct Https {
    pub(crate) url: String,
    pub(crate) ca_pem: String,
    /// Where the authority was written.
    pub(crate) ca_out: Option<PathBuf>,
}

/// A bound listener and, for HTTPS, the server's side of TLS.
pub(crate) type Listening = (std::net::TcpListener, Option<TlsAcceptor>);

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

    /// Origin of the HTTPS listener, `https://localhost:PORT`; `None` unless it was asked for.
    #[must_use]
    pub fn https_url(&self) -> Option<&str> {
        self.https.as_ref().map(|https| https.url.as_str())
    }

    /// The certificate authority of the HTTPS listener in PEM, made anew at each start.
    #[must_use]
    pub fn ca_pem(&self) -> Option<&str> {
        self.https.as_ref().map(|https| https.ca_pem.as_str())
    }

    /// The seeded constants: keys, tokens, users and ids.
    #[must_use]
    pub fn world(&self) -> &Seed {
        &self.shared.seed
    }

    /// The line that the program prints when it is ready: `http`, `acs`, `graph`, `ucwa` and `entra`;
    /// with HTTPS also `https`, and `ca` (a path) where the authority was written.
    #[must_use]
    pub fn ready_line(&self) -> Value {
        let mut line = self.shared.seed.to_json();
        line["http"] = json!(self.http_url);
        if let Some(https) = &self.https {
            line["https"] = json!(https.url);
            // Identity libraries refuse an authority over plain HTTP.
            line["entra"]["authority"] = json!(https.url);
            if let Some(path) = &https.ca_out {
                line["ca"] = json!(path.to_string_lossy());
            }
        }
        line
    }

    /// All rows of the ledger, oldest first: one per message stored.
    #[must_use]
    pub fn messages(&self) -> Vec<LedgerRow> {
        let rows = self.shared.state().ledger.rows(&Filter::default());
        rows.iter().filter_map(KeptRow::open).collect()
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

    /// Sets how many seconds the clock of all services is ahead of this machine's; behind it when
    /// negative. Ids of messages never go back: in a conversation that has later ones already, they
    /// go on from these. A reset brings back the offset of
    /// [`with_clock_offset`](EmulatorBuilder::with_clock_offset).
    ///
    /// # Errors
    ///
    /// [`StartError::Setting`] for more than ten years either way.
    pub fn set_clock_offset(&self, seconds: i64) -> Result<(), StartError> {
        let offset_ms = seconds.saturating_mul(1000);
        if offset_ms.unsigned_abs() > clock::MAX_OFFSET_MS.unsigned_abs() {
            return Err(StartError::Setting {
                name: "clock offset",
                rule: clock::OFFSET_RULE,
            });
        }
        self.shared.clock.set_offset(offset_ms);
        Ok(())
    }

    /// Lets the other side speak: the document of `POST /_emulator/inject`. Answers the ids it made.
    ///
    /// # Errors
    ///
    /// [`admin::InvalidInjection`] names each member that is unknown, missing or wrong.
    pub fn inject(&self, message: &Value) -> Result<Value, admin::InvalidInjection> {
        admin::inject(&self.shared, message)
    }

    /// Issues a fresh bearer token: the document of `POST /_emulator/tokens`, for example
    /// `{"platform": "msgraph-chat", "user": "alice@contoso.test"}`. Answers
    /// `{platform, user, scopes, expires_on, token}`.
    ///
    /// # Errors
    ///
    /// [`admin::InvalidTokenRequest`] names each member that is unknown, missing or wrong.
    pub fn issue_token(&self, request: &Value) -> Result<Value, admin::InvalidTokenRequest> {
        admin::issue_token(&self.shared, request)
    }

    /// Back to the seeded world: messages, ledger, statistics, faults and tokens that they ended.
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
    listeners: Vec<Listening>,
    https: Option<Https>,
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
    let listeners = {
        let _guard = runtime.enter();
        let listen = |(listener, tls)| Ok((tokio::net::TcpListener::from_std(listener)?, tls));
        let listeners: io::Result<Vec<_>> = listeners.into_iter().map(listen).collect();
        listeners?
    };
    let http_url = format!("http://{}", shared.authority);
    let (stop, stopped) = watch::channel(false);
    let (keep, kept) = oneshot::channel::<()>();
    let (finished, done) = oneshot::channel();
    let serving = Arc::clone(&shared);
    let keeping_time = Arc::clone(&shared);
    let body = move || {
        runtime.block_on(async move {
            let mut servers = JoinSet::new();
            for (listener, tls) in listeners {
                let (serving, stopped) = (Arc::clone(&serving), stopped.clone());
                servers.spawn(server::serve(listener, tls, serving, stopped));
            }
            tokio::select! {
                () = async { while servers.join_next().await.is_some() {} } => {}
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
        https,
        stop,
        keep: Some(keep),
        done: Some(done),
        thread: Some(thread),
    })
}
