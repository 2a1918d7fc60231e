//! Settings, the configuration file and `msm config`.

use std::{fmt::Display, path::Path};

/// Where a setting comes from.
pub(crate) const COMMAND_LINE: &str = "the command line";
pub(crate) const ENVIRONMENT: &str = "the environment";

pub(crate) fn file(path: &Path) -> String {
    format!("the file {}", path.display())
}

/// A profile, the place of the setting in its file, and where the secret is.
pub(crate) fn profile(name: &str, place: &str, reference: Option<&impl Display>) -> String {
    let reference = reference.map(|reference| format!(", {reference}"));
    let reference = reference.unwrap_or_default();
    format!("the profile `{name}` ({place}{reference})")
}

pub(crate) fn sign_in(name: &str) -> String {
    format!("the sign-in `{name}`")
}

pub(crate) const NO_TABLE: &str = "must be a table";
pub(crate) const NO_STRING: &str = "must be a string";
/// A member that stands outside of the profiles.
pub(crate) const OF_PROFILE: &str = "belongs in a profile, [profiles.NAME]";
/// The rule of names of profiles and targets.
pub(crate) const NAME: &str =
    "the name must be 1 to 64 of A-Z a-z 0-9 . _ - and not begin with . or -";
pub(crate) const TOKEN: &str =
    "must have visible ASCII characters only, without white space, as every token has";
pub(crate) const PROXY: &str = "must be the address of a proxy, e.g. http://proxy.contoso.com:8080";
pub(crate) const HEADER: &str = "begins with \"Bearer \": give the token alone";

/// An unknown member, with the known one that may be meant.
pub(crate) fn unknown_member(meant: &str) -> String {
    format!("unknown member{meant}")
}

pub(crate) fn more_problems(count: usize) -> String {
    match count {
        1 => "1 more problem follows".to_owned(),
        count => format!("{count} more problems follow"),
    }
}

/// A name that neither the file nor the sign-ins have, with the known one that may be meant.
pub(crate) fn no_profile(path: impl Display, meant: &str) -> String {
    format!("neither {path} has this profile, nor is there a sign-in of its name{meant}")
}

/// What the value of a secret must be.
pub(crate) const REFERENCE: &str =
    "must be a reference, env:NAME, file:PATH or keyring:NAME: no secret belongs in this file";
pub(crate) const NO_VARIABLE: &str = "env: must be followed by the name of a variable";
pub(crate) const NO_PATH: &str = "file: must be followed by a path";
pub(crate) const NO_NAME: &str = "keyring: must be followed by a name";

pub(crate) fn not_set(variable: &str) -> String {
    format!("the variable {variable} is not set")
}

/// A file of a secret that other users can change, with its permissions.
#[cfg(unix)]
pub(crate) fn changeable(file: impl Display, mode: u32) -> String {
    format!("{file}: other users can change it (mode {mode:03o}): run chmod 600")
}

/// As [`changeable`], for one that they can read.
#[cfg(unix)]
pub(crate) fn readable(file: impl Display, mode: u32) -> String {
    format!("{file}: other users can read it (mode {mode:03o}): run chmod 600")
}

pub(crate) const NO_HOME: &str =
    "this user has no home folder: name the file with --config or MSM_CONFIG";

pub(crate) fn no_file(path: &str) -> String {
    format!("{path}: there is no such file, and none is needed")
}

pub(crate) fn valid(path: impl Display, profiles: usize) -> String {
    let plural = if profiles == 1 { "" } else { "s" };
    format!("{path}: no problem found, {profiles} profile{plural}")
}

/// The head of what is shown, without a file where there is none.
pub(crate) fn head(profile: &str, file: Option<&str>) -> String {
    let file = file.unwrap_or("none");
    format!("profile {profile}\nfile    {file}\n")
}

/// In place of the user name and password of an address.
pub(crate) const USER_INFO: &str = "(removed)";

pub(crate) const NO_PLATFORM: &str = "no platform is configured";
/// Stands for the value of a secret.
pub(crate) const SECRET: &str = "(secret)";
pub(crate) const SETTINGS: [&str; 3] = ["setting", "value", "from"];
pub(crate) const TARGETS: [&str; 3] = ["name", "target", "from"];
