//! The options of one platform, with the values that they name.

use std::{collections::BTreeMap, env::VarError, fmt, sync::Arc};

/// The longest name of an option that an error repeats.
const LONGEST_NAME: usize = 40;

/// The name of an option in an error: one that does not look like a name may be a secret.
pub(super) fn shown(name: &str) -> String {
    let is_part = |b: u8| b.is_ascii_lowercase() || b.is_ascii_digit() || matches!(b, b'_' | b'-');
    if (1..=LONGEST_NAME).contains(&name.len()) && name.bytes().all(is_part) {
        name.to_owned()
    } else {
        "?".to_owned()
    }
}

/// An option of a [`Scheme`](crate::Scheme). What is given by another name is refused before the
/// scheme sees it, and so is a secret that is not named by a variable or a file.
///
/// ```
/// use ms_messenger_layers::OptionSpec;
///
/// const OPTIONS: &[OptionSpec] = &[
///     OptionSpec::plain("endpoint"),
///     OptionSpec::secret("token"), // token_env=NAME, token_file=PATH
///     OptionSpec::flag("read_receipts"), // true or false
/// ];
/// assert!(OPTIONS[1].is_secret);
/// ```
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct OptionSpec {
    /// The name, e.g. `token`. It may also be given as `token_env`, the name of a variable that
    /// has the value, and as `token_file`, the path of a file that has it.
    pub name: &'static str,
    /// Whether the value is a secret, so that it cannot stand in a configuration by itself.
    pub is_secret: bool,
    /// Whether the value is `true` or `false`.
    pub is_flag: bool,
}

impl OptionSpec {
    /// Creates an option whose value is no secret.
    #[must_use]
    pub const fn plain(name: &'static str) -> Self {
        Self {
            name,
            is_secret: false,
            is_flag: false,
        }
    }

    /// Creates an option that is `true` or `false`.
    #[must_use]
    pub const fn flag(name: &'static str) -> Self {
        Self {
            name,
            is_secret: false,
            is_flag: true,
        }
    }

    /// Creates an option whose value is a secret.
    #[must_use]
    pub const fn secret(name: &'static str) -> Self {
        Self {
            name,
            is_secret: true,
            is_flag: false,
        }
    }
}

/// Reads a variable by its name.
pub(super) type ReadVariable = Arc<dyn Fn(&str) -> Result<String, VarError> + Send + Sync>;

/// The options of one platform as they are given: values, and those of the variables and files that
/// are named. `Debug` prints no values.
#[derive(Clone)]
pub struct Options {
    pub(super) address: Option<String>,
    pub(super) values: BTreeMap<&'static str, String>,
    /// Whether any option is given, usable or not.
    pub(super) is_given: bool,
    pub(super) read: ReadVariable,
}

impl Options {
    /// Returns the address: what is after `//`.
    #[must_use]
    pub fn address(&self) -> Option<&str> {
        self.address.as_deref()
    }

    /// Returns the value of an option.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.values.get(name).map(String::as_str)
    }

    /// Returns a variable of the environment that is no option, for a scheme that has a
    /// configuration of its own there. It is read as the [`Registry`](crate::Registry) reads variables.
    ///
    /// # Errors
    ///
    /// As [`std::env::var`].
    pub fn variable(&self, name: &str) -> Result<String, VarError> {
        (self.read)(name)
    }

    /// Returns whether nothing is given, not even an address.
    #[must_use]
    pub fn is_empty(&self) -> bool {
        self.address.is_none() && !self.is_given
    }

    /// Returns a [flag](OptionSpec::flag); `None` if it is not given.
    #[must_use]
    pub fn flag(&self, name: &str) -> Option<bool> {
        self.get(name).map(|value| value == "true")
    }
}

impl fmt::Debug for Options {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Options")
            .field("given", &self.values.keys())
            .finish_non_exhaustive()
    }
}
