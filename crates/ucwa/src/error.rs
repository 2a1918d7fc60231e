//! Error responses: those of UCWA, of the web layer in front of it, and of proxies.
//!
//! ```json
//! {"code": "Conflict", "subcode": "AnotherOperationPending", "message": "…",
//!  "debugInfo": {"errorReportId": "…"}}
//! ```
//!
//! The code and subcode become [`Error::code`] as `Conflict/AnotherOperationPending`. The web
//! layer and proxies send no such body; the web layer reports in `X-Ms-Diagnostics`.

use ms_messenger_core::{Delivery, Error, ErrorKind};
use ms_messenger_http::{Response, ServiceError, ServiceProfile};

use crate::{
    reason::{ErrorCode, ErrorSubcode, Reason},
    words::{WORDS, line},
};

/// The name of the platform.
pub const PLATFORM: &str = "ucwa";

pub(crate) static SERVICE: ServiceProfile = ServiceProfile::new(PLATFORM)
    .with_client_request_id("client-request-id")
    .with_request_ids(&["x-ms-correlation-id", "request-id", "client-request-id"])
    .with_error_reader(read)
    .with_classifier(classify);

/// The ticket belongs to another pool; the token belongs to another resource.
const FOREIGN_TICKET: [u32; 2] = [28_032, 28_055];

/// Reads the body, and the diagnostics, which often say more.
fn read(response: &Response) -> ServiceError {
    let reason = Reason::read(response.body());
    let found = diagnostics(response);
    let code = match (&reason, &found) {
        (Some(reason), _) => Some(reason.to_string()),
        (None, Some((code, _))) => code.map(|code| code.to_string()),
        (None, None) => None,
    };
    let said = reason.and_then(|reason| reason.message);
    let diagnosed = found.map(|(_, words)| words);
    let diagnosed = diagnosed.filter(|words| !words.is_empty());
    let message = match (said, diagnosed) {
        (Some(said), Some(diagnosed)) if !said.contains(&diagnosed) => {
            Some(format!("{said} (diagnostics: {diagnosed})"))
        }
        (said, diagnosed) => said.or(diagnosed),
    };
    ServiceError::new(code, message)
}

/// A ticket is valid for the pool that issued it. Another one rejects it with 500 or 403 and the
/// diagnostics of the web layer, before the request reaches UCWA.
fn classify(response: &Response) -> Option<(ErrorKind, Delivery)> {
    let is_foreign = matches!(response.status(), 403 | 500)
        && diagnostics(response)
            .and_then(|(code, _)| code)
            .is_some_and(|code| FOREIGN_TICKET.contains(&code));
    is_foreign.then_some((ErrorKind::Unauthenticated, Delivery::NotSent))
}

/// The number and the text of all lines of the diagnostics.
fn diagnostics(response: &Response) -> Option<(Option<u32>, String)> {
    let lines: Vec<_> = response
        .headers("x-ms-diagnostics")
        .map(diagnosis)
        .collect();
    let code = lines.iter().find_map(|(code, _)| *code);
    let words: Vec<&str> = lines.iter().map(|(_, words)| words.as_str()).collect();
    (!lines.is_empty()).then(|| (code, line(&words.join("; "), WORDS)))
}

/// `28032;source="fe1";reason="The web ticket is invalid."`
pub(crate) fn diagnosis(header: &str) -> (Option<u32>, String) {
    let (first, rest) = header.split_once(';').unwrap_or((header, ""));
    let code: Option<u32> = first.trim().parse().ok();
    let words = match (header.split_once("reason="), code) {
        (Some((_, reason)), _) => match reason.trim_start().strip_prefix('"') {
            Some(quoted) => quoted.split('"').next().unwrap_or_default(),
            None => reason.split(';').next().unwrap_or_default(),
        },
        (None, Some(_)) => rest,
        (None, None) => header,
    };
    (code, line(words, WORDS))
}

/// What the error of a failed call proves about the application or the moment.
pub(crate) trait UcwaErrorExt {
    /// Whether the server's subcode is `subcode`.
    fn says(&self, subcode: &ErrorSubcode) -> bool;

    /// Whether the application does not exist any more, so that a new one is needed.
    fn is_application_gone(&self) -> bool;

    /// Whether the server names a pending operation that prevented it from starting this one.
    /// No other 409 proves that.
    fn is_in_the_way(&self) -> bool;

    /// Whether the server reports a conflict without saying which, as it does if the moment is
    /// wrong. It may have executed the request all the same.
    fn is_vague_conflict(&self) -> bool;

    /// Whether waiting can help.
    fn is_passing(&self) -> bool;
}

impl UcwaErrorExt for Error {
    fn says(&self, subcode: &ErrorSubcode) -> bool {
        Reason::of(self).is_some_and(|reason| reason.is(subcode))
    }

    fn is_application_gone(&self) -> bool {
        self.status() == Some(404) && self.says(&ErrorSubcode::ApplicationNotFound)
    }

    fn is_in_the_way(&self) -> bool {
        self.status() == Some(409) && self.says(&ErrorSubcode::AnotherOperationPending)
    }

    fn is_vague_conflict(&self) -> bool {
        self.status() == Some(409)
            && Reason::of(self).is_some_and(|reason| {
                let vague = reason
                    .subcode
                    .as_ref()
                    .is_none_or(|it| *it == ErrorSubcode::None);
                reason.code == ErrorCode::Conflict && vague
            })
    }

    fn is_passing(&self) -> bool {
        matches!(
            self.kind(),
            ErrorKind::Connect
                | ErrorKind::Timeout
                | ErrorKind::Transport
                | ErrorKind::Service
                | ErrorKind::RateLimited
                | ErrorKind::Protocol
        )
    }
}

pub(crate) fn config(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Config, message).with_platform(PLATFORM)
}

pub(crate) fn protocol(message: impl Into<std::borrow::Cow<'static, str>>) -> Error {
    Error::new(ErrorKind::Protocol, message).with_platform(PLATFORM)
}

/// The error of a conversation that is not open in this session.
pub(crate) fn not_open() -> Error {
    let message = "the conversation is not open in this session";
    Error::new(ErrorKind::NotFound, message).with_platform(PLATFORM)
}

/// The error of an operation that the server offers no link for.
pub(crate) fn not_allowed(what: &str) -> Error {
    let message = format!("the policy of the user does not allow {what}");
    Error::new(ErrorKind::Unsupported, message).with_platform(PLATFORM)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn diagnostics_are_read_in_all_spellings() {
        let read = |text| {
            let (code, words) = diagnosis(text);
            (code, words)
        };
        let all = r#"28032;source="fe1";reason="The web ticket is invalid.";faultcode="x""#;
        assert_eq!(
            read(all),
            (Some(28_032), "The web ticket is invalid.".into())
        );
        assert_eq!(read("5;reason=plain;x=y"), (Some(5), "plain".into()));
        assert_eq!(read("5;source=fe1"), (Some(5), "source=fe1".into()));
        assert_eq!(
            read("the database is down"),
            (None, "the database is down".into())
        );
        assert_eq!(read(""), (None, String::new()));
    }
}
