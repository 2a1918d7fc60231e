//! The builder: every setting of an emulator.

#[cfg(feature = "record")]
use std::sync::Arc;
use std::{
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
};

use tokio_rustls::rustls::pki_types::ServerName;

#[cfg(feature = "record")]
use crate::replay::{player::Player, recording::Recording};
#[cfg(feature = "acs")]
use crate::services::acs::chat::style::AcsChatErrorStyle;
#[cfg(feature = "entra")]
use crate::services::entra::settings::EntraApprover;
#[cfg(feature = "ucwa")]
use crate::services::ucwa::settings::UcwaTopology;
use crate::{
    engine::{
        faults::rule::Faults, limits::RetryAfter, mounted::Mounted, service::Service,
        settings::Settings,
    },
    mount::{self, ServiceSettings},
    start_error::StartError,
    wire::clock,
};

const MAX_BODY: usize = 4 * 1024 * 1024;

/// Configures an [`Emulator`](crate::Emulator); every setting has a default.
///
/// ```
/// use ms_messenger_emulator::{Emulator, FaultAction, FaultRule, Faults};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let unavailable = FaultRule::new(FaultAction::status(503)).with_every(10);
/// let emulator = Emulator::builder()
///     .with_seed(7)
///     .with_strict(true)
///     .with_faults(Faults::new().with_rule(unavailable))
///     .start()
///     .await?;
/// assert_eq!(emulator.seed().seed, 7);
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[must_use = "call start() to run the emulator"]
pub struct EmulatorBuilder {
    pub(crate) http: SocketAddr,
    pub(crate) https: Option<SocketAddr>,
    pub(crate) ca_out: Option<PathBuf>,
    pub(crate) workers: usize,
    pub(crate) settings: Settings,
    pub(crate) services: ServiceSettings,
    pub(crate) own: Vec<Mounted>,
    pub(crate) faults: Faults,
    /// Where each stored message is posted, and on which hosts beside loopback that may be.
    pub(crate) on_message: Option<String>,
    pub(crate) receivers: Vec<String>,
    /// The data file.
    pub(crate) data: Option<PathBuf>,
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
                keep: usize::MAX,
                has_limits: false,
                hosts: Vec::new(),
                clock_offset_ms: 0,
                retry_after: RetryAfter::default(),
                is_open: false,
                on_message: None,
                playback: None,
            },
            services: ServiceSettings::default(),
            own: Vec::new(),
            faults: Faults::new(),
            on_message: None,
            receivers: Vec::new(),
            data: None,
        }
    }

    /// Sets the address of the HTTP listener. It must be a loopback address; port 0, the default,
    /// is any free port.
    pub fn with_http_address(mut self, address: SocketAddr) -> Self {
        self.http = address;
        self
    }

    /// Also serves HTTPS at `address`, HTTP/1.1 and HTTP/2 by ALPN, with the same state. It must be
    /// a loopback address; port 0 is any free port. Off by default. The certificate is for
    /// `localhost`, `127.0.0.1` and `::1`, signed by an authority that is generated at each start:
    /// [`Emulator::ca_pem`](crate::Emulator::ca_pem).
    pub fn with_https_address(mut self, address: SocketAddr) -> Self {
        self.https = Some(address);
        self
    }

    /// Adds a DNS name or IP address to the HTTPS certificate. The admin API responds under it too;
    /// requests to and from any other host that is not loopback are rejected.
    pub fn with_host(mut self, host: impl Into<String>) -> Self {
        self.settings.hosts.push(host.into());
        self
    }

    /// Writes the certificate authority in PEM to `path` at the start, atomically, replacing an
    /// existing file. Its key is never written. Without
    /// [`with_https_address`](Self::with_https_address) nothing is written.
    pub fn with_ca_out(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca_out = Some(path.into());
        self
    }

    /// Sets the seed of the constants, of the probabilities of faults, and of generated GUIDs.
    /// Default 0.
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.settings.seed = seed;
        self
    }

    /// Sets whether unknown ids and foreign callers are rejected as by the services (404, 403)
    /// instead of being created on first use. Default `false`.
    pub fn with_strict(mut self, is_strict: bool) -> Self {
        self.settings.is_strict = is_strict;
        self
    }

    /// Sets how many messages are kept (at least 1), of all platforms together: the rows of the
    /// ledger, and the messages in their conversations. Older ones are dropped. Row numbers and
    /// statistics continue; a duplicate of a dropped message is not reported. By default all
    /// messages are kept.
    ///
    /// ```
    /// use ms_messenger_emulator::Emulator;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::builder().with_keep(1).start().await?;
    /// for text in ["one", "two"] {
    ///     let thread = &emulator.seed().acs.thread_id;
    ///     let user = &emulator.seed().acs.users[0].id;
    ///     emulator.inject(&serde_json::json!({
    ///         "platform": "acs-chat", "conversation": thread, "sender": user, "text": text,
    ///     }))?;
    /// }
    /// assert_eq!((emulator.messages().len(), emulator.messages()[0].seq), (1, 2));
    /// # Ok(()) }
    /// ```
    pub fn with_keep(mut self, messages: usize) -> Self {
        self.settings.keep = messages;
        self
    }

    /// Sets the largest request body in bytes; every operation responds to a larger one with 413,
    /// except those with a limit of their own (uploads of files). Default 4 MiB.
    pub fn with_max_body(mut self, bytes: usize) -> Self {
        self.settings.max_body = bytes;
        self
    }

    /// Sets the largest Graph message in bytes of request JSON, without the Base64 of hosted
    /// contents; a larger one gets 413. Default 28 KiB.
    #[cfg(feature = "graph")]
    pub fn with_graph_message_limit(mut self, bytes: usize) -> Self {
        self.services.graph.message_limit = bytes;
        self
    }

    /// Sets the quota of each drive in bytes; uploads above it get 507 `quotaLimitReached`. Default
    /// 1 GiB. `PUT /_emulator/drives` sets that of one drive while the emulator runs.
    #[cfg(feature = "graph")]
    pub fn with_drive_quota(mut self, bytes: u64) -> Self {
        self.services.graph.drives.quota = bytes;
        self
    }

    /// Sets whether the bytes of files are kept. Without them a file has its size and hash, and
    /// downloads get 501; use it for uploads larger than the memory. Default `true`.
    #[cfg(feature = "graph")]
    pub fn with_file_contents(mut self, is_kept: bool) -> Self {
        self.services.graph.drives.keeps_contents = is_kept;
        self
    }

    /// Sets the shape of ACS Chat's error bodies. Default [`AcsChatErrorStyle::Spec`].
    ///
    /// ```
    /// use ms_messenger_emulator::{AcsChatErrorStyle, Emulator};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let builder = Emulator::builder().with_error_style(AcsChatErrorStyle::Pascal);
    /// let emulator = builder.start().await?;
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "acs")]
    pub fn with_error_style(mut self, style: AcsChatErrorStyle) -> Self {
        self.services.acs = style;
        self
    }

    /// Sets whether the services respond with 429 above their published rates (for example 10
    /// messages in 10 seconds and 30 in a minute per thread of ACS Chat, one a second per thread of
    /// Graph). UCWA has none. Default `false`.
    ///
    /// ```
    /// use ms_messenger_emulator::Emulator;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::builder().with_documented_limits(true).start().await?;
    /// assert!(emulator.stats()["throttled_by"].as_object().is_some_and(|by| by.is_empty()));
    /// # Ok(()) }
    /// ```
    pub fn with_documented_limits(mut self, has_limits: bool) -> Self {
        self.settings.has_limits = has_limits;
        self
    }

    /// Sets how a 429 of [`with_documented_limits`](Self::with_documented_limits) says when to retry.
    /// Default [`RetryAfter::Seconds`].
    pub fn with_retry_after(mut self, style: RetryAfter) -> Self {
        self.settings.retry_after = style;
        self
    }

    /// Sets how many seconds the clock of all services is ahead of this machine's; negative: behind
    /// it. `Date` headers, the times and ids of messages, the expiry of tokens and the checks of
    /// signed dates follow it; durations do not. Default 0, at most ten years in either direction.
    /// [`Emulator::set_clock_offset`](crate::Emulator::set_clock_offset) changes it later; a reset restores this value.
    ///
    /// ```
    /// use ms_messenger_emulator::Emulator;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::builder().with_clock_offset(3600).start().await?;
    /// # Ok(()) }
    /// ```
    pub fn with_clock_offset(mut self, seconds: i64) -> Self {
        self.settings.clock_offset_ms = seconds.saturating_mul(1000);
        self
    }

    /// Sets whether Graph rejects an expired token with 403 "No authorization information present
    /// on the request." instead of 401, as has been observed. Default `false`.
    /// [`GraphFault::NoAuthorization`] expires tokens with that response.
    ///
    /// [`GraphFault::NoAuthorization`]: crate::GraphFault::NoAuthorization
    #[cfg(feature = "graph")]
    pub fn with_graph_forbidding_expired_tokens(mut self, forbids: bool) -> Self {
        self.services.graph.forbids_expired = forbids;
        self
    }

    /// Sets how many times faster UCWA's clocks run: with 1000, its 30 seconds pass in 30
    /// milliseconds. Holds, invitations, inactivity and the lifetime of tickets all follow it.
    /// Default 1; it must be a finite number above 0.
    ///
    /// ```
    /// use ms_messenger_emulator::Emulator;
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::builder().with_ucwa_time_scale(1000.0).start().await?;
    /// assert!(Emulator::builder().with_ucwa_time_scale(0.0).start().await.is_err());
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "ucwa")]
    pub fn with_ucwa_time_scale(mut self, factor: f64) -> Self {
        self.services.ucwa.set_time_scale(factor);
        self
    }

    /// Sets how many hosts a UCWA client goes through to reach its applications. Default
    /// [`UcwaTopology::OneHost`]; the faults [`UcwaFault::DiscoveryRedirect`] and
    /// [`UcwaFault::PoolSplit`] do it for single requests.
    ///
    /// [`UcwaFault::DiscoveryRedirect`]: crate::UcwaFault::DiscoveryRedirect
    /// [`UcwaFault::PoolSplit`]: crate::UcwaFault::PoolSplit
    #[cfg(feature = "ucwa")]
    pub fn with_ucwa_topology(mut self, topology: UcwaTopology) -> Self {
        self.services.ucwa.topology = topology;
        self
    }

    /// Sets whether the UCWA event channel holds back events of medium priority for 5 s (or what
    /// the client asks for), as the service does. Default `false`.
    #[cfg(feature = "ucwa")]
    pub fn with_ucwa_aggregation(mut self, aggregates: bool) -> Self {
        self.services.ucwa.aggregates = aggregates;
        self
    }

    /// Sets how sign-ins at Entra ID are approved. Default [`EntraApprover::AfterFirstPoll`].
    ///
    /// ```
    /// use ms_messenger_emulator::{Emulator, EntraApprover};
    ///
    /// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let builder = Emulator::builder().with_entra_approver(EntraApprover::AtOnce);
    /// let emulator = builder.start().await?;
    /// # Ok(()) }
    /// ```
    #[cfg(feature = "entra")]
    pub fn with_entra_approver(mut self, approver: EntraApprover) -> Self {
        self.services.entra.approver = approver;
        self
    }

    /// Sets the lifetime of the access tokens that Entra ID issues, in seconds. Default 3600.
    #[cfg(feature = "entra")]
    pub fn with_token_lifetime(mut self, seconds: u32) -> Self {
        self.services.entra.lifetime = seconds.into();
        self
    }

    /// Sets the seconds between two polls of a device code; faster ones get `slow_down`. Default 5; with 0
    /// no poll is too fast.
    #[cfg(feature = "entra")]
    pub fn with_device_interval(mut self, seconds: u32) -> Self {
        self.services.entra.interval = seconds.into();
        self
    }

    /// Mounts a service of your own. The built-in ones are asked first whether a path is theirs.
    ///
    /// It gets faults, limits, the ledger, statistics, reset and `/_emulator/…` like every other
    /// service; [`Service`] has an example.
    pub fn with_service(mut self, service: impl Service) -> Self {
        self.own.push(Mounted::plain(service));
        self
    }

    /// Responds with a recording: a request gets the next recorded response to its method and to the
    /// shape of its path. The services serve the same request beside it, and
    /// [`Emulator::replay_report`](crate::Emulator::replay_report) has what differs. A request that no
    /// exchange is left for is served by the services alone, and so is each one while there are fault
    /// rules.
    #[cfg(feature = "record")]
    pub fn with_replay(mut self, recording: Recording) -> Self {
        self.settings.playback = Some(Arc::new(Player::new(recording)));
        self
    }

    /// Sets the fault rules that apply from the start.
    pub fn with_faults(mut self, faults: Faults) -> Self {
        self.faults = faults;
        self
    }

    /// Sets the number of threads that serve requests; one, the default, is enough for tests.
    pub fn with_worker_threads(mut self, threads: usize) -> Self {
        self.workers = threads.max(1);
        self
    }

    /// Refuses invalid settings.
    pub(crate) fn check(&self) -> Result<(), StartError> {
        let settings = &self.settings;
        let names = mount::descriptions().into_iter();
        let own = self.own.iter().map(|own| own.service.description());
        let mut seen = Vec::new();
        for name in names.chain(own).map(|service| service.platform().as_str()) {
            if seen.contains(&name) {
                return Err(StartError::MountedTwice(name));
            }
            seen.push(name);
        }
        #[cfg(feature = "ucwa")]
        if !self.services.ucwa.is_sound() {
            return Err(StartError::Setting {
                name: "ucwa time scale",
                rule: "must be a finite number above 0",
            });
        }
        let offset = settings.clock_offset_ms.unsigned_abs();
        let is_host = |host: &String| ServerName::try_from(host.as_str()).is_ok();
        let problems = [
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
}
