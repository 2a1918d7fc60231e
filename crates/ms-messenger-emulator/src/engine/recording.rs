//! Keeps an exchange while it goes on, however it ends.

use crate::{
    engine::{
        description::Description,
        exchanges::{Asked, Exchange, Told},
        faults::action::FaultAction,
        platform::names_operation,
        resources::Engine,
    },
    wire::{request::Request, response::Response},
};

/// An exchange that is going on. It is kept when this is dropped, also when its connection ends
/// before there is a response.
#[derive(Debug)]
pub(crate) struct Recording<'a> {
    engine: &'a Engine,
    exchange: Option<Exchange>,
}

impl<'a> Recording<'a> {
    /// Begins to record a request, if it is one about messages and exchanges are kept.
    pub(crate) fn begin(
        engine: &'a Engine,
        service: &Description,
        operation: &'static str,
        fault: Option<&FaultAction>,
    ) -> Self {
        let mut recorded = service.recorded.iter();
        let is_recorded = engine.activity.is_kept()
            && recorded.any(|pattern| names_operation(pattern, operation));
        let exchange = is_recorded.then(|| Exchange {
            number: engine.next_exchange(),
            platform: service.platform,
            operation,
            at: engine.now_ms(),
            fault: fault.map(FaultAction::to_json),
            asked: None,
            told: None,
        });
        Self { engine, exchange }
    }

    /// The request was read completely; the rows of its messages get the number of the exchange.
    pub(crate) fn asked(&mut self, request: &mut Request) {
        if let Some(exchange) = &mut self.exchange {
            request.exchange = exchange.number;
            exchange.asked = Some(Asked::new(request));
        }
    }

    /// The response that the client is sent.
    pub(crate) fn told(&mut self, response: &Response) {
        if let Some(exchange) = &mut self.exchange {
            let told = Told::new(response.status, &response.headers, &response.body);
            exchange.told = Some(told);
        }
    }
}

impl Drop for Recording<'_> {
    fn drop(&mut self) {
        if let Some(exchange) = self.exchange.take() {
            self.engine.activity.exchanges().keep(exchange);
            self.engine.activity.wake();
        }
    }
}
