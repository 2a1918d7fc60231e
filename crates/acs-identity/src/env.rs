//! Setting up by the environment.

use ms_messenger_core::{Error, ErrorKind, Result, StaticToken};
use ms_messenger_http::{ConnectionString, Variables};

use crate::{AcsIdentityBuilder, Credential, error::PLATFORM};

/// The first is the short name, the second that of Microsoft's own samples.
const STRINGS: [&str; 2] = [
    "ACS_CONNECTION_STRING",
    "COMMUNICATION_SERVICES_CONNECTION_STRING",
];

impl AcsIdentityBuilder {
    pub(crate) fn from_vars(mut variables: Variables<'_>) -> Result<Self> {
        let found = find(&mut variables);
        let result = variables.into_result();
        result.map_err(|error| error.with_platform(PLATFORM))?;
        let (endpoint, credential) =
            found.ok_or_else(|| Error::new(ErrorKind::Config, "the environment is unusable"))?;
        Ok(Self::new(endpoint, credential))
    }
}

/// Endpoint and credential: a key before a connection string before a token, which for other
/// clients may be one that Identity does not take, before an application of Entra ID. What is
/// missing or unusable is noted.
fn find(variables: &mut Variables<'_>) -> Option<(String, Credential)> {
    if variables.optional("ACS_ACCESS_KEY").is_some() {
        // Both are looked at, so that both are told.
        let key = variables.access_key("ACS_ACCESS_KEY");
        let endpoint = endpoint(variables);
        return Some((endpoint?, key?.into()));
    }
    if variables.first(&STRINGS).is_some() {
        // The key is for its own resource: the endpoint beside it wins over another one.
        let string = variables.connection_string(&STRINGS)?;
        let key = string.access_key().clone();
        return Some((string.endpoint().to_string(), key.into()));
    }
    if let Some(token) = variables.optional("ACS_ACCESS_TOKEN") {
        let credential = Credential::entra(StaticToken::new(token));
        return Some((endpoint(variables)?, credential));
    }
    #[cfg(feature = "entra")]
    if ms_messenger_entra::ClientCredentials::are_in(variables) {
        // Both are looked at, so that both are told.
        let application = ms_messenger_entra::ClientCredentials::from_variables(variables);
        let endpoint = endpoint(variables);
        return Some((endpoint?, Credential::entra(application?)));
    }
    if variables.optional("ACS_ENDPOINT").is_some() {
        let what =
            "the access key of the resource; ACS_ACCESS_TOKEN or ACS_CONNECTION_STRING would do";
        variables.missing("ACS_ACCESS_KEY", what);
    } else {
        let what = "the connection string of the resource; ACS_ENDPOINT with ACS_ACCESS_KEY or ACS_ACCESS_TOKEN would do";
        variables.missing("ACS_CONNECTION_STRING", what);
    }
    None
}

/// Where the resource is, for a credential that does not say it.
fn endpoint(variables: &mut Variables<'_>) -> Option<String> {
    if let Some(endpoint) = variables.optional("ACS_ENDPOINT") {
        return Some(endpoint);
    }
    if variables.first(&STRINGS).is_none() {
        variables.missing("ACS_ENDPOINT", "the endpoint of the resource");
    }
    let string: ConnectionString = variables.connection_string(&STRINGS)?;
    Some(string.endpoint().to_string())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<AcsIdentityBuilder> {
        let read = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        AcsIdentityBuilder::from_vars(Variables::new(&read))
    }

    const STRING: &str = "endpoint=https://a.communication.azure.com/;accesskey=aHVudGVyMg==";
    const ENDPOINT: (&str, &str) = ("ACS_ENDPOINT", "https://b.communication.azure.com");
    const KEY: (&str, &str) = ("ACS_ACCESS_KEY", "aHVudGVyMg==");
    const TOKEN: (&str, &str) = ("ACS_ACCESS_TOKEN", "hunter2");

    #[test]
    fn a_key_comes_before_a_connection_string_and_that_before_a_token() {
        let string = (STRINGS[0], STRING);
        for (variables, endpoint, credential) in [
            (&[string, ENDPOINT][..], "https://a.", "AccessKey"),
            (&[(STRINGS[1], STRING)], "https://a.", "AccessKey"),
            (&[string, ENDPOINT, KEY], "https://b.", "AccessKey"),
            (&[string, KEY], "https://a.", "AccessKey"),
            (&[string, ENDPOINT, KEY, TOKEN], "https://b.", "AccessKey"),
            (&[string, TOKEN], "https://a.", "AccessKey"),
            (&[ENDPOINT, TOKEN], "https://b.", "Entra"),
        ] {
            let printed = format!("{:?}", read(variables).unwrap());
            assert!(printed.contains(endpoint), "{variables:?}: {printed}");
            assert!(printed.contains(credential), "{variables:?}: {printed}");
            assert!(!printed.contains("hunter2") && !printed.contains("aHVud"));
        }
    }

    #[test]
    fn everything_that_is_missing_or_unusable_is_named_without_a_value() {
        let bad = (STRINGS[1], "endpoint=https://a.com/path;accesskey=hunter2!");
        for (variables, named) in [
            (&[][..], &["ACS_CONNECTION_STRING"][..]),
            (&[ENDPOINT], &["ACS_ACCESS_KEY"]),
            (&[KEY], &["ACS_ENDPOINT"]),
            (&[TOKEN], &["ACS_ENDPOINT"]),
            (
                &[("ACS_ACCESS_KEY", "hunter2!")],
                &["ACS_ACCESS_KEY", "ACS_ENDPOINT"],
            ),
            (&[bad], &[STRINGS[1]]),
            (&[bad, TOKEN], &[STRINGS[1]]),
        ] {
            let error = read(variables).unwrap_err();
            assert_eq!(
                (error.kind(), error.platform()),
                (ErrorKind::Config, Some(PLATFORM))
            );
            let fields: Vec<&str> = error.problems().iter().map(|p| p.field.as_str()).collect();
            assert_eq!(fields, named, "{variables:?}");
            assert!(!format!("{error:?}").contains("hunter2"), "{variables:?}");
        }
        let error = read(&[]).unwrap_err();
        for name in ["ACS_ENDPOINT", "ACS_ACCESS_KEY", "ACS_ACCESS_TOKEN"] {
            assert!(error.message().contains(name), "{error}");
        }
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
