//! Pictures and files of messages, without the services' tokens.

use http::{StatusCode, header::CONTENT_DISPOSITION};
use percent_encoding::{NON_ALPHANUMERIC, utf8_percent_encode};
use serde_json::Value;

use crate::{
    admin::inbox::{assets, query::Parameters},
    engine::{admin_response::error, inspect::PICTURES, registry::Registry},
    wire::{request::Request, response::Response},
};

/// The message that media belong to.
#[derive(Clone, Copy, Debug)]
pub(super) struct Place<'a> {
    pub(super) platform: &'a str,
    pub(super) conversation: &'a str,
    pub(super) message: &'a str,
}

impl Place<'_> {
    /// The address of a medium.
    pub(super) fn address(&self, id: &str) -> String {
        let encoded = |text: &str| utf8_percent_encode(text, NON_ALPHANUMERIC).to_string();
        format!(
            "/_emulator/inbox/media?platform={}&conversation={}&message={}&id={}",
            self.platform,
            encoded(self.conversation),
            encoded(self.message),
            encoded(id)
        )
    }

    /// Sanitised HTML with the addresses of its pictures, which are `src="cid:…"`.
    pub(super) fn with_addresses(&self, html: &str) -> String {
        const MARK: &str = "src=\"cid:";
        let mut text = String::new();
        let mut rest = html;
        while let Some(at) = rest.find(MARK) {
            let after = &rest[at + MARK.len()..];
            let end = after.find('"').unwrap_or(after.len());
            // An id has no entity in it but `&amp;`.
            let id = after[..end].replace("&amp;", "&");
            text.push_str(&rest[..at]);
            text.push_str("src=\"");
            text.push_str(&self.address(&id).replace('&', "&amp;"));
            rest = &after[end..];
        }
        text + rest
    }

    /// Replaces ids by addresses: the value itself, or every `cid:…` in it.
    pub(super) fn point(&self, value: &mut Value, is_id: bool) {
        match value {
            Value::String(text) if is_id => *text = self.address(text),
            Value::String(text) => {
                if let Some(id) = text.strip_prefix("cid:") {
                    *text = self.address(id);
                }
            }
            Value::Array(all) => all.iter_mut().for_each(|one| self.point(one, false)),
            Value::Object(all) => all.values_mut().for_each(|one| self.point(one, false)),
            _ => {}
        }
    }
}

/// Responds with a picture; other media are downloads.
pub(super) fn media(registry: &Registry, request: &Request) -> Response {
    let known = ["platform", "conversation", "message", "id"];
    let mut parameters = Parameters::new(request, &known);
    let platform = parameters.platform(registry);
    let conversation = parameters.required("conversation");
    let message = parameters.required("message");
    let id = parameters.required("id");
    if let Some(refusal) = parameters.refusal() {
        return refusal;
    }
    let inspector = platform.and_then(|platform| registry.inspector(platform));
    let found = inspector.and_then(|inspector| inspector.media(conversation, message, id));
    let Some((media_type, content)) = found else {
        let text = "The message has no such picture or file.";
        return error(StatusCode::NOT_FOUND, "NoSuchMedia", text, &[]);
    };
    let picture = PICTURES.into_iter().find(|known| *known == media_type);
    let shown = picture.unwrap_or("application/octet-stream");
    let mut response = Response::bytes(StatusCode::OK, shown, content);
    if picture.is_none() {
        response.set_header(CONTENT_DISPOSITION, "attachment");
    }
    assets::guard(&mut response, "default-src 'none'; sandbox");
    response
}
