//! The facts of a call that do not come from the service, and how they get into its errors.

use std::time::{Instant, SystemTime};

use ms_messenger_core::{Delivery, Error, IdempotencyKey, clause};
use uuid::Uuid;

use crate::{RetryClass, ServiceProfile};

/// The facts of a call that do not come from the service.
#[derive(Clone, Copy, Debug)]
pub(crate) struct CallContext {
    pub(crate) operation: &'static str,
    pub(crate) doubt: Option<&'static str>,
    pub(crate) class: RetryClass,
    pub(crate) idempotency: Option<IdempotencyKey>,
    pub(crate) client_request_id: Option<Uuid>,
    pub(crate) began_at: SystemTime,
    /// The moment of `began_at`, by the clock that is never set.
    pub(crate) began: Instant,
    pub(crate) attempts: u32,
}

impl CallContext {
    /// Finishes an error of the call: adds the facts, and lets its delivery speak of what the call
    /// is about.
    pub(crate) fn finish(&self, error: Error, service: &ServiceProfile) -> Error {
        let mut error = error
            .with_platform(service.name)
            .with_attempts(self.attempts)
            .with_began_at(self.began_at);
        if let Some(key) = self.idempotency {
            error = error.with_idempotency(key);
        }
        if let Some(id) = self.client_request_id {
            error = error.with_client_request_id(id.to_string());
        }
        match self.class {
            RetryClass::Message => error,
            RetryClass::Repeatable => error.with_delivery(Delivery::NotSent),
            RetryClass::NotRepeatable => match self.doubt {
                Some(doubt) if error.delivery() == Delivery::Unknown => {
                    let message = format!("{}; {doubt}", clause(error.message()));
                    error.with_message(message).with_operation(self.operation)
                }
                _ => error.with_operation(self.operation),
            },
        }
    }
}
