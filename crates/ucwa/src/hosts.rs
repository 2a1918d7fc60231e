//! Whom to talk to: which hosts get a credential, and a pipeline for each.

use std::sync::Arc;

use async_trait::async_trait;
use ms_messenger_core::{
    AccessToken, CachedTokenProvider, ErrorKind, Result, RetryPolicy, TokenProvider as _,
    TokenRequest,
};
use ms_messenger_http::{Authorize, Endpoint, HttpClient, HttpRequest, Pipeline, RejectedToken};
use url::Url;

use crate::{
    credential::Credential,
    error::{SERVICE, config, protocol},
    ticket::{Challenged, TicketIssuer},
    words::{WORDS, line},
};

/// The hosts of one user's deployment. A clone shares the tickets.
#[derive(Clone, Debug)]
pub(crate) struct Hosts {
    web: Web,
    tickets: Arc<CachedTokenProvider<TicketIssuer>>,
    challenged: Challenged,
}

/// The way to a host, without a credential.
#[derive(Clone, Debug)]
pub(crate) struct Web {
    http: HttpClient,
    retry: RetryPolicy,
    /// Domains that may learn a credential.
    trusted: Arc<[String]>,
}

/// An address split for a pipeline: its host, and what is asked for there.
pub(crate) struct Address {
    pub(crate) origin: String,
    pub(crate) path: String,
}

impl Web {
    pub(crate) fn new(http: HttpClient, retry: RetryPolicy, trusted: Vec<String>) -> Self {
        Self {
            http,
            retry,
            trusted: trusted.into(),
        }
    }

    /// Splits an absolute address of a host that may be spoken to.
    pub(crate) fn address(&self, url: &str) -> Result<Address> {
        let url = Url::parse(url).map_err(|_| protocol("a link is no absolute address"))?;
        let host = url.host_str().unwrap_or_default();
        if !self.trusted.iter().any(|domain| is_within(host, domain)) {
            return Err(config(format!(
                "the server leads to {}, which is outside the domain of the user; \
                 if that is right, name it with with_trusted_domain",
                line(host, WORDS)
            )));
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err(config("an address must not hold a user name or password"));
        }
        // Whatever is asked for there, a credential may follow: https, or http on loopback.
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

    /// Calls to `origin` as nobody.
    pub(crate) fn open(&self, origin: &str) -> Result<Pipeline> {
        self.pipeline(origin, Nobody)
    }

    fn pipeline(&self, origin: &str, who: impl Authorize) -> Result<Pipeline> {
        let endpoint = Endpoint::parse(origin)?;
        let pipeline = Pipeline::new(&SERVICE, self.http.clone(), endpoint, who);
        Ok(pipeline.with_retry_policy(self.retry.clone()))
    }
}

impl Hosts {
    pub(crate) fn new(web: Web, credential: Credential) -> Self {
        let challenged = Challenged::default();
        let issuer = TicketIssuer::new(web.clone(), credential, challenged.clone());
        Self {
            web,
            tickets: Arc::new(CachedTokenProvider::new(issuer)),
            challenged,
        }
    }

    pub(crate) fn web(&self) -> &Web {
        &self.web
    }

    /// Calls to the host of `url` with its own ticket, and the path of `url` there.
    pub(crate) fn signed_in(&self, url: &str) -> Result<(Pipeline, String)> {
        let address = self.web.address(url)?;
        self.challenged.remember(&address);
        let ticket = Ticket {
            tickets: Arc::clone(&self.tickets),
            origin: address.origin.clone(),
        };
        Ok((self.web.pipeline(&address.origin, ticket)?, address.path))
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
struct Nobody;

#[async_trait]
impl Authorize for Nobody {
    async fn authorize(
        &self,
        _: &mut HttpRequest,
        _: Option<&RejectedToken>,
    ) -> Result<Option<AccessToken>> {
        Ok(None)
    }
}

/// The ticket of one host.
#[derive(Debug)]
struct Ticket {
    tickets: Arc<CachedTokenProvider<TicketIssuer>>,
    origin: String,
}

#[async_trait]
impl Authorize for Ticket {
    async fn authorize(
        &self,
        outgoing: &mut HttpRequest,
        refusal: Option<&RejectedToken>,
    ) -> Result<Option<AccessToken>> {
        let scopes = [self.origin.as_str()];
        let mut request = TokenRequest::new(&scopes);
        request.rejected = refusal.map(|it| &it.token);
        let token = self.tickets.token(&request).await?;
        outgoing.set_bearer(&token)?;
        Ok(Some(token))
    }
}

/// A retry policy that leaves every repetition to the caller.
pub(crate) fn no_retry() -> RetryPolicy {
    RetryPolicy::default().with_max_attempts(1)
}

/// Whether an error that came several times in a row says that what was discovered is out of
/// date. Source: "RootURL": 403, 502, repeated connection errors, and nothing else.
pub(crate) fn is_stale(error: &ms_messenger_core::Error) -> bool {
    matches!(error.status(), Some(403 | 502)) || error.kind() == ErrorKind::Connect
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_the_domain_and_what_lies_within_it_is_trusted() {
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
