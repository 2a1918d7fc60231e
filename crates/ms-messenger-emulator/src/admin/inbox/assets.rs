//! The files of the page, built in.

use bytes::Bytes;
use http::{
    StatusCode,
    header::{CACHE_CONTROL, HeaderName},
};

use crate::wire::response::Response;

const SCRIPT: &str = "text/javascript; charset=utf-8";

/// What the page may do: run its own scripts, and talk to the emulator alone. HTML reaches the
/// document through one policy only.
const POLICY: &str = "default-src 'none'; script-src 'self'; style-src 'self'; img-src 'self'; \
    connect-src 'self'; base-uri 'none'; form-action 'none'; frame-ancestors 'none'; \
    require-trusted-types-for 'script'; trusted-types inbox-html";

/// A file of the page: path below `/_emulator/`, media type, content.
pub(super) type Asset = (&'static str, &'static str, &'static str);

macro_rules! script {
    ($name:literal) => {
        (
            concat!("app/", $name),
            SCRIPT,
            include_str!(concat!("page/", $name)),
        )
    };
}

const ASSETS: [Asset; 20] = [
    (
        "",
        "text/html; charset=utf-8",
        include_str!("page/index.html"),
    ),
    (
        "app.css",
        "text/css; charset=utf-8",
        include_str!("page/app.css"),
    ),
    ("app.svg", "image/svg+xml", include_str!("page/app.svg")),
    ("app.js", SCRIPT, include_str!("page/app.js")),
    script!("api.js"),
    script!("bubble.js"),
    script!("card.js"),
    script!("change.js"),
    script!("conversations.js"),
    script!("detail.js"),
    script!("dom.js"),
    script!("faults.js"),
    script!("forms.js"),
    script!("html.js"),
    script!("keys.js"),
    script!("live.js"),
    script!("requests.js"),
    script!("sign_ins.js"),
    script!("timeline.js"),
    script!("tools.js"),
];

/// The file of that path.
pub(super) fn find(path: &str) -> Option<&'static Asset> {
    ASSETS.iter().find(|(known, ..)| *known == path)
}

/// The page itself.
pub(crate) fn page() -> Response {
    response(&ASSETS[0])
}

/// The response with a file.
pub(super) fn response((_, media_type, content): &Asset) -> Response {
    let body = Bytes::from_static(content.as_bytes());
    let mut response = Response::bytes(StatusCode::OK, media_type, body);
    guard(&mut response, POLICY);
    // Another version of the emulator may be at this address next.
    response.set_header(CACHE_CONTROL, "no-cache");
    response
}

/// Sets what a browser may do with a response.
pub(super) fn guard(response: &mut Response, policy: &str) {
    for (name, value) in [
        ("content-security-policy", policy),
        ("x-content-type-options", "nosniff"),
        ("referrer-policy", "no-referrer"),
        ("cross-origin-opener-policy", "same-origin"),
        ("cross-origin-resource-policy", "same-origin"),
        (
            "permissions-policy",
            "camera=(), geolocation=(), microphone=()",
        ),
    ] {
        response.set_header(HeaderName::from_static(name), value);
    }
}
