//! The head of every builder of an ACS client.

use std::{fmt, time::Duration};

use ms_messenger_core::{ErrorKind, Problems, Result, RetryPolicy};

use super::{ConnectionString, Credential};
use crate::{
    Endpoint, HttpClient, HttpOptions, Pipeline, ServiceProfile, Transport, redacted_address,
};

/// The settings that the builders of all ACS clients share: endpoint, credential, transport and
/// retry policy.
///
/// `Debug` shows neither user info nor query of the endpoint, and no secret.
///
/// ```
/// use ms_messenger_core::Problems;
/// use ms_messenger_http::{ServiceProfile, acs::Connection};
///
/// static SERVICE: ServiceProfile = ServiceProfile::new("acs-rooms");
/// let string = "endpoint=https://contoso.communication.azure.com/;accesskey=c2VjcmV0";
/// let scopes = &["https://communication.azure.com/.default"];
/// let connection = Connection::from_connection_string(string)?;
/// let pipeline = connection.pipeline(&SERVICE, scopes, Problems::new())?;
/// assert_eq!(pipeline.endpoint().to_string(), "https://contoso.communication.azure.com");
/// # Ok::<(), ms_messenger_core::Error>(())
/// ```
#[must_use = "a connection does nothing without its pipeline"]
pub struct Connection {
    endpoint: String,
    credential: Credential,
    transport: Transport,
    settling_margin: Option<Duration>,
}

impl Connection {
    /// Calls to the resource at `endpoint` with `credential`. The endpoint is checked by
    /// [`pipeline`](Self::pipeline).
    pub fn new(endpoint: impl Into<String>, credential: Credential) -> Self {
        Self {
            endpoint: endpoint.into(),
            credential,
            transport: Transport::default(),
            settling_margin: None,
        }
    }

    /// Calls to the resource of a connection string, with its access key.
    ///
    /// # Errors
    ///
    /// `Config`, with all problems at once; no part of the string is repeated.
    pub fn from_connection_string(text: &str) -> Result<Self> {
        let string = ConnectionString::parse(text)?;
        let credential = Credential::from(string.access_key().clone());
        Ok(Self::new(string.endpoint().to_string(), credential))
    }

    /// Shares the connections of `http`; the [options](Self::with_http_options) are ignored then.
    pub fn with_http_client(self, http: HttpClient) -> Self {
        let transport = self.transport.with_http_client(http);
        Self { transport, ..self }
    }

    /// Sets the transport options. Default: those of [`HttpOptions::default`].
    pub fn with_http_options(self, options: HttpOptions) -> Self {
        let transport = self.transport.with_http_options(options);
        Self { transport, ..self }
    }

    /// Sets the retry policy. Default: that of [`RetryPolicy::default`].
    pub fn with_retry_policy(self, retry: RetryPolicy) -> Self {
        let transport = self.transport.with_retry_policy(retry);
        Self { transport, ..self }
    }

    /// Sets the [settling margin](Pipeline::with_settling_margin).
    pub fn with_settling_margin(self, margin: Duration) -> Self {
        let settling_margin = Some(margin);
        Self {
            settling_margin,
            ..self
        }
    }

    /// Returns the endpoint, which need not be usable.
    pub fn endpoint(&self) -> &str {
        &self.endpoint
    }

    /// The credential.
    #[must_use]
    pub fn credential(&self) -> &Credential {
        &self.credential
    }

    /// Returns the pipeline to `service`; Entra ID tokens are requested with `entra_scopes`.
    /// `problems` are those of the builder's other settings. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// `Config`: an unusable endpoint and everything in `problems`; or an unusable HTTP option.
    pub fn pipeline(
        self,
        service: &'static ServiceProfile,
        entra_scopes: &'static [&'static str],
        problems: Problems,
    ) -> Result<Pipeline> {
        let mut all = Problems::new();
        let endpoint = Endpoint::parse(&self.endpoint);
        if let Err(error) = &endpoint {
            all.add(service.name(), error.message());
        }
        all.append(problems);
        all.into_result(ErrorKind::Config)
            .map_err(|error| error.with_platform(service.name()))?;
        let authorize = self.credential.into_authorize(entra_scopes);
        let pipeline = self.transport.pipeline(service, endpoint?, authorize)?;
        Ok(match self.settling_margin {
            Some(margin) => pipeline.with_settling_margin(margin),
            None => pipeline,
        })
    }
}

impl fmt::Debug for Connection {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Connection")
            .field("endpoint", &redacted_address(&self.endpoint))
            .field("credential", &self.credential)
            .field("transport", &self.transport)
            .field("settling_margin", &self.settling_margin)
            .finish()
    }
}

/// Adds the problem of an API version that cannot stand in a query, e.g. an empty one, to
/// `field`; `example` is a usable one, such as `2025-03-15`.
pub fn check_version(version: &str, field: &str, example: &str, problems: &mut Problems) {
    let is_sound = version
        .bytes()
        .all(|b| b.is_ascii_alphanumeric() || b == b'-');
    if !is_sound || version.is_empty() {
        problems.add(field, format!("must be a version, e.g. {example}"));
    }
}

#[cfg(test)]
mod tests {
    use ms_messenger_core::StaticToken;

    use super::*;

    static SERVICE: ServiceProfile = ServiceProfile::new("acs-test");

    #[test]
    fn no_form_of_a_connection_shows_user_info_query_or_token() {
        for endpoint in [
            "https://lene:hunter2@contoso.communication.azure.com/",
            "https://contoso.communication.azure.com/?sig=hunter2",
            "https://contoso.communication.azure.com/#hunter2",
            "lene:hunter2@contoso.communication.azure.com",
        ] {
            let credential = Credential::entra(StaticToken::new("hunter2"));
            let connection = Connection::new(endpoint, credential);
            let shown = format!("{connection:?} {connection:#?}");
            let error = connection.pipeline(&SERVICE, &[], Problems::new());
            let error = error.unwrap_err();
            let shown = format!("{shown} {error} {error:?}");
            assert!(!shown.contains("hunter2"), "{shown}");
            assert_eq!(error.kind(), ErrorKind::Config);
        }
    }

    #[test]
    fn everything_that_is_wrong_is_reported_at_once() {
        let mut problems = Problems::new();
        for version in ["2025-03-15", "", "2025/03/15", "1&x=y"] {
            check_version(version, "api_version", "2025-03-15", &mut problems);
        }
        let connection = Connection::new("http://contoso.com", Credential::user(token()));
        let error = connection.pipeline(&SERVICE, &[], problems).unwrap_err();
        assert_eq!(error.platform(), Some("acs-test"));
        let fields = error.problems().iter().map(|p| p.field.as_str());
        let fields: Vec<_> = fields.collect();
        assert_eq!(
            fields,
            ["acs-test", "api_version", "api_version", "api_version"]
        );
    }

    fn token() -> StaticToken {
        StaticToken::new("t")
    }
}
