//! Access to the admin API: refuses requests from pages of other sites in a browser on this machine.

use std::net::IpAddr;

use http::{HeaderMap, Uri, header::HOST, uri::Authority};

use crate::wire::request::Request;

/// Refuses a request that names another host than this machine or those of the emulator, or that
/// comes from a page of such a host. Programs send no `Origin`.
pub(super) fn check(request: &Request, hosts: &[String]) -> Result<(), String> {
    check_parts([request.host()], &request.headers, hosts)
}

/// The same for a request that was not read yet.
pub(super) fn check_incoming<B>(
    incoming: &http::Request<B>,
    hosts: &[String],
) -> Result<(), String> {
    // HTTP/2 has `:authority` in the place of `Host`, and a target in HTTP/1.1 can have both.
    let target = incoming.uri().authority().map(Authority::as_str);
    check_parts(target, incoming.headers(), hosts)
}

/// Checks every host that a request names, beside those of `Host` also `named`: which of them counts is the
/// business of whoever forwarded it.
fn check_parts<'a>(
    named: impl IntoIterator<Item = &'a str>,
    headers: &'a HeaderMap,
    hosts: &[String],
) -> Result<(), String> {
    let of_headers = headers.get_all(HOST).iter();
    let of_headers = of_headers.map(|host| host.to_str().unwrap_or_default());
    let mut all = named.into_iter().chain(of_headers).peekable();
    if all.peek().is_none() || !all.all(|host| is_own(host, hosts)) {
        return Err(refusal("Host"));
    }
    let origins = headers.get_all("origin");
    let is_own_page = |origin: &http::HeaderValue| {
        let page = origin
            .to_str()
            .ok()
            .and_then(|text| text.parse::<Uri>().ok());
        let authority = page.as_ref().and_then(Uri::authority);
        authority.is_some_and(|authority| is_own(authority.as_str(), hosts))
    };
    if origins.iter().all(is_own_page) {
        Ok(())
    } else {
        Err(refusal("Origin"))
    }
}

fn refusal(header: &str) -> String {
    format!("{header}: must be a loopback host or one that the emulator was started with.")
}

/// Whether `HOST` or `HOST:PORT` is a loopback host or one of `hosts`.
fn is_own(authority: &str, hosts: &[String]) -> bool {
    let Ok(authority) = authority.parse::<Authority>() else {
        return false;
    };
    let host = authority.host();
    let bare = host.trim_start_matches('[').trim_end_matches(']');
    let is_loopback = match bare.parse::<IpAddr>() {
        Ok(address) => address.to_canonical().is_loopback(),
        Err(_) => host.eq_ignore_ascii_case("localhost"),
    };
    is_loopback || hosts.iter().any(|own| own.eq_ignore_ascii_case(bare))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_hosts_and_configured_ones_are_own() {
        let hosts = ["mail.test".to_owned(), "2001:db8::1".to_owned()];
        for own in [
            "localhost",
            "LocalHost:1",
            "127.0.0.1:8410",
            "127.9.9.9",
            "[::1]:8410",
            "[::ffff:127.0.0.1]",
            "mail.test:8411",
            "[2001:db8::1]",
        ] {
            assert!(is_own(own, &hosts), "{own}");
        }
        for foreign in [
            "",
            "evil.example",
            "localhost.evil.example",
            "127.0.0.1.evil.example",
            "10.0.0.1",
            "a.mail.test",
            "localhost@evil.example",
        ] {
            assert!(!is_own(foreign, &hosts), "{foreign}");
        }
    }
}
