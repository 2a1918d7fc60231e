//! The emulator's admin API, for what no service tells its clients.

use ms_messenger::http::{Endpoint, HttpClient, HttpOptions, HttpRequest, Method, header};
use serde_json::Value;

/// Requests `path` of the emulator at `origin`, with `body` unless it is null.
pub(crate) async fn admin(method: Method, origin: &str, path: &str, body: Value) -> Value {
    let http = HttpClient::new(&HttpOptions::default()).unwrap();
    let endpoint = Endpoint::parse(origin).unwrap();
    let address = endpoint.address(&format!("/_emulator/{path}")).unwrap();
    let bytes = match body {
        Value::Null => String::new(),
        body => body.to_string(),
    };
    let mut request = HttpRequest::new(method, address, bytes.into());
    let json = header::HeaderValue::from_static("application/json");
    request.headers.insert(header::CONTENT_TYPE, json);
    let response = http.exchange(request).await.unwrap();
    assert!(response.status().is_success(), "{response:?}");
    serde_json::from_slice(response.body()).unwrap_or_default()
}
