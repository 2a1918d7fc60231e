//! Sends, replies and quotes.

use http::StatusCode;
use serde_json::Value;

use crate::{
    engine::{
        ledger::row::{About, NewRow},
        outcome::Outcome,
        platform::Platform,
    },
    services::graph::{
        context::Context,
        drives::sent as files,
        error::GraphError,
        messages::{
            address::Address,
            entity::entity,
            location::{no_message, number},
            migration::{self, Import},
            preference::{view, with_preference},
            render::{self, Setting},
            routes::{InPlace, Op},
            store::{New, Store},
            validate::{self, Draft},
        },
        place::Place,
        response::JSON,
    },
    wire::response::Response,
};

/// Sends a message, a reply or a quote.
pub(crate) fn send(context: &Context<'_>, call: &InPlace) -> Result<Outcome, GraphError> {
    let root = number(call.root.as_ref())?;
    let body = validate::body(context.request)?;
    let is_quote = call.op == Op::Quote;
    let message = if is_quote {
        &body["replyMessage"]
    } else {
        &body
    };
    let limit = context.service.settings.message_limit;
    validate::size(context.request, message, limit)?;
    let at = call.at.resolve(context)?;
    let import = if context.caller.is_user {
        None
    } else {
        Some(Import::read(context, &at.place, message)?)
    };
    let (quoted, draft) = if is_quote {
        validate::quote(&body, &at.place)?
    } else {
        (Vec::new(), validate::message(&body, &at.place)?)
    };
    let sent = Sent {
        root,
        quoted,
        draft,
        import,
    };
    carry_out(context, &at, sent)
}

/// A judged message.
struct Sent {
    /// The channel message that is replied to.
    root: Option<u64>,
    quoted: Vec<u64>,
    draft: Draft,
    /// The sender and time of a message that an app imports.
    import: Option<Import>,
}

/// Stores the message with its ledger row and responds with all of it.
fn carry_out(context: &Context<'_>, at: &Address, sent: Sent) -> Result<Outcome, GraphError> {
    let (service, place, root) = (context.service, &at.place, sent.root);
    let import = sent.import.as_ref();
    let author = import.map_or(&context.caller, |import| &import.author);
    let mut row = NewRow {
        platform: Platform::MSGRAPH_CHAT,
        operation: context.operation,
        conversation: place.conversation().to_owned(),
        sender: author.id.clone(),
        kind: sent.draft.content_type.to_owned(),
        text: sent.draft.content.clone(),
        message_id: String::new(),
        idempotency_key: None,
        is_request_id_unique: true,
        about: About {
            subject: sent.draft.subject.as_str().map(str::to_owned),
            importance: Some(sent.draft.importance.clone()),
        },
    };
    let setting = Setting {
        tenant: &service.seed.graph.tenant_id,
        place,
        root,
        caller: author,
    };
    let template = {
        let mut store = service.store();
        let graph = &mut *store;
        graph.directory.admit(place, &context.caller)?;
        if root.is_some_and(|root| !graph.messages.has_root(place, root)) {
            return Err(no_message());
        }
        let quoted = find(&graph.messages, place, &sent.quoted).ok_or_else(no_message)?;
        let mut draft = match quoted.as_slice() {
            [] => sent.draft,
            quoted => render::quoting(sent.draft, quoted),
        };
        let is_strict = service.engine.is_strict();
        let files = files::settle(&graph.drives, &mut draft, is_strict)?;
        graph.directory.join(place, &author.id);
        let new = New {
            place,
            root,
            created: import.and_then(|import| import.created),
        };
        let render = |id| render::message(&setting, draft, id);
        let stored = graph.messages.store(&new, render);
        let (id, template) = stored.ok_or_else(migration::taken)?;
        files::remember(&mut graph.drives, place, id, files);
        row.message_id = id.to_string();
        service.engine.append(row, context.request);
        template
    };
    let view = view(context);
    let body = entity(view, &at.context(&author.id), root, &template.view(view));
    let response = Response::bytes(StatusCode::CREATED, JSON, body);
    Ok(with_preference(Outcome::new(response, true), view))
}

/// The quoted messages; `None` when one of them is not there.
fn find(store: &Store, place: &Place, ids: &[u64]) -> Option<Vec<Value>> {
    let value = |id: &u64| Some(store.template(place, None, *id)?.value());
    ids.iter().map(value).collect()
}
