//! Headers: the names stay, and the values that are on a list.

use http::{
    HeaderMap, HeaderName,
    header::{CONTENT_LENGTH, CONTENT_LOCATION, CONTENT_TYPE, LOCATION},
};

use crate::record::{redactor::Redactor, words};

/// A header of a recording; without a value where that was removed.
pub(crate) type Header = (String, Option<String>);

/// Media types that are kept.
const MEDIA_TYPES: [&str; 20] = [
    "application/json",
    "application/problem+json",
    "application/xml",
    "application/x-www-form-urlencoded",
    "application/octet-stream",
    "application/pdf",
    "application/merge-patch+json",
    "application/vnd.microsoft.com.ucwa+xml",
    "application/vnd.microsoft.com.ucwa+json",
    "application/vnd.microsoft.rtc.autodiscover+xml",
    "audio/mpeg",
    "image/gif",
    "image/jpeg",
    "image/png",
    "image/webp",
    "multipart/form-data",
    "multipart/related",
    "text/html",
    "text/plain",
    "video/mp4",
];

/// Schemes of `WWW-Authenticate`.
const SCHEMES: [&str; 6] = [
    "Bearer",
    "Basic",
    "HMAC-SHA256",
    "MsRtcOAuth",
    "Negotiate",
    "NTLM",
];

/// The headers of a message, in their order.
pub(crate) fn redact(headers: &HeaderMap, redactor: &Redactor) -> Vec<Header> {
    // The length of the body is another one in the recording.
    let headers = headers.iter().filter(|(name, _)| *name != CONTENT_LENGTH);
    let kept = headers.map(|(name, value)| {
        let value = value
            .to_str()
            .ok()
            .and_then(|value| kept(name, value, redactor));
        (recorded_name(name), value)
    });
    kept.collect()
}

fn recorded_name(name: &HeaderName) -> String {
    let name = name.as_str();
    if words::is_name(name) {
        name.to_owned()
    } else {
        "x-removed".to_owned()
    }
}

fn kept(name: &HeaderName, value: &str, redactor: &Redactor) -> Option<String> {
    let keep = |is_kept: bool| is_kept.then(|| value.to_owned());
    let is_small =
        !value.is_empty() && value.len() <= 6 && value.bytes().all(|b| b.is_ascii_digit());
    if *name == CONTENT_TYPE {
        return media_type(value);
    }
    if *name == LOCATION || *name == CONTENT_LOCATION {
        return Some(address(value, redactor));
    }
    match name.as_str() {
        "operation-location" | "azure-asyncoperation" => Some(address(value, redactor)),
        "retry-after" => keep(is_small || httpdate::parse_http_date(value).is_ok()),
        "retry-after-ms" | "x-ms-retry-after-ms" | "x-ms-throttle-scope-limit" => keep(is_small),
        "date" | "last-modified" | "expires" | "x-ms-date" => {
            keep(httpdate::parse_http_date(value).is_ok())
        }
        "allow" => keep(
            value
                .split(',')
                .all(|method| words::is_value(method.trim())),
        ),
        "odata-version" | "odata-maxversion" => keep(words::is_value(value) || value == "4.0"),
        "api-supported-versions" | "api-deprecated-versions" => versions(value),
        "repeatability-result" => keep(matches!(value, "accepted" | "rejected")),
        "www-authenticate" => scheme(value),
        "content-encoding" => keep(matches!(value, "gzip" | "br" | "deflate" | "identity")),
        "cache-control" | "pragma" => keep(matches!(
            value,
            "no-cache" | "no-store" | "private" | "no-store, no-cache"
        )),
        _ => None,
    }
}

fn address(value: &str, redactor: &Redactor) -> String {
    if value.starts_with('/') {
        redactor.target(value)
    } else {
        redactor.url(value)
    }
}

/// The media type, and `charset=utf-8`; nothing else of its parameters.
fn media_type(value: &str) -> Option<String> {
    let lower = value.to_ascii_lowercase();
    let mut parts = lower.split(';').map(str::trim);
    let kind = parts.next().filter(|kind| MEDIA_TYPES.contains(kind))?;
    let is_utf8 = parts.any(|part| matches!(part, "charset=utf-8" | "charset=\"utf-8\""));
    Some(if is_utf8 {
        format!("{kind}; charset=utf-8")
    } else {
        kind.to_owned()
    })
}

/// Versions as `2024-02-01` or `2024-02-01-preview`, the others left out.
fn versions(value: &str) -> Option<String> {
    let versions: Vec<&str> = value
        .split(',')
        .map(str::trim)
        .filter(|v| words::is_version(v))
        .collect();
    Some(versions.join(", ")).filter(|versions| !versions.is_empty())
}

fn scheme(value: &str) -> Option<String> {
    let first = value.split_whitespace().next()?;
    SCHEMES.contains(&first).then(|| first.to_owned())
}
