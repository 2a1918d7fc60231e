//! The builder's choices for Entra ID.

/// How a sign-in is approved without a real user.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum EntraApprover {
    /// The first poll of a device code approves it, and still gets `authorization_pending`; the
    /// authorize endpoint redirects at once. The user is `login_hint`, or the first seeded one.
    #[default]
    AfterFirstPoll,
    /// As `AfterFirstPoll`, but the first poll already gets the tokens.
    AtOnce,
    /// By hand, at the page `/devicelogin` and the page of the authorize endpoint, or by a test
    /// through `POST /_emulator/entra/approve`.
    Manual,
}

/// Settings of the token endpoints.
#[derive(Clone, Copy, Debug)]
pub(crate) struct EntraSettings {
    pub(crate) approver: EntraApprover,
    /// Life of an access token in seconds.
    pub(crate) lifetime: u64,
    /// Seconds between two polls of a device code.
    pub(crate) interval: u64,
}

impl Default for EntraSettings {
    fn default() -> Self {
        Self {
            approver: EntraApprover::default(),
            lifetime: 3600,
            interval: 5,
        }
    }
}
