//! Settings by name, as the environment of a process has them.

use std::{cell::RefCell, collections::BTreeSet, env::VarError, fmt};

use ms_messenger_core::{Error, ErrorKind, Problems, Result};

use crate::Endpoint;

/// Settings by name, and what is wrong with them, all of it at once.
///
/// A builder's `from_env` reads the variables of the process; its tests read a list, since the
/// environment cannot be changed safely.
///
/// ```
/// use ms_messenger_http::Variables;
///
/// let read = |name: &str| (name == "A").then(|| " one\n".to_owned());
/// let mut variables = Variables::new(&read);
/// assert_eq!(variables.first(&["B", "A"]).as_deref(), Some("one"));
/// let other = variables.required("B", "the other letter");
/// let error = variables.finish(other).unwrap_err();
/// assert_eq!(error.message(), "B: is missing: the other letter");
/// ```
pub struct Variables<'a> {
    source: Source<'a>,
    /// Those that were read and are not Unicode.
    not_unicode: RefCell<BTreeSet<String>>,
    problems: Problems,
}

#[derive(Clone, Copy)]
enum Source<'a> {
    Settings(&'a dyn Fn(&str) -> Option<String>),
    Environment(&'a dyn Fn(&str) -> Result<String, VarError>),
}

fn from_process(name: &str) -> Result<String, VarError> {
    std::env::var(name)
}

impl<'a> Variables<'a> {
    /// Settings that `read` returns by their names.
    pub fn new(read: &'a dyn Fn(&str) -> Option<String>) -> Self {
        Self::of(Source::Settings(read))
    }

    /// The environment variables of this process. One that is read and is not UTF-8 is refused.
    #[must_use]
    pub fn from_process() -> Self {
        Self::from_environment(&from_process)
    }

    /// The variables that `read` returns as [`std::env::var`] does. One that is read and is not UTF-8 is
    /// refused.
    pub fn from_environment(read: &'a dyn Fn(&str) -> Result<String, VarError>) -> Self {
        Self::of(Source::Environment(read))
    }

    fn of(source: Source<'a>) -> Self {
        Self {
            source,
            not_unicode: RefCell::default(),
            problems: Problems::new(),
        }
    }

    /// The value of `name`, without the white space around it. An empty one counts as missing.
    #[must_use]
    pub fn optional(&self, name: &str) -> Option<String> {
        let value = self.read(name)?;
        let value = value.trim();
        (!value.is_empty()).then(|| value.to_owned())
    }

    fn read(&self, name: &str) -> Option<String> {
        let read = match self.source {
            Source::Settings(read) => return read(name),
            Source::Environment(read) => read(name),
        };
        if matches!(read, Err(VarError::NotUnicode(_))) {
            self.not_unicode.borrow_mut().insert(name.to_owned());
        }
        read.ok()
    }

    /// The value of the first of `names` that has one.
    #[must_use]
    pub fn first(&self, names: &[&str]) -> Option<String> {
        names.iter().find_map(|name| self.optional(name))
    }

    /// The value of `name`; without one, adds a problem that says `what` it is.
    /// [`finish`](Self::finish) turns what is made of the values into a result.
    pub fn required(&mut self, name: &str, what: &str) -> Option<String> {
        let value = self.optional(name);
        if value.is_none() {
            self.missing(name, what);
        }
        value
    }

    /// Adds that `name` is missing, and `what` it is or what would do instead.
    pub fn missing(&mut self, name: &str, what: &str) {
        if !self.not_unicode.borrow().contains(name) {
            self.problems.add(name, format!("is missing: {what}"));
        }
    }

    /// Adds that the value of `name` breaks `rule`, which must not repeat the value.
    pub fn refuse(&mut self, name: &str, rule: &str) {
        self.problems.add(name, rule);
    }

    /// The [base address](Endpoint::parse) in `name`; one that is not usable is refused.
    ///
    /// ```
    /// use ms_messenger_http::Variables;
    ///
    /// let mut variables = Variables::new(&|_| Some("contoso".to_owned()));
    /// let address = variables.address("MSGRAPH_BASE_URL");
    /// let error = variables.finish(address).unwrap_err();
    /// assert_eq!(
    ///     error.message(),
    ///     "MSGRAPH_BASE_URL: must be an absolute address, https://…"
    /// );
    /// ```
    pub fn address(&mut self, name: &str) -> Option<String> {
        let address = self.optional(name)?;
        self.check_address(name, &address).then_some(address)
    }

    /// Refuses `address`, which comes from the value of `name`, if it is no
    /// [base address](Endpoint::parse). Returns whether it is one.
    pub fn check_address(&mut self, name: &str, address: &str) -> bool {
        let read = Endpoint::read(address);
        if let Err(rule) = &read {
            self.refuse(name, rule);
        }
        read.is_ok()
    }

    /// `Ok` when nothing was missing or refused.
    ///
    /// # Errors
    ///
    /// `Config` that names every variable that was, and no value.
    pub fn into_result(mut self) -> Result<()> {
        for name in self.not_unicode.take() {
            self.problems.add(&name, "must be UTF-8");
        }
        self.problems.into_result(ErrorKind::Config)
    }

    /// Returns `value`, which was made of the settings, when nothing was missing or refused.
    ///
    /// ```
    /// use ms_messenger_http::Variables;
    ///
    /// let read = |name: &str| Some(name.to_lowercase());
    /// let mut variables = Variables::new(&read);
    /// let name = variables.required("USER", "the user name");
    /// let secret = variables.required("SECRET", "the password");
    /// let (name, secret) = variables.finish(name.zip(secret))?;
    /// assert_eq!((&*name, &*secret), ("user", "secret"));
    /// # Ok::<(), ms_messenger_core::Error>(())
    /// ```
    ///
    /// # Errors
    ///
    /// As [`into_result`](Self::into_result), and `Config` when there is no `value`.
    pub fn finish<T>(self, value: Option<T>) -> Result<T> {
        self.into_result()?;
        value.ok_or_else(|| Error::new(ErrorKind::Config, "a setting is missing"))
    }
}

impl fmt::Debug for Variables<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Variables")
            .field("problems", &self.problems)
            .finish_non_exhaustive()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn everything_that_is_missing_is_named_and_no_value_is() {
        let read = |name: &str| match name {
            "SET" => Some(" hunter2 ".to_owned()),
            "BLANK" => Some(" \n".to_owned()),
            _ => None,
        };
        let mut variables = Variables::new(&read);
        let set = variables.required("SET", "a password");
        assert_eq!(set.as_deref(), Some("hunter2"));
        assert_eq!(variables.optional("BLANK"), None);
        assert_eq!(variables.required("BLANK", "a blank"), None);
        variables.refuse("SET", "must be longer");
        assert!(!format!("{variables:?}").contains("hunter2"));
        let error = variables.finish(set).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert_eq!(
            error.message(),
            "BLANK: is missing: a blank; SET: must be longer"
        );
    }

    #[test]
    fn what_is_not_utf8_is_refused_and_not_missing() {
        let environment = |name: &str| match name {
            "SET" => Ok("a".to_owned()),
            "UNSET" => Err(VarError::NotPresent),
            _ => Err(VarError::NotUnicode("hunter2".into())),
        };
        let mut variables = Variables::from_environment(&environment);
        let set = variables.required("SET", "a letter");
        assert_eq!(variables.required("BROKEN", "a letter"), None);
        assert_eq!(
            variables.first(&["ODD", "UNSET", "SET"]).as_deref(),
            Some("a")
        );
        let error = variables.finish(set).unwrap_err();
        assert_eq!(error.message(), "BROKEN: must be UTF-8; ODD: must be UTF-8");
    }

    #[test]
    fn the_environment_of_the_process_is_read() {
        let variables = Variables::from_process();
        for (name, value) in std::env::vars_os() {
            let (Ok(name), Ok(value)) = (name.into_string(), value.into_string()) else {
                continue;
            };
            assert_eq!(variables.optional(&name).unwrap_or_default(), value.trim());
        }
        assert_eq!(variables.optional("MS_MESSENGER_NO_SUCH_VARIABLE"), None);
        assert!(variables.into_result().is_ok());
    }
}
