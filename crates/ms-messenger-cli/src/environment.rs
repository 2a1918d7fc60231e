//! Environment variables.

use ms_messenger::{ErrorKind, Problems, Result};

use crate::text;

/// Looks a variable up by its name; returns `None` when it is not set.
pub(crate) type Environment<'a> = &'a dyn Fn(&str) -> Option<String>;

/// Begins of the names of the variables that only this program and its services have.
const OWN: [&str; 4] = ["ACS_", "MSGRAPH_", "MSM_", "UCWA_"];
/// Other variables that choose where and as whom this program sends.
const OTHERS: [&str; 6] = [
    "AZURE_AUTHORITY_HOST",
    "AZURE_CLIENT_ID",
    "AZURE_CLIENT_SECRET",
    "AZURE_FEDERATED_TOKEN_FILE",
    "AZURE_TENANT_ID",
    "COMMUNICATION_SERVICES_CONNECTION_STRING",
];

/// Reads a variable of this process. One that is not Unicode is refused before, by [`check`].
pub(crate) fn process(name: &str) -> Option<String> {
    std::env::var(name).ok()
}

/// Checks the variables of this process that no option could replace without a word: a setting that counted
/// as missing would let a message go elsewhere, or come from someone else.
///
/// # Errors
///
/// `Config` with every variable that is not Unicode, and every path that is `-`.
pub(crate) fn check() -> Result<()> {
    let mut problems = Problems::new();
    for (name, value) in std::env::vars_os() {
        let Some(name) = name.to_str() else { continue };
        if !OTHERS.contains(&name) && !OWN.iter().any(|own| name.starts_with(own)) {
            continue;
        }
        match (value.to_str().map(str::trim), name) {
            (None, _) => problems.add(name, text::files::NOT_UTF8),
            (Some("-"), "MSM_STATE_DIR") => problems.add(name, text::options::NO_FOLDER),
            (Some("-"), "MSM_STORE_KEY_FILE") => problems.add(name, text::options::NO_FILE),
            _ => {}
        }
    }
    problems.into_result(ErrorKind::Config)
}

/// Returns the value of `name` without surrounding white space; `None` when it is missing or empty.
pub(crate) fn variable(env: Environment<'_>, name: &str) -> Option<String> {
    let value = env(name)?;
    let value = value.trim();
    (!value.is_empty()).then(|| value.to_owned())
}
