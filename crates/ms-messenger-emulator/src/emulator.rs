//! The handle of a running emulator.

use std::{sync::Arc, thread::JoinHandle};

use bytes::Bytes;
use http::{Method, Uri};
use serde_json::Value;
use tokio::sync::{oneshot, watch};

#[cfg(feature = "record")]
use crate::replay::report::ReplayReport;
#[cfg(feature = "graph")]
use crate::services::graph::drives::admin::FileRow;
use crate::{
    admin::tokens,
    builder::EmulatorBuilder,
    engine::{
        faults::{
            json::ParseFaultsError,
            rule::{FaultRule, Faults},
        },
        injection::InjectError,
        ledger::{
            filter::Filter,
            row::{KeptRow, LedgerRow},
            select::{Span, select},
        },
        platform::Platform,
        registry::Registry,
    },
    https::Https,
    seed::Seed,
    start_error::StartError,
    wire::{clock, request::Request},
};

/// A running emulator. Dropping the handle ends it: listeners and connections are closed when the
/// drop returns.
///
/// ```
/// use ms_messenger_emulator::Emulator;
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = Emulator::start().await?;
/// let graph = &emulator.seed().graph;
/// let (chat, sender) = (&graph.chat_id, &graph.users[1].id);
/// emulator.inject(&serde_json::json!({
///     "platform": "msgraph-chat", "conversation": chat, "sender": sender, "text": "hello",
/// }))?;
/// assert_eq!(emulator.messages()[0].text, "hello");
/// emulator.shutdown().await;
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Emulator {
    pub(crate) registry: Arc<Registry>,
    pub(crate) seed: Arc<Seed>,
    pub(crate) http_url: String,
    pub(crate) https: Option<Https>,
    pub(crate) stop: watch::Sender<bool>,
    /// Dropped by `drop` to end without grace.
    pub(crate) keep: Option<oneshot::Sender<()>>,
    pub(crate) done: Option<oneshot::Receiver<()>>,
    pub(crate) thread: Option<JoinHandle<()>>,
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

    /// Returns a builder with the defaults.
    pub fn builder() -> EmulatorBuilder {
        EmulatorBuilder::new()
    }

    /// Returns the origin of the HTTP listener, `http://127.0.0.1:PORT`.
    pub fn http_url(&self) -> &str {
        &self.http_url
    }

    /// Returns the origin of the HTTPS listener, `https://localhost:PORT`; `None` if HTTPS is off.
    ///
    /// ```
    /// use ms_messenger_emulator::Emulator;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let builder = Emulator::builder().with_https_address(([127, 0, 0, 1], 0).into());
    /// let emulator = builder.start().await?;
    /// assert!(emulator.https_url().is_some_and(|url| url.starts_with("https://localhost:")));
    /// assert!(emulator.ca_pem().is_some_and(|pem| pem.starts_with("-----BEGIN CERTIFICATE")));
    /// # Ok(()) }
    /// ```
    pub fn https_url(&self) -> Option<&str> {
        self.https.as_ref().map(|https| https.url.as_str())
    }

    /// Returns the certificate authority of the HTTPS listener in PEM, a new one at each start.
    pub fn ca_pem(&self) -> Option<&str> {
        self.https.as_ref().map(|https| https.ca_pem.as_str())
    }

    /// Returns the seeded constants: keys, tokens, users and ids.
    pub fn seed(&self) -> &Seed {
        &self.seed
    }

    /// Returns the line that the program prints when it is ready, also at `GET /_emulator/world`:
    /// `http`, `acs`, `graph`, `ucwa` and `entra`; with HTTPS also `https`, and `ca` (a path) if the authority was written.
    ///
    /// ```
    /// use ms_messenger_emulator::Emulator;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// assert_eq!(emulator.ready_line()["http"], emulator.http_url());
    /// assert!(emulator.ready_line()["acs"]["connection_string"].is_string());
    /// # Ok(()) }
    /// ```
    pub fn ready_line(&self) -> Value {
        self.registry.world()
    }

    /// Returns all rows of the ledger, oldest first: one per stored message.
    pub fn messages(&self) -> Vec<LedgerRow> {
        let found = select(&self.registry.engine, &Filter::default(), Span::All);
        found.rows.iter().filter_map(KeptRow::open).collect()
    }

    /// Returns all files of the drives by drive and path, with the users that can read them: the
    /// document of `GET /_emulator/files`.
    ///
    /// ```
    /// use ms_messenger_emulator::Emulator;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// # let _ = rustls::crypto::ring::default_provider().install_default();
    /// let emulator = Emulator::start().await?;
    /// let url = format!("{}/v1.0/me/drive/root:/a.txt:/content", emulator.http_url());
    /// let put = reqwest::Client::new().put(url).bearer_auth(&emulator.seed().graph.token);
    /// put.body("hello").send().await?.error_for_status()?;
    /// let files = emulator.files();
    /// assert_eq!((files[0].name.as_str(), files[0].size), ("a.txt", 5));
    /// assert_eq!(files[0].readers, [emulator.seed().graph.users[0].id.clone()]);
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "graph")]
    pub fn files(&self) -> Vec<FileRow> {
        let request = self.admin_request(Method::GET, Uri::from_static("/_emulator/files"));
        let mut services = self.registry.services().iter();
        let engine = &self.registry.engine;
        let response = services.find_map(|service| service.admin(engine, "files", &request));
        let rows = response.and_then(|response| serde_json::from_slice(&response.body).ok());
        rows.unwrap_or_default()
    }

    /// Returns the document of `GET /_emulator/stats`.
    ///
    /// ```
    /// use ms_messenger_emulator::Emulator;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// assert_eq!(emulator.stats()["platforms"]["acs-chat"]["stored"], 0);
    /// # Ok(()) }
    /// ```
    pub fn stats(&self) -> Value {
        self.registry.stats()
    }

    /// Returns what became of the recording of
    /// [`with_replay`](EmulatorBuilder::with_replay) so far, and where the services differ; `None`
    /// without a recording. The document of `GET /_emulator/replay`.
    #[cfg(feature = "record")]
    pub fn replay_report(&self) -> Option<ReplayReport> {
        let playback = self.registry.engine.settings.playback.as_ref()?;
        serde_json::from_value(playback.report()).ok()
    }

    /// Replaces the fault rules; their counters start again at zero.
    ///
    /// ```
    /// use ms_messenger_emulator::{Emulator, FaultAction, FaultRule, Faults};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// emulator.set_faults(Faults::new().with_rule(FaultRule::new(FaultAction::status(429))));
    /// emulator.set_faults(Faults::new());
    /// # Ok(()) }
    /// ```
    pub fn set_faults(&self, faults: Faults) {
        self.registry.engine.set_faults(faults);
    }

    /// Reads the document of `PUT /_emulator/faults`. Unlike [`Faults::from_json`] it also knows
    /// the services of [`EmulatorBuilder::with_service`].
    ///
    /// ```
    /// use ms_messenger_emulator::Emulator;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// let faults = emulator.parse_faults(&serde_json::json!({"rules": [
    ///     {"match": {"operation": "send"}, "action": {"kind": "delay", "ms": 5}},
    /// ]}))?;
    /// emulator.set_faults(faults);
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`ParseFaultsError`] names each member that is unknown, missing or breaks its rule.
    pub fn parse_faults(&self, document: &Value) -> Result<Faults, ParseFaultsError> {
        Faults::read(document, self.registry.catalog())
    }

    /// The services.
    pub(crate) const fn registry(&self) -> &Arc<Registry> {
        &self.registry
    }

    /// Whether the platform is mounted and has an operation of that name.
    pub(crate) fn has_operation(&self, platform: Platform, name: &str) -> bool {
        self.registry.catalog().has_operation(Some(platform), name)
    }

    /// Puts a rule before those that `set_faults` gave.
    pub(crate) fn add_urgent_fault(&self, rule: FaultRule) {
        self.registry.engine.add_urgent_fault(rule);
    }

    /// Marked at every stored message and reset.
    pub(crate) fn changes(&self) -> watch::Receiver<u64> {
        self.registry.engine.changes()
    }

    /// Sets how many seconds the clock of all services is ahead of this machine's; negative: behind
    /// it. Message ids never go back: in a conversation that already has later ones, they continue
    /// from these. A reset restores the offset of
    /// [`with_clock_offset`](EmulatorBuilder::with_clock_offset).
    ///
    /// ```
    /// use ms_messenger_emulator::Emulator;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// emulator.set_clock_offset(-300)?;
    /// assert!(emulator.set_clock_offset(i64::MAX).is_err());
    /// # Ok(()) }
    /// ```
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
        self.registry.engine.set_clock(offset_ms);
        Ok(())
    }

    /// Stores a message from the other side, described by the document of `POST /_emulator/inject`.
    /// Returns its ids.
    ///
    /// ```
    /// use ms_messenger_emulator::Emulator;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// let error = emulator.inject(&serde_json::json!({"platform": "acs-messages"})).unwrap_err();
    /// assert_eq!(error.problems[0], "from: is required and must be a non-empty string");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`InjectError`] names each member that is unknown, missing or wrong.
    pub fn inject(&self, message: &Value) -> Result<Value, InjectError> {
        let mut request = self.admin_request(Method::POST, Uri::from_static("/_emulator/inject"));
        request.body = Bytes::from(message.to_string());
        self.registry.inject(message, &request)
    }

    /// A request to the admin API, without a body.
    fn admin_request(&self, method: Method, uri: Uri) -> Request {
        let mut incoming = http::Request::new(());
        *incoming.method_mut() = method;
        *incoming.uri_mut() = uri;
        let parts = incoming.into_parts().0;
        Request::new(parts, Bytes::new(), &self.registry.engine.authority)
    }

    /// Issues a new bearer token, described by the document of `POST /_emulator/tokens`, for
    /// example `{"platform": "msgraph-chat", "user": "alice@contoso.test"}`. Returns
    /// `{platform, user, scopes, expires_on, token}`.
    ///
    /// ```
    /// use ms_messenger_emulator::Emulator;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// let wanted = serde_json::json!({"platform": "acs-chat", "user": "bob", "scopes": ["chat"]});
    /// assert_eq!(emulator.issue_token(&wanted)?["scopes"][0], "chat");
    /// # Ok(()) }
    /// ```
    ///
    /// # Errors
    ///
    /// [`IssueTokenError`](crate::IssueTokenError) names each member that is unknown, missing or wrong.
    pub fn issue_token(&self, request: &Value) -> Result<Value, tokens::IssueTokenError> {
        tokens::issue(&self.registry, request)
    }

    /// Restores the initial state: removes all messages, ledger rows, statistics and faults, and
    /// makes tokens valid again that a fault has expired.
    ///
    /// ```
    /// use ms_messenger_emulator::Emulator;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// emulator.reset();
    /// assert!(emulator.messages().is_empty());
    /// # Ok(()) }
    /// ```
    pub fn reset(&self) {
        self.registry.reset();
    }

    /// Shuts down gracefully: accepts no new connections, lets open requests finish (two seconds at
    /// most), then closes everything and writes what is left to the data file. Returns the final
    /// [`stats`](Self::stats), whose member `data` says whether all of it is in that file.
    pub async fn shutdown(mut self) -> Value {
        let _ = self.stop.send(true);
        for service in self.registry.services() {
            service.shut_down();
        }
        self.registry.engine.activity.end();
        if let Some(done) = self.done.take() {
            // An error means that the thread has ended already.
            let _ = done.await;
        }
        self.stats()
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
