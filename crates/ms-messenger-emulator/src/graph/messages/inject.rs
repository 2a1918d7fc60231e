//! Messages of the other side.

use serde_json::Value;

use crate::graph::auth::Caller;
use crate::graph::messages::event;
use crate::graph::messages::render::{self, Setting};
use crate::graph::messages::template::without_gaps;
use crate::graph::messages::validate::{self, Draft};
use crate::inbound::Inbound;
use crate::ledger::NewRow;
use crate::platform::Platform;
use crate::shared::Shared;

/// A message of another user of the tenant; answers its conversation and id.
pub(crate) fn inject(
    shared: &Shared,
    conversation: &str,
    sender: &str,
    text: &str,
    inbound: &Inbound,
) -> (String, String) {
    let user = shared.world.graph_user(sender);
    let caller = Caller {
        id: sender.to_ascii_lowercase(),
        display_name: user.map_or_else(String::new, |user| user.display_name.clone()),
        app: String::new(),
        is_user: true,
    };
    let draft = Draft {
        content_type: "text",
        content: without_gaps(text),
        importance: "normal".to_owned(),
        ..Draft::default()
    };
    let mut state = shared.state();
    let place = state.graph.directory.place_of(&shared.world, conversation);
    let setting = Setting {
        tenant: &shared.world.graph.tenant_id,
        place: &place,
        root: None,
        caller: &caller,
    };
    state.graph.directory.join(&place, &caller.id);
    let render = |id| render::message(&setting, draft, id);
    let id = state.graph.messages.append(&place, render);
    let row = NewRow {
        platform: Platform::MsgraphChat,
        operation: "inject",
        conversation: conversation.to_owned(),
        sender: caller.id.clone(),
        kind: "text".to_owned(),
        text: text.to_owned(),
        message_id: id.to_string(),
        idempotency_key: None,
    };
    state.ledger.append(row, inbound);
    (conversation.to_owned(), id.to_string())
}

/// A system event in the place; answers its conversation and the id of its message.
///
/// # Errors
///
/// What is wrong with the event.
pub(crate) fn inject_event(
    shared: &Shared,
    conversation: &str,
    initiator: &str,
    event: &Value,
) -> Result<(String, String), String> {
    let detail = validate::cleaned(event::detail(event, &initiator.to_ascii_lowercase())?);
    let graph = &mut shared.state().graph;
    let place = graph.directory.place_of(&shared.world, conversation);
    let tenant = &shared.world.graph.tenant_id;
    let id = event::tell(&mut graph.messages, tenant, &place, &detail);
    Ok((conversation.to_owned(), id.to_string()))
}
