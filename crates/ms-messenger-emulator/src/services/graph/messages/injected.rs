//! Injected messages.

use serde_json::{Value, json};

use crate::{
    engine::{
        injection::InjectError,
        ledger::{
            present::Change,
            row::{About, NewRow},
        },
        platform::Platform,
    },
    services::graph::{
        caller::Caller,
        messages::{
            delete, event,
            render::{self, Setting},
            store::{New, Store},
            template::without_gaps,
            validate::{self, Draft},
        },
        place::Place,
        state::Graph,
        store::GraphStore,
    },
    wire::{clock, path::may_be_named, request::Request},
};

/// A message of another user.
#[derive(Debug)]
pub(crate) struct InjectedMessage<'a> {
    pub(crate) conversation: &'a str,
    pub(crate) sender: &'a str,
    pub(crate) text: &'a str,
    pub(crate) is_html: bool,
    /// The id of the message that it replies to.
    pub(crate) reply_to: Option<&'a str>,
    /// When it was made, epoch milliseconds; now when absent.
    pub(crate) created: Option<u64>,
}

/// Stores a message of any user of the tenant, known or not. Returns its id.
///
/// # Errors
///
/// What is wrong with the message.
pub(crate) fn inject(
    service: &Graph,
    new: &InjectedMessage<'_>,
    request: &Request,
) -> Result<String, InjectError> {
    let user = service.seed.graph_user(new.sender);
    let caller = Caller {
        id: new.sender.to_ascii_lowercase(),
        display_name: user.map_or_else(String::new, |user| user.display_name.clone()),
        app: String::new(),
        is_user: true,
    };
    let draft = draft(new.text, new.is_html);
    let kind = draft.content_type.to_owned();
    let mut store = service.store();
    let graph = &mut *store;
    let place = graph.directory.place_of(&service.seed, new.conversation);
    check(graph, &place, &caller.id)?;
    let root = new.reply_to.map(|root| root_of(graph, &place, root));
    let root = root.transpose()?;
    let setting = Setting {
        tenant: &service.seed.graph.tenant_id,
        place: &place,
        root,
        caller: &caller,
    };
    graph.directory.join(&place, &caller.id);
    let place_in_time = New {
        place: &place,
        root,
        created: new.created.map(|at| graph.messages.free_at(&place, at)),
    };
    let render = |id| render::message(&setting, draft, id);
    // Only an import's millisecond can be taken.
    let id = graph
        .messages
        .store(&place_in_time, render)
        .map_or(0, |(id, _)| id);
    let row = NewRow {
        platform: Platform::MSGRAPH_CHAT,
        operation: "inject",
        conversation: new.conversation.to_owned(),
        sender: caller.id.clone(),
        kind,
        text: new.text.to_owned(),
        message_id: id.to_string(),
        idempotency_key: None,
        is_request_id_unique: true,
        about: About::default(),
    };
    service.engine.append(row, request);
    Ok(id.to_string())
}

/// The message of a channel that is replied to.
fn root_of(graph: &GraphStore, place: &Place, root: &str) -> Result<u64, InjectError> {
    let root = root.parse().ok();
    root.filter(|root| place.is_channel() && graph.messages.has_root(place, *root))
        .ok_or_else(|| {
            InjectError::new(
                "reply_to: must be the id of a message of the channel that is no reply",
            )
        })
}

/// Refuses a place that is deleted or that no request can name, and a sender that is no user.
fn check(graph: &GraphStore, place: &Place, sender: &str) -> Result<(), InjectError> {
    let is_there = match place {
        Place::Channel { team, channel } => {
            let team = graph.directory.team(team);
            team.is_none_or(|team| !team.was_deleted(channel))
        }
        Place::Chat { .. } => true,
    };
    let is_named = place.well_formed().is_ok() && may_be_named(place.conversation());
    let is_user = graph.directory.is_member(place, sender)
        || sender.len() == 36 && uuid::Uuid::try_parse(sender).is_ok();
    InjectError::unless(&[
        (
            "conversation",
            is_named,
            "must be the id of a chat or a channel, such as 19:…@thread.v2, without blanks, control characters and %",
        ),
        ("conversation", is_there, "this channel is deleted"),
        ("sender", is_user, "must be the object id of a user, a GUID"),
    ])
}

fn draft(text: &str, is_html: bool) -> Draft {
    Draft {
        content_type: if is_html { "html" } else { "text" },
        content: without_gaps(text),
        importance: "normal".to_owned(),
        ..Draft::default()
    }
}

/// Changes the text of a message. Returns whether it is there and not deleted.
pub(crate) fn inject_edit(
    service: &Graph,
    conversation: &str,
    id: &str,
    text: &str,
    is_html: bool,
) -> bool {
    let graph = &mut *service.store();
    let place = graph.directory.place_of(&service.seed, conversation);
    let Some((id, root)) = present(&graph.messages, &place, id) else {
        return false;
    };
    let edited = Change::Edited {
        text,
        is_html: Some(is_html),
    };
    delete::changed(service, &place, id, &edited);
    let path = render::message_path(&place, root, id);
    graph.messages.revise(&place, id, |message, now| {
        message["lastEditedDateTime"] = json!(clock::rfc3339_trimmed(now));
        // A text has no hosted contents.
        let _ = render::fill(message, &path, now, draft(text, is_html));
    });
    true
}

/// Deletes a message. Returns whether it was there.
pub(crate) fn inject_delete(service: &Graph, conversation: &str, id: &str) -> bool {
    let graph = &mut *service.store();
    let place = graph.directory.place_of(&service.seed, conversation);
    let Some((id, _)) = present(&graph.messages, &place, id) else {
        return false;
    };
    delete::bury(service, &mut graph.messages, &place, id);
    true
}

/// The number of a message that is there and not deleted, and of the message it replies to.
fn present(store: &Store, place: &Place, id: &str) -> Option<(u64, Option<u64>)> {
    let id = id.parse().ok()?;
    let root = store.root_of(place, id)?;
    (!store.is_deleted(place, id)).then_some((id, root))
}

/// A system event in the place; returns its conversation and the id of its message.
///
/// # Errors
///
/// What is wrong with the event.
pub(crate) fn inject_event(
    service: &Graph,
    conversation: &str,
    initiator: &str,
    event: &Value,
) -> Result<(String, String), InjectError> {
    let initiator = initiator.to_ascii_lowercase();
    let detail = event::detail(event, &initiator).map_err(InjectError::new)?;
    let detail = validate::cleaned(detail);
    let graph = &mut *service.store();
    let place = graph.directory.place_of(&service.seed, conversation);
    check(graph, &place, &initiator)?;
    let tenant = &service.seed.graph.tenant_id;
    let id = event::tell(&mut graph.messages, tenant, &place, &detail);
    Ok((conversation.to_owned(), id.to_string()))
}
