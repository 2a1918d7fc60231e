//! The service as the pipeline knows it, and its error bodies.

use ms_messenger_http::{Response, ServiceError, ServiceProfile, acs::ErrorEnvelope};

/// The name of the platform.
pub const PLATFORM: &str = "acs-chat";

pub(crate) static SERVICE: ServiceProfile = ServiceProfile::new(PLATFORM)
    .with_client_request_id("x-ms-client-request-id")
    .with_request_ids(&["ms-cv", "x-azure-ref"])
    .with_unique_request_ids(true)
    .with_error_reader(read)
    .with_throttling_503();

fn read(response: &Response) -> ServiceError {
    let hint = match response.status() {
        401 => Some("ACS Chat accepts user access tokens only, no access key and no Entra token"),
        403 => Some("the caller must take part in the thread, with a token of the scope chat"),
        _ => None,
    };
    ErrorEnvelope::read(response.body()).into_service_error(hint)
}
