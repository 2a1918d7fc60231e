//! How a client is set up.

use std::{
    fmt::{self, Display},
    time::Duration,
};

use ms_messenger_core::{ErrorKind, Problems, Result, RetryPolicy};
use ms_messenger_http::{
    ConnectionString, Endpoint, HttpClient, HttpOptions, Pipeline, redacted_address,
};
use uuid::Uuid;

use crate::{
    AcsMessagesClient, Credential, OutboundDeliveryStrategy,
    client::Inner,
    error::{PLATFORM, SERVICE},
};

/// Sets up an [`AcsMessagesClient`].
#[must_use = "a builder does nothing until it is built"]
pub struct AcsMessagesBuilder {
    endpoint: String,
    credential: Credential,
    http: Option<HttpClient>,
    options: HttpOptions,
    retry: RetryPolicy,
    channel_registration_id: Option<String>,
    strategy: Option<OutboundDeliveryStrategy>,
    any_recipient: bool,
    conversation_version: String,
    notification_version: Option<String>,
    settling_margin: Option<Duration>,
}

impl AcsMessagesBuilder {
    pub(crate) fn new(endpoint: String, credential: Credential) -> Self {
        Self {
            endpoint,
            credential,
            http: None,
            options: HttpOptions::default(),
            retry: RetryPolicy::default(),
            channel_registration_id: None,
            strategy: None,
            any_recipient: false,
            conversation_version: "2025-04-01-preview".to_owned(),
            notification_version: None,
            settling_margin: None,
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

    /// Sets the channel from which messages to telephone numbers go: the GUID of its
    /// registration. Without it the neutral model refuses telephone numbers.
    pub fn with_channel_registration_id(mut self, id: impl Display) -> Self {
        self.channel_registration_id = Some(id.to_string());
        self
    }

    /// Sets whom messages of conversations reach when the send does not say.
    pub fn with_outbound_delivery_strategy(mut self, strategy: OutboundDeliveryStrategy) -> Self {
        self.strategy = Some(strategy);
        self
    }

    /// Leaves it to the service how many recipients a notification has and which form they
    /// have. Default: exactly one, a number or a business-scoped user id.
    pub fn with_any_recipient(mut self, any: bool) -> Self {
        self.any_recipient = any;
        self
    }

    /// Sets the version of the API for conversations. Default `2025-04-01-preview`.
    pub fn with_conversation_version(mut self, version: impl Into<String>) -> Self {
        self.conversation_version = version.into();
        self
    }

    /// Sets the version of the API for notifications. Default `2024-08-30`, and
    /// `2025-01-15-preview` for the kinds that need it.
    pub fn with_notification_version(mut self, version: impl Into<String>) -> Self {
        self.notification_version = Some(version.into());
        self
    }

    /// Sets how long after the end of its last attempt a send without a response can still take
    /// effect, as its evidence says. Default 30 s; the service documents none.
    pub fn with_settling_margin(mut self, margin: Duration) -> Self {
        self.settling_margin = Some(margin);
        self
    }

    /// Builds the client. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// `Config`, with all problems at once: an unusable endpoint, channel id or version; or an
    /// unusable HTTP option.
    pub fn build(self) -> Result<AcsMessagesClient> {
        let mut problems = Problems::new();
        let endpoint = Endpoint::parse(&self.endpoint);
        if let Err(error) = &endpoint {
            problems.add(PLATFORM, error.message());
        }
        let channel = match self.channel_registration_id.as_deref().map(Uuid::parse_str) {
            Some(Err(_)) => {
                problems.add("channel_registration_id", "must be a GUID");
                None
            }
            Some(Ok(id)) => Some(id),
            None => None,
        };
        let versions = [
            Some(&self.conversation_version),
            self.notification_version.as_ref(),
        ];
        for version in versions.into_iter().flatten() {
            let sound = version
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-');
            problems.add_if(
                !sound || version.is_empty(),
                "api-version",
                "must be a version, e.g. 2024-08-30",
            );
        }
        problems
            .into_result(ErrorKind::Config)
            .map_err(|error| error.with_platform(PLATFORM))?;
        let http = match self.http {
            Some(http) => http,
            None => HttpClient::new(&self.options)?,
        };
        let authorize = self.credential.into_authorize();
        let mut pipeline =
            Pipeline::new(&SERVICE, http, endpoint?, authorize).with_retry_policy(self.retry);
        if let Some(margin) = self.settling_margin {
            pipeline = pipeline.with_settling_margin(margin);
        }
        Ok(AcsMessagesClient::from_inner(Inner {
            pipeline,
            channel_registration_id: channel,
            strategy: self.strategy,
            any_recipient: self.any_recipient,
            conversation_version: self.conversation_version,
            notification_version: self.notification_version,
        }))
    }
}

/// An address may hold a secret: what of it may be shown is shown.
impl fmt::Debug for AcsMessagesBuilder {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("AcsMessagesBuilder")
            .field("endpoint", &redacted_address(&self.endpoint))
            .field("credential", &self.credential)
            .field("options", &self.options)
            .field("retry", &self.retry)
            .field("channel_registration_id", &self.channel_registration_id)
            .field("strategy", &self.strategy)
            .field("any_recipient", &self.any_recipient)
            .field("conversation_version", &self.conversation_version)
            .field("notification_version", &self.notification_version)
            .finish_non_exhaustive()
    }
}
