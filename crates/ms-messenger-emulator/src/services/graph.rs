//! Microsoft Graph: Teams channels, replies and chats.

pub(crate) mod auth;
pub(crate) mod batch;
pub(crate) mod caller;
pub(crate) mod challenge;
pub(crate) mod context;
pub(crate) mod description;
pub(crate) mod directory;
pub(crate) mod drives;
pub(crate) mod error;
pub(crate) mod faults;
pub(crate) mod found;
pub(crate) mod inject;
pub(crate) mod limits;
pub(crate) mod messages;
pub(crate) mod notifications;
pub(crate) mod operate;
pub(crate) mod permission;
pub(crate) mod permissions;
pub(crate) mod place;
pub(crate) mod response;
pub(crate) mod routes;
pub(crate) mod shown;
pub(crate) mod state;
pub(crate) mod store;

use http::{Method, StatusCode};
use serde_json::{Value, json};

use crate::{
    engine::{
        description::Description,
        exchange::Exchange,
        faults::own::OwnFault,
        injection::{InjectError, Injection},
        outcome::Outcome,
        resources::Engine,
        routing::Routing,
        service::Service,
        token_request::{TokenGrant, TokenRequest},
    },
    seed::graph::{APP_ROLES, DELEGATED_SCOPES},
    services::graph::{
        auth::AUDIENCE,
        description::DESCRIPTION,
        faults::GraphFault,
        routes::{Call, Op},
        state::Graph,
    },
    wire::{request::Request, response::Response},
};

impl Service for Graph {
    type Call = Call;

    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn route(&self, method: &Method, target: &str) -> Routing<Call> {
        let routing = routes::route(method, target);
        match &routing {
            // These addresses take no tokens.
            Routing::Found(found) if found.call.is_direct() => routing,
            _ => routing.with_audience(AUDIENCE),
        }
    }

    async fn serve(&self, exchange: &Exchange<'_>, call: &Call) -> Outcome {
        let outcome = match &call.op {
            Op::Subscriptions(op) if notifications::operations::takes_time(op) => {
                operate::handle_later(self, exchange, call.version, op).await
            }
            _ => operate::handle(self, exchange, call),
        };
        self.publish();
        self.notifications.urgent.settled().await;
        outcome
    }

    fn error(&self, _: &Engine, request: &Request, status: StatusCode, message: &str) -> Response {
        response::status_error(self, request, status, message)
    }

    fn fault_response(&self, exchange: &Exchange<'_>, fault: &OwnFault) -> Option<Response> {
        match fault.downcast_ref()? {
            GraphFault::ClaimsChallenge { claims } => {
                Some(challenge::challenge(self, exchange.request(), claims))
            }
            GraphFault::NoAuthorization => {
                let engine = &self.engine;
                engine.token_life.end_all(AUDIENCE, engine.now_ms(), true);
                None
            }
            GraphFault::NameConflict => None,
        }
    }

    fn inject(&self, _: &Engine, injection: &Injection<'_>) -> Result<Value, InjectError> {
        let made = inject::inject(self, injection);
        self.publish();
        made
    }

    fn admin(&self, _: &Engine, path: &str, request: &Request) -> Option<Response> {
        if let Some(restored) = notifications::kept::restore(&self.notifications, path, request) {
            // From now on the store notes what changes.
            self.publish();
            return Some(restored);
        }
        notifications::admin::handle(&self.notifications, path, request)
            .or_else(|| drives::admin::respond(self, path, request))
    }

    fn grant_token(&self, _: &Engine, request: &TokenRequest<'_>) -> Result<TokenGrant, String> {
        let seed = &self.seed;
        let Some(user) = request.user else {
            let roles = request.scopes_or(|| APP_ROLES.to_vec());
            let claims = seed.graph_app_claims(&json!(roles));
            return Ok(TokenGrant::new(Value::Null, &roles, claims));
        };
        let scopes = request.scopes_or(|| DELEGATED_SCOPES.split(' ').collect());
        let known = &seed.graph.users;
        let names = |name: &str| name.eq_ignore_ascii_case(user);
        let found = known
            .iter()
            .find(|u| names(&u.id) || names(&u.upn) || names(&u.display_name));
        let Some(found) = found else {
            let known: Vec<&str> = known.iter().map(|user| user.upn.as_str()).collect();
            return Err(format!("user: must be one of {}", known.join(", ")));
        };
        let claims = seed.graph_claims(found, &scopes);
        Ok(TokenGrant::new(json!(found.id), &scopes, claims))
    }

    fn forget(&self, conversation: &str, message_id: &str) {
        let mut store = self.store();
        store.messages.forget(conversation, message_id);
        if let Ok(id) = message_id.parse() {
            drives::sent::forget(&mut store.drives, conversation, id);
        }
    }

    fn reset(&self, rest: &mut dyn FnMut()) {
        Graph::reset(self, rest);
    }

    fn add_ready(&self, line: &mut Value, _: Option<&str>) {
        line["graph"] = self.seed.graph.to_json();
    }
}
