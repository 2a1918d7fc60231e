//! Signing with an ACS access key: HMAC-SHA256 over the exact bytes of each attempt.

use std::{fmt, str::FromStr, time::SystemTime};

use async_trait::async_trait;
use base64::{Engine as _, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit, Mac};
use http::{HeaderName, HeaderValue, header};
use ms_messenger_core::{AccessToken, Error, ErrorKind, Result};
use secrecy::{ExposeSecret, SecretSlice};
use sha2::{Digest, Sha256};
use url::{Position, Url};

use crate::{Authorize, HttpRequest, RejectedToken};

/// The access key of an ACS resource. It signs each attempt, and it cannot be printed.
///
/// Source: Azure Communication Services, "Sign an HTTP request".
///
/// ```
/// use ms_messenger_http::acs::AccessKey;
///
/// let key: AccessKey = "c2VjcmV0".parse()?;
/// assert_eq!(format!("{key:?}"), "AccessKey([redacted])");
/// assert!("no Base64".parse::<AccessKey>().is_err());
/// # Ok::<(), ms_messenger_core::Error>(())
/// ```
#[derive(Clone)]
pub struct AccessKey(SecretSlice<u8>);

impl AccessKey {
    /// Reads a key as the portal shows it: standard Base64.
    ///
    /// # Errors
    ///
    /// `Config` when it is empty or not Base64; the error does not repeat it.
    pub fn parse(base64: &str) -> Result<Self> {
        let refuse = |rule: &'static str| Error::new(ErrorKind::Config, rule);
        let key = STANDARD
            .decode(base64.trim())
            .map_err(|_| refuse("access key: must be standard Base64 with its padding"))?;
        if key.is_empty() {
            return Err(refuse("access key: must not be empty"));
        }
        Ok(Self(key.into()))
    }

    /// Adds date, content hash and signature to `request`, as at `now`.
    fn sign(&self, request: &mut HttpRequest, now: SystemTime) -> Result<()> {
        let date = httpdate::fmt_http_date(now);
        let hash = STANDARD.encode(Sha256::digest(&request.body));
        let host = host(&request.url);
        let text = format!(
            "{}\n{}\n{date};{host};{hash}",
            request.method,
            &request.url[Position::BeforePath..Position::AfterQuery],
        );
        let mut mac = Hmac::<Sha256>::new_from_slice(self.0.expose_secret())
            .map_err(|_| Error::new(ErrorKind::Config, "access key: not usable"))?;
        mac.update(text.as_bytes());
        let signature = STANDARD.encode(mac.finalize().into_bytes());
        let authorization = format!(
            "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature={signature}"
        );
        let headers = &mut request.headers;
        headers.insert(HeaderName::from_static("x-ms-date"), value(date)?);
        headers.insert(HeaderName::from_static("x-ms-content-sha256"), value(hash)?);
        let mut authorization = value(authorization)?;
        authorization.set_sensitive(true);
        headers.insert(header::AUTHORIZATION, authorization);
        Ok(())
    }
}

/// The host as the `Host` header will name it: with the port unless it is the scheme's own.
fn host(url: &Url) -> &str {
    &url[Position::BeforeHost..Position::AfterPort]
}

fn value(text: String) -> Result<HeaderValue> {
    HeaderValue::try_from(text).map_err(|error| {
        Error::new(ErrorKind::Config, "the signature is no header value").with_source(error)
    })
}

impl FromStr for AccessKey {
    type Err = Error;

    fn from_str(base64: &str) -> Result<Self> {
        Self::parse(base64)
    }
}

impl fmt::Debug for AccessKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("AccessKey([redacted])")
    }
}

#[async_trait]
impl Authorize for AccessKey {
    async fn authorize(
        &self,
        request: &mut HttpRequest,
        _rejected: Option<&RejectedToken>,
    ) -> Result<Option<AccessToken>> {
        self.sign(request, SystemTime::now())?;
        Ok(None)
    }
}

#[cfg(test)]
mod tests {
    use http::Method;

    use super::*;

    /// 64 bytes, 0 to 63.
    const COUNTING: &str =
        "AAECAwQFBgcICQoLDA0ODxAREhMUFRYXGBkaGxwdHh8gISIjJCUmJygpKissLS4vMDEyMzQ1Njc4OTo7PD0+Pw==";
    const PLAIN: &str = "c2VjcmV0LWFjY2Vzcy1rZXktZm9yLXRlc3RzLTAxMjM0NQ==";
    const RESOURCE: &str = "https://my-resource.communication.azure.com";
    const CONTOSO: &str = "https://contoso.communication.azure.com";
    const APRIL: &str = "Tue, 01 Apr 2025 12:34:56 GMT";
    const JUNE: &str = "Mon, 02 Jun 2025 10:00:00 GMT";
    const EMPTY: &str = "47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU=";
    const ENCODED: &str =
        "/messages/conversations/19%3A34adfa4f-cedf-4dc0-ba29-b6d1a69ab345%40thread.v2";
    const HELP: &str = r#"{"request":{"kind":"text","content":"I need help"},"outboundDeliveryStrategy":"allParticipants"}"#;
    const HELLO: &str = r#"{"channelRegistrationId":"0f0eb78e-a576-1dfc-b414-0f0756de3338","to":["14250000000"],"kind":"text","content":"héllo 😀"}"#;

