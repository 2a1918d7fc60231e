//! Error answers: UCWA's own, those of the web layer before it, and those of something between.

use ms_messenger_core::{Delivery, Error, ErrorKind};
use ms_messenger_http::{Answer, Service, ServiceError};

use crate::reason::{ErrorCode, ErrorSubcode, Reason};

/// The name of the platform.
pub const PLATFORM: &str = "ucwa";

pub(crate) static SERVICE: Service = Service::new(PLATFORM)
    .with_client_request_id("client-request-id")
    .with_request_ids(&["x-ms-correlation-id", "request-id", "client-request-id"])
    .with_error_reader(read)
    .with_classifier(classify);

/// The ticket belongs to another pool; the token belongs to another resource.
const FOREIGN_TICKET: [u32; 2] = [28_032, 28_055];

fn read(answer: &Answer) -> ServiceError {
    if let Some(reason) = Reason::read(answer.body()) {
        return ServiceError::new(Some(reason.to_string()), reason.message);
    }
    match diagnostics(answer) {
        Some((code, said)) => ServiceError::new(Some(code.to_string()), Some(said)),
        None => ServiceError::unknown(),
    }
}

/// A ticket is good for the pool that issued it. Elsewhere it is refused with 500 or 403 and
/// the diagnostics of the web layer, before the request reaches UCWA.
fn classify(answer: &Answer) -> Option<(ErrorKind, Delivery)> {
    let is_foreign = matches!(answer.status(), 403 | 500)
        && diagnostics(answer).is_some_and(|(code, _)| FOREIGN_TICKET.contains(&code));
    is_foreign.then_some((ErrorKind::Unauthenticated, Delivery::NotSent))
}

/// `X-Ms-diagnostics: 28032;source="fe1";reason="The web ticket is invalid."`
fn diagnostics(answer: &Answer) -> Option<(u32, String)> {
    let line = answer.header("x-ms-diagnostics")?;
    let code = line.split(';').next()?.trim().parse().ok()?;
    let reason = line.split_once("reason=").map_or("", |(_, reason)| reason);
    Some((code, reason.trim().trim_matches('"').to_owned()))
}

/// What a call that failed says of the application or of the moment.
pub(crate) trait Says {
    /// Whether the server's subcode is `subcode`.
    fn says(&self, subcode: &ErrorSubcode) -> bool;

    /// Whether the application is gone and a new one is needed.
    fn is_application_gone(&self) -> bool;

    /// Whether the operation came at the wrong moment and was not started.
    fn is_wrong_moment(&self) -> bool;

    /// Whether the server names an operation that is in the way of this one.
    fn is_in_the_way(&self) -> bool;
}

impl Says for Error {
    fn says(&self, subcode: &ErrorSubcode) -> bool {
        Reason::of(self).is_some_and(|reason| reason.is(subcode))
    }

    fn is_application_gone(&self) -> bool {
        self.status() == Some(404) && self.says(&ErrorSubcode::ApplicationNotFound)
    }

    fn is_in_the_way(&self) -> bool {
        self.status() == Some(409) && self.says(&ErrorSubcode::AnotherOperationPending)
    }

    fn is_wrong_moment(&self) -> bool {
        let moment = [ErrorSubcode::None, ErrorSubcode::AnotherOperationPending];
        self.status() == Some(409)
            && Reason::of(self).is_some_and(|reason| {
                reason.code == ErrorCode::Conflict
                    && reason
                        .subcode
                        .is_none_or(|subcode| moment.contains(&subcode))
            })
    }
}

pub(crate) fn config(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Config, message).with_platform(PLATFORM)
}

pub(crate) fn protocol(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Protocol, message).with_platform(PLATFORM)
}
