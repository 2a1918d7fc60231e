//! What the builders of all clients have in common.

use ms_messenger_core::{Result, RetryPolicy};

use crate::{Authorize, Endpoint, HttpClient, HttpOptions, Pipeline, ServiceProfile};

/// How the calls of a client travel: the head of a builder.
///
/// ```
/// use ms_messenger_core::{Result, RetryPolicy, StaticToken};
/// use ms_messenger_http::{Bearer, Endpoint, HttpOptions, Pipeline, ServiceProfile, Transport};
///
/// const PAGER: ServiceProfile = ServiceProfile::new("pager");
///
/// struct PagerBuilder {
///     endpoint: String,
///     transport: Transport,
/// }
///
/// impl PagerBuilder {
///     fn with_http_options(mut self, options: HttpOptions) -> Self {
///         self.transport = self.transport.with_http_options(options);
///         self
///     }
///
///     fn build(self) -> Result<Pipeline> {
///         let endpoint = Endpoint::parse(&self.endpoint)?;
///         let bearer = Bearer::new(StaticToken::new("eyJ0eXAi"), &[]);
///         self.transport.pipeline(&PAGER, endpoint, bearer)
///     }
/// }
///
/// let pager = PagerBuilder {
///     endpoint: "http://localhost:8410".to_owned(),
///     transport: Transport::default().with_retry_policy(RetryPolicy::never()),
/// };
/// assert!(pager.with_http_options(HttpOptions::default()).build().is_ok());
/// ```
#[derive(Clone, Debug, Default)]
#[must_use = "a transport does nothing until a pipeline is made of it"]
pub struct Transport {
    http: Option<HttpClient>,
    options: HttpOptions,
    retry: RetryPolicy,
}

impl Transport {
    /// Shares the connections of `http`; the [options](Self::with_http_options) are ignored then.
    pub fn with_http_client(self, http: HttpClient) -> Self {
        let http = Some(http);
        Self { http, ..self }
    }

    /// Sets the transport options. Default: those of [`HttpOptions::default`].
    pub fn with_http_options(self, options: HttpOptions) -> Self {
        Self { options, ..self }
    }

    /// Sets the retry policy. Default: that of [`RetryPolicy::default`].
    pub fn with_retry_policy(self, retry: RetryPolicy) -> Self {
        Self { retry, ..self }
    }

    /// The client to share, or a new one with the options.
    ///
    /// # Errors
    ///
    /// `Config`: an unusable HTTP option.
    pub fn client(&self) -> Result<HttpClient> {
        match &self.http {
            Some(http) => Ok(http.clone()),
            None => HttpClient::new(&self.options),
        }
    }

    /// The retry policy.
    pub fn retry_policy(&self) -> &RetryPolicy {
        &self.retry
    }

    /// Makes a pipeline to `service` at `endpoint`. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// `Config`: an unusable HTTP option.
    pub fn pipeline(
        self,
        service: &'static ServiceProfile,
        endpoint: Endpoint,
        authorize: impl Authorize,
    ) -> Result<Pipeline> {
        let pipeline = Pipeline::new(service, self.client()?, endpoint, authorize);
        Ok(pipeline.with_retry_policy(self.retry))
    }
}
