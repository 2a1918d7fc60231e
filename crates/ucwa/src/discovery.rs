//! Discovery: from the domain of a user to the resource that creates applications.
//!
//! 1. `GET https://lyncdiscoverinternal.contoso.com/`, then `https://lyncdiscover.contoso.com/`,
//!    without a credential. A response with `redirect` is followed until one has `user`.
//! 2. `GET user` with the web ticket of its host. A response with `redirect` leads to the home
//!    pool of the user, which needs a ticket of its own; one with `applications` ends the
//!    discovery.
//!
//! Source: "RootURL", "User". Every host must lie in a trusted domain before it is called.

use std::{fmt, time::Duration};

use ms_messenger_core::{Error, ErrorKind, Result, clause};
use ms_messenger_http::{Call, Response};
use url::Url;

use crate::{
    error::{PLATFORM, protocol},
    hosts::Hosts,
    operations::{DISCOVERY_GET, USER_GET},
    resource::Resource,
    web::Web,
    words::{address, origin},
};

/// The most redirects that are followed.
const MAX_HOPS: usize = 10;
/// The internal name does not exist outside: the wait is short.
const INTERNAL_TIMEOUT: Duration = Duration::from_secs(5);
const EXTERNAL_TIMEOUT: Duration = Duration::from_secs(20);

/// Where discovery begins.
#[derive(Clone)]
pub(crate) enum Start {
    /// The domain of the SIP address.
    Domain(String),
    /// A fixed address.
    Fixed(String),
}

impl fmt::Debug for Start {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Domain(domain) => write!(f, "Domain({domain})"),
            Self::Fixed(url) => write!(f, "Fixed({})", address(url)),
        }
    }
}

impl Start {
    fn candidates(&self) -> Vec<(String, Duration)> {
        match self {
            Self::Fixed(url) => vec![(url.clone(), EXTERNAL_TIMEOUT)],
            Self::Domain(domain) => vec![
                (
                    format!("https://lyncdiscoverinternal.{domain}/"),
                    INTERNAL_TIMEOUT,
                ),
                (format!("https://lyncdiscover.{domain}/"), EXTERNAL_TIMEOUT),
            ],
        }
    }
}

/// Finds the address of the `user` resource: that of the first candidate that responds.
pub(crate) async fn user_address(web: &Web, start: &Start) -> Result<String> {
    let mut failures = Vec::new();
    let mut last = None;
    for (url, timeout) in start.candidates() {
        match follow(web, &url, timeout).await {
            Ok(user) => return Ok(user),
            // No other candidate would respond otherwise.
            Err(error) if error.kind() == ErrorKind::Config => return Err(error),
            Err(error) => {
                failures.push(format!("{}: {}", origin(&url), clause(error.message())));
                last = Some(error);
            }
        }
    }
    let kind = last.as_ref().map_or(ErrorKind::Config, Error::kind);
    let mut error = Error::new(kind, format!("discovery failed: {}", failures.join("; ")))
        .with_platform(PLATFORM);
    if let Some(last) = last {
        if let Some(status) = last.status() {
            error = error.with_status(status);
        }
        error = error.with_source(last);
    }
    Err(error.with_delivery(ms_messenger_core::Delivery::NotSent))
}

/// Follows redirects from a root to the resource that names the user.
async fn follow(web: &Web, start: &str, timeout: Duration) -> Result<String> {
    let mut url = start.to_owned();
    for _ in 0..MAX_HOPS {
        let to = web.address(&url)?;
        let call = Call::of(&DISCOVERY_GET, to.path)
            .with_timeout(timeout.min(web.timeout()))
            .with_expected(&[301, 302, 303, 307, 308]);
        let response = web.open(&to.origin)?.call(call).await?;
        url = if response.status() >= 300 {
            moved(&url, &response)?
        } else {
            let root = read(&response)?;
            if let Some(user) = root.href("user") {
                return absolute(&url, user);
            }
            let redirect = root.href("redirect");
            absolute(
                &url,
                redirect.ok_or_else(|| {
                    protocol("the discovery response names neither a user nor a redirect")
                })?,
            )?
        };
    }
    Err(protocol(format!(
        "discovery followed more than {MAX_HOPS} redirects"
    )))
}

/// An HTTP redirect is followed within its host only; otherwise the candidate has failed.
fn moved(from: &str, response: &Response) -> Result<String> {
    let to = response.header("location").unwrap_or_default();
    let to = absolute(from, to)?;
    let host = |url: &str| Url::parse(url).ok()?.host_str().map(str::to_owned);
    if host(from) != host(&to) {
        return Err(protocol("an HTTP redirect to another host"));
    }
    Ok(to)
}

fn absolute(base: &str, link: &str) -> Result<String> {
    let url = Url::parse(base).and_then(|base| base.join(link));
    url.map(String::from)
        .map_err(|_| protocol("the discovery response has an invalid link"))
}

/// XML comes from a server that ignores `Accept`, or from a proxy that removed it.
fn read(response: &Response) -> Result<Resource> {
    if response.body().trim_ascii_start().starts_with(b"<") {
        return Err(protocol(
            "the discovery response is XML or HTML; only JSON is supported",
        ));
    }
    response.json()
}

/// Reads the `user` resource on the user's home pool, and returns the address that creates
/// applications.
pub(crate) async fn applications_address(hosts: &Hosts, user: &str) -> Result<String> {
    let mut url = user.to_owned();
    for _ in 0..MAX_HOPS {
        let (pipeline, path) = hosts.signed_in(&url)?;
        let user = read(&pipeline.call(Call::of(&USER_GET, path)).await?)?;
        if let Some(applications) = user.href("applications") {
            return absolute(&url, applications);
        }
        let redirect = user.href("redirect").ok_or_else(|| {
            protocol("the user resource names neither applications nor a redirect")
        })?;
        url = absolute(&url, redirect)?;
    }
    Err(protocol(format!(
        "the user resource followed more than {MAX_HOPS} redirects"
    )))
}
