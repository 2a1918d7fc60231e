//! Builder of the client.

use std::{fmt::Display, time::Duration};

use ms_messenger_core::{Problems, Result, RetryPolicy};
use ms_messenger_http::{
    HttpClient, HttpOptions, Variables,
    acs::{self, Connection, OtherCredential, Precedence, check_version},
};
use uuid::Uuid;

use crate::{
    AcsMessagesClient, Credential, OutboundDeliveryStrategy,
    client::Inner,
    error::{PLATFORM, SERVICE},
};

const ENTRA_SCOPES: &[&str] = &["https://communication.azure.com/.default"];

#[cfg(feature = "entra")]
const APPLICATION: Option<OtherCredential> = {
    use ms_messenger_entra::ClientCredentials as Application;
    Some(OtherCredential::new(Application::are_in, |variables| {
        Some(Credential::entra(Application::from_variables(variables)?))
    }))
};
#[cfg(not(feature = "entra"))]
const APPLICATION: Option<OtherCredential> = None;

/// Sets up an [`AcsMessagesClient`].
///
/// `Debug` shows neither user info nor query of the endpoint, and no secret.
///
/// ```
/// use acs_messages::AcsMessagesBuilder;
/// use ms_messenger_core::{Capability, Messenger};
///
/// let string = "endpoint=https://contoso.communication.azure.com/;accesskey=c2VjcmV0";
/// let client = AcsMessagesBuilder::from_connection_string(string)?
///     .with_channel_registration_id("0f0eb78e-a576-1dfc-b414-0f0756de3338")
///     .build()?;
/// assert!(client.capabilities().supports(Capability::ToPhone));
/// # Ok::<(), ms_messenger_core::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct AcsMessagesBuilder {
    connection: Connection,
    channel_registration_id: Option<String>,
    strategy: Option<OutboundDeliveryStrategy>,
    any_recipient: bool,
    conversation_version: String,
    notification_version: Option<String>,
}

impl AcsMessagesBuilder {
    /// Sets up a client for the resource at `endpoint`, e.g.
    /// `https://contoso.communication.azure.com`.
    ///
    /// Every kind of credential is accepted for both operations. For conversations the published
    /// SDK offers only tokens, so that a message has a participant as its sender; the sender of a
    /// message that is sent with an access key is not documented.
    pub fn new(endpoint: impl Into<String>, credential: Credential) -> Self {
        Self::connected(Connection::new(endpoint, credential))
    }

    fn connected(connection: Connection) -> Self {
        Self {
            connection,
            channel_registration_id: None,
            strategy: None,
            any_recipient: false,
            conversation_version: "2025-04-01-preview".to_owned(),
            notification_version: None,
        }
    }

    /// Sets up a client from the connection string of the resource, as the portal shows it.
    ///
    /// # Errors
    ///
    /// `Config`, with all problems at once; no part of the string is repeated.
    pub fn from_connection_string(text: &str) -> Result<Self> {
        match Connection::from_connection_string(text) {
            Ok(connection) => Ok(Self::connected(connection)),
            Err(error) => Err(error.with_platform(PLATFORM)),
        }
    }

    /// Sets up a client from environment variables: `ACS_ENDPOINT` with `ACS_ACCESS_TOKEN` or
    /// `ACS_ACCESS_KEY`, or the connection string `ACS_CONNECTION_STRING` (or
    /// `COMMUNICATION_SERVICES_CONNECTION_STRING`), and `ACS_CHANNEL_REGISTRATION_ID`; with the
    /// feature `entra` also the `AZURE_…` variables of an application. The README lists them.
    ///
    /// # Errors
    ///
    /// `Config` that names every variable that is missing or unusable, and no value.
    pub fn from_env() -> Result<Self> {
        acs::read(Variables::from_process(), PLATFORM, Self::from_variables)
    }

    /// Sets up a client from `variables`, as [`from_env`](Self::from_env) does. Returns `None`
    /// when something is missing or unusable, which is noted in `variables` then.
    ///
    /// ```
    /// use acs_messages::AcsMessagesBuilder;
    /// use ms_messenger_http::Variables;
    ///
    /// let read = |name: &str| match name {
    ///     "ACS_ENDPOINT" => Some("https://contoso.communication.azure.com".to_owned()),
    ///     _ => None,
    /// };
    /// let mut variables = Variables::new(&read);
    /// assert!(AcsMessagesBuilder::from_variables(&mut variables).is_none());
    /// let error = variables.into_result().unwrap_err();
    /// assert_eq!(error.problems()[0].field, "ACS_ACCESS_KEY");
    /// ```
    pub fn from_variables(variables: &mut Variables<'_>) -> Option<Self> {
        let connection =
            Connection::from_variables(variables, Precedence::TokenFirst, APPLICATION)?;
        Some(Self {
            channel_registration_id: variables.optional("ACS_CHANNEL_REGISTRATION_ID"),
            ..Self::connected(connection)
        })
    }

