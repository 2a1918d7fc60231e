//! Microsoft Graph: chatMessage in channels and chats.

mod error;
mod markers;
mod store;
mod validate;

use std::sync::Arc;

use http::StatusCode;
use serde_json::{Value, json};

use crate::answer::Answer;
use crate::clock;
use crate::inbound::Inbound;
use crate::ledger::NewRow;
use crate::platform::Platform;
use crate::router::{Call, Place, Route};
use crate::shared::{Outcome, Shared};
use crate::token::{Claims, TokenProblem};
use crate::world::World;

use error::GraphError;
pub(crate) use store::Store;

/// Who calls: an object id, and the name if it is one of the seeded users.
struct Caller {
    id: String,
    name: Option<String>,
    tenant: String,
}

/// Answers an operation of this platform.
pub(crate) fn handle(shared: &Arc<Shared>, route: &Route, inbound: &Inbound) -> Outcome {
    let outcome = execute(shared, route, inbound)
        .unwrap_or_else(|refusal| Outcome::new(refusal.answer(shared, inbound), false));
    let request_id = shared.guid().to_string();
    let mut answer = outcome.answer;
    if !answer.headers.contains_key("request-id") {
        answer = answer.with_header("request-id", &request_id);
    }
    if let Some(id) = inbound.client_request_id() {
        answer = answer.with_header("client-request-id", id);
    }
    let answer = answer.with_header("odata-version", "4.0");
    Outcome { answer, ..outcome }
}

/// The error body of a bare status.
pub(crate) fn status_error(
    shared: &Shared,
    inbound: &Inbound,
    status: StatusCode,
    message: &str,
) -> Answer {
    GraphError::of_status(status, message).answer(shared, inbound)
}

fn execute(shared: &Shared, route: &Route, inbound: &Inbound) -> Result<Outcome, GraphError> {
    let claims = authenticate(shared, inbound)?;
    match &route.call {
        Call::GraphSend { place } => {
            let caller = sender(shared, &claims, Some(place))?;
            send(shared, inbound, route.operation, place, None, &caller)
        }
        Call::GraphReply { place, root } => {
            let caller = sender(shared, &claims, Some(place))?;
            shared.state().graph.require(place, root)?;
            send(shared, inbound, route.operation, place, Some(root), &caller)
        }
        Call::GraphQuote { place } => {
            let caller = sender(shared, &claims, Some(place))?;
            quote(shared, inbound, place, &caller)
        }
        Call::ChatCreate => {
            permit(&claims, &["Chat.Create", "Chat.ReadWrite"])?;
            create_chat(shared, inbound)
        }
        Call::GraphMeWrite => Err(GraphError::bad_request(
            "Write requests are only supported on contained entities",
        )),
        call => read(shared, inbound, call),
    }
}

fn authenticate(shared: &Shared, inbound: &Inbound) -> Result<Claims, GraphError> {
    let authorization = inbound.header("authorization").unwrap_or_default();
    let Some(token) = authorization.strip_prefix("Bearer ") else {
        return Err(GraphError::unauthenticated("Access token is empty."));
    };
    let now = clock::now_ms() / 1000;
    let claims = shared
        .world
        .tokens()
        .verify(token.trim(), now)
        .map_err(|problem| {
            GraphError::unauthenticated(match problem {
                TokenProblem::Expired => "Lifetime validation failed, the token is expired.",
                TokenProblem::Signature => "Access token validation failure. Invalid signature.",
                TokenProblem::Garbled => "CompactToken parsing failed.",
            })
        })?;
    if !claims.text("aud").is_some_and(World::is_graph_audience) {
        return Err(GraphError::unauthenticated(
            "Access token validation failure. Invalid audience.",
        ));
    }
    Ok(claims)
}

/// Sending is delegated only: a token with roles alone is refused whatever the roles are.
fn sender(shared: &Shared, claims: &Claims, place: Option<&Place>) -> Result<Caller, GraphError> {
    match place {
        Some(Place::Channel { .. }) => {
            permit(claims, &["ChannelMessage.Send", "Group.ReadWrite.All"])?
        }
        _ => permit(
            claims,
            &["ChatMessage.Send", "Chat.ReadWrite", "Group.ReadWrite.All"],
        )?,
    }
    let id = claims.text("oid").unwrap_or_default().to_owned();
    let user = shared.world.graph_user(&id);
    if user.is_none() && shared.settings.is_strict {
        return Err(GraphError::forbidden("The caller is not a member."));
    }
    Ok(Caller {
        name: user.map(|user| user.display_name.clone()),
        tenant: shared.world.graph.tenant_id.clone(),
        id,
    })
}

