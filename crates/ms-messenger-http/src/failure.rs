//! What a failure of the transport proves, where it happened, and why.

use std::{error::Error as StdError, fmt, io};

use ms_messenger_core::{Delivery, Error, ErrorKind};
use url::Url;

use crate::{Proxy, certificate, redact::one_line};

/// The most causes that are kept.
const DEPTH: usize = 16;

/// The longest address that the HTTP client takes, in bytes.
const MOST_BYTES: usize = 65_534;

/// Where a proxy comes from that the caller did not name.
const SYSTEM_PROXY: &str = "that HTTPS_PROXY, ALL_PROXY or the system names";

/// Classifies a failure of the transport. `is_connect` is checked first: a time-out while
/// connecting is both, and only a failed connection proves that nothing was sent.
pub(crate) fn failure(error: &reqwest::Error, proxy: &Proxy) -> Error {
    if let Some(reason) = chain(error).find_map(certificate::reason) {
        return certificate::untrusted(&place_of(error), reason).with_source(Cause::of(error));
    }
    let (kind, delivery, message) = if is_too_long(error) {
        let message = format!("the address of the request is too long: at most {MOST_BYTES} bytes");
        return Error::new(ErrorKind::InvalidRequest, message).with_delivery(Delivery::NotSent);
    } else if error.is_builder() {
        let message = "the request cannot be built".to_owned();
        (ErrorKind::Config, Delivery::NotSent, message)
    } else if error.is_connect() {
        let message = no_connection(error, proxy);
        (ErrorKind::Connect, Delivery::NotSent, message)
    } else if error.is_timeout() {
        let message = no_response(&place_of(error));
        (ErrorKind::Timeout, Delivery::Unknown, message)
    } else if error.is_request() && chain(error).any(is_refused_stream) {
        let message = format!(
            "{} refused the stream of the request unread",
            place_of(error)
        );
        (ErrorKind::Transport, Delivery::NotSent, message)
    } else {
        let place = place_of(error);
        let message = format!("the connection to {place} broke before the response was complete");
        (ErrorKind::Transport, Delivery::Unknown, message)
    };
    Error::new(kind, message)
        .with_delivery(delivery)
        .with_source(Cause::of(error))
}

/// The error of a request to `url` without a response in time.
pub(crate) fn timed_out(url: &Url) -> Error {
    Error::new(ErrorKind::Timeout, no_response(&place(url)))
}

fn no_response(place: &str) -> String {
    format!("no response from {place} in time")
}

fn no_connection(error: &reqwest::Error, proxy: &Proxy) -> String {
    let mut message = format!("no connection to {}", place_of(error));
    let is_proxied = error.url().is_some_and(|url| url.scheme() == "https");
    let through = match proxy {
        Proxy::Url(url) if is_proxied => Some(place(url)),
        Proxy::System if is_tunnel(error) => Some(SYSTEM_PROXY.to_owned()),
        _ => None,
    };
    if let Some(proxy) = &through {
        message += &format!(" through the proxy {proxy}");
    }
    if is_resolution(error) {
        message += match through {
            Some(_) => ": the name of the proxy does not resolve",
            None => ": the name does not resolve",
        };
    } else if error.is_timeout() {
        message += " in time";
    }
    message
}

/// Whether the connection was to be made through a proxy, which shows in the text only.
fn is_tunnel(error: &reqwest::Error) -> bool {
    chain(error).any(|cause| cause.to_string().starts_with("tunnel error"))
}

/// Whether a request was not made because the HTTP client takes no address of its length.
fn is_too_long(error: &reqwest::Error) -> bool {
    let is_longer = |url: &Url| url.as_str().len() > MOST_BYTES;
    error.is_builder() && error.url().is_some_and(is_longer)
}

/// Whether a name was not resolved or is not valid. Both show in the text only.
fn is_resolution(error: &reqwest::Error) -> bool {
    let is_resolution = |said: String| matches!(&*said, "dns error" | "invalid dns name");
    error.is_dns() || chain(error).any(|cause| is_resolution(cause.to_string()))
}

fn place_of(error: &reqwest::Error) -> String {
    error.url().map_or_else(|| "the server".to_owned(), place)
}

/// The host and port of `url`, and no more of it.
fn place(url: &Url) -> String {
    let host = one_line(url.host_str().unwrap_or_default());
    match url.port_or_known_default() {
        Some(port) => format!("{host}:{port}"),
        None => host,
    }
}

/// RFC 9113, section 8.7: a request on a refused stream was not processed in any way. A
/// GOAWAY proves as much for the streams above its last one, but nothing promises that only those
/// end with its error.
fn is_refused_stream(cause: &(dyn StdError + 'static)) -> bool {
    cause.downcast_ref::<h2::Error>().is_some_and(|error| {
        error.is_reset() && error.is_remote() && error.reason() == Some(h2::Reason::REFUSED_STREAM)
    })
}

/// `error` and its causes, those that [`io::Error`] keeps from `source` included.
fn chain<'a>(
    error: &'a (dyn StdError + 'static),
) -> impl Iterator<Item = &'a (dyn StdError + 'static)> {
    std::iter::successors(Some(error), |&cause: &&'a (dyn StdError + 'static)| {
        let hidden = cause
            .downcast_ref::<io::Error>()
            .and_then(io::Error::get_ref);
        match hidden {
            Some(inner) => Some(inner as &(dyn StdError + 'static)),
            None => cause.source(),
        }
    })
    .take(DEPTH)
}

/// A cause in its own words, one bounded line: an error of the transport can quote what a
/// server said at any length, and can hold an address.
#[derive(Debug)]
struct Cause {
    said: String,
    source: Option<Box<Cause>>,
}

impl Cause {
    /// The causes of `error`, down to the innermost; not its own words, which name an address.
    fn of(error: &reqwest::Error) -> Self {
        let mut said: Vec<String> = chain(error)
            .skip(1)
            .map(|cause| one_line(&cause.to_string()))
            .collect();
        said.dedup();
        let mut causes = said
            .into_iter()
            .rev()
            .map(|said| Self { said, source: None });
        let innermost = causes.next().unwrap_or_else(|| Self {
            said: "no cause is known".to_owned(),
            source: None,
        });
        causes.fold(innermost, |source, cause| Self {
            source: Some(Box::new(source)),
            ..cause
        })
    }
}

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.said)
    }
}

impl StdError for Cause {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.source.as_deref().map(|source| source as _)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_place_is_a_host_and_a_port() {
        for (url, expected) in [
            (
                "https://u:hunter2@contoso.com/a?k=hunter2",
                "contoso.com:443",
            ),
            ("http://[::1]:81/hunter2#hunter2", "[::1]:81"),
            ("http://localhost", "localhost:80"),
        ] {
            assert_eq!(place(&Url::parse(url).unwrap()), expected);
        }
    }

    #[test]
    fn a_cause_that_an_io_error_holds_is_found() {
        #[derive(Debug)]
        struct Inner;
        impl fmt::Display for Inner {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                f.write_str("inner")
            }
        }
        impl StdError for Inner {}
        let outer = io::Error::other(io::Error::other(Inner));
        assert!(chain(&outer).any(|cause| cause.is::<Inner>()));
        assert_eq!(chain(&outer).count(), 3);
    }
}
