//! How a client is set up.

use std::fmt;

use ms_messenger_core::{ErrorKind, Problems, Result, RetryPolicy};
use ms_messenger_http::{
    ConnectionString, Endpoint, HttpClient, HttpOptions, Pipeline, redacted_address,
};

use crate::{
    AcsIdentityClient, ApiVersion, Credential,
    client::Inner,
    error::{PLATFORM, SERVICE},
};

/// Sets up an [`AcsIdentityClient`]. `Debug` shows neither user info nor query of the endpoint.
#[must_use = "a builder does nothing until it is built"]
pub struct AcsIdentityBuilder {
    endpoint: String,
    credential: Credential,
    http: Option<HttpClient>,
    options: HttpOptions,
    retry: RetryPolicy,
    api_version: ApiVersion,
}

impl AcsIdentityBuilder {
    pub(crate) fn new(endpoint: String, credential: Credential) -> Self {
        Self {
            endpoint,
            credential,
            http: None,
            options: HttpOptions::default(),
            retry: RetryPolicy::default(),
            api_version: ApiVersion::V2025_06_30,
        }
    }

    pub(crate) fn from_connection_string(text: &str) -> Result<Self> {
        let string = ConnectionString::parse(text).map_err(|e| e.with_platform(PLATFORM))?;
        let credential = Credential::AccessKey(string.access_key().clone());
        Ok(Self::new(string.endpoint().to_string(), credential))
    }

    /// Shares the connections of `http`; the options set here do not count then.
    pub fn with_http_client(mut self, http: HttpClient) -> Self {
        self.http = Some(http);
        self
    }

    /// Sets how calls travel.
    pub fn with_http_options(mut self, options: HttpOptions) -> Self {
        self.options = options;
        self
    }

    /// Sets how often a call is tried again.
    pub fn with_retry_policy(mut self, retry: RetryPolicy) -> Self {
        self.retry = retry;
        self
    }

    /// Sets the version of the API. Default [`ApiVersion::V2025_06_30`].
    pub fn with_api_version(mut self, version: ApiVersion) -> Self {
        self.api_version = version;
        self
    }

    /// Builds the client. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// `Config`: an unusable endpoint, version or HTTP option.
    pub fn build(self) -> Result<AcsIdentityClient> {
        let mut problems = Problems::new();
        let version = self.api_version.as_str();
        let sound = version
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-');
        problems.add_if(
            !sound || version.is_empty(),
            "api_version",
            "must be a version, e.g. 2025-06-30",
        );
        let endpoint = Endpoint::parse(&self.endpoint);
        if let Err(error) = &endpoint {
            problems.add(PLATFORM, error.message());
        }
        problems
            .into_result(ErrorKind::Config)
            .map_err(|error| error.with_platform(PLATFORM))?;
        let http = match self.http {
            Some(http) => http,
            None => HttpClient::new(&self.options)?,
        };
        let authorize = self.credential.into_authorize();
        Ok(AcsIdentityClient::from_inner(Inner {
            pipeline: Pipeline::new(&SERVICE, http, endpoint?, authorize)
                .with_retry_policy(self.retry),
            api_version: self.api_version,
        }))
    }
}

impl fmt::Debug for AcsIdentityBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AcsIdentityBuilder")
            .field("endpoint", &redacted_address(&self.endpoint))
            .field("credential", &self.credential)
            .field("http", &self.http)
            .field("options", &self.options)
            .field("retry", &self.retry)
            .field("api_version", &self.api_version)
            .finish()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn no_form_of_a_builder_shows_user_info_or_query() {
        for endpoint in [
            "https://alice:hunter2@contoso.communication.azure.com/",
            "https://contoso.communication.azure.com/?sig=hunter2",
            "https://contoso.communication.azure.com/#hunter2",
            "alice:hunter2@contoso.communication.azure.com",
        ] {
            let credential = Credential::entra(ms_messenger_core::StaticToken::new("T"));
            let builder = AcsIdentityClient::builder(endpoint, credential);
            let shown = format!("{builder:?} {builder:#?}");
            let error = builder.build().unwrap_err();
            let shown = format!("{shown} {error} {error:?}");
            assert!(!shown.contains("hunter2"), "{shown}");
            assert_eq!(error.kind(), ErrorKind::Config);
        }
    }
}