fn permit(claims: &Claims, scopes: &[&str]) -> Result<(), GraphError> {
    let held = claims.scopes();
    if held.iter().any(|scope| scopes.contains(scope)) {
        return Ok(());
    }
    if held.is_empty() && !claims.roles().is_empty() {
        let message = "Requested API is not supported in application-only context";
        return Err(GraphError::forbidden(message));
    }
    let message = format!(
        "Missing scope permissions on the request. API requires one of '{}'. Scopes on the request '{}'",
        scopes.join(", "),
        held.join(", ")
    );
    Err(GraphError::forbidden(&message))
}

fn send(
    shared: &Shared,
    inbound: &Inbound,
    operation: &'static str,
    place: &Place,
    root: Option<&str>,
    caller: &Caller,
) -> Result<Outcome, GraphError> {
    let body = validate::json(inbound)?;
    let draft = validate::message(&body, place, shared.settings.graph_message_limit)?;
    post(shared, inbound, operation, place, root, caller, draft)
}

fn post(
    shared: &Shared,
    inbound: &Inbound,
    operation: &'static str,
    place: &Place,
    root: Option<&str>,
    caller: &Caller,
    draft: validate::Draft,
) -> Result<Outcome, GraphError> {
    let message = {
        let mut state = shared.state();
        state.graph.admit(shared, place)?;
        let row = |message_id: String| NewRow {
            platform: Platform::MsgraphChat,
            operation,
            conversation: place_id(place).to_owned(),
            sender: caller.id.clone(),
            kind: draft.kind.to_owned(),
            text: draft.content.clone(),
            message_id,
            idempotency_key: None,
        };
        let id = state.graph.next_id(place);
        let message = store::render(&draft, place, root, caller, id, &inbound.origin());
        state.ledger.append(row(id.to_string()), inbound);
        state.graph.insert(place, root, id, message.clone());
        message
    };
    let mut body = json!({ "@odata.context": context(inbound, place) });
    merge(&mut body, message);
    Ok(Outcome::new(Answer::json(StatusCode::CREATED, &body), true))
}

fn merge(into: &mut Value, from: Value) {
    if let (Some(into), Value::Object(from)) = (into.as_object_mut(), from) {
        into.extend(from);
    }
}

fn context(inbound: &Inbound, place: &Place) -> String {
    let origin = inbound.origin();
    let encode = |id: &str| id.replace(':', "%3A").replace('@', "%40");
    match place {
        Place::Channel { team, channel } => format!(
            "{origin}/v1.0/$metadata#teams('{team}')/channels('{}')/messages/$entity",
            encode(channel)
        ),
        Place::Chat { chat } => {
            format!(
                "{origin}/v1.0/$metadata#chats('{}')/messages/$entity",
                encode(chat)
            )
        }
    }
}

fn place_id(place: &Place) -> &str {
    match place {
        Place::Channel { channel, .. } => channel,
        Place::Chat { chat } => chat,
    }
}

/// A quote becomes an attachment per quoted message, with a marker each, before the text.
fn quote(
    shared: &Shared,
    inbound: &Inbound,
    place: &Place,
    caller: &Caller,
) -> Result<Outcome, GraphError> {
    let body = validate::json(inbound)?;
    let ids: Vec<&str> = body
        .get("messageIds")
        .and_then(Value::as_array)
        .map(|ids| ids.iter().filter_map(Value::as_str).collect())
        .unwrap_or_default();
    if ids.is_empty() || ids.len() > 10 {
        return Err(GraphError::bad_request(
            "messageIds must name one to ten messages.",
        ));
    }
    let reply = body.get("replyMessage").unwrap_or(&Value::Null);
    let mut draft = validate::message(reply, place, shared.settings.graph_message_limit)?;
    let mut html = String::from("<p></p>\n");
    for id in ids {
        let preview = shared.state().graph.require(place, id)?;
        html.push_str(&format!("<attachment id=\"{id}\"></attachment>\n"));
        let content = json!({
            "messageId": id,
            "messagePreview": preview["body"]["content"],
            "messageSender": preview["from"],
        });
        draft.attachments.insert(0, json!({
            "id": id, "contentType": "messageReference", "contentUrl": null,
            "content": content.to_string(), "name": null, "thumbnailUrl": null, "teamsAppId": null,
        }));
    }
    draft.rendered = format!("{html}{}\n<p></p>", draft.rendered);
    draft.content_type = "html";
    post(shared, inbound, "send.quote", place, None, caller, draft)
}

