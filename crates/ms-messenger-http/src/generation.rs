//! Generations of connections: after a response that belongs to another request, none of the
//! connections from before is used again.

use std::{
    future::poll_fn,
    net::{Ipv4Addr, Ipv6Addr, SocketAddr},
    pin::pin,
    sync::{
        Arc, PoisonError, RwLock,
        atomic::{AtomicBool, Ordering},
    },
};

use ms_messenger_core::{Error, ErrorKind, Result};

use crate::{
    HttpOptions, HttpVersions, Proxy,
    first_connection::Opening,
    polls::{Polls, Running},
    tls,
};

/// Pools of connections that are used in the same period.
pub(crate) struct Generation {
    negotiating: reqwest::Client,
    /// HTTP/1.1 only, where `negotiating` is not: for calls that are alone, when the versions are
    /// adaptive, and for those whose response does not name them.
    single: Option<reqwest::Client>,
    is_adaptive: bool,
    /// For http, which is spoken with loopback hosts alone: a proxy would carry the credential
    /// off the machine in the clear.
    local: Option<reqwest::Client>,
    /// Whether `negotiating` offers HTTP/2.
    offers_http2: bool,
    opening: Opening,
    is_over: AtomicBool,
}

impl Generation {
    fn new(options: &HttpOptions, tls: &tls::Tls) -> Result<Self> {
        let offers_http2 = options.versions != HttpVersions::Http1;
        let needs_single = offers_http2 && tls::AVAILABLE;
        let direct = match options.proxy {
            Proxy::None => None,
            _ => Some(options.clone().with_proxy(Proxy::None)),
        };
        Ok(Self {
            negotiating: build(options, tls, offers_http2)?,
            single: needs_single
                .then(|| build(options, tls, false))
                .transpose()?,
            is_adaptive: options.versions == HttpVersions::Adaptive,
            local: direct.map(|it| build(&it, tls, false)).transpose()?,
            offers_http2: offers_http2 && tls::AVAILABLE,
            opening: Opening::default(),
            is_over: AtomicBool::new(false),
        })
    }

    /// Whether one of its connections has brought a response that belongs to another request.
    pub(crate) fn is_over(&self) -> bool {
        self.is_over.load(Ordering::Acquire)
    }

    /// Sends `request` by one of its connections; gives it back if the generation ends before.
    pub(crate) async fn execute<'a>(
        &self,
        request: reqwest::Request,
        sharing: Sharing,
        polls: &'a Polls,
    ) -> Result<Sent<'a>, reqwest::Request> {
        let over_tls = request.url().scheme() == "https";
        let own = if over_tls {
            let is_single = match sharing {
                Sharing::Never => true,
                Sharing::WhenBusy { is_quiet } => self.is_adaptive && is_quiet,
            };
            self.single.as_ref().filter(|_| is_single)
        } else {
            self.local.as_ref()
        };
        let opening = match own {
            None if over_tls && self.offers_http2 => self.opening.turn().await,
            _ => None,
        };
        if self.is_over() {
            return Err(request);
        }
        let client = own.unwrap_or(&self.negotiating);
        let mut sending = pin!(client.execute(request));
        let sent = poll_fn(|context| {
            let running = polls.enter();
            let outcome = sending.as_mut().poll(context);
            outcome.map(|outcome| Sent { outcome, running })
        })
        .await;
        drop(opening);
        Ok(sent)
    }
}

/// Whether a request may share its connection with others under way, as HTTP/2 lets it.
///
/// Streams share a connection, and the runtime decides in which order their responses are looked
/// at. Once a gateway has sent one twice, each later response is another's, and one that does not
/// name its request can be believed before the copy is noticed. HTTP/1.1 has an order.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Sharing {
    /// The response does not name its request.
    Never,
    /// The response names its request.
    WhenBusy {
        /// No other request is under way, nor was one lately.
        is_quiet: bool,
    },
}

/// The outcome of a request that was sent.
pub(crate) struct Sent<'a> {
    pub(crate) outcome: reqwest::Result<reqwest::Response>,
    /// The poll that brought it: it lasts until the outcome is judged.
    pub(crate) running: Running<'a>,
}

/// The generation in use, and how to make the next one.
pub(crate) struct Generations {
    options: HttpOptions,
    tls: tls::Tls,
    /// Written once per generation, so that readers never wait for each other.
    current: RwLock<Arc<Generation>>,
}

impl Generations {
    pub(crate) fn new(options: &HttpOptions) -> Result<Self> {
        let tls = tls::Tls::new(options)?;
        let first = Generation::new(options, &tls)?;
        Ok(Self {
            options: options.clone(),
            tls,
            current: RwLock::new(Arc::new(first)),
        })
    }

    /// The generation in use: never one that has ended.
    pub(crate) fn current(&self) -> Result<Arc<Generation>> {
        let current = self.current.read().unwrap_or_else(PoisonError::into_inner);
        if !current.is_over() {
            return Ok(Arc::clone(&current));
        }
        drop(current);
        self.renewed()
    }

    /// Ends `generation`: no request begins on its connections any more.
    pub(crate) fn end(&self, generation: &Generation) {
        generation.is_over.store(true, Ordering::Release);
        // Idle connections close at once; where this fails, the next call reports it.
        let _ = self.renewed();
    }

    fn renewed(&self) -> Result<Arc<Generation>> {
        let mut current = self.current.write().unwrap_or_else(PoisonError::into_inner);
        if current.is_over() {
            *current = Arc::new(Generation::new(&self.options, &self.tls)?);
        }
        Ok(Arc::clone(&current))
    }
}

/// A client of reqwest that neither follows redirects nor retries.
fn build(options: &HttpOptions, tls: &tls::Tls, negotiating: bool) -> Result<reqwest::Client> {
    let connect_timeout = options.connect_timeout.min(options.timeout.mul_f64(0.9));
    // Without a resolver, which could send elsewhere what is for this machine.
    let loopback = [
        SocketAddr::from((Ipv4Addr::LOCALHOST, 0)),
        SocketAddr::from((Ipv6Addr::LOCALHOST, 0)),
    ];
    let mut builder = reqwest::Client::builder()
        .redirect(reqwest::redirect::Policy::none())
        .retry(reqwest::retry::never())
        .referer(false)
        .resolve_to_addrs("localhost", &loopback)
        .connect_timeout(connect_timeout)
        .timeout(options.timeout)
        .pool_idle_timeout(options.pool_idle_timeout);
    builder = match &options.proxy {
        Proxy::System => builder,
        Proxy::None => builder.no_proxy(),
        Proxy::Url(url) => {
            // The error of reqwest repeats the address, which may hold a password.
            let unusable = |_| {
                Error::new(
                    ErrorKind::Config,
                    "proxy: must be the address of an http or https proxy",
                )
            };
            builder.proxy(reqwest::Proxy::all(url.as_str()).map_err(unusable)?)
        }
    };
    tls.configure(builder, negotiating)
        .build()
        .map_err(|error| {
            Error::new(ErrorKind::Config, "http options: cannot be used")
                .with_source(error.without_url())
        })
}
