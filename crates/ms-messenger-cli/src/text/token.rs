//! Faults of a token, after "it" or the name of its setting.

use std::fmt::Display;

pub(crate) const NO_HEADER: &str = "is empty, or has characters that are invalid in a header";
pub(crate) const OF_ACS: &str = "belongs to Azure Communication Services, not to Microsoft Graph";
pub(crate) const OF_APPLICATION: &str =
    "belongs to an application without a user, and Graph sends only for users: sign a user in";
pub(crate) const NO_CHAT: &str = "lacks the scope chat, which every send needs";
/// The audience of Graph in a cloud that is not known.
pub(crate) const GRAPH: &str = "Microsoft Graph";

pub(crate) fn expired(at: impl Display) -> String {
    format!("expired at {at}")
}

pub(crate) fn audience(found: &str, expected: &str) -> String {
    format!("is for {found}, not for {expected}")
}

pub(crate) fn permission(missing: &str, what: &str) -> String {
    format!("lacks the permission {missing}, which it needs to {what}")
}
