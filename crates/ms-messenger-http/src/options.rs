//! The options of the HTTP client.

use std::{fmt, time::Duration};

use http::HeaderValue;
use ms_messenger_core::{Error, ErrorKind, Result};
use url::Url;

/// Longer than any process waits, and still fit to be added to a time.
pub(crate) const FOR_EVER: Duration = Duration::from_secs(10 * 365 * 24 * 3600);

/// Which versions of HTTP are offered over TLS. Without TLS it is always HTTP/1.1, and so it is
/// with every service whose responses do not name their request: Azure Communication Services and
/// Skype for Business Server
/// ([`with_echoed_client_request_id`](crate::ServiceProfile::with_echoed_client_request_id) says why).
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum HttpVersions {
    /// HTTP/1.1 for a call that runs alone, which costs a third less CPU; HTTP/2 on one connection
    /// for calls that run in parallel, if the server supports it.
    #[default]
    Adaptive,
    /// HTTP/2 if the server supports it, else HTTP/1.1.
    Negotiate,
    /// HTTP/1.1 only.
    Http1,
}

/// The proxy of calls over https. Calls over http use none: they are for loopback hosts only, and
/// their credentials would reach the proxy in the clear. `Debug` shows the origin of an address only.
#[derive(Clone, Default)]
#[non_exhaustive]
pub enum Proxy {
    /// The proxy of the environment or the system (`HTTPS_PROXY`, `NO_PROXY` …).
    #[default]
    System,
    /// No proxy.
    None,
    /// This one.
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

/// The options of an [`HttpClient`](crate::HttpClient): time-outs, proxy, certificates.
///
/// ```
/// use std::time::Duration;
/// use ms_messenger_http::HttpOptions;
///
/// let options = HttpOptions::default().with_connect_timeout(Duration::from_secs(3));
/// ```
#[derive(Clone)]
#[non_exhaustive]
pub struct HttpOptions {
    /// The time-out of a connection, TLS handshake included. Default 10 s; always kept below
    /// `timeout`.
    pub connect_timeout: Duration,
    /// The time-out of one attempt, from the first byte to the last. Default 100 s.
    pub timeout: Duration,
    /// How long an unused connection is kept. Default 50 s, below what the services allow.
    pub pool_idle_timeout: Duration,
    /// The most bytes of a response. Default 16 MiB.
    pub max_response_bytes: usize,
    /// The application, in front of the library in `User-Agent`, e.g. `contoso-alerts/1.2`.
    pub application_id: Option<String>,
    /// The proxy.
    pub proxy: Proxy,
    /// Which versions of HTTP are offered.
    pub versions: HttpVersions,
    /// Certificates in PEM form that are trusted in addition to those of the platform.
    pub extra_roots: Vec<Vec<u8>>,
    /// Whether a response is rejected that names another request or is the copy of an earlier
    /// response. Default `true`; see
    /// [`with_foreign_response_check`](HttpOptions::with_foreign_response_check).
    pub foreign_response_check: bool,
}

/// Shows how many certificates there are, not what was given for them.
impl fmt::Debug for HttpOptions {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("HttpOptions")
            .field("connect_timeout", &self.connect_timeout)
            .field("timeout", &self.timeout)
            .field("pool_idle_timeout", &self.pool_idle_timeout)
            .field("max_response_bytes", &self.max_response_bytes)
            .field("application_id", &self.application_id)
            .field("proxy", &self.proxy)
            .field("versions", &self.versions)
            .field("extra_roots", &self.extra_roots.len())
            .field("foreign_response_check", &self.foreign_response_check)
            .finish_non_exhaustive()
    }
}

impl Default for HttpOptions {
    fn default() -> Self {
        Self {
            connect_timeout: Duration::from_secs(10),
            timeout: Duration::from_secs(100),
            pool_idle_timeout: Duration::from_secs(50),
            max_response_bytes: 16 << 20,
            application_id: None,
            proxy: Proxy::System,
            versions: HttpVersions::Adaptive,
            extra_roots: Vec::new(),
            foreign_response_check: true,
        }
    }
}

impl HttpOptions {
    /// Sets the time-out of a connection.
    #[must_use]
    pub fn with_connect_timeout(mut self, timeout: Duration) -> Self {
        self.connect_timeout = timeout;
        self
    }

    /// Sets the time-out of one attempt.
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

    /// Sets the most bytes of a response.
    #[must_use]
    pub fn with_max_response_bytes(mut self, bytes: usize) -> Self {
        self.max_response_bytes = bytes;
        self
    }

    /// Sets the application in `User-Agent`.
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

    /// Sets whether a response is rejected that belongs to another request: it names another client
    /// request id, or, over https, repeats the request id of an earlier response (a broken proxy
    /// sent it twice). No connection from before such a response is used again.
    ///
    /// Switch it off for a test double that gives constant ids over https, such as a server of
    /// recorded responses. Against a service, leave it on: it keeps a message from being
    /// reported as sent that was not.
    #[must_use]
    pub fn with_foreign_response_check(mut self, check: bool) -> Self {
        self.foreign_response_check = check;
        self
    }

    /// The same without durations so long that adding them to a time would fail.
    pub(crate) fn bounded(mut self) -> Self {
        for duration in [
            &mut self.connect_timeout,
            &mut self.timeout,
            &mut self.pool_idle_timeout,
        ] {
            *duration = FOR_EVER.min(*duration);
        }
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
