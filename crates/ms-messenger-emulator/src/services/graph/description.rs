//! The name of Graph among the platforms, and what can be done to it.

use crate::{
    engine::{
        description::Description,
        faults::own::FaultKind,
        keeping::{Keeping, is_accepted_change},
        platform::Platform,
    },
    services::graph::{
        faults,
        notifications::fault,
        routes::{OPERATIONS, PUSHES},
    },
};

pub(crate) const DESCRIPTION: Description = Description::new(Platform::MSGRAPH_CHAT, &OPERATIONS)
    .with_pages(true)
    .with_bearer_tokens(3600)
    .with_injections(true)
    .with_pushes(&PUSHES)
    .with_keeping(Keeping::Requests {
        // The parts of a batch are kept one by one, and subscriptions as they are after a change: a
        // handshake is not repeated.
        except: &["batch", "subscription"],
        changes: is_accepted_change,
        admin: &["drives", "graph-notifications"],
    })
    .with_recorded(&["send", "update", "delete", "reaction", "batch"])
    .with_fault_kinds(kinds);

impl Platform {
    /// Microsoft Teams through Microsoft Graph.
    pub const MSGRAPH_CHAT: Self = Self::new("msgraph-chat");
}

fn kinds() -> Vec<FaultKind> {
    let mut kinds = faults::kinds();
    kinds.extend(fault::kinds());
    kinds
}
