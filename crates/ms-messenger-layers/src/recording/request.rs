//! A request in a recording: without secrets, and comparable with later ones.

use ms_messenger_core::{Error, ErrorKind, Result, SendRequest, Url};
use serde_json::Value;

/// Returns the JSON form of `request` as a recording has it: without key and timeout, and without
/// user info, query and fragment of any URL that is a whole value.
///
/// # Errors
///
/// `InvalidRequest` for a request without a JSON form.
pub(super) fn recorded(request: &SendRequest) -> Result<Value> {
    let mut lasting = request.clone();
    (lasting.idempotency, lasting.timeout) = (None, None);
    let value = serde_json::to_value(&lasting);
    let mut value = value.map_err(|_| {
        let text = "the request has no JSON form to record";
        Error::new(ErrorKind::InvalidRequest, text)
    })?;
    redact(&mut value);
    Ok(value)
}

fn redact(value: &mut Value) {
    match value {
        Value::String(text) => {
            if let Some(plain) = without_secrets(text) {
                *text = plain;
            }
        }
        Value::Array(items) => items.iter_mut().for_each(redact),
        Value::Object(members) => members.values_mut().for_each(redact),
        _ => {}
    }
}

/// A URL without what may be a secret; `None` for anything else, and where there is none.
fn without_secrets(text: &str) -> Option<String> {
    let mut url = Url::parse(text).ok().filter(Url::has_host)?;
    let is_plain = url.query().is_none()
        && url.fragment().is_none()
        && url.username().is_empty()
        && url.password().is_none();
    if is_plain {
        return None;
    }
    url.set_query(url.query().is_some().then_some("removed"));
    url.set_fragment(None);
    let removed = url.set_username("").and_then(|()| url.set_password(None));
    removed.ok()?;
    Some(url.into())
}

#[cfg(test)]
mod tests {
    use ms_messenger_core::{Media, MediaKind, Message, Target};

    use super::*;

    #[test]
    fn no_query_of_a_url_is_recorded() {
        let url = "https://user:hunter2@store.example/a.png?sig=hunter2#hunter2";
        let media = Media::new(MediaKind::Image, Url::parse(url).unwrap());
        let mut message = Message::text("");
        message.body = ms_messenger_core::Body::Media(media);
        let request = SendRequest::new(Target::conversation("1"), message);
        let json = recorded(&request).unwrap().to_string();
        assert!(!json.contains("hunter2"), "{json}");
        assert!(json.contains("https://store.example/a.png?removed"));
    }

    #[test]
    fn a_text_with_a_link_stays_as_it_is() {
        for text in ["see https://a.example/?q=1", "a:b", "mailto:a@b.c?x", "?"] {
            assert_eq!(without_secrets(text), None, "{text}");
        }
    }
}
