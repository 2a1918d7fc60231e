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
    wire::{request::Request, response::Response},
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
        changes: is_kept_change,
        admin: &["drives", "graph-notifications"],
    })
    .with_recorded(&["send", "update", "delete", "reaction", "batch"])
    .with_fault_kinds(kinds);

/// A drive, and the folder of a channel, is made when it is first read. Later requests name it by its id
/// alone, from which it cannot be made again.
fn is_kept_change(request: &Request, operation: &str, response: &Response) -> bool {
    let makes = match operation {
        "drive.folder" => true,
        drive if drive.starts_with("drive.") => request.target.contains("/users/"),
        _ => false,
    };
    let is_made = makes && !response.is_refusal();
    is_made || is_accepted_change(request, operation, response)
}

impl Platform {
    /// Microsoft Teams through Microsoft Graph.
    pub const MSGRAPH_CHAT: Self = Self::new("msgraph-chat");
}

fn kinds() -> Vec<FaultKind> {
    let mut kinds = faults::kinds();
    kinds.extend(fault::kinds());
    kinds
}
