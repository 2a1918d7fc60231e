//! What is to be connected.

use std::{fmt, str::FromStr};

use ms_messenger_core::{Error, ErrorKind, Problem, Result};
use serde::{Deserialize, Deserializer, de::Error as _};

use super::{node::Node, options::shown, table, text};

/// A configuration to connect: a platform with its options, or a composition with its members. It is
/// read from a text, or from a table of TOML, JSON or another self-describing format of serde.
///
/// The [grammar](crate#connecting-at-run-time) is in the documentation of the crate. `Debug` prints
/// no values of options, and no addresses.
///
/// ```
/// use ms_messenger_layers::ConnectConfig;
///
/// let text: ConnectConfig = "fallback(acs-chat:?token_env=CHAT, memory:)?settle=10s".parse()?;
/// let table: ConnectConfig = serde_json::from_str(r#"{
///     "type": "fallback", "settle": "10s",
///     "members": [{"messenger": {"type": "acs-chat", "token_env": "CHAT"}}, {"messenger": "memory:"}]
/// }"#)?;
/// assert_eq!(text, table);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Clone, PartialEq, Eq)]
pub struct ConnectConfig {
    /// The platform or composition.
    pub(super) kind: String,
    /// The address of a platform.
    pub(super) address: Option<String>,
    pub(super) options: Vec<(String, String)>,
    pub(super) members: Vec<MemberConfig>,
}

/// A member of a composition.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct MemberConfig {
    pub(super) name: Option<String>,
    pub(super) to: Option<String>,
    pub(super) rules: Vec<RuleConfig>,
    pub(super) messenger: ConnectConfig,
}

/// One rule of a member: its conditions by name.
pub(super) type RuleConfig = Vec<(String, String)>;

impl Default for ConnectConfig {
    fn default() -> Self {
        Self::new("")
    }
}

impl ConnectConfig {
    /// Creates the configuration of a platform or composition of this type, without options.
    #[must_use]
    pub fn new(kind: impl Into<String>) -> Self {
        Self {
            kind: kind.into(),
            address: None,
            options: Vec::new(),
            members: Vec::new(),
        }
    }

    /// Adds an option, e.g. `token_env` with the name of a variable.
    ///
    /// ```
    /// use ms_messenger_layers::ConnectConfig;
    ///
    /// let chat = ConnectConfig::new("acs-chat").with_option("token_env", "CHAT");
    /// assert_eq!(chat, "acs-chat:?token_env=CHAT".parse()?);
    /// # Ok::<(), ms_messenger_core::Error>(())
    /// ```
    #[must_use]
    pub fn with_option(mut self, name: impl Into<String>, value: impl Into<String>) -> Self {
        self.options.push((name.into(), value.into()));
        self
    }
}

/// Prints the structure and the names of options.
impl fmt::Debug for ConnectConfig {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let options: Vec<String> = self.options.iter().map(|(name, _)| shown(name)).collect();
        f.debug_struct("ConnectConfig")
            .field("kind", &shown(&self.kind))
            .field("options", &options)
            .field("members", &self.members)
            .finish_non_exhaustive()
    }
}

/// Reads the text form; a text that begins with `{` is a table in JSON.
impl FromStr for ConnectConfig {
    type Err = Error;

    fn from_str(input: &str) -> Result<Self> {
        if !input.trim_start().starts_with('{') {
            return text::parse(input);
        }
        let value: Node = ms_messenger_core::json::from_str(input).map_err(|error| {
            let problem: Problem = error.into_problem("table");
            problem.into_error(ErrorKind::Config)
        })?;
        table::read(&value)
    }
}

impl<'de> Deserialize<'de> for ConnectConfig {
    fn deserialize<D: Deserializer<'de>>(input: D) -> Result<Self, D::Error> {
        let value = Node::deserialize(input)?;
        table::read(&value).map_err(|error| D::Error::custom(error.message()))
    }
}
