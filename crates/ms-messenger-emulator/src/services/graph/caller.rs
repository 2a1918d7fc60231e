//! The caller of a request.

/// A verified caller.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// Object id of the user (of the service principal for an app-only token).
    pub(crate) id: String,
    pub(crate) display_name: String,
    /// Id of the application that calls, for the user or for itself.
    pub(crate) app: String,
    /// Whether the caller is a user; only users need membership.
    pub(crate) is_user: bool,
}