fn create_chat(shared: &Shared, inbound: &Inbound) -> Result<Outcome, GraphError> {
    let body = validate::json(inbound)?;
    let chat = validate::chat(&body)?;
    let members: Vec<String> = chat
        .members
        .iter()
        .map(|member| {
            let known = shared.world.graph.users.iter();
            let known = known
                .into_iter()
                .find(|user| user.upn.eq_ignore_ascii_case(member));
            known.map_or_else(|| member.clone(), |user| user.id.clone())
        })
        .collect();
    let id = if chat.is_one_on_one {
        let mut sorted = members;
        sorted.sort();
        format!("19:{}@unq.gbl.spaces", sorted.join("_"))
    } else {
        format!("19:{}@thread.v2", shared.guid().simple())
    };
    shared.state().graph.open(&Place::Chat { chat: id.clone() });
    let kind = if chat.is_one_on_one {
        "oneOnOne"
    } else {
        "group"
    };
    let now = clock::rfc3339_trimmed(clock::now_ms());
    let body = json!({
        "@odata.context": format!("{}/v1.0/$metadata#chats/$entity", inbound.origin()),
        "id": id, "topic": chat.topic, "createdDateTime": now, "lastUpdatedDateTime": now,
        "chatType": kind,
    });
    Ok(Outcome::new(
        Answer::json(StatusCode::CREATED, &body),
        false,
    ))
}

fn read(shared: &Shared, inbound: &Inbound, call: &Call) -> Result<Outcome, GraphError> {
    let state = shared.state();
    let body = match call {
        Call::GraphGet { place, message } => state.graph.require(place, message)?,
        Call::GraphReplyGet { place, root, reply } => state.graph.reply(place, root, reply)?,
        Call::GraphList { place } => state.graph.list(place, None, inbound)?,
        Call::GraphReplies { place, root } => {
            state.graph.require(place, root)?;
            state.graph.list(place, Some(root), inbound)?
        }
        _ => {
            return Err(GraphError::of_status(
                StatusCode::NOT_FOUND,
                "No such operation.",
            ));
        }
    };
    Ok(Outcome::new(Answer::json(StatusCode::OK, &body), false))
}

/// A message of another member, into the chat or channel with that id.
pub(crate) fn inject(
    shared: &Shared,
    conversation: &str,
    sender: &str,
    text: &str,
    inbound: &Inbound,
) -> (String, String) {
    let place = if conversation.contains("@thread.tacv2") {
        Place::Channel {
            team: shared.world.graph.team_id.clone(),
            channel: conversation.to_owned(),
        }
    } else {
        Place::Chat {
            chat: conversation.to_owned(),
        }
    };
    let caller = Caller {
        id: sender.to_owned(),
        name: shared
            .world
            .graph_user(sender)
            .map(|user| user.display_name.clone()),
        tenant: shared.world.graph.tenant_id.clone(),
    };
    let draft = validate::Draft::text(text);
    let mut state = shared.state();
    let id = state.graph.next_id(&place);
    let message = store::render(&draft, &place, None, &caller, id, &inbound.origin());
    let row = NewRow {
        platform: Platform::MsgraphChat,
        operation: "inject",
        conversation: conversation.to_owned(),
        sender: sender.to_owned(),
        kind: draft.kind.to_owned(),
        text: text.to_owned(),
        message_id: id.to_string(),
        idempotency_key: None,
    };
    state.ledger.append(row, inbound);
    state.graph.insert(&place, None, id, message);
    (conversation.to_owned(), id.to_string())
}
