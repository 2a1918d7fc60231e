//! One request of an authenticated caller.

use crate::{
    services::acs::{
        chat::{events::Scene, thread::Thread},
        family::Acs,
    },
    wire::request::Request,
};

/// One request of an authenticated caller.
pub(crate) struct Chat<'a> {
    pub(crate) service: &'a Acs,
    pub(crate) request: &'a Request,
    /// The `api-version`, one of those supported.
    pub(crate) version: &'a str,
    /// Raw id of the caller.
    pub(crate) caller: &'a str,
    /// Path parameters; empty where the path has none.
    pub(crate) thread: &'a str,
    pub(crate) message: &'a str,
}

impl<'a> Chat<'a> {
    /// The thread of the request, for what happens in it.
    pub(crate) const fn scene<'t>(&self, thread: &'t Thread) -> Scene<'t>
    where
        'a: 't,
    {
        Scene {
            hub: &self.service.events,
            id: self.thread,
            thread,
        }
    }
}