    /// Signs and asserts the three headers to the letter.
    fn assert_signature(
        (key, date): (&str, &str),
        (method, url, body): (Method, String, &'static str),
        (hash, signature): (&str, &str),
    ) {
        let url = Url::parse(&url).unwrap();
        let mut request = HttpRequest::new(method, url, body.into());
        let now = httpdate::parse_http_date(date).unwrap();
        AccessKey::parse(key)
            .unwrap()
            .sign(&mut request, now)
            .unwrap();
        assert_eq!(request.headers["x-ms-date"], date);
        assert_eq!(request.headers["x-ms-content-sha256"], hash);
        assert_eq!(
            request.headers["authorization"],
            format!(
                "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature={signature}"
            )
        );
    }

    #[test]
    fn vector_a_a_post_with_an_encoded_id() {
        let url = format!("{RESOURCE}{ENCODED}/messages:send?api-version=2025-04-01-preview");
        assert_signature(
            (COUNTING, APRIL),
            (Method::POST, url, HELP),
            (
                "YW6m11Q5EhwGq1dUM1aMycSHjfbsBBLocA1pg6Nx0YU=",
                "56F0Ee1K4TjEYU0SajNH/LdsxEogJDzXjXmTENeUJVA=",
            ),
        );
    }

    #[test]
    fn vector_b_a_get_without_a_body() {
        let url = format!(
            "{RESOURCE}/messages/channels/0f0eb78e-a576-1dfc-b414-0f0756de3338/templates?api-version=2024-08-30&maxpagesize=2"
        );
        assert_signature(
            (COUNTING, APRIL),
            (Method::GET, url, ""),
            (EMPTY, "XeREEcHFGP5jONsfpyy4OAMBywU76cITBPd2XB+kjxI="),
        );
    }

    #[test]
    fn vector_c_a_host_with_a_port_and_a_body_beyond_ascii() {
        let url =
            "https://127.0.0.1:8443/messages/notifications:send?api-version=2024-08-30".to_owned();
        assert_signature(
            (COUNTING, APRIL),
            (Method::POST, url, HELLO),
            (
                "F+eP9AYt5mgo0TTK9XVowrqBTGCtCT+8WWTyvOdvhmU=",
                "h+SuOIRrRSMnaVEY0PVz1B9ujeEnnT9nGCIivAkbRik=",
            ),
        );
    }

    #[test]
    fn vector_d_a_raw_id_signs_as_it_is_written() {
        let url = format!(
            "{RESOURCE}/messages/conversations/19:34adfa4f-cedf-4dc0-ba29-b6d1a69ab345@thread.v2/messages:send?api-version=2025-04-01-preview"
        );
        assert_signature(
            (COUNTING, APRIL),
            (Method::POST, url, HELP),
            (
                "YW6m11Q5EhwGq1dUM1aMycSHjfbsBBLocA1pg6Nx0YU=",
                "lc/VGyz/D5m+RKw6OvchERjncGVuoYpaXZustEHOzI0=",
            ),
        );
    }

    #[test]
    fn vector_f_a_post_without_a_body() {
        let url = format!("{RESOURCE}{ENCODED}:terminate?api-version=2025-04-01-preview");
        assert_signature(
            (COUNTING, APRIL),
            (Method::POST, url, ""),
            (EMPTY, "aWRrpP8bn3ZJvDxseLox30+PzAUk+i5T4EFqyVZVgOI="),
        );
    }

    #[test]
    fn the_vectors_of_the_identity_api() {
        let url = format!("{CONTOSO}/identities?api-version=2025-06-30");
        assert_signature(
            (PLAIN, JUNE),
            (
                Method::POST,
                url,
                r#"{"createTokenWithScopes":["chat"],"expiresInMinutes":60}"#,
            ),
            (
                "kET9vD/6sAVRB6ISkrpOL44L0M1olvugZ/QYxlSQK9k=",
                "NZNFNrxPX2brzCvqJMfy2kUQsU/IONGJkt7XCby4UoU=",
            ),
        );
        let url = format!(
            "{CONTOSO}/identities/8%3Aacs%3A2dee53b4-368b-45b4-ab52-8493fb117652_00000005-14a2-493b-8a72-5a3a0d000081?api-version=2025-06-30"
        );
        assert_signature(
            (PLAIN, JUNE),
            (Method::DELETE, url, ""),
            (EMPTY, "Vzof1fFDi5TCmgdv1FD0NnLrA2Yp16nuYHSoJH6eoSY="),
        );
    }

    #[test]
    fn the_content_hash_of_a_recorded_request() {
        let body = r#"{"createTokenWithScopes":["chat"]}"#;
        assert_eq!(
            STANDARD.encode(Sha256::digest(body)),
            "WTRvgEjjVd+bvyKw3WgXgDkU81aV8FWq+4/BE+he0+A="
        );
    }

    #[test]
    fn the_key_is_never_printed() {
        let key = AccessKey::parse(PLAIN).unwrap();
        assert_eq!(
            format!("{key:?} {key:#?}"),
            "AccessKey([redacted]) AccessKey([redacted])"
        );
        let error = AccessKey::parse("hunter2!").unwrap_err();
        assert!(!format!("{error} {error:?}").contains("hunter2"));
    }
}
