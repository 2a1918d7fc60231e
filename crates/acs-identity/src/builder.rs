//! Builder of the client.

use ms_messenger_core::{Problems, Result, RetryPolicy};
use ms_messenger_http::{
    HttpClient, HttpOptions, Variables,
    acs::{self, Connection, OtherCredential, Precedence, check_version},
};

use crate::{
    AcsIdentityClient, Credential, IdentityApiVersion,
    client::Inner,
    error::{PLATFORM, SERVICE},
};

/// The two slashes are correct: both published SDKs request this scope, since the name of the
/// resource ends with a slash of its own.
const ENTRA_SCOPES: &[&str] = &["https://communication.azure.com//.default"];

#[cfg(feature = "entra")]
const APPLICATION: Option<OtherCredential> = {
    use ms_messenger_entra::ClientCredentials as Application;
    Some(OtherCredential::new(Application::are_in, |variables| {
        Some(Credential::entra(Application::from_variables(variables)?))
    }))
};
#[cfg(not(feature = "entra"))]
const APPLICATION: Option<OtherCredential> = None;

/// Sets up an [`AcsIdentityClient`].
///
/// `Debug` shows neither user info nor query of the endpoint, and no secret.
///
/// ```
/// use acs_identity::AcsIdentityBuilder;
///
/// let string = "endpoint=https://contoso.communication.azure.com/;accesskey=c2VjcmV0";
/// let client = AcsIdentityBuilder::from_connection_string(string)?.build()?;
/// assert_eq!(client.endpoint(), "https://contoso.communication.azure.com");
/// # Ok::<(), ms_messenger_core::Error>(())
/// ```
#[derive(Debug)]
#[must_use = "a builder does nothing until it is built"]
pub struct AcsIdentityBuilder {
    connection: Connection,
    api_version: IdentityApiVersion,
}

impl AcsIdentityBuilder {
    /// Sets up a client for the resource at `endpoint`, e.g.
    /// `https://contoso.communication.azure.com`. ACS Identity accepts no user access tokens.
    pub fn new(endpoint: impl Into<String>, credential: Credential) -> Self {
        Self::connected(Connection::new(endpoint, credential))
    }

    fn connected(connection: Connection) -> Self {
        Self {
            connection,
            api_version: IdentityApiVersion::V2025_06_30,
        }
    }

    /// Sets up a client from the connection string of the resource, as the portal shows it.
    ///
    /// # Errors
    ///
    /// `Config`, with all problems at once; no part of the string is repeated.
    pub fn from_connection_string(text: &str) -> Result<Self> {
        let connection = Connection::from_connection_string(text);
        let connection = connection.map_err(|error| error.with_platform(PLATFORM))?;
        Ok(Self::connected(connection))
    }

    /// Sets up a client from environment variables: `ACS_ENDPOINT` with `ACS_ACCESS_KEY`, the
    /// connection string `ACS_CONNECTION_STRING` (or
    /// `COMMUNICATION_SERVICES_CONNECTION_STRING`), or `ACS_ENDPOINT` with `ACS_ACCESS_TOKEN`;
    /// with the feature `entra` also the `AZURE_…` variables of an application. The README lists
    /// them.
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
    /// use acs_identity::AcsIdentityBuilder;
    /// use ms_messenger_http::Variables;
    ///
    /// let read = |name: &str| match name {
    ///     "ACS_ENDPOINT" => Some("https://contoso.communication.azure.com".to_owned()),
    ///     "ACS_ACCESS_KEY" => Some("c2VjcmV0".to_owned()),
    ///     _ => None,
    /// };
    /// let mut variables = Variables::new(&read);
    /// let builder = AcsIdentityBuilder::from_variables(&mut variables);
    /// variables.into_result()?;
    /// assert!(builder.is_some_and(|builder| builder.build().is_ok()));
    /// # Ok::<(), ms_messenger_core::Error>(())
    /// ```
    pub fn from_variables(variables: &mut Variables<'_>) -> Option<Self> {
        Connection::from_variables(variables, Precedence::KeyFirst, APPLICATION)
            .map(Self::connected)
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

    /// Sets the version of the API. Default [`IdentityApiVersion::V2025_06_30`].
    pub fn with_api_version(mut self, version: IdentityApiVersion) -> Self {
        self.api_version = version;
        self
    }

    /// Builds the client. Nothing is connected yet.
    ///
    /// # Errors
    ///
    /// `Config`, with all problems at once: an unusable endpoint, credential or version; or an
    /// unusable HTTP option.
    pub fn build(self) -> Result<AcsIdentityClient> {
        let mut problems = Problems::new();
        let is_user = self.connection.credential().is_user();
        let rule =
            "must be an access key or an Entra token: ACS Identity accepts no user access token";
        problems.add_if(is_user, "credential", rule);
        let version = self.api_version.as_str();
        check_version(version, "api_version", "2025-06-30", &mut problems);
        Ok(AcsIdentityClient::from_inner(Inner {
            pipeline: self.connection.pipeline(&SERVICE, ENTRA_SCOPES, problems)?,
            api_version: self.api_version,
        }))
    }
}

#[cfg(test)]
mod tests {
    use ms_messenger_core::{ErrorKind, StaticToken};

    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<AcsIdentityBuilder> {
        let read = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        acs::read(
            Variables::new(&read),
            PLATFORM,
            AcsIdentityBuilder::from_variables,
        )
    }

    const ENDPOINT: (&str, &str) = ("ACS_ENDPOINT", "https://b.communication.azure.com");
    const KEY: (&str, &str) = ("ACS_ACCESS_KEY", "aHVudGVyMg==");
    const TOKEN: (&str, &str) = ("ACS_ACCESS_TOKEN", "hunter2");

    #[test]
    fn a_key_comes_before_a_token_which_may_be_one_of_a_user() {
        let printed = format!("{:?}", read(&[ENDPOINT, KEY, TOKEN]).unwrap());
        assert!(printed.contains("AccessKey"), "{printed}");
        let error = read(&[]).unwrap_err();
        let seen = (error.kind(), error.platform());
        assert_eq!(seen, (ErrorKind::Config, Some(PLATFORM)));
    }

    #[test]
    fn user_access_tokens_are_refused_before_any_call() {
        let credential = Credential::user(StaticToken::new("hunter2"));
        let error = AcsIdentityBuilder::new(ENDPOINT.1, credential).build();
        let error = error.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert_eq!(error.problems()[0].field, "credential");
    }

    #[cfg(feature = "entra")]
    #[test]
    fn an_application_of_entra_id_is_the_last_resort_and_must_be_whole() {
        let secret = ("AZURE_CLIENT_SECRET", "hunter2");
        let whole = [
            ENDPOINT,
            ("AZURE_TENANT_ID", "contoso.com"),
            ("AZURE_CLIENT_ID", "the-client"),
            secret,
        ];
        let printed = format!("{:?}", read(&whole).unwrap());
        assert!(printed.contains("the-client") && !printed.contains("hunter2"));
        let error = read(&[secret]).unwrap_err();
        let fields: Vec<&str> = error.problems().iter().map(|p| p.field.as_str()).collect();
        let named = ["AZURE_TENANT_ID", "AZURE_CLIENT_ID", "ACS_ENDPOINT"];
        assert_eq!(fields, named);
        assert!(!format!("{error:?}").contains("hunter2"));
        let key = [&whole[..], &[KEY]].concat();
        assert!(!format!("{:?}", read(&key).unwrap()).contains("the-client"));
    }
}
