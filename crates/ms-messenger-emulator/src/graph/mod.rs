//! Microsoft Graph: Teams channels, replies and chats.

mod auth;
mod challenge;
mod chats;
mod error;
mod list;
mod markup;
mod render;
mod store;
mod validate;

use bytes::Bytes;
use http::{HeaderName, StatusCode};
use serde_json::{Value, json};
use uuid::Uuid;

use crate::answer::Answer;
use crate::inbound::Inbound;
use crate::ledger::NewRow;
use crate::platform::Platform;
use crate::router::{Call, Place, Route};
use crate::shared::{Outcome, Shared};

use auth::Caller;
use error::GraphError;
use render::Setting;
use validate::Draft;

pub(crate) use challenge::challenge;
pub(crate) use store::Store;

const JSON: &str = "application/json;odata.metadata=minimal;odata.streaming=true;IEEE754Compatible=false;charset=utf-8";
const DIAGNOSTIC: &str = r#"{"ServerInfo":{"DataCenter":"Loopback","Slice":"E","Ring":"5","ScaleUnit":"001","RoleInstance":"emulator"}}"#;

/// Answers an operation of this platform.
pub(crate) fn handle(shared: &Shared, route: &Route, inbound: &Inbound) -> Outcome {
    let request_id = shared.guid().to_string();
    let outcome = execute(shared, route, inbound)
        .unwrap_or_else(|refusal| Outcome::new(refusal.into_answer(inbound, &request_id), false));
    let answer = decorate(outcome.answer, inbound, &request_id);
    Outcome { answer, ..outcome }
}

/// The error body of a bare status.
pub(crate) fn status_error(
    shared: &Shared,
    inbound: &Inbound,
    status: StatusCode,
    message: &str,
) -> Answer {
    let request_id = shared.guid().to_string();
    let answer = GraphError::of_status(status, message).into_answer(inbound, &request_id);
    decorate(answer, inbound, &request_id)
}

fn decorate(answer: Answer, inbound: &Inbound, request_id: &str) -> Answer {
    let mut answer = answer
        .with_header("request-id", request_id)
        .with_header("odata-version", "4.0")
        .with_header("cache-control", "private")
        .with_header("x-ms-ags-diagnostic", DIAGNOSTIC);
    if let Some(id) = inbound.header("client-request-id") {
        answer.set_header(HeaderName::from_static("client-request-id"), id);
    }
    answer
}

fn execute(shared: &Shared, route: &Route, inbound: &Inbound) -> Result<Outcome, GraphError> {
    let caller = auth::authenticate(shared, inbound, &route.call)?;
    let base = format!("{}/v1.0", inbound.origin());
    match &route.call {
        Call::GraphMeWrite => Err(GraphError::bad_request(
            "Write requests are only supported on contained entities",
        )),
        Call::ChatCreate => {
            let mut chat = chats::create(shared, &caller, &validate::body(inbound)?)?;
            chat["@odata.context"] = json!(format!("{base}/$metadata#chats/$entity"));
            let body = Bytes::from(chat.to_string());
            Ok(Outcome::new(
                Answer::bytes(StatusCode::CREATED, JSON, body),
                false,
            ))
        }
        Call::GraphSend { place } | Call::GraphQuote { place } => {
            let sending = Sending::new(shared, route, inbound, &base, place, None, &caller)?;
            sending.carry_out()
        }
        Call::GraphReply { place, root } => {
            let root = root.parse().map_err(|_| no_message())?;
            let sending = Sending::new(shared, route, inbound, &base, place, Some(root), &caller)?;
            sending.carry_out()
        }
        Call::GraphGet { place, message } => get(shared, &caller, &base, place, None, message),
        Call::GraphReplyGet { place, root, reply } => {
            get(shared, &caller, &base, place, Some(root), reply)
        }
        Call::GraphList { place } => list(shared, &caller, &base, place, None, inbound),
        Call::GraphReplies { place, root } => {
            list(shared, &caller, &base, place, Some(root), inbound)
        }
        _ => Err(GraphError::not_found("No such operation.")),
    }
}

fn no_message() -> GraphError {
    GraphError::not_found("The message does not exist.")
}

/// The place with its ids in one spelling; refuses ids that no service issues.
fn well_formed(place: &Place) -> Result<Place, GraphError> {
    let is_thread =
        place.conversation().starts_with("19:") || place.conversation().starts_with("48:");
    if !is_thread {
        let message = format!("Invalid thread id '{}'.", place.conversation());
        return Err(GraphError::bad_request(message));
    }
    match place {
        Place::Chat { .. } => Ok(place.clone()),
        Place::Channel { team, channel } => {
            let invalid = |_| GraphError::bad_request("teamId needs to be a valid GUID.");
            let team = Uuid::try_parse(team).map_err(invalid)?.to_string();
            let channel = channel.clone();
            Ok(Place::Channel { team, channel })
        }
    }
}

/// A send on its way: everything that is known before the store is touched.
struct Sending<'a> {
    shared: &'a Shared,
    inbound: &'a Inbound,
    operation: &'static str,
    base: &'a str,
    place: Place,
    root: Option<u64>,
    caller: &'a Caller,
    quoted: Vec<u64>,
    draft: Draft,
}

