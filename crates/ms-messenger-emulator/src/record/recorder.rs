//! The handle of a running recorder, and its builder.

use std::{
    fmt,
    net::{Ipv4Addr, SocketAddr},
    path::PathBuf,
    sync::Arc,
    time::Duration,
};

use tokio::{net::TcpListener, sync::watch, task::JoinSet};

#[cfg(any(feature = "rustls", feature = "rustls-ring"))]
use crate::record::verified::Verified;
use crate::{
    record::{
        counts::{Counters, RecordCounts},
        exchange::{Heading, VERSION},
        file::RecordingFile,
        forward::Forwarder,
        listener,
        passed_by::Listener,
        proxy::Proxy,
        record_error::RecordError,
        redactor::Redactor,
        signing::{self, AccessKey},
        upstream::{RecordPlatform, Upstream},
    },
    wire::{
        clock,
        tls::{self, Tls},
    },
};

/// How long the service may take for the head of a response, and for each part of its body. Longer
/// than the event channel of UCWA is held.
const PATIENCE: Duration = Duration::from_secs(300);

/// A running recorder: a server on loopback that forwards each request to a service, and writes what
/// it responds to a file, without secrets and people. Dropping the handle ends it.
///
/// ```
/// use ms_messenger_emulator::{Emulator, Recorder};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// # let folder = std::env::temp_dir().join(format!("recorder-{}", std::process::id()));
/// # std::fs::create_dir_all(&folder)?;
/// # let file = folder.join("recording.jsonl");
/// let service = Emulator::start().await?;
/// let recorder = Recorder::builder(service.http_url(), &file).start().await?;
/// // Clients call `recorder.http_url()` in place of the service.
/// assert_eq!(recorder.counts().recorded, 0);
/// recorder.shutdown().await;
/// # std::fs::remove_dir_all(&folder)?;
/// # Ok(()) }
/// ```
#[derive(Debug)]
pub struct Recorder {
    proxy: Arc<Proxy>,
    http_url: String,
    https: Option<(String, String)>,
    stop: watch::Sender<bool>,
    tasks: JoinSet<()>,
}

impl Recorder {
    /// Returns a builder. `upstream` is `real` (the host of the platform, or of the path of each
    /// request), an https URL without a path, or an http URL on loopback; `out` is the file, which must
    /// not exist.
    pub fn builder(upstream: impl Into<String>, out: impl Into<PathBuf>) -> RecorderBuilder {
        RecorderBuilder {
            upstream: upstream.into(),
            out: out.into(),
            platform: None,
            http: SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
            https: None,
            ca_out: None,
            upstream_ca: None,
            connection_string: None,
            patience: PATIENCE,
            listener: None,
        }
    }

    /// Returns the origin of the HTTP listener, `http://127.0.0.1:PORT`.
    pub fn http_url(&self) -> &str {
        &self.http_url
    }

    /// Returns the origin of the HTTPS listener, `https://localhost:PORT`; `None` if HTTPS is off.
    pub fn https_url(&self) -> Option<&str> {
        self.https.as_ref().map(|(url, _)| url.as_str())
    }

    /// Returns the certificate authority of the HTTPS listener in PEM, a new one at each start.
    pub fn ca_pem(&self) -> Option<&str> {
        self.https.as_ref().map(|(_, ca)| ca.as_str())
    }

    /// Returns what became of the requests so far.
    pub fn counts(&self) -> RecordCounts {
        let (recorded, unwritten) = self.proxy.file.counts();
        RecordCounts::new(recorded, unwritten, &self.proxy.counters)
    }

    /// Ends the recorder: no new connection is accepted, and open requests get up to two seconds.
    /// Returns the final counts.
    pub async fn shutdown(mut self) -> RecordCounts {
        // Without listeners there is nothing to end.
        let _ = self.stop.send(true);
        while self.tasks.join_next().await.is_some() {}
        self.counts()
    }
}

