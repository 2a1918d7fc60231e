//! Where a receiver listens.

use std::{
    fmt, io,
    net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr},
};

#[cfg(any(feature = "rustls", feature = "rustls-ring"))]
use http::uri::Authority;
use http::{Uri, uri::PathAndQuery};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use tokio::{
    io::{AsyncRead, AsyncWrite},
    net::TcpStream,
};

#[cfg(any(feature = "rustls", feature = "rustls-ring"))]
use crate::wire::tls_client;

/// The longest URL of a receiver, in bytes.
const MAX_LENGTH: usize = 2048;

/// What is sent and received over.
pub(crate) trait Connection: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Connection for T {}

/// Where a receiver listens: an `http` URL of a loopback address, or of a host that was permitted; of
/// media, an `https` one too.
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Address {
    is_tls: bool,
    addresses: Vec<SocketAddr>,
    /// A permitted name and the port; its address is looked up at each connection.
    name: Option<(String, u16)>,
    authority: String,
    target: String,
}

impl Address {
    /// Reads the URL of a receiver. The error is the rule that it breaks.
    pub(crate) fn parse(url: &str) -> Result<Self, &'static str> {
        Self::parse_permitted(url, &[])
    }

    /// Reads the URL of a receiver, which may also be on a host of `permitted`. The error is the rule
    /// that it breaks.
    pub(crate) fn parse_permitted(url: &str, permitted: &[String]) -> Result<Self, &'static str> {
        let address = Self::read(url, permitted)?;
        if address.is_tls {
            return Err("must be an http URL: receivers on loopback are called without TLS");
        }
        Ok(address)
    }

    /// Reads the URL of media on loopback; `https` where this build has TLS.
    pub(crate) fn of_media(url: &str) -> Option<Self> {
        let has_tls = cfg!(any(feature = "rustls", feature = "rustls-ring"));
        let address = Self::read(url, &[]).ok();
        address.filter(|address| has_tls || !address.is_tls)
    }

    fn read(url: &str, permitted: &[String]) -> Result<Self, &'static str> {
        if url.len() > MAX_LENGTH {
            return Err("must have at most 2048 bytes");
        }
        let uri: Uri = url.parse().map_err(|_| "must be an absolute http URL")?;
        let authority = uri.authority().ok_or("must be an absolute http URL")?;
        let is_tls = match uri.scheme_str() {
            Some("http") => false,
            Some("https") => true,
            _ => return Err("must be an absolute http URL"),
        };
        if authority.as_str().contains('@') {
            return Err("must have no user name and password");
        }
        let host = authority
            .host()
            .trim_start_matches('[')
            .trim_end_matches(']');
        let addresses = addresses(host, permitted)?;
        let port = match authority.as_str().strip_prefix(authority.host()) {
            Some("") if is_tls => 443,
            Some("") => 80,
            _ => {
                let port = authority.port_u16().filter(|port| *port > 0);
                port.ok_or("must have a port from 1 to 65535")?
            }
        };
        let name = addresses.is_empty().then(|| (host.to_owned(), port));
        let addresses = addresses.into_iter();
        Ok(Self {
            is_tls,
            addresses: addresses.map(|ip| SocketAddr::new(ip, port)).collect(),
            name,
            authority: authority.as_str().to_owned(),
            target: uri
                .path_and_query()
                .map_or("/", PathAndQuery::as_str)
                .to_owned(),
        })
    }

    /// The value of `Host`.
    pub(crate) fn authority(&self) -> &str {
        &self.authority
    }

    /// Path and query.
    pub(crate) fn target(&self) -> &str {
        &self.target
    }

    /// The URL without its query, which may hold a secret.
    pub(crate) fn without_query(&self) -> String {
        let path = self.target.split('?').next().unwrap_or_default();
        let scheme = if self.is_tls { "https" } else { "http" };
        format!("{scheme}://{}{path}", self.authority)
    }

    /// The same address with one more member of the query; blanks become `+`.
    pub(crate) fn with_query(&self, name: &str, value: &str) -> Self {
        let mark = if self.target.contains('?') { '&' } else { '?' };
        let value = utf8_percent_encode(value, NON_ALPHANUMERIC).to_string();
        let value = value.replace("%20", "+");
        Self {
            target: format!("{}{mark}{name}={value}", self.target),
            ..self.clone()
        }
    }

    /// Opens a connection.
    pub(crate) async fn connect(&self) -> io::Result<Box<dyn Connection>> {
        let stream = match &self.name {
            Some((name, port)) => TcpStream::connect((name.as_str(), *port)).await?,
            None => TcpStream::connect(self.addresses.as_slice()).await?,
        };
        stream.set_nodelay(true)?;
        #[cfg(any(feature = "rustls", feature = "rustls-ring"))]
        if self.is_tls {
            let host = self.authority.parse::<Authority>();
            let host = host.map_err(io::Error::other)?;
            let host = host.host().trim_start_matches('[').trim_end_matches(']');
            return Ok(Box::new(tls_client::connect(stream, host).await?));
        }
        Ok(Box::new(stream))
    }
}

