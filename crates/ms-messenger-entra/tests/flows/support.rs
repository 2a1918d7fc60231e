//! A token endpoint that expects one form.

use std::{collections::BTreeMap, error::Error as _};

use mockito::{Matcher, Mock, ServerGuard};
use ms_messenger_core::Error;
use ms_messenger_entra::{Application, TokenError};

pub(crate) const SCOPES: [&str; 1] = ["https://graph.microsoft.com/.default"];
pub(crate) const SECRET: &str = "s3cret+&=% ä";

pub(crate) fn application(server: &ServerGuard) -> Application {
    Application::new("contoso.com", "the-client").with_authority(server.url())
}

/// Mocks the token endpoint for requests whose form is exactly `form`.
pub(crate) fn exactly(server: &mut ServerGuard, form: &[(&str, &str)]) -> Mock {
    let mut expected = BTreeMap::new();
    for (name, value) in form {
        expected.insert((*name).to_owned(), (*value).to_owned());
    }
    server
        .mock("POST", "/contoso.com/oauth2/v2.0/token")
        .match_header("content-type", "application/x-www-form-urlencoded")
        .match_header("authorization", Matcher::Missing)
        .match_request(move |request| {
            let body = request.body().unwrap();
            let pairs: Vec<(String, String)> =
                url::form_urlencoded::parse(body).into_owned().collect();
            let map: BTreeMap<String, String> = pairs.iter().cloned().collect();
            pairs.len() == map.len() && map == expected
        })
}

pub(crate) fn ok(mock: Mock, access: &str, refresh: Option<&str>) -> Mock {
    let mut body =
        serde_json::json!({"token_type": "Bearer", "expires_in": 3599, "access_token": access});
    if let Some(refresh) = refresh {
        body["refresh_token"] = refresh.into();
    }
    mock.with_header("content-type", "application/json; charset=utf-8")
        .with_body(body.to_string())
}

/// A token endpoint that reports a request and responds when released.
pub(crate) struct Held {
    arrived: std::sync::Arc<std::sync::Mutex<std::sync::mpsc::Receiver<()>>>,
    release: std::sync::mpsc::Sender<()>,
}

impl Held {
    /// Responds to each request that `mock` matches with `status` and `body`, when it is released.
    pub(crate) async fn responding(mock: Mock, status: usize, body: &serde_json::Value) -> Self {
        let (reached, arrived) = std::sync::mpsc::channel();
        let (release, held) = std::sync::mpsc::channel::<()>();
        let held = std::sync::Mutex::new(held);
        let body = body.to_string();
        mock.with_status(status)
            .with_chunked_body(move |writer| {
                reached.send(()).unwrap();
                held.lock().unwrap().recv().unwrap();
                writer.write_all(body.as_bytes())
            })
            .expect(1)
            .create_async()
            .await;
        let arrived = std::sync::Arc::new(std::sync::Mutex::new(arrived));
        Self { arrived, release }
    }

    pub(crate) async fn reached(&self) {
        let arrived = std::sync::Arc::clone(&self.arrived);
        let waited = tokio::task::spawn_blocking(move || arrived.lock().unwrap().recv().unwrap());
        waited.await.unwrap();
    }

    pub(crate) fn release(&self) {
        self.release.send(()).unwrap();
    }
}

/// An endpoint that gives device codes.
pub(crate) async fn device_endpoint(server: &mut ServerGuard) -> Mock {
    let body = serde_json::json!({
        "user_code": "ABCD", "device_code": "DEVICE", "expires_in": 900, "interval": 5,
        "verification_uri": "https://microsoft.com/devicelogin",
    });
    let mock = server.mock("POST", "/contoso.com/oauth2/v2.0/devicecode");
    mock.with_body(body.to_string()).create_async().await
}

/// The form by which `spent` is exchanged for the next tokens.
pub(crate) fn renewal(server: &mut ServerGuard, spent: &str) -> Mock {
    let scope = format!("{} offline_access", SCOPES[0]);
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", "the-client"),
        ("refresh_token", spent),
        ("scope", &scope),
    ];
    exactly(server, &form)
}

pub(crate) fn token_error(error: &Error) -> &TokenError {
    error.source().unwrap().downcast_ref().unwrap()
}
