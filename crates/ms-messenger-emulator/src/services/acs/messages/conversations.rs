//! Operations on conversations and their participants.

use http::StatusCode;
use serde_json::{Value, json};

use crate::{
    engine::{
        ledger::row::{About, NewRow},
        outcome::Outcome,
        platform::Platform,
    },
    services::acs::{
        error::AcsError,
        events::timeline::{self, Stored},
        messages::{
            context::Context, conversation::Conversation, findings::Findings, paging::Listing,
            participants, routes::Op, store::Store, validate,
        },
    },
    wire::response::Response,
};

/// Op 4. It is not repeatable: every call makes another conversation.
pub(crate) fn create(context: &Context<'_>) -> Result<Outcome, AcsError> {
    let service = context.service;
    let body = validate::object(context.request)?;
    let mut findings = Findings::default();
    let mut conversation = read(&body["conversation"], &mut findings);
    let wanted = participants::read(service, &body["conversation"], &mut findings);
    let initial = match body.get("initialMessage") {
        None | Some(Value::Null) => None,
        Some(message) => Some(findings.text(message, "content", "there is an initialMessage")),
    };
    findings.into_result()?;
    let id = format!("19:{}@thread.v2", service.engine.guid());
    let mut store = service.messages();
    for participant in wanted {
        if let Some(problem) = participants::refusal(service, &service.identity(), &participant) {
            return Err(AcsError::bad_request(problem).with_target("participants"));
        }
        conversation.add(participant);
    }
    let response = Response::json(StatusCode::CREATED, &conversation.to_json(&id));
    let sender = &context.caller.sender;
    let posted = initial.map(|text| {
        let message = json!({"kind": "text", "content": text});
        (
            conversation
                .post(&service.seed, context.now, sender, message)
                .to_string(),
            text,
        )
    });
    let recipients = conversation.phones(&id);
    let channel = conversation.channels.first().cloned();
    store.insert(&id, conversation);
    let Some((message_id, text)) = posted else {
        return Ok(Outcome::new(response, false));
    };
    let from = channel.unwrap_or_else(|| service.seed.acs.channel_registration_id.clone());
    let stored = Stored {
        message_id: message_id.clone(),
        from,
        to: recipients,
    };
    timeline::publish(&service.events, &stored, context.fate);
    let row = NewRow {
        platform: Platform::ACS_MESSAGES,
        operation: "conversation.create",
        conversation: id,
        sender: sender.clone(),
        kind: "text".to_owned(),
        text: text.to_owned(),
        message_id,
        idempotency_key: None,
        is_request_id_unique: true,
        about: About::default(),
    };
    service.engine.append(row, context.request);
    Ok(Outcome::new(response, true))
}

/// The properties of a new conversation, without its participants.
fn read(body: &Value, findings: &mut Findings) -> Conversation {
    if !body.is_object() {
        let error = AcsError::bad_request("The conversation field is required.");
        findings.add(error.with_target("conversation"));
        return Conversation::default();
    }
    validate::strategy(body, findings);
    let channels = match body.get("deliveryChannelIds") {
        None | Some(Value::Null) => Vec::new(),
        Some(Value::Array(list)) if list.iter().all(Value::is_string) => list
            .iter()
            .filter_map(|id| id.as_str().map(str::to_owned))
            .collect(),
        Some(_) => {
            findings.bad("The \"deliveryChannelIds\" field must be an array of strings.");
            Vec::new()
        }
    };
    Conversation {
        topic: findings.optional(body, "topic").map(str::to_owned),
        strategy: body["outboundDeliveryStrategy"].as_str().map(str::to_owned),
        channels,
        ..Conversation::default()
    }
}

/// Op 5.
pub(crate) fn get(context: &Context<'_>) -> Result<Outcome, AcsError> {
    let mut store = context.service.messages();

    let conversation = store.enter(context.id, context.caller)?;
    let body = conversation.to_json(context.id);
    Ok(Outcome::new(Response::json(StatusCode::OK, &body), false))
}

