//! Event Grid as a service of the emulator: it receives no requests and calls others.

use std::sync::Arc;

use http::{Method, StatusCode};

use crate::{
    engine::{
        admin_response::error,
        description::Description,
        exchange::Exchange,
        outcome::Outcome,
        resources::Engine,
        routing::Routing,
        service::{BoxFuture, Service},
    },
    services::acs::{
        events::{admin, description::DESCRIPTION, statuses::MessageStatuses},
        family::Acs,
    },
    wire::{request::Request, response::Response},
};

/// Event Grid.
#[derive(Debug)]
pub(crate) struct EventGrid(pub(crate) Arc<Acs>);

impl Service for EventGrid {
    type Call = ();

    fn description(&self) -> Description {
        DESCRIPTION
    }

    fn route(&self, _: &Method, _: &str) -> Routing<()> {
        Routing::NotMine
    }

    async fn serve(&self, _: &Exchange<'_>, (): &()) -> Outcome {
        // No path leads here.
        Outcome::new(Response::empty(StatusCode::NOT_FOUND), false)
    }

    fn error(&self, _: &Engine, _: &Request, status: StatusCode, message: &str) -> Response {
        error(status, "Error", message, &[])
    }

    fn admin(&self, _: &Engine, path: &str, request: &Request) -> Option<Response> {
        admin::handle(&self.0, path, request)
    }

    fn admin_task(
        self: Arc<Self>,
        path: &str,
        request: &Request,
    ) -> Option<BoxFuture<'static, Response>> {
        admin::handle_later(&self.0, path, request)
    }

    fn reset(&self, rest: &mut dyn FnMut()) {
        self.0.events.remove(None);
        self.0.events.set_statuses(MessageStatuses::default());
        rest();
    }
}
