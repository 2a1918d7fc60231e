//! The pages for a browser. Everything that comes from a request is escaped.

use bytes::Bytes;
use http::StatusCode;

use crate::{services::entra::state::Entra, wire::response::Response};

/// Text for HTML, in elements and in quoted attributes.
pub(crate) fn escape(text: &str) -> String {
    let mut escaped = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => escaped.push_str("&amp;"),
            '<' => escaped.push_str("&lt;"),
            '>' => escaped.push_str("&gt;"),
            '"' => escaped.push_str("&quot;"),
            '\'' => escaped.push_str("&#39;"),
            c => escaped.push(c),
        }
    }
    escaped
}

/// A page around `content`, which is HTML already.
pub(crate) fn page(status: StatusCode, content: &str) -> Response {
    let html = format!(
        "<!doctype html><html lang=\"en\"><meta charset=\"utf-8\"><title>Sign in to the \
         emulator</title><body><h1>Sign in to the emulator</h1>{content}</body></html>"
    );
    Response::bytes(status, "text/html; charset=utf-8", Bytes::from(html))
        .with_header("x-content-type-options", "nosniff")
        .with_header("x-frame-options", "DENY")
}

/// A page with one sentence.
pub(crate) fn note(text: &str) -> Response {
    page(StatusCode::OK, &format!("<p>{}</p>", escape(text)))
}

/// A page that refuses, for what must not be redirected.
pub(crate) fn refusal(text: &str) -> Response {
    page(StatusCode::BAD_REQUEST, &format!("<p>{}</p>", escape(text)))
}

/// One button per seeded user.
fn buttons(service: &Entra) -> String {
    let button = |upn: &str| {
        let upn = escape(upn);
        format!("<p><button name=\"user\" value=\"{upn}\">{upn}</button></p>")
    };
    let users = service.seed.graph.users.iter();
    let users: String = users.map(|user| button(&user.upn)).collect();
    format!("{users}<p><button name=\"action\" value=\"decline\">Decline</button></p>")
}

/// The form that takes a user code.
pub(crate) fn device_form(service: &Entra, code: &str, problem: &str) -> Response {
    let content = format!(
        "<p>{}</p><form method=\"post\" action=\"/devicelogin\"><p><label>Code <input \
         name=\"user_code\" value=\"{}\" autocomplete=\"off\"></label></p>{}</form>",
        escape(problem),
        escape(code),
        buttons(service)
    );
    page(StatusCode::OK, &content)
}

/// The form that asks for the user; it posts to the same request, `target`.
pub(crate) fn user_form(service: &Entra, target: &str) -> Response {
    let content = format!(
        "<form method=\"post\" action=\"/{}\">{}</form>",
        // Two slashes would name another host.
        escape(target.trim_start_matches('/')),
        buttons(service)
    );
    page(StatusCode::OK, &content)
}

/// A form with `fields` that sends itself to `action` (`response_mode=form_post`).
pub(crate) fn self_posting(action: &str, fields: &[(&str, String)]) -> Response {
    let field = |(name, value): &(&str, String)| {
        let value = escape(value);
        format!("<input type=\"hidden\" name=\"{name}\" value=\"{value}\">")
    };
    let fields: String = fields.iter().map(field).collect();
    let content = format!(
        "<form method=\"post\" action=\"{}\">{fields}<noscript><button>Continue</button>\
         </noscript></form><script>document.forms[0].submit()</script>",
        escape(action)
    );
    page(StatusCode::OK, &content)
}
