//! The service as the pipeline knows it, and its error bodies. Source: "Conversation Thread
//! Operations - Send Message", `ErrorResponse`. Conversations are threads of ACS Chat, whose
//! shapes of a body occur too.

use ms_messenger_core::{Delivery, ErrorKind};
use ms_messenger_http::{Response, ServiceError, ServiceProfile, acs::ErrorEnvelope};

/// The name of the platform.
pub const PLATFORM: &str = "acs-messages";

pub(crate) static SERVICE: ServiceProfile = ServiceProfile::new(PLATFORM)
    .with_client_request_id("x-ms-client-request-id")
    .with_request_ids(&["ms-cv", "x-azure-ref", "x-ms-client-request-id"])
    .with_unique_request_ids(true)
    .with_error_reader(read)
    .with_classifier(classify);

/// Whether the service rejects the key of a send: a 412 means nothing else, and a 400 means it
/// with the header.
fn rejects_key(response: &Response) -> bool {
    let result = response.header("repeatability-result");
    let is_rejected = result.is_some_and(|result| result.trim().eq_ignore_ascii_case("rejected"));
    response.status() == 412 || (response.status() == 400 && is_rejected)
}

fn classify(response: &Response) -> Option<(ErrorKind, Delivery)> {
    // Of this attempt; what it means for an earlier send under the key, the client decides.
    rejects_key(response).then_some((ErrorKind::Conflict, Delivery::NotSent))
}

const KEY_ADVICE: &str = "the key is not accepted: an earlier send under it may be out, so \
    check whether the message arrived before it is sent under a new key; if it did not, set the \
    clock of this machine right";

/// The body first: the header is declared on every error, but was not seen live.
fn read(response: &Response) -> ServiceError {
    let mut error = ErrorEnvelope::read(response.body()).into_service_error(None);
    let header = || response.header("x-ms-error-code").map(str::to_owned);
    error.code = error.code.or_else(header);
    if rejects_key(response) {
        error.message = Some(match error.message {
            Some(message) => format!("{KEY_ADVICE} ({message})"),
            None => KEY_ADVICE.to_owned(),
        });
    }
    error
}
