//! Choices before the start.

use std::io;
use std::net::{Ipv4Addr, SocketAddr};
use std::path::PathBuf;
use std::sync::Arc;

use tokio_rustls::rustls::pki_types::ServerName;

use crate::emulator::{self, Emulator, Https};
use crate::engine::faults::Faults;
use crate::engine::limits::RetryAfter;
use crate::engine::resources::{Settings, Shared};
use crate::seed::Seed;
use crate::services::acs::chat::ErrorStyle;
use crate::services::entra::{EntraApprover, EntraSettings};
use crate::services::ucwa::{UcwaSettings, UcwaTopology};
use crate::wire::clock;
use crate::wire::tls::{self, Tls};

const MAX_BODY: usize = 4 * 1024 * 1024;
const GRAPH_MESSAGE_LIMIT: usize = 28 * 1024;

/// Configures an [`Emulator`]; every setting has a default.
#[derive(Clone, Debug)]
#[must_use = "call start() to run the emulator"]
pub struct EmulatorBuilder {
    http: SocketAddr,
    https: Option<SocketAddr>,
    ca_out: Option<PathBuf>,
    workers: usize,
    settings: Settings,
    faults: Faults,
}

/// Why an emulator did not start.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum StartError {
    /// The address is not a loopback address. The emulator's keys are public, so it serves nobody else.
    #[error("address {0} is not a loopback address")]
    NotLoopback(SocketAddr),
    /// The address could not be bound: most often it is in use.
    #[error("cannot listen on {address}")]
    Listen {
        /// The address asked for.
        address: SocketAddr,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// The certificates could not be made: most often a name given is not a host name.
    #[error("cannot make the certificates for HTTPS")]
    Certificates(#[source] Box<dyn std::error::Error + Send + Sync>),
    /// The certificate authority could not be written.
    #[error("cannot write the certificate authority to {}", path.display())]
    CaOut {
        /// The path asked for.
        path: PathBuf,
        /// What the system said.
        #[source]
        source: io::Error,
    },
    /// A setting that makes no sense.
    #[error("{name}: {rule}")]
    Setting {
        /// Which one: `ucwa time scale`, `host`, `clock offset` …
        name: &'static str,
        /// What it must be.
        rule: &'static str,
    },
    /// The emulator's own threads could not be started.
    #[error("cannot start the emulator's runtime")]
    Runtime(#[source] io::Error),
}

impl EmulatorBuilder {
    pub(crate) fn new() -> Self {
        Self {
            http: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            https: None,
            ca_out: None,
            workers: 1,
            settings: Settings {
                seed: 0,
                is_strict: false,
                max_body: MAX_BODY,
                graph_message_limit: GRAPH_MESSAGE_LIMIT,
                error_style: ErrorStyle::Spec,
                keep: usize::MAX,
                has_limits: false,
                hosts: Vec::new(),
                graph_forbids_expired: false,
                clock_offset_ms: 0,
                retry_after: RetryAfter::default(),
                ucwa: UcwaSettings::default(),
                entra: EntraSettings::default(),
            },
            faults: Faults::new(),
        }
    }

    /// Address of the HTTP listener; a loopback address, port 0 = any free port (the default).
    pub fn with_http(mut self, address: SocketAddr) -> Self {
        self.http = address;
        self
    }

    /// Serves HTTPS too, HTTP/1.1 and HTTP/2 by ALPN, with the same state. A loopback address, port
    /// 0 = any free port. Default off. The certificate is for `localhost`, `127.0.0.1` and `::1`,
    /// signed by an authority made at each start: [`Emulator::ca_pem`].
    pub fn with_https(mut self, address: SocketAddr) -> Self {
        self.https = Some(address);
        self
    }

    /// One more DNS name or IP address in the HTTPS certificate, under which the admin API answers
    /// too: it refuses requests to and from other hosts than loopback ones.
    pub fn with_host(mut self, host: impl Into<String>) -> Self {
        self.settings.hosts.push(host.into());
        self
    }

    /// Writes the certificate authority in PEM to `path` at the start, atomically, in place of what
    /// is there. Its key is never written. Without [`with_https`](Self::with_https) it does nothing.
    pub fn with_ca_out(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca_out = Some(path.into());
        self
    }

    /// Seed of the world's constants, of fault probabilities and of generated GUIDs. Default 0.
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.settings.seed = seed;
        self
    }

    /// Whether unknown ids and foreign callers are refused as the services do (404, 403) instead of
    /// being created on first use. Default no.
    pub fn with_strict(mut self, is_strict: bool) -> Self {
        self.settings.is_strict = is_strict;
        self
    }

    /// Keeps the newest `messages` (from 1) of all platforms together: the rows of the ledger,
    /// and the messages in their conversations. Older ones are forgotten; the numbers of rows and
    /// the statistics go on, and a duplicate of a forgotten message is not told. Default: all.
    pub fn with_keep(mut self, messages: usize) -> Self {
        self.settings.keep = messages;
        self
    }

    /// Largest request body in bytes; above it every operation answers 413. Default 4 MiB.
    pub fn with_max_body(mut self, bytes: usize) -> Self {
        self.settings.max_body = bytes;
        self
    }

    /// Largest Graph message in bytes of request JSON, the Base64 of hosted contents not counted;
    /// above it sends answer 413. Default 28 KiB.
    pub fn with_graph_message_limit(mut self, bytes: usize) -> Self {
        self.settings.graph_message_limit = bytes;
        self
    }

    /// The shape of ACS Chat's error bodies. Default [`ErrorStyle::Spec`].
    pub fn with_error_style(mut self, style: ErrorStyle) -> Self {
        self.settings.error_style = style;
        self
    }

    /// Whether the services answer 429 above their published rates (for example 10 messages in 10
    /// seconds and 30 in a minute per thread of ACS Chat, one a second per thread of Graph). UCWA
    /// has none. Default no.
    pub fn with_documented_limits(mut self, has_limits: bool) -> Self {
        self.settings.has_limits = has_limits;
        self
    }

    /// How a 429 of [`with_documented_limits`](Self::with_documented_limits) says when to come again.
    /// Default [`RetryAfter::Seconds`].
    pub fn with_retry_after(mut self, style: RetryAfter) -> Self {
        self.settings.retry_after = style;
        self
    }

    /// How many seconds the clock of all services is ahead of this machine's; behind it when
    /// negative. `Date` headers, the times and ids of messages, the ends of tokens and the checks of
    /// signed dates follow it, durations do not. Default 0; at most ten years either way.
    /// [`Emulator::set_clock_offset`] changes it later, and a reset brings this one back.
    pub fn with_clock_offset(mut self, seconds: i64) -> Self {
        self.settings.clock_offset_ms = seconds.saturating_mul(1000);
        self
    }

    /// Whether Graph refuses an expired token with 403 "No authorization information present on the
    /// request." in place of 401, as was seen. Default no. [`FaultAction::NoAuthorization`] ends
    /// tokens so.
    ///
    /// [`FaultAction::NoAuthorization`]: crate::FaultAction::NoAuthorization
    pub fn with_graph_forbidding_expired_tokens(mut self, forbids: bool) -> Self {
        self.settings.graph_forbids_expired = forbids;
        self
    }

    /// How many times faster UCWA's clocks run: with 1000, its 30 seconds pass in 30 milliseconds.
    /// Holds, invitations, inactivity and the life of tickets all follow it. Default 1; it
    /// must be a finite number above 0.
    pub fn with_ucwa_time_scale(mut self, factor: f64) -> Self {
        self.settings.ucwa.set_time_scale(factor);
        self
    }

    /// How many hosts a client of UCWA meets on its way to its applications. Default
    /// [`UcwaTopology::OneHost`]; the faults [`UcwaFault::DiscoveryRedirect`] and
    /// [`UcwaFault::PoolSplit`] do it for single requests.
    ///
    /// [`UcwaFault::DiscoveryRedirect`]: crate::UcwaFault::DiscoveryRedirect
    /// [`UcwaFault::PoolSplit`]: crate::UcwaFault::PoolSplit
    pub fn with_ucwa_topology(mut self, topology: UcwaTopology) -> Self {
        self.settings.ucwa.topology = topology;
        self
    }

    /// Whether the UCWA event channel holds events of medium priority back for 5 s (or what the
    /// client asks for), as the service does. Default no.
    pub fn with_ucwa_aggregation(mut self, aggregates: bool) -> Self {
        self.settings.ucwa.aggregates = aggregates;
        self
    }

    /// Who approves sign-ins at Entra ID. Default [`EntraApprover::AfterFirstPoll`].
    pub fn with_entra_approver(mut self, approver: EntraApprover) -> Self {
        self.settings.entra.approver = approver;
        self
    }

    /// Leaves sign-ins at Entra ID to a person or a test: [`EntraApprover::Manual`].
    pub fn with_manual_approval(self) -> Self {
        self.with_entra_approver(EntraApprover::Manual)
    }

    /// Life of the access tokens that Entra ID issues, in seconds. Default 3600.
    pub fn with_token_lifetime(mut self, seconds: u32) -> Self {
        self.settings.entra.lifetime = seconds.into();
        self
    }

    /// Seconds between two polls of a device code; faster ones get `slow_down`. Default 5; with 0
    /// no poll is too fast.
    pub fn with_device_interval(mut self, seconds: u32) -> Self {
        self.settings.entra.interval = seconds.into();
        self
    }

    /// Fault rules from the start on.
    pub fn with_faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }

    /// Threads that serve requests; one (the default) is enough for tests.
    pub fn with_worker_threads(mut self, threads: usize) -> Self {
        self.workers = threads.max(1);
        self
    }

    /// Refuses settings that make no sense.
    fn check(&self) -> Result<(), StartError> {
        let settings = &self.settings;
        let offset = settings.clock_offset_ms.unsigned_abs();
        let is_host = |host: &String| ServerName::try_from(host.as_str()).is_ok();
        let problems = [
            (
                !settings.ucwa.is_sound(),
                "ucwa time scale",
                "must be a finite number above 0",
            ),
            (settings.keep == 0, "keep", "must be at least 1"),
            (
                !settings.hosts.iter().all(is_host),
                "host",
                "must be a DNS name or an IP address, without a port",
            ),
            (
                offset > clock::MAX_OFFSET_MS.unsigned_abs(),
                "clock offset",
                clock::OFFSET_RULE,
            ),
        ];
        match problems.into_iter().find(|(is_wrong, ..)| *is_wrong) {
            Some((_, name, rule)) => Err(StartError::Setting { name, rule }),
            None => Ok(()),
        }
    }

    /// Binds the listener and starts to serve.
    ///
    /// The emulator runs on threads of its own: it does not need the caller's runtime, and keeps
    /// answering while that one is blocked or its clock is paused.
    ///
    /// # Errors
    ///
    /// [`StartError`] when a setting makes no sense, when the address is not loopback or cannot be bound, or when the system gives
    /// no threads.
    pub async fn start(self) -> Result<Emulator, StartError> {
        self.check()?;
        let (listener, authority) = listen(self.http)?;
        let mut listeners = vec![(listener, None)];
        let mut https = None;
        if let Some(address) = self.https {
            let (listener, authority) = listen(address)?;
            let port = authority.rsplit(':').next().unwrap_or_default().to_owned();
            let tls = Tls::new(&self.settings.hosts).map_err(StartError::Certificates)?;
            if let Some(path) = &self.ca_out {
                let failed = |source| StartError::CaOut {
                    path: path.clone(),
                    source,
                };
                tls::write_atomically(path, &tls.ca_pem).map_err(failed)?;
            }
            listeners.push((listener, Some(tls.acceptor)));
            https = Some(Https {
                // By name: the address is in the certificate too, but some stacks verify names only.
                url: format!("https://localhost:{port}"),
                ca_pem: tls.ca_pem,
                ca_out: self.ca_out,
            });
        }
        let seed = Seed::new(self.settings.seed, &format!("http://{authority}"));
        let shared = Arc::new(Shared::new(self.settings, seed, authority, self.faults));
        emulator::run(listeners, https, shared, self.workers).map_err(StartError::Runtime)
    }
}

/// Binds a loopback address. Answers the listener and the `HOST:PORT` it got.
fn listen(address: SocketAddr) -> Result<(std::net::TcpListener, String), StartError> {
    if !address.ip().is_loopback() {
        return Err(StartError::NotLoopback(address));
    }
    let failed = |source| StartError::Listen { address, source };
    let listener = std::net::TcpListener::bind(address).map_err(failed)?;
    listener.set_nonblocking(true).map_err(failed)?;
    let authority = listener.local_addr().map_err(failed)?.to_string();
    Ok((listener, authority))
}
