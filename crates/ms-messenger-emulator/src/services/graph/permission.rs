//! The permissions that an operation needs.

/// The permissions of an operation, least privilege first.
#[derive(Clone, Copy, Debug)]
pub(crate) struct Permissions {
    /// Empty: not supported for users.
    pub(crate) delegated: &'static [&'static str],
    /// Empty: not supported for app-only callers.
    pub(crate) application: &'static [&'static str],
}
