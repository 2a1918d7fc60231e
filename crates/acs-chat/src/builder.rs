//! Builder of the client.

use std::time::Duration;

use ms_messenger_core::{Problems, Result, RetryPolicy, StaticToken, TokenProvider};
use ms_messenger_http::{
    HttpClient, HttpOptions, Variables,
    acs::{self, Connection, Credential, check_version},
};

use crate::{
    AcsChatClient, ChatApiVersion,
    client::Inner,
    error::{PLATFORM, SERVICE},
};

/// The published limit of a message is about 28 KB.
const MAX_MESSAGE_BYTES: usize = 28 * 1024;

/// Sets up an [`AcsChatClient`].
///
/// `Debug` shows neither user info nor query of the endpoint, and no secret.
///
/// ```
/// use acs_chat::AcsChatBuilder;
/// use ms_messenger_core::StaticToken;
///
/// let token = StaticToken::new("eyJ0eXAi");
/// let client = AcsChatBuilder::new("https://contoso.communication.azure.com", token)
///     .with_client_message_ids(true)
///     .with_sender_display_name("Status bot")
///     .build()?;
/// assert_eq!(client.api_version().as_str(), "2025-03-15");
/// # Ok::<(), ms_messenger_core::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct AcsChatBuilder {
    connection: Connection,
    api_version: ChatApiVersion,
    sender_display_name: Option<String>,
    max_message_bytes: Option<usize>,
    client_message_ids: bool,
}

impl AcsChatBuilder {
    /// Sets up a client for the resource at `endpoint`, e.g.
    /// `https://contoso.communication.azure.com`, that sends as the user whose ACS user access
    /// tokens `token` provides. ACS Chat accepts neither access keys nor Entra tokens. Tokens are
    /// cached here; `token` need not do it.
    pub fn new(endpoint: impl Into<String>, token: impl TokenProvider) -> Self {
        Self {
            connection: Connection::new(endpoint, Credential::user(token)),
            api_version: ChatApiVersion::V2025_03_15,
            sender_display_name: None,
            max_message_bytes: Some(MAX_MESSAGE_BYTES),
            client_message_ids: false,
        }
    }

    /// Sets up a client from environment variables: `ACS_CHAT_TOKEN`, a user access token, which
    /// is not renewed; and `ACS_CHAT_ENDPOINT`, `ACS_ENDPOINT` or the endpoint of a connection
    /// string. The README lists them.
    ///
    /// # Errors
    ///
    /// `Config` that names every variable that is missing, and no value.
    pub fn from_env() -> Result<Self> {
        acs::read(Variables::from_process(), PLATFORM, Self::from_variables)
    }

