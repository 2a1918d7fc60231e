//! One request to drives.

use crate::services::graph::{
    context::Context,
    drives::{access::Reach, item::Author},
    state::Graph,
};

/// One request to drives: its caller, and what the caller's token reaches.
#[derive(Debug)]
pub(crate) struct Visit<'a> {
    pub(crate) context: Context<'a>,
    pub(crate) reach: Reach,
    /// Whether a fault lets another client take the name of the upload.
    pub(crate) is_taken: bool,
}

impl Visit<'_> {
    /// The caller as the author of files.
    pub(crate) fn author(&self) -> Author {
        let caller = &self.context.caller;
        Author {
            id: caller.id.clone(),
            display_name: caller.display_name.clone(),
            is_user: caller.is_user,
        }
    }

    pub(crate) const fn service(&self) -> &Graph {
        self.context.service
    }

    /// Scheme and host as the client called them.
    pub(crate) fn origin(&self) -> String {
        self.context.request.origin()
    }

    pub(crate) fn now(&self) -> u64 {
        self.context.service.engine.now_ms()
    }
}
