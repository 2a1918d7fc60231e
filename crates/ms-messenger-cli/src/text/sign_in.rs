//! `msm login`, `logout` and `whoami`, and the stored sign-ins.

use std::fmt::Display;

/// Headings of options in the help.
pub(crate) const PROFILE: &str = "Profile";
pub(crate) const STORED: &str = "Stored sign-in";

pub(crate) fn signed_in(user: &str, profile: &str) -> String {
    format!("signed in as {user}; stored as `{profile}`")
}

pub(crate) const NO_REFRESH: &str =
    "Entra ID returned no refresh token: this sign-in ends when the access token expires";

pub(crate) fn replacing(user: &str) -> String {
    format!("this replaces the sign-in of {user}")
}

pub(crate) const NOT_APPROVED: &str = "the server does not approve the sign-in as an emulator does: for its option --entra-approver \
     manual, use --authority instead of --emulator";

/// An emulator responds to the sign-in with an error.
pub(crate) fn refused_by_emulator(status: u16) -> String {
    format!(
        "the server rejects the sign-in (status {status}): check --client-id, --tenant and --scope, or \
         leave them out, as an emulator needs none"
    )
}

/// A sign-in that a new one would replace.
pub(crate) fn other_user(profile: &str, user: &str, authority: &str) -> String {
    format!(
        "the sign-in `{profile}` belongs to {user} at {authority}: store the new one under another \
         name with --profile, or replace the old one with --replace"
    )
}

pub(crate) const NO_APPLICATION: &str =
    "no application is configured: register one and set AZURE_CLIENT_ID to its id";
pub(crate) const TENANT: &str =
    "must be a GUID, a domain or `organizations`, of at most 253 characters";
pub(crate) const CLIENT_ID: &str =
    "must be the id of an application, such as a GUID: at most 253 visible ASCII characters";
pub(crate) const SCOPE: &str = "must be one permission, e.g. Chat.Read: repeat the option for more";
pub(crate) const SCOPES_TOO_LONG: &str = "must have at most 8000 characters in all";

pub(crate) const NO_BROWSER: &str =
    "no browser could be opened: open the page above on this machine, or use a code instead:";

pub(crate) fn browser(page: &str) -> String {
    format!("sign in with the browser; if none opens, open this page on this machine:\n{page}")
}

pub(crate) fn code(page: &str, code: &str) -> String {
    format!("open {page} and enter the code {code}")
}

/// How long the command waits at most.
pub(crate) fn waiting(longest: impl Display) -> String {
    format!("waiting for the sign-in, at most {longest}; press Ctrl-C to stop")
}

pub(crate) fn not_signed_out(profile: &str) -> String {
    format!("no user was signed in as `{profile}`")
}

pub(crate) fn signed_out(profile: &str) -> String {
    format!("the sign-in `{profile}` is deleted")
}

pub(crate) fn set_aside(profile: &str) -> String {
    format!("the sign-in `{profile}` could not be read and was renamed")
}

pub(crate) const UNNAMED_USER: &str = "a user without a name in Entra ID";
/// An id that Entra ID did not return.
pub(crate) const UNKNOWN: &str = "unknown";

/// What is known of a sign-in.
pub(crate) const LABELS: [&str; 8] = [
    "id",
    "profile",
    "application",
    "tenant",
    "authority",
    "scopes",
    "token",
    "file",
];

pub(crate) const NO_EXPIRY: &str = "with an unknown end";

pub(crate) fn valid(until: impl Display) -> String {
    format!("valid until {until}")
}

/// The validity of a token, and whether it is renewed.
pub(crate) fn token(validity: &str, is_renewable: bool) -> String {
    let renewal = if is_renewable {
        "renewed automatically"
    } else {
        "cannot be renewed"
    };
    format!("{validity}; {renewal}")
}

pub(crate) const STORE_KEY: &str = "MSM_STORE_KEY: must be 32 bytes in base64";

pub(crate) fn unwritable(folder: impl Display, why: &str) -> String {
    format!(
        "the sign-in could not be stored: {folder} cannot be written to: {why}; name another \
         folder with --state-dir, and another key file with --store-key-file"
    )
}

/// An error of a stored sign-in, with the commands that rename it.
pub(crate) fn unreadable(error: &str, logout: &str, login: &str) -> String {
    format!("{error}; to rename it, run {logout}, or {login} to sign in as well")
}

pub(crate) fn not_signed_in(profile: &str, login: &str) -> String {
    format!("no user is signed in as `{profile}`: run {login}")
}

pub(crate) fn expired(profile: &str, login: &str) -> String {
    format!("the sign-in `{profile}` has expired or was revoked: run {login}")
}

pub(crate) fn not_utf8(variable: &str) -> String {
    format!("{variable}: is not UTF-8")
}
