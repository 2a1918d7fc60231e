//! The origin of the addresses that a client calls.

use std::{fmt, net::IpAddr, str::FromStr};

use ms_messenger_core::{Delivery, Error, ErrorKind, Result};
use percent_encoding::{AsciiSet, NON_ALPHANUMERIC, utf8_percent_encode};
use url::{Host, Url};

use crate::tls;

/// What may stand in a path segment as it is: the unreserved characters of RFC 3986.
const SEGMENT: &AsciiSet = &NON_ALPHANUMERIC
    .remove(b'-')
    .remove(b'.')
    .remove(b'_')
    .remove(b'~');

/// The most bytes of a base address, which leaves room for paths and ids.
const MOST_BYTES: usize = 2000;

/// Encodes an id for use as one segment of a path.
///
/// ```
/// use ms_messenger_http::encode_path_segment;
///
/// let path = format!("/chats/{}/messages", encode_path_segment("19:a@b"));
/// assert_eq!(path, "/chats/19%3Aa%40b/messages");
/// ```
pub fn encode_path_segment(id: &str) -> impl fmt::Display + '_ {
    utf8_percent_encode(id, SEGMENT)
}

/// The base address of a service: an https origin, or an http one on a loopback host, with an
/// optional base path such as `/v1.0`.
///
/// ```
/// use ms_messenger_http::Endpoint;
///
/// let endpoint = Endpoint::parse("https://contoso.communication.azure.com/")?;
/// assert_eq!(endpoint.to_string(), "https://contoso.communication.azure.com");
/// assert!("http://contoso.communication.azure.com".parse::<Endpoint>().is_err());
/// # Ok::<(), ms_messenger_core::Error>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct Endpoint {
    base: String,
    url: Url,
}

impl Endpoint {
    /// Reads a base address. Slashes at its end are ignored.
    ///
    /// # Errors
    ///
    /// `Config` unless it is an absolute https address, or http on a loopback host (`localhost`,
    /// 127.0.0.0/8, `[::1]`), without
    /// user info, query and fragment, of at most 2000 bytes; or when it needs TLS and no TLS feature is compiled in.
    /// The error names the rule and never repeats the address.
    pub fn parse(text: &str) -> Result<Self> {
        Self::read(text).map_err(|rule| Error::new(ErrorKind::Config, format!("endpoint: {rule}")))
    }

    /// As [`parse`](Self::parse); the error is the rule alone.
    pub(crate) fn read(text: &str) -> std::result::Result<Self, &'static str> {
        let url = Url::parse(text.trim()).map_err(|_| "must be an absolute address, https://…")?;
        match url.scheme() {
            "https" if !tls::AVAILABLE => {
                return Err("https needs one of the features rustls, rustls-ring, native-tls");
            }
            "https" => {}
            "http" if is_loopback(&url) => {}
            "http" => {
                return Err(
                    "must be https, because credentials go over it (http is for loopback hosts)",
                );
            }
            _ => return Err("must be https"),
        }
        if url.host().is_none() {
            return Err("must name a host");
        }
        if !url.username().is_empty() || url.password().is_some() {
            return Err("must not hold a user name or password");
        }
        if url.query().is_some() || url.fragment().is_some() {
            return Err("must not hold a query or fragment");
        }
        let base = url.as_str().trim_end_matches('/').to_owned();
        if base.len() > MOST_BYTES {
            return Err("must have at most 2000 bytes");
        }
        Ok(Self { base, url })
    }

    /// The address of `path_and_query`, which starts with a slash and is used unchanged.
    ///
    /// ```
    /// use ms_messenger_http::Endpoint;
    ///
    /// let endpoint = Endpoint::parse("http://localhost:8410/v1.0")?;
    /// let address = endpoint.address("/chats/19%3Aa/messages?$top=5")?;
    /// assert_eq!(address.as_str(), "http://localhost:8410/v1.0/chats/19%3Aa/messages?$top=5");
    /// assert!(endpoint.address("/chats/../messages").is_err());
    /// # Ok::<(), ms_messenger_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// `InvalidRequest` when the address would differ from it, as with an id of `..`.
    pub fn address(&self, path_and_query: &str) -> Result<Url> {
        let (path, query) = match path_and_query.split_once('?') {
            Some((path, query)) => (path, Some(query)),
            None => (path_and_query, None),
        };
        // Parsing the whole address again would cost every send.
        let mut url = self.url.clone();
        match url.path().trim_end_matches('/') {
            "" => url.set_path(path),
            base => url.set_path(&[base, path].concat()),
        }
        url.set_query(query);
        if self.is_address(&url, path_and_query) {
            Ok(url)
        } else {
            Err(Error::new(
                ErrorKind::InvalidRequest,
                "an id in the path is not usable: it must not be empty, `.` or `..`",
            ))
        }
    }

    /// Whether `url` is the address of `path_and_query`.
    pub(crate) fn is_address(&self, url: &Url, path_and_query: &str) -> bool {
        url.as_str().strip_prefix(&*self.base) == Some(path_and_query)
    }

    /// The address of a link in a response, absolute or relative.
    ///
    /// # Errors
    ///
    /// `Protocol` when it leads to another origin: the credential must not go there.
    pub fn follow(&self, link: &str) -> Result<Url> {
        let refuse = |rule: &'static str| {
            Error::new(ErrorKind::Protocol, rule).with_delivery(Delivery::NotSent)
        };
        let url = self
            .url
            .join(link)
            .map_err(|_| refuse("the service gave a link that is no address"))?;
        let sound = url.origin() == self.url.origin()
            && url.username().is_empty()
            && url.password().is_none();
        if !sound {
            return Err(refuse("the service gave a link to another origin"));
        }
        Ok(url)
    }

    /// The path and query of a link in a response, below the base path of this endpoint, as a
    /// [`Call`](crate::Call) takes it.
    ///
    /// ```
    /// use ms_messenger_http::Endpoint;
    ///
    /// let endpoint = Endpoint::parse("http://localhost:8410/v1.0")?;
    /// let next = "http://localhost:8410/v1.0/chats?$skiptoken=1";
    /// assert_eq!(endpoint.follow_path(next)?, "/chats?$skiptoken=1");
    /// assert!(endpoint.follow_path("https://contoso.com/v1.0/chats").is_err());
    /// # Ok::<(), ms_messenger_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`Endpoint::follow`].
    pub fn follow_path(&self, link: &str) -> Result<String> {
        let url = self.follow(link)?;
        let base = self.url.path().trim_end_matches('/');
        let path = url.path().strip_prefix(base).filter(|p| p.starts_with('/'));
        let path = path.ok_or_else(|| {
            Error::new(
                ErrorKind::Protocol,
                "the service gave a link outside its base path",
            )
            .with_delivery(Delivery::NotSent)
        })?;
        Ok(match url.query() {
            Some(query) => format!("{path}?{query}"),
            None => path.to_owned(),
        })
    }

    /// Whether it is an origin alone, without a base path.
    #[cfg(feature = "acs")]
    pub(crate) fn is_origin(&self) -> bool {
        self.url.path().trim_end_matches('/').is_empty()
    }
}

