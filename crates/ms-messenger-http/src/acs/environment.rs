//! Endpoint and credential by environment variables.

use ms_messenger_core::{Error, ErrorKind, Result, StaticToken};

use super::{AccessKey, Connection, ConnectionString, Credential, connection_string};
use crate::Variables;

/// The variables that can hold a connection string, in the order in which they are read: the
/// short name, and that of Microsoft's own samples.
pub const CONNECTION_STRING_VARIABLES: [&str; 2] = [
    "ACS_CONNECTION_STRING",
    "COMMUNICATION_SERVICES_CONNECTION_STRING",
];

const ENDPOINT: &str = "ACS_ENDPOINT";
const KEY: &str = "ACS_ACCESS_KEY";
const TOKEN: &str = "ACS_ACCESS_TOKEN";

/// The order in which the credentials of the environment are considered.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum Precedence {
    /// `ACS_ACCESS_TOKEN`, `ACS_ACCESS_KEY`, connection string: for a service that accepts every
    /// token that the variable can hold.
    TokenFirst,
    /// `ACS_ACCESS_KEY`, connection string, `ACS_ACCESS_TOKEN`: for a service that does not
    /// accept the user access tokens that the variable can hold.
    KeyFirst,
}

/// A credential that this crate cannot read itself, considered after all others: an application
/// of Entra ID.
#[derive(Clone, Copy, Debug)]
pub struct OtherCredential {
    is_set: fn(&Variables<'_>) -> bool,
    read: fn(&mut Variables<'_>) -> Option<Credential>,
}

impl OtherCredential {
    /// Reads the credential with `read` where `is_set`; `read` notes what is missing or unusable
    /// and returns `None` then.
    #[must_use]
    pub const fn new(
        is_set: fn(&Variables<'_>) -> bool,
        read: fn(&mut Variables<'_>) -> Option<Credential>,
    ) -> Self {
        Self { is_set, read }
    }
}

/// Reads settings with `from_variables`, such as that of a builder, and reports everything that
/// it noted.
///
/// ```
/// use ms_messenger_http::{Variables, acs};
///
/// let read = |name: &str| (name == "ACS_CHAT_TOKEN").then(|| "eyJ0eXAi".to_owned());
/// let token = acs::read(Variables::new(&read), "acs-chat", |variables| {
///     variables.required("ACS_CHAT_TOKEN", "a user access token")
/// })?;
/// assert_eq!(token, "eyJ0eXAi");
/// # Ok::<(), ms_messenger_core::Error>(())
/// ```
///
/// # Errors
///
/// `Config` of `platform` that names every variable that is missing or unusable, and no value.
pub fn read<'a, T>(
    mut variables: Variables<'a>,
    platform: &'static str,
    from_variables: impl FnOnce(&mut Variables<'a>) -> Option<T>,
) -> Result<T> {
    let found = from_variables(&mut variables);
    let checked = variables.into_result();
    checked.map_err(|error| error.with_platform(platform))?;
    found.ok_or_else(|| Error::new(ErrorKind::Config, "the environment is unusable"))
}

/// Returns the endpoint that the first of `names` holds, else that of a connection string, of
/// which nothing else is read: for a client that accepts no access key. One that is not usable is
/// refused by the name of its variable, and returned.
///
/// ```
/// use ms_messenger_http::{Variables, acs};
///
/// let read = |name: &str| match name {
///     "ACS_CONNECTION_STRING" => Some("endpoint=https://contoso.com/;accesskey=c2VjcmV0".to_owned()),
///     _ => None,
/// };
/// let mut variables = Variables::new(&read);
/// let endpoint = acs::endpoint_from(&mut variables, &["ACS_CHAT_ENDPOINT"]);
/// assert_eq!(endpoint.as_deref(), Some("https://contoso.com/"));
/// # variables.into_result().unwrap();
/// ```
pub fn endpoint_from(variables: &mut Variables<'_>, names: &[&str]) -> Option<String> {
    let first = |names: &[&str]| {
        let mut all = names.iter();
        all.find_map(|name| Some(((*name).to_owned(), variables.optional(name)?)))
    };
    let (name, endpoint) = first(names).or_else(|| {
        let (name, text) = first(&CONNECTION_STRING_VARIABLES)?;
        Some((name, connection_string::endpoint_in(&text)?.to_owned()))
    })?;
    variables.check_address(&name, &endpoint);
    Some(endpoint)
}

#[derive(Clone, Copy)]
enum Source {
    Token,
    Key,
    ConnectionString,
}

impl Source {
    fn is_set(self, variables: &Variables<'_>) -> bool {
        let names: &[&str] = match self {
            Self::Token => &[TOKEN],
            Self::Key => &[KEY],
            Self::ConnectionString => &CONNECTION_STRING_VARIABLES,
        };
        variables.first(names).is_some()
    }
}

impl Precedence {
    const fn sources(self) -> [Source; 3] {
        match self {
            Self::TokenFirst => [Source::Token, Source::Key, Source::ConnectionString],
            Self::KeyFirst => [Source::Key, Source::ConnectionString, Source::Token],
        }
    }
}

impl Connection {
    /// Reads endpoint and credential: the first credential in the order of `precedence` that is
    /// set, else `other`. A token or key needs an endpoint: `ACS_ENDPOINT`, else that of a
    /// connection string.
    ///
    /// Returns `None` when something is missing or unusable, which is noted in `variables` then.
    pub fn from_variables(
        variables: &mut Variables<'_>,
        precedence: Precedence,
        other: Option<OtherCredential>,
    ) -> Option<Self> {
        let mut sources = precedence.sources().into_iter();
        let (endpoint, credential) = match sources.find(|source| source.is_set(variables)) {
            Some(Source::Token) => {
                let token = StaticToken::new(variables.optional(TOKEN)?);
                (endpoint(variables)?, Credential::entra(token))
            }
            Some(Source::Key) => {
                // Both are read, so that the problems of both are reported.
                let (key, endpoint) = (access_key(variables), endpoint(variables));
                (endpoint?, key?.into())
            }
            Some(Source::ConnectionString) => {
                // The key is for its own resource: the endpoint beside it wins over ACS_ENDPOINT.
                let string = connection_string(variables)?;
                let key = string.access_key().clone();
                (string.endpoint().to_string(), key.into())
            }
            None => match other.filter(|other| (other.is_set)(variables)) {
                Some(other) => {
                    let (credential, endpoint) = ((other.read)(variables), endpoint(variables));
                    (endpoint?, credential?)
                }
                None => {
                    note_missing(variables);
                    return None;
                }
            },
        };
        Some(Self::new(endpoint, credential))
    }
}

fn note_missing(variables: &mut Variables<'_>) {
    if variables.optional(ENDPOINT).is_some() {
        let what =
            "the access key of the resource; ACS_ACCESS_TOKEN or ACS_CONNECTION_STRING would do";
        variables.missing(KEY, what);
    } else {
        let what = "the connection string of the resource; ACS_ENDPOINT with ACS_ACCESS_KEY or ACS_ACCESS_TOKEN would do";
        variables.missing(CONNECTION_STRING_VARIABLES[0], what);
    }
}

/// The endpoint for a credential that does not name one.
fn endpoint(variables: &mut Variables<'_>) -> Option<String> {
    if variables.optional(ENDPOINT).is_some() {
        return variables.address(ENDPOINT);
    }
    if variables.first(&CONNECTION_STRING_VARIABLES).is_none() {
        variables.missing(ENDPOINT, "the endpoint of the resource");
    }
    Some(connection_string(variables)?.endpoint().to_string())
}

fn connection_string(variables: &mut Variables<'_>) -> Option<ConnectionString> {
    let mut names = CONNECTION_STRING_VARIABLES.iter();
    let (name, text) = names.find_map(|name| Some((name, variables.optional(name)?)))?;
    let string = ConnectionString::parse(&text);
    string
        .map_err(|error| variables.refuse(name, error.message()))
        .ok()
}

fn access_key(variables: &mut Variables<'_>) -> Option<AccessKey> {
    let key = AccessKey::parse(&variables.optional(KEY)?);
    key.map_err(|error| variables.refuse(KEY, error.message()))
        .ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    const STRINGS: [&str; 2] = CONNECTION_STRING_VARIABLES;
    const STRING: &str = "endpoint=https://a.communication.azure.com/;accesskey=aHVudGVyMg==";
    const ENDPOINT: (&str, &str) = (super::ENDPOINT, "https://b.communication.azure.com");
    const KEY: (&str, &str) = (super::KEY, "aHVudGVyMg==");
    const TOKEN: (&str, &str) = (super::TOKEN, "hunter2");
    /// Stands for an application of Entra ID.
    const OTHER: (&str, &str) = ("OTHER", "hunter2");

    fn found(variables: &[(&str, &str)], precedence: Precedence) -> Result<Connection> {
        let value = |name: &str| {
            let found = variables.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let other = OtherCredential::new(
            |variables| variables.optional("OTHER").is_some(),
            |variables| match variables.optional("OTHER")?.as_str() {
                "bad" => {
                    variables.refuse("OTHER", "is bad");
                    None
                }
                token => Some(Credential::user(StaticToken::new(token))),
            },
        );
        read(Variables::new(&value), "acs-test", |variables| {
            Connection::from_variables(variables, precedence, Some(other))
        })
    }

    fn assert_found(variables: &[(&str, &str)], precedence: Precedence, expected: (&str, &str)) {
        let printed = format!("{:?}", found(variables, precedence).unwrap());
        for part in [expected.0, expected.1] {
            assert!(printed.contains(part), "{variables:?}: {printed}");
        }
        assert!(!printed.contains("hunter2") && !printed.contains("aHVud"));
    }

    #[test]
    fn the_credentials_are_considered_in_their_order() {
        let string = (STRINGS[0], STRING);
        for precedence in [Precedence::TokenFirst, Precedence::KeyFirst] {
            for (variables, expected) in [
                (&[string, ENDPOINT][..], ("https://a.", "AccessKey")),
                (&[(STRINGS[1], STRING)], ("https://a.", "AccessKey")),
                (&[string, ENDPOINT, KEY], ("https://b.", "AccessKey")),
                (&[string, KEY], ("https://a.", "AccessKey")),
                (&[ENDPOINT, TOKEN], ("https://b.", "Entra")),
                (&[ENDPOINT, OTHER, KEY], ("https://b.", "AccessKey")),
                (&[ENDPOINT, OTHER], ("https://b.", "User")),
            ] {
                assert_found(variables, precedence, expected);
            }
        }
        for (variables, token_first, key_first) in [
            (
                &[string, ENDPOINT, KEY, TOKEN][..],
                ("https://b.", "Entra"),
                ("https://b.", "AccessKey"),
            ),
            (
                &[string, TOKEN],
                ("https://a.", "Entra"),
                ("https://a.", "AccessKey"),
            ),
        ] {
            assert_found(variables, Precedence::TokenFirst, token_first);
            assert_found(variables, Precedence::KeyFirst, key_first);
        }
    }

    #[test]
    fn everything_that_is_missing_or_unusable_is_named_without_a_value() {
        let bad = (STRINGS[1], "endpoint=https://a.com/path;accesskey=hunter2!");
        for precedence in [Precedence::TokenFirst, Precedence::KeyFirst] {
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
                (&[bad, KEY], &[STRINGS[1]]),
                (&[("OTHER", "bad")], &["OTHER", "ACS_ENDPOINT"]),
                (&[OTHER], &["ACS_ENDPOINT"]),
                (&[TOKEN, ("ACS_ENDPOINT", "hunter2")], &["ACS_ENDPOINT"]),
                (
                    &[KEY, ("ACS_ENDPOINT", "http://hunter2.com")],
                    &["ACS_ENDPOINT"],
                ),
            ] {
                let error = found(variables, precedence).unwrap_err();
                assert_eq!(
                    (error.kind(), error.platform()),
                    (ErrorKind::Config, Some("acs-test"))
                );
                let fields: Vec<&str> = error.problems().iter().map(|p| p.field.as_str()).collect();
                assert_eq!(fields, named, "{variables:?}");
                assert!(!format!("{error:?}").contains("hunter2"), "{variables:?}");
            }
        }
        let error = found(&[], Precedence::TokenFirst).unwrap_err();
        assert_eq!(
            error.message(),
            "ACS_CONNECTION_STRING: is missing: the connection string of the resource; ACS_ENDPOINT \
             with ACS_ACCESS_KEY or ACS_ACCESS_TOKEN would do"
        );
        let error = found(&[ENDPOINT], Precedence::TokenFirst).unwrap_err();
        assert_eq!(
            error.message(),
            "ACS_ACCESS_KEY: is missing: the access key of the resource; ACS_ACCESS_TOKEN or \
             ACS_CONNECTION_STRING would do"
        );
    }

    #[test]
    fn the_endpoint_of_a_connection_string_is_read_whatever_else_it_holds() {
        for (text, expected) in [
            (
                "AccessKey=hunter2!; Endpoint = https://c.com/;",
                Some("https://c.com/"),
            ),
            ("endpoint=;endpoint=https://c.com", None),
            ("accesskey=c2VjcmV0", None),
        ] {
            let value = |name: &str| (name == STRINGS[1]).then(|| text.to_owned());
            let found = endpoint_from(&mut Variables::new(&value), &["OWN"]);
            assert_eq!(found.as_deref(), expected, "{text}");
            let value = |name: &str| match name {
                "OWN" => Some("https://own.com".to_owned()),
                name => (name == STRINGS[1]).then(|| text.to_owned()),
            };
            let found = endpoint_from(&mut Variables::new(&value), &["OWN"]);
            assert_eq!(found.as_deref(), Some("https://own.com"));
        }
        for (name, text) in [("OWN", "contoso"), (STRINGS[1], "endpoint=ftp://c.com")] {
            let value = |known: &str| (known == name).then(|| text.to_owned());
            let mut variables = Variables::new(&value);
            endpoint_from(&mut variables, &["OWN"]);
            let error = variables.into_result().unwrap_err();
            assert_eq!(error.problems()[0].field, name);
        }
    }
}
