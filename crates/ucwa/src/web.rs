//! The hosts that a session may call, and a pipeline without a credential for each.
//!
//! A host is trusted if it lies in the domain of the SIP address, is the host of the discovery
//! address that the caller gave, or lies in a domain of `with_trusted_domain`. Redirects and links
//! of the server cannot add a host.

use std::{sync::Arc, time::Duration};

use async_trait::async_trait;
use ms_messenger_core::{AccessToken, Result};
use ms_messenger_http::{Authorize, Endpoint, HttpRequest, Pipeline, RejectedToken, Transport};
use url::Url;

use crate::{
    error::{SERVICE, config, protocol},
    words::{WORDS, line},
};

/// The hosts of trusted domains, without a credential.
#[derive(Clone, Debug)]
pub(crate) struct Web {
    transport: Transport,
    /// The longest time that an attempt takes.
    timeout: Duration,
    /// The domains that may receive a credential.
    trusted: Arc<[String]>,
}

/// An address split for a pipeline.
pub(crate) struct Address {
    pub(crate) origin: String,
    pub(crate) path: String,
}

impl Web {
    /// Opens the client that all pipelines share.
    pub(crate) fn new(transport: Transport, trusted: Vec<String>) -> Result<Self> {
        let http = transport.client()?;
        Ok(Self {
            timeout: http.timeout(),
            transport: transport.with_http_client(http),
            trusted: trusted.into(),
        })
    }

    /// Returns the longest time that an attempt takes.
    pub(crate) const fn timeout(&self) -> Duration {
        self.timeout
    }

    /// Splits an absolute address of a host that may be called.
    pub(crate) fn address(&self, url: &str) -> Result<Address> {
        let url = Url::parse(url).map_err(|_| protocol("a link is not an absolute address"))?;
        let host = url.host_str().unwrap_or_default();
        if !self.trusted.iter().any(|domain| is_within(host, domain)) {
            return Err(config(format!(
                "the server redirects to {}, which is outside the domain of the user and of \
                 UCWA_TRUSTED_DOMAIN; if that is intended, trust it with with_trusted_domain",
                line(host, WORDS)
            )));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(config("an address must not hold a user name or password"));
        }
        // A credential may be sent there later: https, or http on loopback.
        Endpoint::parse(&url.origin().ascii_serialization())?;
        let path = match url.query() {
            Some(query) => format!("{}?{query}", url.path()),
            None => url.path().to_owned(),
        };
        Ok(Address {
            origin: url.origin().ascii_serialization(),
            path,
        })
    }

    /// Returns a pipeline to `origin` without a credential.
    pub(crate) fn open(&self, origin: &str) -> Result<Pipeline> {
        self.pipeline(origin, Anonymous)
    }

    /// Returns a pipeline to `origin` with the credential of `authorize`.
    pub(crate) fn pipeline(&self, origin: &str, authorize: impl Authorize) -> Result<Pipeline> {
        let endpoint = Endpoint::parse(origin)?;
        let transport = self.transport.clone();
        transport.pipeline(&SERVICE, endpoint, authorize)
    }
}

/// Whether `host` is `domain` or lies within it.
fn is_within(host: &str, domain: &str) -> bool {
    let rest = host
        .len()
        .checked_sub(domain.len())
        .filter(|&at| host.is_char_boundary(at))
        .map(|at| host.split_at(at));
    rest.is_some_and(|(head, tail)| {
        tail.eq_ignore_ascii_case(domain) && (head.is_empty() || head.ends_with('.'))
    })
}

#[derive(Debug)]
struct Anonymous;

#[async_trait]
impl Authorize for Anonymous {
    async fn authorize(
        &self,
        _: &mut HttpRequest,
        _: Option<&RejectedToken>,
    ) -> Result<Option<AccessToken>> {
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_domain_and_its_subdomains_are_trusted() {
        for host in ["contoso.com", "lyncweb.contoso.com", "LYNCWEB.Contoso.COM"] {
            assert!(is_within(host, "contoso.com"), "{host}");
        }
        for host in [
            "evilcontoso.com",
            "contoso.com.evil.org",
            "com",
            "",
            "ö.com",
        ] {
            assert!(!is_within(host, "contoso.com"), "{host}");
        }
    }
}