/// The addresses of a host that may be called; none for a permitted name.
fn addresses(host: &str, permitted: &[String]) -> Result<Vec<IpAddr>, &'static str> {
    if host.eq_ignore_ascii_case("localhost") {
        return Ok(vec![Ipv4Addr::LOCALHOST.into(), Ipv6Addr::LOCALHOST.into()]);
    }
    let is_permitted = permitted.iter().any(|it| it.eq_ignore_ascii_case(host));
    match host.parse::<IpAddr>() {
        Ok(address) if is_permitted || address.is_loopback() => Ok(vec![address]),
        Err(_) if is_permitted => Ok(Vec::new()),
        _ if permitted.is_empty() => {
            Err("must be a loopback address: localhost, 127.0.0.1 or [::1]")
        }
        _ => Err("must be a loopback address or one of the permitted hosts"),
    }
}

impl fmt::Debug for Address {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.without_query())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn loopback_addresses_are_read_and_keep_their_query() {
        let address = Address::parse("http://127.0.0.1:81/a%20b?k=1").unwrap();
        assert_eq!(address.authority(), "127.0.0.1:81");
        let more = address.with_query("validationToken", "a b:c");
        assert_eq!(more.target(), "/a%20b?k=1&validationToken=a+b%3Ac");
        assert_eq!(format!("{more:?}"), "http://127.0.0.1:81/a%20b");
        let named = Address::parse("http://localhost").unwrap();
        assert_eq!(named.with_query("a", "b").target(), "/?a=b");
        assert!(Address::parse("http://[::1]:8080/").is_ok());
    }

    #[test]
    fn media_may_be_called_over_tls_on_loopback_alone() {
        let address = Address::of_media("https://[::1]/a?k=1").unwrap();
        assert_eq!(format!("{address:?}"), "https://[::1]/a");
        assert!(Address::of_media("http://127.0.0.1:81/a").is_some());
        for url in [
            "https://example.org/",
            "https://10.0.0.1/",
            "ftp://127.0.0.1/",
            "a",
        ] {
            assert!(Address::of_media(url).is_none(), "{url}");
        }
    }

    #[test]
    fn a_permitted_host_may_be_called_and_no_other() {
        let permitted = ["hook.test".to_owned(), "10.0.0.1".to_owned()];
        let parse = |url| Address::parse_permitted(url, &permitted);
        for url in ["http://Hook.test:81/a", "http://10.0.0.1/", "http://[::1]/"] {
            assert!(parse(url).is_ok(), "{url}");
        }
        for url in [
            "http://hook.test.example/",
            "http://10.0.0.2/",
            "https://hook.test/",
            "http://hook.test@example.org/",
        ] {
            assert!(parse(url).is_err(), "{url}");
        }
    }

    #[test]
    fn other_addresses_are_refused() {
        let long = format!("http://127.0.0.1/{}", "a".repeat(MAX_LENGTH));
        for url in [
            "",
            "/path",
            "https://127.0.0.1/",
            "http://example.org/",
            "http://10.0.0.1/",
            "http://0.0.0.0/",
            "http://user:word@127.0.0.1/",
            "http://127.0.0.1:0/",
            "http://127.0.0.1:99999/",
            "http://localhost.example.org/",
            "http://127.0.0.1\r\nx/",
            long.as_str(),
        ] {
            assert!(Address::parse(url).is_err(), "{url}");
        }
    }

    proptest::proptest! {
        #[test]
        fn hostile_addresses_do_not_panic(url in ".{0,80}") {
            let _ = Address::of_media(&url);
            let _ = Address::parse(&url);
            let _ = Address::parse(&format!("http://{url}"));
        }
    }
}
