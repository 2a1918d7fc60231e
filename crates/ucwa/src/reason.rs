//! The reason of a failure, as the server reports it in an error body or an event.

use std::fmt;

use ms_messenger_core::{Error, open_enum};
use serde::Deserialize;
use serde_json::{Map, Value};

use crate::words::{CODE, WORDS, line};

open_enum! {
    /// The code of a [`Reason`]. Source: "ErrorCode".
    pub enum ErrorCode {
        /// The request is malformed.
        BadRequest = "BadRequest",
        /// The request contradicts the state of the server.
        Conflict = "Conflict",
        /// The body is too large.
        EntityTooLarge = "EntityTooLarge",
        /// Exchange failed.
        ExchangeServiceFailure = "ExchangeServiceFailure",
        /// Not allowed.
        Forbidden = "Forbidden",
        /// A gateway did not respond in time.
        GatewayTimeout = "GatewayTimeout",
        /// The resource does not exist any more: do not retry.
        Gone = "Gone",
        /// Not a failure.
        Informational = "Informational",
        /// The client failed.
        LocalFailure = "LocalFailure",
        /// The resource has no such method.
        MethodNotAllowed = "MethodNotAllowed",
        /// The peer accepts nothing that was offered.
        NotAcceptable = "NotAcceptable",
        /// The resource does not exist.
        NotFound = "NotFound",
        /// The etag is out of date.
        PreconditionFailed = "PreconditionFailed",
        /// An etag is needed.
        PreconditionRequired = "PreconditionRequired",
        /// The peer failed.
        RemoteFailure = "RemoteFailure",
        /// The server failed.
        ServiceFailure = "ServiceFailure",
        /// The server is not available.
        ServiceUnavailable = "ServiceUnavailable",
        /// No response in time.
        Timeout = "Timeout",
        /// Too many requests.
        TooManyRequests = "TooManyRequests",
        /// The media type is not accepted.
        UnsupportedMediaType = "UnsupportedMediaType",
    }
}

