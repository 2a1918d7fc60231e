//! Redirect URIs of native applications, and the response that goes to one.

use http::StatusCode;
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};

use crate::{services::entra::html, wire::response::Response};

/// A redirect URI without its port, when it is `http://localhost` or `http://127.0.0.1`.
pub(crate) fn without_port(uri: &str) -> Option<String> {
    let rest = uri.strip_prefix("http://")?;
    let end = rest.find(['/', '?', '#']).unwrap_or(rest.len());
    let (authority, path) = rest.split_at(end);
    let (host, port) = authority.split_once(':').unwrap_or((authority, "80"));
    let is_port = port.parse::<u16>().is_ok();
    let is_loopback = host.eq_ignore_ascii_case("localhost") || host == "127.0.0.1";
    let is_plain = !path.contains('#') && uri.bytes().all(|b| b.is_ascii_graphic());
    let host = host.to_ascii_lowercase();
    let path = if path.is_empty() { "/" } else { path };
    (is_port && is_loopback && is_plain).then(|| format!("http://{host}{path}"))
}

/// Sends `fields` to `uri` by the response mode: query (also when `None`), fragment or form_post.
pub(crate) fn response(uri: &str, mode: Option<&str>, fields: &[(&str, String)]) -> Response {
    if mode == Some("form_post") {
        return html::self_posting(uri, fields);
    }
    let pair = |(name, value): &(&str, String)| {
        format!("{name}={}", utf8_percent_encode(value, NON_ALPHANUMERIC))
    };
    let fields = fields.iter().map(pair).collect::<Vec<_>>().join("&");
    let mark = match mode {
        Some("fragment") => '#',
        _ if uri.contains('?') => '&',
        _ => '?',
    };
    Response::empty(StatusCode::FOUND).with_header("location", &format!("{uri}{mark}{fields}"))
}

#[cfg(test)]
mod tests {
    use super::without_port;

    #[test]
    fn only_loopback_is_accepted_and_its_port_is_ignored() {
        let bare = without_port("http://localhost");
        assert!(bare.is_some());
        assert_eq!(without_port("http://localhost:8400/"), bare);
        assert!(without_port("http://127.0.0.1:1/back?x=1").is_some());
        for bad in [
            "https://localhost",
            "http://localhost.evil.test",
            "http://localhost@evil.test",
            "http://localhost:1@evil.test",
            "http://localhost:99999",
            "http://evil.test",
            "http://localhost/\r\nx",
        ] {
            assert_eq!(without_port(bad), None, "{bad}");
        }
    }
}
