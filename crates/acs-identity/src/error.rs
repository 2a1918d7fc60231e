//! The service as the pipeline knows it, and its error bodies.

use ms_messenger_http::{Response, ServiceError, ServiceProfile, acs::ErrorEnvelope};

/// The name of the service in errors.
pub const PLATFORM: &str = "acs-identity";

pub(crate) static SERVICE: ServiceProfile = ServiceProfile::new(PLATFORM)
    .with_client_request_id("x-ms-client-request-id")
    .with_request_ids(&["ms-cv", "x-azure-ref", "x-ms-client-request-id"])
    .with_error_reader(read)
    .with_throttling_503();

fn read(response: &Response) -> ServiceError {
    let error = ErrorEnvelope::read(response.body());
    // An error about the token of a Teams user is not one about the credential.
    let hint = match (response.status(), error.code.as_deref()) {
        (401, None | Some("Denied" | "Unauthorized")) => Some(
            "ACS Identity accepts the access key of the resource or an Entra token, no user access token",
        ),
        _ => None,
    };
    error.into_service_error(hint)
}