open_enum! {
    /// The subcode of a [`Reason`], as far as it concerns instant messages. Source:
    /// "ErrorSubcode".
    pub enum ErrorSubcode {
        /// The resource already exists.
        AlreadyExists = "AlreadyExists",
        /// Guests of a meeting may not do this.
        AnonymousNotAllowed = "AnonymousNotAllowed",
        /// Another operation of the conversation is pending.
        AnotherOperationPending = "AnotherOperationPending",
        /// The version of the resource is not supported.
        ApiVersionNotSupported = "APIVersionNotSupported",
        /// The application does not exist any more.
        ApplicationNotFound = "ApplicationNotFound",
        /// The server accepted automatically.
        AutoAccepted = "AutoAccepted",
        /// The peer is busy.
        Busy = "Busy",
        /// The call was ended.
        CallTerminated = "CallTerminated",
        /// The event channel of the peer cannot be reached.
        CallbackChannelError = "CallbackChannelError",
        /// The operation was cancelled.
        Canceled = "Canceled",
        /// No backup pool is configured.
        CannotRedirect = "CannotRedirect",
        /// Another endpoint of the user accepted.
        ConnectedElsewhere = "ConnectedElsewhere",
        /// The conversation does not exist.
        ConversationNotFound = "ConversationNotFound",
        /// The peer declined.
        Declined = "Declined",
        /// Denied.
        Denied = "Denied",
        /// Another conversation continues it.
        DerivedConversation = "DerivedConversation",
        /// The body cannot be read.
        DeserializationFailure = "DeserializationFailure",
        /// The address does not exist.
        DestinationNotFound = "DestinationNotFound",
        /// The peer does not want to be disturbed.
        DoNotDisturb = "DoNotDisturb",
        /// The participant was removed by a leader.
        Ejected = "Ejected",
        /// The conversation ended.
        Ended = "Ended",
        /// The conversation could not become a meeting.
        EscalationFailed = "EscalationFailed",
        /// It took too long.
        Expired = "Expired",
        /// The peers' organisations are not federated.
        FederationRequired = "FederationRequired",
        /// The invitation was forwarded.
        Forwarded = "Forwarded",
        /// The application was idle for too long.
        InactiveApplicationExpired = "InactiveApplicationExpired",
        /// A limit was exceeded.
        LimitExceeded = "LimitExceeded",
        /// `makeMeAvailable` must come first.
        MakeMeAvailableRequired = "MakeMeAvailableRequired",
        /// The user is being moved.
        MigrationInProgress = "MigrationInProgress",
        /// The invitation was not answered.
        Missed = "Missed",
        /// Mobile applications are no longer allowed.
        MobileApplicationNoLongerAllowed = "MobileApplicationNoLongerAllowed",
        /// The peer does not support this modality.
        ModalityNotSupported = "ModalityNotSupported",
        /// Nothing more precise.
        None = "None",
        /// The peer accepts nothing that was offered.
        NotAcceptable = "NotAcceptable",
        /// Not allowed.
        NotAllowed = "NotAllowed",
        /// Another pending GET replaced this one.
        PGetReplaced = "PGetReplaced",
        /// A parameter is not valid.
        ParameterValidationFailure = "ParameterValidationFailure",
        /// The invitation was redirected.
        Redirected = "Redirected",
        /// The modality or participant was removed.
        Removed = "Removed",
        /// Replaced by another.
        Replaced = "Replaced",
        /// The peer replied with another modality.
        RepliedWithOtherModality = "RepliedWithOtherModality",
        /// The server took too long.
        ServiceTimeout = "ServiceTimeout",
        /// The peer is temporarily not available.
        TemporarilyUnavailable = "TemporarilyUnavailable",
        /// A conversation with this thread id exists.
        ThreadIdAlreadyExists = "ThreadIdAlreadyExists",
        /// There was no response in time.
        Timeout = "Timeout",
        /// The user signed in too often.
        TooManyApplications = "TooManyApplications",
        /// Too many conversations are open.
        TooManyConversations = "TooManyConversations",
        /// Too many groups.
        TooManyGroups = "TooManyGroups",
        /// Too many participants wait in the lobby.
        TooManyLobbyParticipants = "TooManyLobbyParticipants",
        /// Too many participants.
        TooManyParticipants = "TooManyParticipants",
        /// The peer is not available.
        Unavailable = "Unavailable",
        /// The peer cannot be reached.
        Unreachable = "Unreachable",
        /// An administrator blocks this user agent.
        UserAgentNotAllowed = "UserAgentNotAllowed",
    }
}

/// The reason of a failure. Source: "Errors and informational messages". Only the code is always
/// present.
///
/// Its size is bounded: codes and messages are one line each, and details of more than 8 KiB are
/// dropped.
///
/// ```
/// use ms_messenger_core::{Error, ErrorKind};
/// use ucwa::{ErrorSubcode, Reason};
///
/// // As the error of a declined invitation has it.
/// let error = Error::new(ErrorKind::Other, "declined").with_code("RemoteFailure/Declined");
/// let reason = Reason::of(&error).ok_or("no reason")?;
/// assert_eq!(reason.subcode, Some(ErrorSubcode::Declined));
/// assert_eq!(reason.to_string(), "RemoteFailure/Declined");
/// # Ok::<(), &str>(())
/// ```
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(from = "Written")]
#[non_exhaustive]
pub struct Reason {
    /// The kind of the failure.
    pub code: ErrorCode,
    /// The failure in detail. Its meaning depends on the request.
    pub subcode: Option<ErrorSubcode>,
    /// The message of the server, in the culture of the application.
    pub message: Option<String>,
    /// For logs only; not shown by `Debug`.
    pub debug_info: Option<Map<String, Value>>,
    /// The parameters that a 400 is about.
    pub parameters: Option<Value>,
}

/// A reason as the server writes it.
#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Written {
    code: String,
    #[serde(default)]
    subcode: Value,
    #[serde(default)]
    message: Value,
    #[serde(default)]
    debug_info: Value,
    #[serde(default)]
    parameters: Value,
}

/// The most bytes of details that are kept.
const DETAILS: usize = 8 << 10;