/// Settings of a [`Recorder`].
///
/// ```
/// use ms_messenger_emulator::{RecordPlatform, Recorder};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() {
/// let refused = Recorder::builder("real", "new.jsonl").with_platform(RecordPlatform::Ucwa);
/// let error = refused.start().await.unwrap_err();
/// assert!(error.to_string().starts_with("upstream: must be the URL of the server"));
/// # }
/// ```
#[must_use]
pub struct RecorderBuilder {
    upstream: String,
    out: PathBuf,
    platform: Option<RecordPlatform>,
    http: SocketAddr,
    https: Option<SocketAddr>,
    ca_out: Option<PathBuf>,
    upstream_ca: Option<String>,
    connection_string: Option<String>,
    patience: Duration,
    listener: Option<Listener>,
}

impl fmt::Debug for RecorderBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // The connection string holds a key, and the URL may have been given one.
        write!(f, "RecorderBuilder({})", self.out.display())
    }
}

impl RecorderBuilder {
    /// Sets the platform of all requests. By default that of each path.
    pub const fn with_platform(mut self, platform: RecordPlatform) -> Self {
        self.platform = Some(platform);
        self
    }

    /// Sets the address of the HTTP listener, on loopback. Default: a free port of 127.0.0.1.
    pub const fn with_http_address(mut self, address: SocketAddr) -> Self {
        self.http = address;
        self
    }

    /// Adds an HTTPS listener, on loopback, with a certificate authority of its own.
    pub const fn with_https_address(mut self, address: SocketAddr) -> Self {
        self.https = Some(address);
        self
    }

    /// Writes the certificate authority in PEM to `path` at the start.
    pub fn with_ca_out(mut self, path: impl Into<PathBuf>) -> Self {
        self.ca_out = Some(path.into());
        self
    }

    /// Also trusts these certificate authorities of the service, in PEM.
    pub fn with_upstream_ca(mut self, pem: impl Into<String>) -> Self {
        self.upstream_ca = Some(pem.into());
        self
    }

    /// Sets the connection string of the Azure Communication Services resource. Its endpoint is the
    /// service of `real`; with its key requests are signed again, whose own signature is right for the
    /// address of the recorder.
    pub fn with_connection_string(mut self, connection_string: impl Into<String>) -> Self {
        self.connection_string = Some(connection_string.into());
        self
    }

    /// Sets how long the service may take for the head of a response, and for each part of its body.
    /// Default 300 seconds.
    pub const fn with_patience(mut self, patience: Duration) -> Self {
        self.patience = patience;
        self
    }

    /// Calls `listener` with one line about each response whose links lead past the recorder
    /// ([`RecordCounts::unlinked`]), as it is passed on.
    ///
    /// ```
    /// use ms_messenger_emulator::Recorder;
    ///
    /// let builder = Recorder::builder("real", "new.jsonl").with_listener(|line| eprintln!("{line}"));
    /// ```
    pub fn with_listener(mut self, listener: impl Fn(&str) + Send + Sync + 'static) -> Self {
        self.listener = Some(Listener(Arc::new(listener)));
        self
    }

    /// Makes the file, binds the listeners and starts to serve, on the caller's runtime.
    ///
    /// # Errors
    ///
    /// [`RecordError`] if a setting is invalid, the file exists or cannot be made, or an address is not
    /// loopback or cannot be bound. No file is left then.
    pub async fn start(self) -> Result<Recorder, RecordError> {
        let (resource, key) = self.resource()?;
        let upstream = Upstream::new(&self.upstream, self.platform, resource.as_deref())?;
        let forwarder = self.forwarder(&upstream)?;
        let http = listen(self.http).await?;
        let https = match self.https {
            None => None,
            Some(address) => Some(self.https(address).await?),
        };
        let own = local(&http, self.http)?;
        let is_own = |authority: &String| *authority == own.to_string();
        if upstream.authorities().iter().any(is_own) {
            let rule = "must not be the recorder itself";
            return Err(RecordError::Setting {
                name: "upstream",
                rule,
            });
        }
        let file = self.file(&upstream)?;
        let proxy = Arc::new(Proxy {
            redactor: Redactor::new(upstream.authorities()),
            upstream,
            forwarder,
            key,
            file,
            counters: Counters::default(),
            listener: self.listener.clone(),
        });
        let (stop, stopped) = watch::channel(false);
        let mut tasks = JoinSet::new();
        tasks.spawn(listener::serve(
            http,
            None,
            Arc::clone(&proxy),
            stopped.clone(),
        ));
        let https = https.map(|(listener, url, tls)| {
            let acceptor = Some(tls.acceptor);
            tasks.spawn(listener::serve(
                listener,
                acceptor,
                Arc::clone(&proxy),
                stopped,
            ));
            (url, tls.ca_pem)
        });
        Ok(Recorder {
            proxy,
            http_url: format!("http://{own}"),
            https,
            stop,
            tasks,
        })
    }

