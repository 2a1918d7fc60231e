//! Environment variables.

/// Looks a variable up by its name; returns `None` when it is not set.
pub(crate) type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Reads a variable of this process.
pub(crate) fn process(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Returns the value of `name` without surrounding white space; `None` when it is missing or empty.
pub(crate) fn variable(env: Environment<'_>, name: &str) -> Option<String> {
    let value = env(name)?;
    let value = value.trim();
    (!value.is_empty()).then(|| value.to_owned())
}
