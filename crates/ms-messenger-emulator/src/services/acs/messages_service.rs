//! ACS Advanced Messaging as a service of the emulator.

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    engine::{
        description::Description,
        exchange::Exchange,
        injection::{InjectError, InjectedFields, Injection, ids},
        keeping::{Keeping, is_accepted_change},
        outcome::Outcome,
        platform::Platform,
        resources::Engine,
        routing::Routing,
        service::Service,
        token_request::{TokenGrant, TokenRequest},
    },
    services::acs::{
        auth,
        family::{Acs, MESSAGES},
        messages::{
            self,
            fault::{self, AcsMessagesFault},
            inject::{Incoming, Medium},
            routes, template_admin,
        },
    },
    wire::{path::segments, request::Request, response::Response},
};

pub(crate) const DESCRIPTION: Description =
    Description::new(Platform::ACS_MESSAGES, &routes::OPERATIONS)
        .with_pages(true)
        .with_bearer_tokens(86_400)
        .with_injections(true)
        .with_recorded(&["send", "conversation.create"])
        .with_fault_kinds(fault::kinds)
        .with_keeping(Keeping::Requests {
            except: &[],
            changes: is_accepted_change,
            admin: &["templates"],
        });

impl Platform {
    /// Azure Communication Services Advanced Messaging (WhatsApp and conversations).
    pub const ACS_MESSAGES: Self = Self::new("acs-messages");
}

/// ACS Advanced Messaging.
#[derive(Debug)]
pub(crate) struct AcsMessages(pub(crate) Arc<Acs>);

impl Service for AcsMessages {
    type Call = routes::Call;

    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn route(&self, method: &Method, target: &str) -> Routing<routes::Call> {
        let raw = segments(target);
        match raw.as_slice() {
            ["messages", rest @ ..] => routes::route(method, rest).with_audience(MESSAGES),
            _ => Routing::NotMine,
        }
    }

    async fn serve(&self, exchange: &Exchange<'_>, call: &routes::Call) -> Outcome {
        let fault: Option<&AcsMessagesFault> = exchange.own_fault();
        let fate = fault.map(AcsMessagesFault::fate).unwrap_or_default();
        let outcome = messages::handle(&self.0, call, exchange.request(), &fate);
        self.0.events.urgent.settled().await;
        outcome
    }

    fn error(&self, _: &Engine, request: &Request, status: StatusCode, message: &str) -> Response {
        messages::status_error(&self.0, request, status, message)
    }

    fn inject(&self, _: &Engine, injection: &Injection<'_>) -> Result<Value, InjectError> {
        let optional = ["conversation", "media_type", "media"];
        let fields = injection.fields_with_time(&["from", "text"], &optional)?;
        let conversation = fields.optional("conversation");
        if fields.created().is_some() && conversation.is_none() {
            let problem = "created: only a message of a conversation is listed with its time";
            return Err(InjectError::new(problem));
        }
        let incoming = Incoming {
            from: fields.text("from"),
            conversation,
            text: fields.text("text"),
            created: fields.created(),
        };
        let medium = medium(&fields)?;
        let (conversation, message_id, media_id) =
            messages::inject::inject(&self.0, &incoming, medium, injection.request)?;
        let mut made = ids(&conversation, &message_id);
        if let Some(media_id) = media_id {
            made["media_id"] = json!(media_id);
        }
        Ok(made)
    }

    fn grant_token(&self, _: &Engine, request: &TokenRequest<'_>) -> Result<TokenGrant, String> {
        auth::grant(&self.0, request)
    }

    fn admin(&self, _: &Engine, path: &str, request: &Request) -> Option<Response> {
        (path == "templates").then(|| template_admin::handle(&self.0, request))
    }

    fn forget(&self, conversation: &str, message_id: &str) {
        self.0.messages().forget(conversation, message_id);
    }

    fn reset(&self, rest: &mut dyn FnMut()) {
        self.0.reset_messages(rest);
    }
}

/// The medium of an injection: `media_type` and, in Base64, `media`; both or neither.
fn medium<'a>(fields: &InjectedFields<'a>) -> Result<Option<Medium<'a>>, InjectError> {
    match (fields.optional("media_type"), fields.optional("media")) {
        (None, None) => Ok(None),
        (Some(media_type), Some(media)) => {
            let content = STANDARD.decode(media);
            let content = content.map_err(|_| InjectError::new("media: must be Base64"))?;
            Ok(Some((media_type, content)))
        }
        _ => Err(InjectError::new(
            "media: is needed together with media_type",
        )),
    }
}