    /// Shares the connections of `http`; the [options](Self::with_http_options) are ignored then.
    pub fn with_http_client(mut self, http: HttpClient) -> Self {
        self.connection = self.connection.with_http_client(http);
        self
    }

    /// Sets the transport options, e.g. time-outs and proxy.
    pub fn with_http_options(mut self, options: HttpOptions) -> Self {
        self.connection = self.connection.with_http_options(options);
        self
    }

    /// Sets the retry policy of calls.
    pub fn with_retry_policy(mut self, retry: RetryPolicy) -> Self {
        self.connection = self.connection.with_retry_policy(retry);
        self
    }

    /// Sets the channel that messages to telephone numbers and WhatsApp users are sent from: the
    /// GUID of its registration. Without it, a `SendRequest` to one of them is refused.
    pub fn with_channel_registration_id(mut self, id: impl Display) -> Self {
        self.channel_registration_id = Some(id.to_string());
        self
    }

    /// Sets which participants receive the messages of conversations that name no strategy.
    pub fn with_outbound_delivery_strategy(mut self, strategy: OutboundDeliveryStrategy) -> Self {
        self.strategy = Some(strategy);
        self
    }

    /// Sets whether number and form of the recipients of a notification are left to the service.
    /// Default `false`: exactly one, a telephone number or a business-scoped user id.
    pub fn with_any_recipient(mut self, enabled: bool) -> Self {
        self.any_recipient = enabled;
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
        self.connection = self.connection.with_settling_margin(margin);
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
        let channel = self.channel_registration_id.as_deref().map(Uuid::parse_str);
        let is_no_guid = matches!(channel, Some(Err(_)));
        problems.add_if(is_no_guid, "channel_registration_id", "must be a GUID");
        let versions = [
            Some(&self.conversation_version),
            self.notification_version.as_ref(),
        ];
        for version in versions.into_iter().flatten() {
            check_version(version, "api-version", "2024-08-30", &mut problems);
        }
        Ok(AcsMessagesClient::from_inner(Inner {
            pipeline: self.connection.pipeline(&SERVICE, ENTRA_SCOPES, problems)?,
            channel_registration_id: channel.and_then(Result::ok),
            strategy: self.strategy,
            any_recipient: self.any_recipient,
            conversation_version: self.conversation_version,
            notification_version: self.notification_version,
        }))
    }
}

#[cfg(test)]
mod tests {
    use ms_messenger_core::ErrorKind;

    use super::*;

    const STRING: (&str, &str) = (
        "ACS_CONNECTION_STRING",
        "endpoint=https://a.communication.azure.com/;accesskey=aHVudGVyMg==",
    );

    fn read(variables: &[(&str, &str)]) -> Result<AcsMessagesBuilder> {
        let read = |name: &str| {
            let mut variables = variables.iter();
            variables.find_map(|(known, value)| (*known == name).then(|| (*value).to_owned()))
        };
        let read = Variables::new(&read);
        acs::read(read, PLATFORM, AcsMessagesBuilder::from_variables)
    }

    #[test]
    fn a_token_comes_before_a_connection_string() {
        let printed = format!("{:?}", read(&[STRING]).unwrap());
        assert!(printed.contains("AccessKey"), "{printed}");
        let token = ("ACS_ACCESS_TOKEN", "hunter2");
        let printed = format!("{:?}", read(&[STRING, token]).unwrap());
        assert!(printed.contains("Entra"), "{printed}");
        assert!(!printed.contains("hunter2") && !printed.contains("aHVud"));
    }

    #[test]
    fn the_channel_is_read_and_checked_when_the_client_is_built() {
        let channel = (
            "ACS_CHANNEL_REGISTRATION_ID",
            "0f0eb78e-a576-1dfc-b414-0f0756de3338",
        );
        let client = read(&[STRING, channel]).unwrap().build();
        assert!(client.unwrap().channel_registration_id().is_some());
        let wrong = read(&[STRING, (channel.0, "nope")]).unwrap();
        assert_eq!(wrong.build().unwrap_err().kind(), ErrorKind::Config);
    }

    #[cfg(feature = "entra")]
    #[test]
    fn an_application_of_entra_id_is_read() {
        let printed = read(&[
            ("ACS_ENDPOINT", "https://b.communication.azure.com"),
            ("AZURE_TENANT_ID", "contoso.com"),
            ("AZURE_CLIENT_ID", "the-client"),
            ("AZURE_CLIENT_SECRET", "hunter2"),
        ]);
        let printed = format!("{:?}", printed.unwrap());
        assert!(printed.contains("the-client") && !printed.contains("hunter2"));
    }
}
