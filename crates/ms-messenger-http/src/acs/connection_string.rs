//! Connection strings, as the portal shows them.

use std::str::FromStr;

use ms_messenger_core::{Error, ErrorKind, Problems, Result};

use super::AccessKey;
use crate::Endpoint;

/// The connection string of a resource:
/// `endpoint=https://NAME.communication.azure.com/;accesskey=BASE64`.
///
/// Parts may stand in any order, their names in any case, with white space around them;
/// parts with other names are ignored. A name must not occur twice, and no value may be empty.
///
/// ```
/// use ms_messenger_http::acs::ConnectionString;
///
/// let string = ConnectionString::parse("endpoint=https://contoso.communication.azure.com/;accesskey=c2VjcmV0")?;
/// assert_eq!(string.endpoint().to_string(), "https://contoso.communication.azure.com");
/// assert!(!format!("{string:?}").contains("c2VjcmV0"));
/// # Ok::<(), ms_messenger_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct ConnectionString {
    endpoint: Endpoint,
    access_key: AccessKey,
}

impl ConnectionString {
    /// Reads a connection string.
    ///
    /// # Errors
    ///
    /// `Config`, with all problems at once; no part of the string is repeated.
    pub fn parse(text: &str) -> Result<Self> {
        let mut problems = Problems::new();
        let (mut endpoint, mut key) = (None, None);
        for part in parts(text) {
            let Some((name, value)) = part else {
                problems.add("connection string", "each part is written name=value");
                continue;
            };
            let name = name.to_ascii_lowercase();
            let slot = match name.as_str() {
                "endpoint" => &mut endpoint,
                "accesskey" => &mut key,
                _ => continue,
            };
            problems.add_if(value.is_empty(), &name, "must not be empty");
            problems.add_if(slot.is_some(), &name, "must not stand twice");
            *slot = Some(value);
        }
        problems.add_if(endpoint.is_none(), "endpoint", "is missing");
        problems.add_if(key.is_none(), "accesskey", "is missing");
        let endpoint = Self::part(endpoint, Self::endpoint_of, &mut problems);
        let access_key = Self::part(key, AccessKey::parse, &mut problems);
        problems.into_result(ErrorKind::Config)?;
        match (endpoint, access_key) {
            (Some(endpoint), Some(access_key)) => Ok(Self {
                endpoint,
                access_key,
            }),
            _ => Err(Error::new(ErrorKind::Config, "connection string: unusable")),
        }
    }

    fn part<T>(
        value: Option<&str>,
        parse: impl FnOnce(&str) -> Result<T>,
        problems: &mut Problems,
    ) -> Option<T> {
        let value = value.filter(|value| !value.is_empty())?;
        match parse(value) {
            Ok(part) => Some(part),
            Err(error) => {
                problems.add("connection string", error.message());
                None
            }
        }
    }

    fn endpoint_of(value: &str) -> Result<Endpoint> {
        let endpoint = Endpoint::parse(value)?;
        if !endpoint.is_origin() {
            return Err(Error::new(
                ErrorKind::Config,
                "endpoint: must not have a path",
            ));
        }
        Ok(endpoint)
    }

    /// The endpoint of the resource.
    #[must_use]
    pub fn endpoint(&self) -> &Endpoint {
        &self.endpoint
    }

    /// The access key of the resource.
    #[must_use]
    pub fn access_key(&self) -> &AccessKey {
        &self.access_key
    }
}

impl FromStr for ConnectionString {
    type Err = Error;

    fn from_str(text: &str) -> Result<Self> {
        Self::parse(text)
    }
}

/// The parts of a connection string as name and value, `None` for one that is not so written.
fn parts(text: &str) -> impl Iterator<Item = Option<(&str, &str)>> {
    let parts = text.split(';').map(str::trim).filter(|p| !p.is_empty());
    parts.map(|part| {
        let (name, value) = part.split_once('=')?;
        Some((name.trim(), value.trim()))
    })
}

/// The endpoint that a connection string names, whatever else it holds.
pub(super) fn endpoint_in(text: &str) -> Option<&str> {
    let mut parts = parts(text).flatten();
    let (_, endpoint) = parts.find(|(name, _)| name.eq_ignore_ascii_case("endpoint"))?;
    (!endpoint.is_empty()).then_some(endpoint)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    const KEY: &str = "c2VjcmV0LWFjY2Vzcy1rZXktZm9yLXRlc3RzLTAxMjM0NQ==";

    #[test]
    fn order_case_space_and_unknown_parts_do_not_matter() {
        for text in [
            format!("endpoint=https://a.communication.azure.com/;accesskey={KEY}"),
            format!("AccessKey={KEY};Endpoint=https://a.communication.azure.com"),
            format!(" endpoint = https://a.communication.azure.com ; accesskey = {KEY} ;"),
            format!("x=y;;endpoint=https://a.communication.azure.com//;accesskey={KEY}"),
        ] {
            let string = ConnectionString::from_str(&text).unwrap();
            assert_eq!(
                string.endpoint().to_string(),
                "https://a.communication.azure.com",
                "{text}"
            );
        }
    }

    #[test]
    fn what_is_wrong_is_named_all_at_once_and_never_repeated() {
        for (text, problems) in [
            ("", 2),
            ("endpoint=;accesskey=", 2),
            (
                "endpoint=https://a.com;endpoint=https://hunter2.com;accesskey=c2VjcmV0",
                1,
            ),
            ("endpoint=https://hunter2.com/path;accesskey=hunter2!", 2),
            ("endpoint=http://hunter2.com;accesskey=c2VjcmV0", 1),
            ("endpoint=https://a.com;hunter2;accesskey=c2VjcmV0", 1),
            ("endpoint=https://user:hunter2@a.com;accesskey=c2VjcmV0", 1),
        ] {
            let error = ConnectionString::parse(text).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{text}");
            assert_eq!(error.problems().len(), problems, "{text}: {error}");
            assert!(!format!("{error} {error:?}").contains("hunter2"), "{text}");
        }
    }

    proptest! {
        #[test]
        fn hostile_text_is_read_or_refused(text in ".*") {
            let _ = ConnectionString::parse(&text);
            let _ = ConnectionString::parse(&format!("endpoint={text};accesskey={text}"));
        }
    }
}