impl From<Written> for Reason {
    fn from(written: Written) -> Self {
        let text = |value: &Value, most| {
            let text = line(value.as_str()?, most);
            (!text.is_empty()).then_some(text)
        };
        let details = |value: Value| match value {
            Value::Null => None,
            value => (value.to_string().len() <= DETAILS).then_some(value),
        };
        Self {
            code: ErrorCode::from(line(&written.code, CODE).as_str()),
            subcode: text(&written.subcode, CODE).map(|code| ErrorSubcode::from(code.as_str())),
            message: text(&written.message, WORDS),
            debug_info: match details(written.debug_info) {
                Some(Value::Object(map)) => Some(map),
                _ => None,
            },
            parameters: details(written.parameters),
        }
    }
}

impl Reason {
    /// Creates a reason from a code and a subcode.
    pub fn new(code: ErrorCode, subcode: Option<ErrorSubcode>) -> Self {
        Self {
            code,
            subcode,
            message: None,
            debug_info: None,
            parameters: None,
        }
    }

    /// Returns the code and subcode of an error of this crate. [`Error::code`] holds both, as
    /// `Conflict/AlreadyExists`.
    pub fn of(error: &Error) -> Option<Self> {
        let (code, subcode) = match error.code()?.split_once('/') {
            Some((code, subcode)) => (code, Some(ErrorSubcode::from(subcode))),
            None => (error.code()?, None),
        };
        Some(Self::new(ErrorCode::from(code), subcode))
    }

    /// Reads an error body. `None` if it is not UCWA's, but that of a proxy.
    pub(crate) fn read(body: &[u8]) -> Option<Self> {
        serde_json::from_slice(body).ok()
    }

    pub(crate) fn is(&self, subcode: &ErrorSubcode) -> bool {
        self.subcode.as_ref() == Some(subcode)
    }
}

/// `Conflict/AlreadyExists`.
impl fmt::Display for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.code.as_str())?;
        match &self.subcode {
            Some(subcode) => write!(f, "/{}", subcode.as_str()),
            None => Ok(()),
        }
    }
}

impl fmt::Debug for Reason {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Reason({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_member_but_the_code_may_be_missing_and_unknown_ones_are_kept() {
        let reason = Reason::read(br#"{"code":"Conflict"}"#).unwrap();
        assert_eq!(reason.to_string(), "Conflict");
        let reason = Reason::read(
            br#"{"code":"Strange","subcode":"Stranger","message":"m","debugInfo":{"a":1},"parameters":{"x":["y"]},"link":{"href":"/x"}}"#,
        )
        .unwrap();
        assert_eq!(reason.code, ErrorCode::Other("Strange".into()));
        assert_eq!(reason.to_string(), "Strange/Stranger");
        assert_eq!(reason.message.as_deref(), Some("m"));
        assert!(reason.debug_info.is_some() && reason.parameters.is_some());
    }

    #[test]
    fn server_text_is_one_bounded_line() {
        let forged = "x\r\n\u{1b}[31mERROR \u{2028}\u{202e}".repeat(5000);
        let body = serde_json::json!({"code": forged, "subcode": forged, "message": forged,
                                      "debugInfo": {"x": forged}, "parameters": [forged]});
        let reason = Reason::read(&serde_json::to_vec(&body).unwrap()).unwrap();
        let shown = format!("{reason} {reason:?} {}", reason.message.as_deref().unwrap());
        assert!(
            shown.chars().count() < 2000,
            "{} characters",
            shown.chars().count()
        );
        assert!(!shown.contains(|c: char| c.is_control() || c == '\u{2028}' || c == '\u{202e}'));
        assert_eq!((&reason.debug_info, &reason.parameters), (&None, &None));
    }

    #[test]
    fn a_member_of_another_type_is_missing() {
        let reason =
            Reason::read(br#"{"code":"Conflict","subcode":7,"message":{},"debugInfo":"x"}"#);
        let reason = reason.unwrap();
        assert_eq!(reason, Reason::new(ErrorCode::Conflict, None));
    }

    #[test]
    fn a_proxy_page_is_not_a_reason() {
        assert_eq!(Reason::read(b"<html>502</html>"), None);
        assert_eq!(Reason::read(b"{}"), None);
    }
}