impl FromStr for Endpoint {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

fn is_loopback(url: &Url) -> bool {
    match url.host() {
        // Not the names below it: resolvers may forward them.
        Some(Host::Domain(name)) => name == "localhost",
        Some(Host::Ipv4(ip)) => IpAddr::V4(ip).is_loopback(),
        Some(Host::Ipv6(ip)) => IpAddr::V6(ip).is_loopback(),
        None => false,
    }
}

impl fmt::Display for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.base)
    }
}

impl fmt::Debug for Endpoint {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Endpoint({})", self.base)
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    proptest! {
        #[test]
        fn no_text_makes_a_credential_leave_the_origin(link in ".*") {
            let endpoint = Endpoint::parse("http://127.0.0.1:8410/v1.0").unwrap();
            if let Ok(url) = endpoint.follow(&link) {
                prop_assert_eq!(url.origin().ascii_serialization(), "http://127.0.0.1:8410");
            }
        }

        #[test]
        fn any_id_is_one_segment_or_refused(id in ".*") {
            let endpoint = Endpoint::parse("http://127.0.0.1:8410").unwrap();
            if let Ok(url) = endpoint.address(&format!("/a/{}/b?c=d", encode_path_segment(&id))) {
                prop_assert_eq!(url.path_segments().unwrap().count(), 3);
                prop_assert_eq!(url.query(), Some("c=d"));
            }
        }
    }

    #[test]
    fn a_base_path_is_kept_and_slashes_at_the_end_are_not() {
        let endpoint = Endpoint::parse("http://localhost:1/v1.0//").unwrap();
        assert_eq!(
            endpoint.address("/chats/19:a@b").unwrap().as_str(),
            "http://localhost:1/v1.0/chats/19:a@b"
        );
    }

    #[test]
    fn an_address_that_is_not_safe_is_refused_without_repeating_it() {
        for text in [
            "",
            "contoso",
            "/relative",
            "ftp://contoso.com",
            "http://contoso.com",
            "http://127.0.0.1.contoso.com",
            "http://x.localhost",
            "http://localhost.",
            "http://localhost.contoso.com",
            "http://[::ffff:127.0.0.1]",
            "http://0.0.0.0",
            "https://user:hunter2@contoso.com",
            "https://contoso.com?key=hunter2",
            "https://contoso.com#hunter2",
        ] {
            let error = Endpoint::parse(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{text}");
            assert!(!format!("{error}{error:?}").contains("hunter2"), "{text}");
        }
    }

    #[test]
    fn the_length_of_an_address_has_a_limit() {
        let origin = "http://127.0.0.1:1/";
        let address = |length: usize| format!("{origin}{}", "a".repeat(length - origin.len()));
        let endpoint = Endpoint::parse(&address(MOST_BYTES)).unwrap();
        assert_eq!(endpoint.to_string().len(), MOST_BYTES);
        let error = Endpoint::parse(&address(MOST_BYTES + 1)).unwrap_err();
        assert_eq!(error.message(), "endpoint: must have at most 2000 bytes");
    }

    #[test]
    fn ids_that_would_climb_are_refused() {
        let endpoint = Endpoint::parse("http://localhost:1").unwrap();
        for id in [".", ".."] {
            let path = format!("/chats/{}/messages", encode_path_segment(id));
            assert!(endpoint.address(&path).is_err(), "{id}");
        }
    }

    #[test]
    fn links_to_another_origin_are_refused() {
        let endpoint = Endpoint::parse("http://localhost:1/v1.0").unwrap();
        assert!(endpoint.follow("/v1.0/x?$skiptoken=1").is_ok());
        assert!(endpoint.follow("http://localhost:1/v1.0/x").is_ok());
        for link in [
            "https://localhost:1/x",
            "http://localhost:2/x",
            "//evil.com/x",
            "http://u:p@localhost:1/x",
        ] {
            assert!(endpoint.follow(link).is_err(), "{link}");
        }
    }
}
