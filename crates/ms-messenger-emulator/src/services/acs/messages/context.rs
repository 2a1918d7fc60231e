//! One request of an authenticated caller.

use std::sync::Arc;

use crate::{
    services::acs::{events::timeline::Fate, family::Acs, messages::caller::Caller},
    wire::request::Request,
};

/// One request of an authenticated caller.
pub(crate) struct Context<'a> {
    pub(crate) service: &'a Arc<Acs>,
    pub(crate) request: &'a Request,
    pub(crate) caller: &'a Caller,
    /// The `api-version`, one that has the operation.
    pub(crate) version: &'a str,
    /// The id in the path; empty without one.
    pub(crate) id: &'a str,
    /// Epoch milliseconds.
    pub(crate) now: u64,
    /// What a fault rule makes of the statuses of the message.
    pub(crate) fate: &'a Fate,
}