/// Lists conversations, newest first; users see their own.
pub(crate) fn list(context: &Context<'_>) -> Result<Outcome, AcsError> {
    let (service, request) = (context.service, context.request);
    let listing = Listing::read(request)?;
    let participant = request.query.value("participantId");
    let channel = request.query.value("channelId");
    if channel.is_some_and(|id| uuid::Uuid::try_parse(id).is_err()) {
        let message = "The channelId must be a GUID.";
        return Err(AcsError::bad_request(message).with_target("channelId"));
    }
    let store = service.messages();
    let mut found: Vec<(&String, &Conversation)> = store
        .conversations
        .iter()
        .filter(|(_, c)| !c.is_deleted && store.may_use(c, context.caller))
        .filter(|(_, c)| participant.is_none_or(|id| c.concerns(id)))
        .filter(|(_, c)| {
            let is_it = |id: &str| c.channels.iter().any(|own| own.eq_ignore_ascii_case(id));
            channel.is_none_or(is_it)
        })
        .filter(|(_, c)| c.number < listing.after.unwrap_or(u64::MAX))
        .collect();
    found.sort_unstable_by_key(|(_, c)| std::cmp::Reverse(c.number));
    let shown = &found[..listing.size.min(found.len())];
    let items = shown.iter().map(|(id, c)| c.to_json(id)).collect();
    let last = shown.last().filter(|_| shown.len() < found.len());
    let body = listing.collection(request, items, last.map(|(_, c)| c.number));
    Ok(Outcome::new(Response::json(StatusCode::OK, &body), false))
}

/// Op 9: newest first.
pub(crate) fn messages(context: &Context<'_>) -> Result<Outcome, AcsError> {
    let listing = Listing::read(context.request)?;
    let store = context.service.messages();

    let conversation = store.read(context.id, context.caller)?;
    let before = listing.after.unwrap_or(u64::MAX);
    let page = conversation.map(|conversation| conversation.page(listing.size, before));
    drop(store);
    let (items, next) = page.map_or((Vec::new(), None), |p| (p.items, p.continues_after));
    let body = listing.collection(context.request, items, next);
    Ok(Outcome::new(Response::json(StatusCode::OK, &body), false))
}

/// Ops 6, 7 and 11 to 13, which are repeatable.
pub(crate) fn change(
    context: &Context<'_>,
    op: Op,
    body: Option<Result<Value, AcsError>>,
    store: &mut Store,
) -> Result<Response, AcsError> {
    let (id, caller) = (context.id, context.caller);
    let body = body.transpose()?.unwrap_or_default();
    match op {
        Op::Delete => {
            store.enter(id, caller)?.is_deleted = true;
            Ok(Response::empty(StatusCode::NO_CONTENT))
        }
        Op::Terminate => {
            store.enter(id, caller)?.is_terminated = true;
            Ok(Response::empty(StatusCode::OK))
        }
        Op::AddParticipants => participants::add(context, &body, store),
        Op::RemoveParticipants => participants::remove(context, &body, store),
        _ => {
            let summary = store.enter(id, caller)?.summary();
            Ok(Response::json(
                StatusCode::OK,
                &json!({ "summary": summary }),
            ))
        }
    }
}

/// Op 14: the receipt of a message that the other side sent to the channel.
pub(crate) fn receipt(context: &Context<'_>, body: &Value) -> Result<Response, AcsError> {
    let mut findings = Findings::default();
    validate::channel(body, context.service, &mut findings);
    findings.text(body, "messageId", "sending a read receipt");
    if !matches!(
        body.get("typingIndicator"),
        None | Some(Value::Null | Value::Bool(_))
    ) {
        findings.bad("The \"typingIndicator\" field must be a boolean.");
    }
    findings.into_result()?;
    Ok(Response::empty(StatusCode::ACCEPTED))
}
