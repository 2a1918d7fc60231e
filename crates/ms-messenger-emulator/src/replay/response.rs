//! A recorded response as a client gets it, and how it differs from the emulator's.

use bytes::Bytes;
use http::{
    HeaderName, StatusCode,
    header::{CONTENT_LENGTH, CONTENT_TYPE, DATE, TRANSFER_ENCODING},
};
use serde_json::Value;

use crate::{
    record::{body::Body, exchange::Responded, pseudonym::text_instead_of},
    replay::{
        identifiers::Identifiers,
        shape::{self, Found},
    },
    wire::response::Response,
};

/// Headers that are compared: whether they are there.
const COMPARED: [&str; 12] = [
    "allow",
    "content-location",
    "content-type",
    "location",
    "odata-version",
    "operation-location",
    "repeatability-result",
    "request-id",
    "retry-after",
    "www-authenticate",
    "x-ms-request-id",
    "api-supported-versions",
];

/// The longest body in place of a removed one, in bytes.
const LONGEST_FILLER: usize = 1 << 16;
/// The most characters of a media type that are shown.
const LONGEST_KIND: usize = 100;

/// Where the emulator's response differs.
pub(crate) fn differences(recorded: &Responded, ours: &Response) -> Vec<Found> {
    let mut found = Vec::new();
    let status = ours.status.as_u16();
    if recorded.status != status {
        found.push((
            "status".to_owned(),
            recorded.status.to_string(),
            status.to_string(),
        ));
    }
    found.extend(of_headers(recorded, ours));
    // Of responses to different outcomes each member would differ.
    if recorded.status == status {
        found.extend(of_bodies(recorded, ours));
    }
    found
}

fn of_headers(recorded: &Responded, ours: &Response) -> Vec<Found> {
    let mut found = Vec::new();
    let named = |is_there: bool| if is_there { "present" } else { "absent" }.to_owned();
    for name in COMPARED {
        let is_recorded = recorded.headers.iter().any(|(known, _)| known == name);
        let is_ours = ours.headers.contains_key(name);
        if is_recorded != is_ours {
            found.push((format!("header {name}"), named(is_recorded), named(is_ours)));
        }
    }
    let essence = |value: &str| {
        let essence = value.split(';').next().unwrap_or_default().trim();
        essence.chars().take(LONGEST_KIND).collect::<String>()
    };
    let kinds = recorded
        .headers
        .iter()
        .find(|(name, _)| name == CONTENT_TYPE.as_str());
    let kinds = kinds.and_then(|(_, value)| value.as_deref().map(essence));
    let own = ours
        .headers
        .get(CONTENT_TYPE)
        .and_then(|value| value.to_str().ok());
    if let Some((recorded, ours)) = kinds.zip(own.map(essence))
        && recorded != ours
    {
        found.push(("header content-type".to_owned(), recorded, ours));
    }
    found
}

fn of_bodies(recorded: &Responded, ours: &Response) -> Vec<Found> {
    let own = json(ours);
    match (&recorded.body, own) {
        (Body::Json(recorded), Some(own)) => shape::differences(recorded, &own),
        (recorded, own) => {
            let own = match own {
                Some(_) => "JSON",
                None if ours.body.is_empty() => "empty",
                None => "content",
            };
            let kind = match recorded {
                Body::Empty => "empty",
                Body::Json(_) => "JSON",
                Body::Form(_) | Body::Removed(_) => "content",
            };
            let is_other = kind != own;
            let found = ("body".to_owned(), kind.to_owned(), own.to_owned());
            is_other.then_some(found).into_iter().collect()
        }
    }
}

/// The JSON of a response, if it is JSON.
pub(crate) fn json(response: &Response) -> Option<Value> {
    let kind = response.headers.get(CONTENT_TYPE)?.to_str().ok()?;
    kind.contains("json").then_some(())?;
    serde_json::from_slice(&response.body).ok()
}

/// The recorded response. What was removed from it comes from the emulator's own one.
pub(crate) fn playable(
    recorded: &Responded,
    ours: &Response,
    ids: &Identifiers,
    origin: &str,
) -> Response {
    let status = StatusCode::from_u16(recorded.status).unwrap_or(ours.status);
    let mut response = Response::empty(status);
    for (name, value) in &recorded.headers {
        let Ok(name) = HeaderName::try_from(name.as_str()) else {
            continue;
        };
        // The clock is the emulator's, and so is the connection.
        if [CONTENT_LENGTH, DATE, TRANSFER_ENCODING].contains(&name) {
            continue;
        }
        let own = ours.headers.get(&name).and_then(|own| own.to_str().ok());
        match value {
            Some(value) => response.set_header(name, &ids.text("", value, own, origin)),
            None => removed_header(&mut response, name, ours),
        }
    }
    response.body = match &recorded.body {
        Body::Json(value) => {
            let mut value = value.clone();
            ids.fill(&mut value, json(ours).as_ref(), origin);
            Bytes::from(value.to_string())
        }
        Body::Empty => Bytes::new(),
        Body::Form(_) | Body::Removed(_) if !ours.body.is_empty() && status == ours.status => {
            ours.body.clone()
        }
        Body::Form(_) => Bytes::new(),
        Body::Removed(length) => {
            Bytes::from(text_instead_of(&"x".repeat((*length).min(LONGEST_FILLER))))
        }
    };
    response
}

fn removed_header(response: &mut Response, name: HeaderName, ours: &Response) {
    if let Some(own) = ours.headers.get(&name) {
        response.headers.insert(name, own.clone());
    } else if name.as_str().ends_with("request-id") {
        response.set_header(name, &uuid::Uuid::new_v4().to_string());
    }
}
