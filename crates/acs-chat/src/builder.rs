//! How a client is set up.

use std::{fmt, sync::Arc, time::Duration};

use ms_messenger_core::{
    CachedTokenProvider, ErrorKind, Problems, Result, RetryPolicy, TokenProvider,
};
use ms_messenger_http::{Bearer, Endpoint, HttpClient, HttpOptions, Pipeline, redacted_address};

use crate::{
    AcsChatClient, ApiVersion,
    client::Inner,
    error::{PLATFORM, SERVICE},
};

/// ACS user access tokens carry the scopes with which they were issued; none are asked for.
const SCOPES: &[&str] = &[];

/// The published limit of a message is about 28 KB.
const MAX_MESSAGE_BYTES: usize = 28 * 1024;

/// Sets up an [`AcsChatClient`].
#[must_use = "a builder does nothing until it is built"]
pub struct AcsChatBuilder {
    endpoint: String,
    token: Arc<dyn TokenProvider>,
    http: Option<HttpClient>,
    options: HttpOptions,
    retry: RetryPolicy,
    api_version: ApiVersion,
    sender_display_name: Option<String>,
    max_message_bytes: Option<usize>,
    client_message_ids: bool,
    settling_margin: Option<Duration>,
}

impl AcsChatBuilder {
    pub(crate) fn new(endpoint: String, token: Arc<dyn TokenProvider>) -> Self {
        Self {
            endpoint,
            token,
            http: None,
            options: HttpOptions::default(),
            retry: RetryPolicy::default(),
            api_version: ApiVersion::V2025_03_15,
            sender_display_name: None,
            max_message_bytes: Some(MAX_MESSAGE_BYTES),
            client_message_ids: false,
            settling_margin: None,
        }
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

    /// Sets the version of the API. Default [`ApiVersion::V2025_03_15`].
    pub fn with_api_version(mut self, version: ApiVersion) -> Self {
        self.api_version = version;
        self
    }

    /// Sets the sender's name for messages that name none.
    pub fn with_sender_display_name(mut self, name: impl Into<String>) -> Self {
        self.sender_display_name = Some(name.into());
        self
    }

    /// Sets the most bytes that the JSON of a message may have; `None` leaves it to the
    /// service. Default 28 KiB, the published limit.
    pub fn with_max_message_bytes(mut self, limit: Option<usize>) -> Self {
        self.max_message_bytes = limit;
        self
    }

    /// Writes a random id into the metadata of every message, as `clientMessageId`, so that a
    /// send in doubt can be settled by looking for it. Everybody in the thread can read it.
    /// Default: messages go out as they are given.
    pub fn with_client_message_ids(mut self) -> Self {
        self.client_message_ids = true;
        self
    }

    /// Sets how long after the end of its last attempt a send without a response can still take
    /// effect. Settling claims that a message is not there only after that. Default 30 s; the
    /// service documents none.
    pub fn with_settling_margin(mut self, margin: Duration) -> Self {
        self.settling_margin = Some(margin);
        self
    }

    /// Builds the client. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// `Config`: an unusable endpoint, version or HTTP option.
    pub fn build(self) -> Result<AcsChatClient> {
        let mut problems = Problems::new();
        let version = self.api_version.as_str();
        let sound = version
            .bytes()
            .all(|b| b.is_ascii_alphanumeric() || b == b'-');
        problems.add_if(
            !sound || version.is_empty(),
            "api_version",
            "must be a version, e.g. 2025-03-15",
        );
        let endpoint = Endpoint::parse(&self.endpoint);
        if let Err(error) = &endpoint {
            problems.add("acs-chat", error.message());
        }
        problems
            .into_result(ErrorKind::Config)
            .map_err(|error| error.with_platform(PLATFORM))?;
        let http = match self.http {
            Some(http) => http,
            None => HttpClient::new(&self.options)?,
        };
        let bearer = Bearer::new(CachedTokenProvider::new(self.token), SCOPES);
        let mut pipeline =
            Pipeline::new(&SERVICE, http, endpoint?, bearer).with_retry_policy(self.retry);
        if let Some(margin) = self.settling_margin {
            pipeline = pipeline.with_settling_margin(margin);
        }
        Ok(AcsChatClient::from_inner(Inner {
            pipeline,
            api_version: self.api_version,
            sender_display_name: self.sender_display_name,
            max_message_bytes: self.max_message_bytes,
            client_message_ids: self.client_message_ids,
        }))
    }
}

/// An address may hold a secret: what of it may be shown is shown.
impl fmt::Debug for AcsChatBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AcsChatBuilder")
            .field("endpoint", &redacted_address(&self.endpoint))
            .field("token", &self.token)
            .field("options", &self.options)
            .field("retry", &self.retry)
            .field("api_version", &self.api_version)
            .field("max_message_bytes", &self.max_message_bytes)
            .field("client_message_ids", &self.client_message_ids)
            .field("settling_margin", &self.settling_margin)
            .finish_non_exhaustive()
    }
}
