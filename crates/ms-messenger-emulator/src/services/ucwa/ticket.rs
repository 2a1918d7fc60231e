//! A web ticket and its user.

use std::time::Instant;

/// The user of a ticket.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) struct Caller {
    pub(super) sip: String,
    pub(super) name: String,
    pub(super) is_anonymous: bool,
}

/// A ticket that was issued.
#[derive(Debug)]
pub(super) struct Ticket {
    pub(super) caller: Caller,
    pub(super) expires: Instant,
    /// The host that issued it, once it counts at no other.
    pub(super) bound_to: Option<String>,
    pub(super) issuer: String,
}
