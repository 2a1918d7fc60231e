//! How calls travel, as data.

use std::{fmt, time::Duration};

use http::HeaderValue;
use ms_messenger_core::{Error, ErrorKind, Result};
use url::Url;

/// Which versions of HTTP are offered over TLS. Without TLS it is always HTTP/1.1.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum HttpVersions {
    /// HTTP/1.1 for a call that is alone, which costs a third less CPU; HTTP/2 on one
    /// connection for those that run beside others, if the server speaks it.
    #[default]
    Adaptive,
    /// HTTP/2 if the server speaks it, else HTTP/1.1.
    Negotiate,
    /// HTTP/1.1 only.
    Http1,
}

/// Through which proxy calls go. `Debug` shows no more of an address than its origin.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum Proxy {
    /// As the environment or the system says (`HTTPS_PROXY`, `NO_PROXY` …); none for http,
    /// which is spoken with loopback hosts only.
    #[default]
    System,
    /// None at all.
    None,
    /// This one, for every call.
    Url(Url),
}

impl fmt::Debug for Proxy {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::System => f.write_str("System"),
            Self::None => f.write_str("None"),
            Self::Url(url) => write!(f, "Url({})", url.origin().ascii_serialization()),
        }
    }
}

/// How calls travel.
///
/// ```
/// use std::time::Duration;
/// use ms_messenger_http::HttpOptions;
///
/// let options = HttpOptions::default().with_connect_timeout(Duration::from_secs(3));
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct HttpOptions {
    /// How long a connection may take to stand, TLS handshake included. Default 10 s; always
    /// kept below `timeout`.
    pub connect_timeout: Duration,
    /// How long one try may take, from the first byte to the last. Default 100 s.
    pub timeout: Duration,
    /// How long an unused connection is kept. Default 50 s, below what the services allow.
    pub pool_idle_timeout: Duration,
    /// The most bytes that an answer may have. Default 16 MiB.
    pub max_answer_bytes: usize,
    /// What goes in front of our own `User-Agent`, e.g. `contoso-alerts/1.2`.
    pub application_id: Option<String>,
    /// Through which proxy calls go.
    pub proxy: Proxy,
    /// Which versions of HTTP are offered.
    pub versions: HttpVersions,
    /// Certificates in PEM form that are trusted besides those of the platform.
    pub extra_roots: Vec<Vec<u8>>,
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(100),
            pool_idle_timeout: Duration::from_secs(50),
            max_answer_bytes: 16 << 20,
            application_id: None,
            proxy: Proxy::System,
            versions: HttpVersions::Adaptive,
            extra_roots: Vec::new(),
        }
    }
}

impl HttpOptions {
    /// Sets how long a connection may take to stand.
    #[must_use]
    pub fn with_connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets how long one try may take.
    #[must_use]
    pub fn with_timeout(mut self, timeout: Duration) -> Self {
        self.timeout = timeout;
        self
    }

    /// Sets how long an unused connection is kept.
    #[must_use]
    pub fn with_pool_idle_timeout(mut self, timeout: Duration) -> Self {
        self.pool_idle_timeout = timeout;
        self
    }

    /// Sets the most bytes that an answer may have.
    #[must_use]
    pub fn with_max_answer_bytes(mut self, bytes: usize) -> Self {
        self.max_answer_bytes = bytes;
        self
    }

    /// Sets what goes in front of our own `User-Agent`.
    #[must_use]
    pub fn with_application_id(mut self, id: impl Into<String>) -> Self {
        self.application_id = Some(id.into());
        self
    }

    /// Sets the proxy.
    #[must_use]
    pub fn with_proxy(mut self, proxy: Proxy) -> Self {
        self.proxy = proxy;
        self
    }

    /// Sets which versions of HTTP are offered.
    #[must_use]
    pub fn with_versions(mut self, versions: HttpVersions) -> Self {
        self.versions = versions;
        self
    }

    /// Also trusts the certificates in `pem`.
    #[must_use]
    pub fn with_extra_roots(mut self, pem: impl Into<Vec<u8>>) -> Self {
        self.extra_roots.push(pem.into());
        self
    }

    pub(crate) fn user_agent(&self) -> Result<HeaderValue> {
        let own = concat!("ms-messenger/", env!("CARGO_PKG_VERSION"));
        let agent = match &self.application_id {
            Some(id) => format!("{id} {own}"),
            None => own.to_owned(),
        };
        HeaderValue::from_str(&agent).map_err(|_| {
            Error::new(
                ErrorKind::Config,
                "application_id: must be printable ASCII, as a header value is",
            )
        })
    }
}
