//! Sends, replies and quotes.

use http::StatusCode;
use serde_json::Value;

use crate::answer::Answer;
use crate::graph::context::Context;
use crate::graph::error::GraphError;
use crate::graph::messages::address::Address;
use crate::graph::messages::read::entity;
use crate::graph::messages::render::{self, Setting};
use crate::graph::messages::store::New;
use crate::graph::messages::validate::{self, Draft};
use crate::graph::messages::{InPlace, Op, Store, no_message, number, view, with_preference};
use crate::graph::{JSON, Place};
use crate::ledger::NewRow;
use crate::platform::Platform;
use crate::shared::Outcome;

/// Sends a message, a reply or a quote.
pub(crate) fn send(context: &Context<'_>, call: &InPlace) -> Result<Outcome, GraphError> {
    let root = number(call.root.as_ref())?;
    let body = validate::body(context.inbound)?;
    let is_quote = call.op == Op::Quote;
    let message = if is_quote {
        &body["replyMessage"]
    } else {
        &body
    };
    let limit = context.shared.settings.graph_message_limit;
    validate::size(context.inbound, message, limit)?;
    let at = call.at.resolve(context)?;
    let (quoted, draft) = if is_quote {
        validate::quote(&body, &at.place)?
    } else {
        (Vec::new(), validate::message(&body, &at.place)?)
    };
    carry_out(context, &at, root, &quoted, draft)
}

/// Stores the message with its ledger row and answers it whole.
fn carry_out(
    context: &Context<'_>,
    at: &Address,
    root: Option<u64>,
    quoted: &[u64],
    draft: Draft,
) -> Result<Outcome, GraphError> {
    let (shared, caller, place) = (context.shared, &context.caller, &at.place);
    let mut row = NewRow {
        platform: Platform::MsgraphChat,
        operation: context.operation,
        conversation: place.conversation().to_owned(),
        sender: caller.id.clone(),
        kind: draft.content_type.to_owned(),
        text: draft.content.clone(),
        message_id: String::new(),
        idempotency_key: None,
    };
    let setting = Setting {
        tenant: &shared.world.graph.tenant_id,
        place,
        root,
        caller,
    };
    let template = {
        let mut state = shared.state();
        let graph = &mut state.graph;
        graph.directory.admit(shared, place, caller)?;
        if root.is_some_and(|root| !graph.messages.has_root(place, root)) {
            return Err(no_message());
        }
        let quoted = find(&graph.messages, place, quoted).ok_or_else(no_message)?;
        let draft = match quoted.as_slice() {
            [] => draft,
            quoted => render::quoting(draft, quoted),
        };
        graph.directory.join(place, &caller.id);
        let new = New {
            place,
            root,
            created: None,
        };
        let render = |id| render::message(&setting, draft, id);
        let stored = graph.messages.store(&new, render);
        let (id, template) = stored.ok_or_else(no_message)?;
        row.message_id = id.to_string();
        state.ledger.append(row, context.inbound);
        template
    };
    let view = view(context);
    let body = entity(view, &at.context(&caller.id), root, &template.view(view));
    let answer = Answer::bytes(StatusCode::CREATED, JSON, body);
    Ok(with_preference(Outcome::new(answer, true), view))
}

/// The quoted messages; `None` when one of them is not there.
fn find(store: &Store, place: &Place, ids: &[u64]) -> Option<Vec<Value>> {
    let value = |id: &u64| Some(store.template(place, None, *id)?.value());
    ids.iter().map(value).collect()
}