    /// Sets up a client from `variables`, as [`from_env`](Self::from_env) does. Returns `None`
    /// when something is missing, which is noted in `variables` then.
    ///
    /// ```
    /// use acs_chat::AcsChatBuilder;
    /// use ms_messenger_http::Variables;
    ///
    /// let mut variables = Variables::new(&|_| None);
    /// assert!(AcsChatBuilder::from_variables(&mut variables).is_none());
    /// let error = variables.into_result().unwrap_err();
    /// assert_eq!(error.problems()[0].field, "ACS_CHAT_TOKEN");
    /// ```
    pub fn from_variables(variables: &mut Variables<'_>) -> Option<Self> {
        let what = "a user access token with the scope chat";
        let token = variables.required("ACS_CHAT_TOKEN", what);
        let endpoint = acs::endpoint_from(variables, &["ACS_CHAT_ENDPOINT", "ACS_ENDPOINT"]);
        if endpoint.is_none() {
            let what =
                "the endpoint of the resource; ACS_ENDPOINT or ACS_CONNECTION_STRING would do";
            variables.missing("ACS_CHAT_ENDPOINT", what);
        }
        Some(Self::new(endpoint?, StaticToken::new(token?)))
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

    /// Sets the version of the API. Default [`ChatApiVersion::V2025_03_15`].
    pub fn with_api_version(mut self, version: ChatApiVersion) -> Self {
        self.api_version = version;
        self
    }

    /// Sets the sender's name for messages without one.
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

    /// Sets whether each message gets a random id in its metadata, as `clientMessageId`, by which
    /// a send whose delivery is unknown can be settled. Every participant of the thread can read
    /// it. Default `false`: messages are sent as they are given.
    ///
    /// Set it where the [journal](ms_messenger_core::SendRequest::journal) of a request is to settle
    /// the send after a crash, as in a durable queue: without the id nothing can be settled.
    pub fn with_client_message_ids(mut self, enabled: bool) -> Self {
        self.client_message_ids = enabled;
        self
    }

    /// Sets how long after the end of its last attempt a send without a response can still take
    /// effect; before that, settling does not report a message as missing. Default 30 s; the
    /// service documents none.
    pub fn with_settling_margin(mut self, margin: Duration) -> Self {
        self.connection = self.connection.with_settling_margin(margin);
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
        check_version(version, "api_version", "2025-03-15", &mut problems);
        Ok(AcsChatClient::from_inner(Inner {
            pipeline: self.connection.pipeline(&SERVICE, &[], problems)?,
            api_version: self.api_version,
            sender_display_name: self.sender_display_name,
            max_message_bytes: self.max_message_bytes,
            client_message_ids: self.client_message_ids,
        }))
    }
}

#[cfg(test)]
mod tests {
    use ms_messenger_core::ErrorKind;

    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<AcsChatBuilder> {
        let value = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name)?;
            Some(found.1.to_owned())
        };
        let variables = Variables::new(&value);
        acs::read(variables, PLATFORM, AcsChatBuilder::from_variables)
    }

    const STRINGS: [&str; 2] = acs::CONNECTION_STRING_VARIABLES;
    const TOKEN: (&str, &str) = ("ACS_CHAT_TOKEN", "hunter2");
    const OWN: (&str, &str) = ("ACS_CHAT_ENDPOINT", "https://a.communication.azure.com");
    const SHARED: (&str, &str) = ("ACS_ENDPOINT", "https://b.communication.azure.com/");

    #[test]
    fn the_endpoint_is_the_own_one_or_the_shared_one_or_that_of_a_connection_string() {
        let string = "AccessKey=c2VjcmV0; Endpoint = https://c.communication.azure.com/;";
        for (variables, expected) in [
            (
                &[TOKEN, OWN, SHARED][..],
                "https://a.communication.azure.com",
            ),
            (
                &[TOKEN, SHARED, (STRINGS[0], string)],
                "https://b.communication.azure.com",
            ),
            (
                &[TOKEN, (STRINGS[0], string)],
                "https://c.communication.azure.com",
            ),
            (
                &[TOKEN, (STRINGS[1], string)],
                "https://c.communication.azure.com",
            ),
        ] {
            let client = read(variables).unwrap().build().unwrap();
            assert_eq!(client.pipeline().endpoint().to_string(), expected);
        }
    }

    #[test]
    fn everything_that_is_missing_is_named_without_a_value() {
        for (variables, missing) in [
            (&[][..], &["ACS_CHAT_TOKEN", "ACS_CHAT_ENDPOINT"][..]),
            (&[OWN], &["ACS_CHAT_TOKEN"]),
            (&[TOKEN], &["ACS_CHAT_ENDPOINT"]),
            (
                &[TOKEN, (STRINGS[0], "accesskey=c2VjcmV0;endpoint=")],
                &["ACS_CHAT_ENDPOINT"],
            ),
        ] {
            let error = read(variables).unwrap_err();
            let seen = (error.kind(), error.platform());
            assert_eq!(seen, (ErrorKind::Config, Some(PLATFORM)));
            let fields = error.problems().iter().map(|p| p.field.as_str());
            assert_eq!(fields.collect::<Vec<_>>(), missing);
            let printed = format!("{error:?}");
            assert!(!printed.contains("hunter2") && !printed.contains("c2VjcmV0"));
        }
    }
}
