//! A token endpoint that answers one form.

use std::{collections::BTreeMap, error::Error as _};

use mockito::{Matcher, Mock, ServerGuard};
use ms_messenger_core::Error;
use ms_messenger_entra::{Application, TokenError};

pub(crate) const SCOPES: [&str; 1] = ["https://graph.microsoft.com/.default"];
pub(crate) const SECRET: &str = "s3cret+&=% ä";

pub(crate) fn application(server: &ServerGuard) -> Application {
    Application::new("contoso.com", "the-client").with_authority(server.url())
}

/// Answers the token endpoint if the form is exactly `form`.
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

pub(crate) fn token_error(error: &Error) -> &TokenError {
    error.source().unwrap().downcast_ref().unwrap()
}
