//! ACS Chat with Identity, which issues its tokens, as a service of the emulator.

use std::sync::Arc;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    engine::{
        description::Description,
        exchange::Exchange,
        injection::{InjectError, Injection, ids, ids_of_changed},
        outcome::Outcome,
        platform::Platform,
        resources::Engine,
        routing::Routing,
        service::Service,
        token_request::{TokenGrant, TokenRequest},
    },
    services::acs::{
        auth,
        chat::{self, inject, routes},
        family::{Acs, CHAT, IDENTITY},
        identity,
    },
    wire::{path::segments, request::Request, response::Response},
};

pub(crate) const DESCRIPTION: Description =
    Description::new(Platform::ACS_CHAT, &routes::OPERATIONS)
        .with_pages(true)
        .with_bearer_tokens(86_400)
        .with_injections(true)
        .with_recorded(&["send", "update", "delete"]);

impl Platform {
    /// Azure Communication Services Chat, and Identity, which issues its tokens.
    pub const ACS_CHAT: Self = Self::new("acs-chat");
}

/// ACS Chat and Identity.
#[derive(Debug)]
pub(crate) struct AcsChat(pub(crate) Arc<Acs>);

/// An operation of Chat or of Identity.
#[derive(Debug)]
pub(crate) enum Call {
    Chat(routes::Call),
    Identity(identity::Call),
}

impl Service for AcsChat {
    type Call = Call;

    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn route(&self, method: &Method, target: &str) -> Routing<Call> {
        let raw = segments(target);
        match raw.as_slice() {
            ["chat", rest @ ..] => {
                let routing = routes::route(method, rest).map(Call::Chat);
                routing.with_audience(CHAT)
            }
            ["identities" | "teamsUser" | "access", ..] => {
                let routing = identity::route(method, &raw).map(Call::Identity);
                routing.with_audience(IDENTITY)
            }
            _ => Routing::NotMine,
        }
    }

    async fn serve(&self, exchange: &Exchange<'_>, call: &Call) -> Outcome {
        let outcome = match call {
            Call::Chat(call) => chat::handle(&self.0, call, exchange.request()),
            Call::Identity(call) => identity::handle(&self.0, call, exchange.request()),
        };
        self.0.events.urgent.settled().await;
        outcome
    }

    fn error(&self, _: &Engine, _: &Request, status: StatusCode, message: &str) -> Response {
        chat::status_error(&self.0, status, message)
    }

    fn inject(&self, _: &Engine, injection: &Injection<'_>) -> Result<Value, InjectError> {
        match injection.document.get("action").map(Value::as_str) {
            None | Some(Some("message")) => self.inject_message(injection),
            Some(Some("edit")) => self.inject_edit(injection),
            Some(Some("delete")) => self.inject_delete(injection),
            Some(_) => Err(InjectError::new(
                "action: must be one of message, edit, delete",
            )),
        }
    }

    fn grant_token(&self, _: &Engine, request: &TokenRequest<'_>) -> Result<TokenGrant, String> {
        auth::grant(&self.0, request)
    }

    fn forget(&self, conversation: &str, message_id: &str) {
        self.0.chat().forget(conversation, message_id);
    }

    fn reset(&self, rest: &mut dyn FnMut()) {
        self.0.reset_chat(rest);
    }

    fn add_stats(&self, counters: &mut Value) {
        counters["images"] = self.0.chat().images().into();
    }

    fn add_ready(&self, line: &mut Value, _: Option<&str>) {
        line["acs"] = json!(self.0.seed.acs.to_json());
    }
}

impl AcsChat {
    fn inject_message(&self, injection: &Injection<'_>) -> Result<Value, InjectError> {
        let required = ["conversation", "sender", "text"];
        let fields = injection.fields_with_time(&required, &["action", "content_type"])?;
        let new = inject::InjectedMessage {
            conversation: fields.text("conversation"),
            sender: fields.text("sender"),
            text: fields.text("text"),
            is_html: fields.is_html()?,
            created: fields.created(),
        };
        let id = inject::inject(&self.0, &new, injection.request)?;
        Ok(ids(new.conversation, &id))
    }

    fn inject_edit(&self, injection: &Injection<'_>) -> Result<Value, InjectError> {
        let required = ["action", "conversation", "message_id", "text"];
        let fields = injection.fields(&required, &["content_type"])?;
        let (thread, id) = (fields.text("conversation"), fields.text("message_id"));
        fields.is_html()?;
        if fields.optional("content_type").is_some() {
            return Err(InjectError::new(
                "content_type: an edit keeps the type of the message",
            ));
        }
        let is_there = inject::inject_edit(&self.0, thread, id, fields.text("text"));
        ids_of_changed(is_there, thread, id)
    }

    fn inject_delete(&self, injection: &Injection<'_>) -> Result<Value, InjectError> {
        let fields = injection.fields(&["action", "conversation", "message_id"], &[])?;
        let (thread, id) = (fields.text("conversation"), fields.text("message_id"));
        let is_there = inject::inject_delete(&self.0, thread, id);
        ids_of_changed(is_there, thread, id)
    }
}