    fn resource(&self) -> Result<(Option<String>, Option<AccessKey>), RecordError> {
        let Some(connection_string) = &self.connection_string else {
            return Ok((None, None));
        };
        let (endpoint, key) = signing::parse(connection_string).ok_or(RecordError::Setting {
            name: "connection string",
            rule: "must be `endpoint=…;accesskey=…` with a Base64 key",
        })?;
        Ok((Some(endpoint), Some(key)))
    }

    #[cfg(any(feature = "rustls", feature = "rustls-ring"))]
    fn forwarder(&self, upstream: &Upstream) -> Result<Forwarder, RecordError> {
        let authorities = self.upstream_ca.as_deref();
        let tls = upstream.needs_tls().then(|| Verified::new(authorities));
        Ok(Forwarder {
            tls: tls.transpose().map_err(RecordError::Tls)?,
            patience: self.patience,
        })
    }

    #[cfg(not(any(feature = "rustls", feature = "rustls-ring")))]
    fn forwarder(&self, upstream: &Upstream) -> Result<Forwarder, RecordError> {
        if upstream.needs_tls() || self.upstream_ca.is_some() {
            let rule = "must be http on loopback: this build has no TLS";
            return Err(RecordError::Setting {
                name: "upstream",
                rule,
            });
        }
        Ok(Forwarder {
            patience: self.patience,
        })
    }

    async fn https(&self, address: SocketAddr) -> Result<(TcpListener, String, Tls), RecordError> {
        let listener = listen(address).await?;
        let tls = Tls::new(&[]).map_err(RecordError::Tls)?;
        if let Some(path) = &self.ca_out {
            let failed = |source| RecordError::CaOut {
                path: path.clone(),
                source,
            };
            tls::write_atomically(path, &tls.ca_pem).map_err(failed)?;
        }
        let port = local(&listener, address)?.port();
        Ok((listener, format!("https://localhost:{port}"), tls))
    }

    fn file(&self, upstream: &Upstream) -> Result<RecordingFile, RecordError> {
        let heading = Heading {
            ms_messenger_recording: VERSION,
            upstream: upstream.described(),
            platform: self.platform.map(|platform| platform.as_str().to_owned()),
            recorder: env!("CARGO_PKG_VERSION").to_owned(),
            started: clock::rfc3339_seconds(clock::system_ms()),
        };
        RecordingFile::create(&self.out, &heading).map_err(|source| match source.kind() {
            std::io::ErrorKind::AlreadyExists => RecordError::Exists {
                path: self.out.clone(),
            },
            _ => RecordError::File {
                path: self.out.clone(),
                source,
            },
        })
    }
}

async fn listen(address: SocketAddr) -> Result<TcpListener, RecordError> {
    if !address.ip().is_loopback() {
        return Err(RecordError::NotLoopback(address));
    }
    let bound = TcpListener::bind(address).await;
    bound.map_err(|source| RecordError::Listen { address, source })
}

fn local(listener: &TcpListener, address: SocketAddr) -> Result<SocketAddr, RecordError> {
    let local = listener.local_addr();
    local.map_err(|source| RecordError::Listen { address, source })
}
