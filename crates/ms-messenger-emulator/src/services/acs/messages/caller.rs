//! The caller of a request.

/// Who calls, by access key, ACS user token or Entra token.
#[derive(Debug)]
pub(crate) struct Caller {
    /// What the repeatability store keys on.
    pub(crate) credential: String,
    /// The identity in conversations.
    pub(crate) sender: String,
    /// Whether it is a user; only users need membership.
    pub(crate) is_user: bool,
}
