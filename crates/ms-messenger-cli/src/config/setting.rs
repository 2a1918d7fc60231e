//! A setting and where it comes from.

use std::{fmt, path::PathBuf};

use ms_messenger::SecretString;

use super::reference::Reference;
use crate::text;

/// The value of a variable that clients read.
#[derive(Debug)]
pub(crate) struct Setting {
    /// Name of the variable; for a connection string always `ACS_CONNECTION_STRING`.
    pub(crate) variable: &'static str,
    /// Its value, without surrounding white space.
    pub(crate) value: SecretString,
    /// Where the value comes from.
    pub(crate) origin: Origin,
}

/// Where a setting comes from.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Origin {
    /// An option
    CommandLine,
    /// A file that an option names
    File(PathBuf),
    /// This variable
    Variable(&'static str),
    /// A profile of the configuration file
    Profile(InProfile),
    /// The stored sign-in of this name
    SignIn(String),
}

/// The place of a setting in the configuration file.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct InProfile {
    /// Name of the profile
    pub(crate) profile: String,
    /// The file and the line
    pub(crate) place: String,
    /// Where the secret is
    pub(crate) reference: Option<Reference>,
}

impl fmt::Display for Origin {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::CommandLine => f.write_str(text::config::COMMAND_LINE),
            Self::File(path) => f.write_str(&text::config::file(path)),
            Self::Variable(_) => f.write_str(text::config::ENVIRONMENT),
            Self::Profile(it) => {
                let reference = it.reference.as_ref();
                f.write_str(&text::config::profile(&it.profile, &it.place, reference))
            }
            Self::SignIn(name) => f.write_str(&text::config::sign_in(name)),
        }
    }
}

impl Origin {
    /// Returns the name by which the user set `variable`.
    pub(crate) fn setting(&self, variable: &str) -> String {
        match self {
            Self::CommandLine => option(variable),
            Self::File(path) => path.display().to_string(),
            Self::Variable(name) => (*name).to_owned(),
            Self::Profile(it) => {
                let member = variable.to_ascii_lowercase();
                format!("{}: profiles.{}.{member}", it.place, it.profile)
            }
            Self::SignIn(_) => self.to_string(),
        }
    }
}

/// Returns the option that replaces a variable: `--acs-chat-token` for `ACS_CHAT_TOKEN`.
pub(crate) fn option(variable: &str) -> String {
    format!("--{}", variable.to_ascii_lowercase().replace('_', "-"))
}