impl<'a> Sending<'a> {
    fn new(
        shared: &'a Shared,
        route: &Route,
        inbound: &'a Inbound,
        base: &'a str,
        place: &Place,
        root: Option<u64>,
        caller: &'a Caller,
    ) -> Result<Self, GraphError> {
        let body = validate::body(inbound)?;
        let is_quote = matches!(route.call, Call::GraphQuote { .. });
        let message = if is_quote {
            &body["replyMessage"]
        } else {
            &body
        };
        validate::size(inbound, message, shared.settings.graph_message_limit)?;
        let place = well_formed(place)?;
        let (quoted, draft) = if is_quote {
            validate::quote(&body, &place)?
        } else {
            (Vec::new(), validate::message(&body, &place)?)
        };
        Ok(Self {
            shared,
            inbound,
            operation: route.operation,
            base,
            place,
            root,
            caller,
            quoted,
            draft,
        })
    }

    /// Stores the message with its ledger row and answers it whole.
    fn carry_out(self) -> Result<Outcome, GraphError> {
        let (shared, caller, place) = (self.shared, self.caller, &self.place);
        let mut row = NewRow {
            platform: Platform::MsgraphChat,
            operation: self.operation,
            conversation: place.conversation().to_owned(),
            sender: caller.id.clone(),
            kind: self.draft.content_type.to_owned(),
            text: self.draft.content.clone(),
            message_id: String::new(),
            idempotency_key: None,
        };
        let setting = Setting {
            base: self.base,
            tenant: &shared.world.graph.tenant_id,
            place,
            root: self.root,
            caller,
        };
        let rendered = {
            let mut state = shared.state();
            state.graph.admit(shared, place, caller)?;
            if self
                .root
                .is_some_and(|root| !state.graph.has_root(place, root))
            {
                return Err(no_message());
            }
            let quoted = quoted(&state.graph, place, &self.quoted).ok_or_else(no_message)?;
            let draft = match quoted.as_slice() {
                [] => self.draft,
                quoted => render::quoting(self.draft, quoted),
            };
            let render = |id| render::message(&setting, &draft, id);
            let (id, rendered) = state.graph.store(place, self.root, &caller.id, render);
            row.message_id = id.to_string();
            state.ledger.append(row, self.inbound);
            rendered
        };
        let body = entity(self.base, place, self.root, &rendered);
        Ok(Outcome::new(
            Answer::bytes(StatusCode::CREATED, JSON, body),
            true,
        ))
    }
}

/// The quoted messages as rendered; `None` when one of them is not there.
fn quoted(store: &Store, place: &Place, ids: &[u64]) -> Option<Vec<Value>> {
    let parsed = |id: &u64| serde_json::from_slice(&store.rendered(place, None, *id)?).ok();
    ids.iter().map(parsed).collect()
}

/// A rendered message with its `@odata.context` in front.
fn entity(base: &str, place: &Place, root: Option<u64>, rendered: &Bytes) -> Bytes {
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

fn get(
    shared: &Shared,
    caller: &Caller,
    base: &str,
    place: &Place,
    root: Option<&String>,
    message: &str,
) -> Result<Outcome, GraphError> {
    let place = well_formed(place)?;
    let root = root
        .map(|root| root.parse())
        .transpose()
        .map_err(|_| no_message())?;
    let id = message.parse().map_err(|_| no_message())?;
    let rendered = {
        let state = shared.state();
        state.graph.admit(shared, &place, caller)?;
        state
            .graph
            .rendered(&place, root, id)
            .ok_or_else(no_message)?
    };
    let body = entity(base, &place, root, &rendered);
    Ok(Outcome::new(
        Answer::bytes(StatusCode::OK, JSON, body),
        false,
    ))
}

fn list(
    shared: &Shared,
    caller: &Caller,
    base: &str,
    place: &Place,
    root: Option<&String>,
    inbound: &Inbound,
) -> Result<Outcome, GraphError> {
    let place = well_formed(place)?;
    let options = list::Options::read(inbound, &place)?;
    let root: Option<u64> = root
        .map(|root| root.parse())
        .transpose()
        .map_err(|_| no_message())?;
    let page = {
        let state = shared.state();
        state.graph.admit(shared, &place, caller)?;
        match root {
            Some(root) if !state.graph.has_root(&place, root) => return Err(no_message()),
            Some(root) => state
                .graph
                .replies(&place, root, options.before.1, options.top),
            None => {
                let admits = |ms| options.admits(ms);
                state
                    .graph
                    .roots(&place, options.before, options.top, admits)
            }
        }
    };
    let (context, path) = match root {
        None => (String::new(), String::new()),
        Some(root) => (format!("('{root}')/replies"), format!("/{root}/replies")),
    };
    let context = format!("{}/messages{context}", place.context());
    let path = format!("{}/messages{path}", place.path());
    let body = list::body(&options, base, &context, &path, &page);
    Ok(Outcome::new(
        Answer::bytes(StatusCode::OK, JSON, body),
        false,
    ))
}

/// A message of another user of the tenant.
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
        is_user: true,
    };
    let draft = Draft {
        content_type: "text",
        content: text.to_owned(),
        importance: "normal".to_owned(),
        ..Draft::default()
    };
    let base = format!("http://{}/v1.0", shared.authority);
    let mut state = shared.state();
    let place = state.graph.place_of(&shared.world, conversation);
    let setting = Setting {
        base: &base,
        tenant: &shared.world.graph.tenant_id,
        place: &place,
        root: None,
        caller: &caller,
    };
    let render = |id| render::message(&setting, &draft, id);
    let (id, _) = state.graph.store(&place, None, &caller.id, render);
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
