//! The emulator's admin API and key set, over HTTP.

use ms_messenger::http::{Bytes, Endpoint, HttpClient, HttpOptions, HttpRequest, Method};
use ms_messenger_emulator::Emulator;
use ms_messenger_events::{EntraTokens, SigningKeys};
use serde_json::{Value, json};

/// Makes a request of the emulator, and returns its status and body.
pub(crate) async fn call(
    emulator: &Emulator,
    method: Method,
    path: &str,
    body: &Value,
) -> (u16, Vec<u8>) {
    let http = HttpClient::new(&HttpOptions::default()).unwrap();
    let endpoint = Endpoint::parse(emulator.http_url()).unwrap();
    let body = if body.is_null() {
        Bytes::new()
    } else {
        body.to_string().into()
    };
    let request = HttpRequest::new(method, endpoint.address(path).unwrap(), body);
    let response = http.exchange(request).await.unwrap();
    (response.status().as_u16(), response.body().to_vec())
}

pub(crate) async fn get(emulator: &Emulator, path: &str) -> Value {
    let (status, body) = call(emulator, Method::GET, path, &Value::Null).await;
    assert_eq!(status, 200);
    serde_json::from_slice(&body).unwrap()
}

/// Lets retries of notifications follow after milliseconds.
pub(crate) async fn quicken(emulator: &Emulator, factor: u64) {
    let pace = json!({"time_factor": factor});
    let path = "/_emulator/graph-notifications";
    let (status, _) = call(emulator, Method::PUT, path, &pace).await;
    assert_eq!(status, 200);
}

/// Sends a lifecycle event of a subscription.
pub(crate) async fn lifecycle(emulator: &Emulator, subscription: &str, event: &str) {
    let event = json!({"subscription": subscription, "event": event});
    let path = "/_emulator/graph-notifications/lifecycle";
    let (status, _) = call(emulator, Method::POST, path, &event).await;
    assert_eq!(status, 202);
}

/// The tokens of the emulator's tenant for `audience`.
pub(crate) async fn tokens(emulator: &Emulator, audience: &str) -> EntraTokens {
    let keys = get(emulator, "/common/discovery/v2.0/keys").await;
    let keys = SigningKeys::from_jwks(keys.to_string().as_bytes()).unwrap();
    EntraTokens::new(keys)
        .with_audience(audience)
        .with_tenant(&emulator.seed().graph.tenant_id)
}
