//! Setting up by the environment.

use std::sync::Arc;

use ms_messenger_core::{Result, StaticToken};
use ms_messenger_http::Variables;

use crate::{AcsChatBuilder, error::PLATFORM};

/// The first is the short name, the second that of Microsoft's own samples.
const STRINGS: [&str; 2] = [
    "ACS_CONNECTION_STRING",
    "COMMUNICATION_SERVICES_CONNECTION_STRING",
];

impl AcsChatBuilder {
    pub(crate) fn from_vars(mut variables: Variables<'_>) -> Result<Self> {
        let what = "a user access token with the scope chat";
        let token = variables.required("ACS_CHAT_TOKEN", what);
        let endpoint = variables.first(&["ACS_CHAT_ENDPOINT", "ACS_ENDPOINT"]);
        let endpoint = endpoint.or_else(|| endpoint_of(&variables.first(&STRINGS)?));
        if endpoint.is_none() {
            let what =
                "the endpoint of the resource; ACS_ENDPOINT or ACS_CONNECTION_STRING would do";
            variables.missing("ACS_CHAT_ENDPOINT", what);
        }
        let (endpoint, token) = variables
            .finish(endpoint.zip(token))
            .map_err(|error| error.with_platform(PLATFORM))?;
        Ok(Self::new(endpoint, Arc::new(StaticToken::new(token))))
    }
}

/// The endpoint that a connection string names. Its key is not looked at: Chat takes none.
fn endpoint_of(connection_string: &str) -> Option<String> {
    let mut parts = connection_string.split(';');
    let endpoint = parts.find_map(|part| {
        let (name, value) = part.split_once('=')?;
        let is_it = name.trim().eq_ignore_ascii_case("endpoint");
        is_it.then(|| value.trim().to_owned())
    });
    endpoint.filter(|endpoint| !endpoint.is_empty())
}

#[cfg(test)]
mod tests {
    use ms_messenger_core::ErrorKind;

    use super::*;

    fn read(variables: &[(&str, &str)]) -> Result<AcsChatBuilder> {
        let read = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        AcsChatBuilder::from_vars(Variables::new(&read))
    }

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
            assert_eq!(
                (error.kind(), error.platform()),
                (ErrorKind::Config, Some(PLATFORM))
            );
            let fields: Vec<&str> = error.problems().iter().map(|p| p.field.as_str()).collect();
            assert_eq!(fields, missing);
            let printed = format!("{error:?}");
            assert!(!printed.contains("hunter2") && !printed.contains("c2VjcmV0"));
        }
    }
}
