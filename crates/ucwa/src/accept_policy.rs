//! The invitations that a session accepts automatically.
//!
//! SIP addresses are compared without their case, because servers and directories differ in it.

use ms_messenger_core::SipUri;

/// Which invitations [`UcwaSession::receive`](crate::UcwaSession::receive) accepts automatically.
///
/// ```
/// use ucwa::AcceptPolicy;
///
/// let policy = AcceptPolicy::Only(vec!["sip:lene@contoso.com".parse()?]);
/// assert_ne!(policy, AcceptPolicy::default());
/// # Ok::<(), ms_messenger_core::ParseTargetError>(())
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum AcceptPolicy {
    /// All of them.
    #[default]
    Everyone,
    /// Those of these addresses, whatever their case; others are declined.
    Only(Vec<SipUri>),
    /// None: each comes as [`Incoming::Invitation`](crate::Incoming::Invitation), to be accepted
    /// or declined within the 30 seconds that the server waits.
    Ask,
}

impl AcceptPolicy {
    /// Whether the invitation of `sip` is accepted; `None` when the caller decides.
    pub(crate) fn accepts(&self, sip: &str) -> Option<bool> {
        match self {
            Self::Everyone => Some(true),
            Self::Only(list) => Some(list.iter().any(|listed| bare(listed.as_str()) == bare(sip))),
            Self::Ask => None,
        }
    }
}

/// A SIP address in lower case, without its scheme.
fn bare(sip: &str) -> String {
    let lower = sip.trim().to_ascii_lowercase();
    match lower.strip_prefix("sip:") {
        Some(bare) => bare.to_owned(),
        None => lower,
    }
}
