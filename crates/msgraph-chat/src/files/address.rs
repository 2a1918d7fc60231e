//! Addresses with their own permission in them, which makes them secrets: that of an upload session
//! is enough to write the file, that of a download to read it.

use std::fmt;

use ms_messenger_core::{Delivery, Error, ErrorKind, Result, Url};
use ms_messenger_http::Endpoint;
use url::Position;

use crate::error::PLATFORM;

/// The address of an upload session or a download.
#[derive(Clone)]
pub(super) struct DirectAddress(Url);

impl DirectAddress {
    /// Reads an address that the service at `endpoint` gave. It may be on another host, because no
    /// credential goes there; http only where the service itself is on loopback.
    pub(super) fn parse(text: &str, endpoint: &Endpoint) -> Result<Self> {
        let refuse = |rule: &'static str| {
            Error::new(ErrorKind::Protocol, rule)
                .with_delivery(Delivery::NotSent)
                .with_platform(PLATFORM)
        };
        let unusable = "the service gave an address for the file that is not https";
        let url = Url::parse(text).map_err(|_| refuse(unusable))?;
        let is_local = endpoint.to_string().starts_with("http://");
        let is_sound = url.username().is_empty() && url.password().is_none();
        let origin = Endpoint::parse(&url[..Position::BeforePath]);
        if !is_sound || origin.is_err() || (url.scheme() != "https" && !is_local) {
            return Err(refuse(unusable));
        }
        Ok(Self(url))
    }

    pub(super) fn url(&self) -> Url {
        self.0.clone()
    }
}

impl fmt::Debug for DirectAddress {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("DirectAddress")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_https_or_loopback_beside_a_loopback_service_is_accepted_and_nothing_is_printed() {
        let graph = Endpoint::parse("https://graph.microsoft.com/v1.0").unwrap();
        let local = Endpoint::parse("http://127.0.0.1:8410/v1.0").unwrap();
        let sound = "https://contoso.sharepoint.com/_api/v2.0/x?tempauth=hunter2";
        let address = DirectAddress::parse(sound, &graph).unwrap();
        assert_eq!(address.url().as_str(), sound);
        assert!(!format!("{address:?}").contains("contoso"));
        assert!(DirectAddress::parse("http://127.0.0.1:1/x?t=hunter2", &local).is_ok());
        for (text, endpoint) in [
            ("http://127.0.0.1:1/x?t=hunter2", &graph),
            ("http://contoso.com/x?t=hunter2", &local),
            ("https://user:hunter2@contoso.com/x", &graph),
            ("ftp://contoso.com/hunter2", &graph),
            ("/relative?t=hunter2", &graph),
            ("", &graph),
        ] {
            let error = DirectAddress::parse(text, endpoint).unwrap_err();
            assert_eq!(error.delivery(), Delivery::NotSent);
            assert!(!format!("{error}{error:?}").contains("hunter2"), "{text}");
        }
    }
}
