//! Messages of the other side.

use serde_json::{Value, json};

use crate::admin::Said;
use crate::engine::ledger::{About, NewRow};
use crate::engine::platform::Platform;
use crate::engine::resources::Shared;
use crate::services::graph::Place;
use crate::services::graph::auth::Caller;
use crate::services::graph::messages::render::{self, Setting};
use crate::services::graph::messages::store::New;
use crate::services::graph::messages::template::without_gaps;
use crate::services::graph::messages::validate::{self, Draft};
use crate::services::graph::messages::{Store, delete, event};
use crate::wire::clock;
use crate::wire::request::Request;

/// A message of a user of the tenant, whoever it is, in reply to the message `root` if there is one.
/// Answers its id.
///
/// # Errors
///
/// What is wrong with the message.
pub(crate) fn inject(
    shared: &Shared,
    said: &Said<'_>,
    root: Option<&str>,
    request: &Request,
) -> Result<String, String> {
    let user = shared.seed.graph_user(said.sender);
    let caller = Caller {
        id: said.sender.to_ascii_lowercase(),
        display_name: user.map_or_else(String::new, |user| user.display_name.clone()),
        app: String::new(),
        is_user: true,
    };
    let draft = draft(said.text, said.is_html);
    let kind = draft.content_type.to_owned();
    let mut state = shared.state();
    let graph = &mut state.graph;
    let place = graph.directory.place_of(&shared.seed, said.conversation);
    let root = root.map(|root| {
        let root = root.parse().ok();
        root.filter(|root| place.is_channel() && graph.messages.has_root(&place, *root))
            .ok_or("reply_to: must be the id of a message of the channel that is no reply")
    });
    let root = root.transpose()?;
    let setting = Setting {
        tenant: &shared.seed.graph.tenant_id,
        place: &place,
        root,
        caller: &caller,
    };
    graph.directory.join(&place, &caller.id);
    let new = New {
        place: &place,
        root,
        created: said.created.map(|at| graph.messages.free_at(&place, at)),
    };
    let render = |id| render::message(&setting, draft, id);
    // Only an import's millisecond can be taken.
    let id = graph.messages.store(&new, render).map_or(0, |(id, _)| id);
    let row = NewRow {
        platform: Platform::MsgraphChat,
        operation: "inject",
        conversation: said.conversation.to_owned(),
        sender: caller.id.clone(),
        kind,
        text: said.text.to_owned(),
        message_id: id.to_string(),
        idempotency_key: None,
        about: About::default(),
    };
    state.ledger.append(row, request);
    Ok(id.to_string())
}

fn draft(text: &str, is_html: bool) -> Draft {
    Draft {
        content_type: if is_html { "html" } else { "text" },
        content: without_gaps(text),
        importance: "normal".to_owned(),
        ..Draft::default()
    }
}

/// Changes the text of a message. Answers whether it is there and not deleted.
pub(crate) fn inject_edit(
    shared: &Shared,
    conversation: &str,
    id: &str,
    text: &str,
    is_html: bool,
) -> bool {
    let graph = &mut shared.state().graph;
    let place = graph.directory.place_of(&shared.seed, conversation);
    let Some((id, root)) = present(&graph.messages, &place, id) else {
        return false;
    };
    let path = render::message_path(&place, root, id);
    graph.messages.revise(&place, id, |message, now| {
        message["lastEditedDateTime"] = json!(clock::rfc3339_trimmed(now));
        // No hosted contents come with a text.
        let _ = render::fill(message, &path, now, draft(text, is_html));
    });
    true
}

/// Deletes a message. Answers whether it was there.
pub(crate) fn inject_delete(shared: &Shared, conversation: &str, id: &str) -> bool {
    let graph = &mut shared.state().graph;
    let place = graph.directory.place_of(&shared.seed, conversation);
    let Some((id, _)) = present(&graph.messages, &place, id) else {
        return false;
    };
    delete::bury(&mut graph.messages, &place, id);
    true
}

/// The number of a message that is there and not deleted, and of the message it replies to.
fn present(store: &Store, place: &Place, id: &str) -> Option<(u64, Option<u64>)> {
    let id = id.parse().ok()?;
    let root = store.root_of(place, id)?;
    (!store.is_deleted(place, id)).then_some((id, root))
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
    let place = graph.directory.place_of(&shared.seed, conversation);
    let tenant = &shared.seed.graph.tenant_id;
    let id = event::tell(&mut graph.messages, tenant, &place, &detail);
    Ok((conversation.to_owned(), id.to_string()))
}
