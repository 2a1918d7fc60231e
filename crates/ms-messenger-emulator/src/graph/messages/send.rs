//! Sends, replies and quotes.

use bytes::Bytes;
use http::StatusCode;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::graph::context::Context;
use crate::graph::error::GraphError;
use crate::graph::messages::render::Setting;
use crate::graph::messages::validate::{self, Draft};
use crate::graph::messages::{Call, Op, Store, no_message, number, render};
use crate::graph::{JSON, Place};
use crate::ledger::NewRow;
use crate::platform::Platform;
use crate::shared::Outcome;

/// Sends a message, a reply or a quote.
pub(crate) fn send(context: &Context<'_>, call: &Call) -> Result<Outcome, GraphError> {
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
    let place = call.place.well_formed()?;
    let (quoted, draft) = if is_quote {
        validate::quote(&body, &place)?
    } else {
        (Vec::new(), validate::message(&body, &place)?)
    };
    carry_out(context, &place, root, &quoted, draft)
}

/// Stores the message with its ledger row and answers it whole.
fn carry_out(
    context: &Context<'_>,
    place: &Place,
    root: Option<u64>,
    quoted: &[u64],
    draft: Draft,
) -> Result<Outcome, GraphError> {
    let (shared, caller) = (context.shared, &context.caller);
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
        base: &context.base,
        tenant: &shared.world.graph.tenant_id,
        place,
        root,
        caller,
    };
    let rendered = {
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
        let render = |id| render::message(&setting, &draft, id);
        let (id, rendered) = graph.messages.store(place, root, render);
        row.message_id = id.to_string();
        state.ledger.append(row, context.inbound);
        rendered
    };
    let body = entity(&context.base, place, root, &rendered);
    let answer = Answer::bytes(StatusCode::CREATED, JSON, body);
    Ok(Outcome::new(answer, true))
}

/// The quoted messages as rendered; `None` when one of them is not there.
fn find(store: &Store, place: &Place, ids: &[u64]) -> Option<Vec<Value>> {
    let parsed = |id: &u64| serde_json::from_slice(&store.rendered(place, None, *id)?).ok();
    ids.iter().map(parsed).collect()
}

/// A rendered message with its `@odata.context` in front.
pub(super) fn entity(base: &str, place: &Place, root: Option<u64>, rendered: &Bytes) -> Bytes {
    let replies = root.map_or_else(String::new, |root| format!("('{root}')/replies"));
    let context = format!(
        "{base}/$metadata#{}/messages{replies}/$entity",
        place.context()
    );
    let mut body = json!({ "@odata.context": context })
        .to_string()
        .into_bytes();
    body.pop();
    body.push(b',');
    body.extend_from_slice(rendered.get(1..).unwrap_or_default());
    body.into()
}
