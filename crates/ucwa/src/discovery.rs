//! From the domain of a user to the resource that creates applications.

use std::{fmt, time::Duration};

use ms_messenger_core::{Error, ErrorKind, Result};
use ms_messenger_http::{Call, Response};
use url::Url;

use crate::{
    error::{PLATFORM, protocol},
    hosts::Hosts,
    resource::Resource,
    web::Web,
    words::{address, origin},
};

/// How often a redirect is followed at most.
const MAX_HOPS: usize = 10;
/// The internal name does not exist outside: it is not waited for long.
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

/// Finds the address of the `user` resource: the first candidate that answers.
pub(crate) async fn user_address(web: &Web, start: &Start) -> Result<String> {
    let mut failures = Vec::new();
    let mut last = None;
    for (url, timeout) in start.candidates() {
        match follow(web, &url, timeout).await {
            Ok(user) => return Ok(user),
            // The server said something that nobody else will say better.
            Err(error) if error.kind() == ErrorKind::Config => return Err(error),
            Err(error) => {
                failures.push(format!("{}: {}", origin(&url), error.message()));
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

/// Walks from a root over redirects to the one that names the user resource.
async fn follow(web: &Web, start: &str, timeout: Duration) -> Result<String> {
    let mut url = start.to_owned();
    for _ in 0..MAX_HOPS {
        let to = web.address(&url)?;
        let call = Call::get("discover", to.path)
            .with_timeout(timeout)
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
        "discovery went round more than {MAX_HOPS} redirects"
    )))
}

/// An HTTP redirect is followed within its host alone: elsewhere the candidate has failed.
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
        .map_err(|_| protocol("the discovery response has a link that is no address"))
}

/// XML comes from a server that did not see `Accept`, or from a proxy that dropped it.
fn read(response: &Response) -> Result<Resource> {
    if response.body().trim_ascii_start().starts_with(b"<") {
        return Err(protocol(
            "the discovery response is XML or HTML; this crate asks for JSON and reads nothing else",
        ));
    }
    response.json()
}

/// Reads the `user` resource, where the user is homed, and answers the address that creates
/// applications.
pub(crate) async fn applications_address(hosts: &Hosts, user: &str) -> Result<String> {
    let mut url = user.to_owned();
    for _ in 0..MAX_HOPS {
        let (pipeline, path) = hosts.signed_in(&url)?;
        let user = read(&pipeline.call(Call::get("user", path)).await?)?;
        if let Some(applications) = user.href("applications") {
            return absolute(&url, applications);
        }
        let redirect = user.href("redirect").ok_or_else(|| {
            protocol("the user resource names neither applications nor a redirect")
        })?;
        url = absolute(&url, redirect)?;
    }
    Err(protocol(format!(
        "the user resource went round more than {MAX_HOPS} redirects"
    )))
}
