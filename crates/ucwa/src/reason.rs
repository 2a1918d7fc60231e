//! Why something failed, in the server's words: in an error body or in an event.

use std::fmt;

use ms_messenger_core::{Error, open_enum};
use serde::Deserialize;
use serde_json::{Map, Value};

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
        /// A gateway did not answer in time.
        GatewayTimeout = "GatewayTimeout",
        /// Gone for good: do not try again.
        Gone = "Gone",
        /// No failure at all.
        Informational = "Informational",
        /// This side failed.
        LocalFailure = "LocalFailure",
        /// The resource has no such method.
        MethodNotAllowed = "MethodNotAllowed",
        /// The other side accepts nothing that was offered.
        NotAcceptable = "NotAcceptable",
        /// The resource does not exist.
        NotFound = "NotFound",
        /// The etag is out of date.
        PreconditionFailed = "PreconditionFailed",
        /// An etag is needed.
        PreconditionRequired = "PreconditionRequired",
        /// The other side failed.
        RemoteFailure = "RemoteFailure",
        /// The server failed.
        ServiceFailure = "ServiceFailure",
        /// The server is not available.
        ServiceUnavailable = "ServiceUnavailable",
        /// No answer in time.
        Timeout = "Timeout",
        /// Too many requests.
        TooManyRequests = "TooManyRequests",
        /// The media type is not accepted.
        UnsupportedMediaType = "UnsupportedMediaType",
    }
}

open_enum! {
    /// The subcode of a [`Reason`], as far as instant messages meet them. Source:
    /// "ErrorSubcode".
    pub enum ErrorSubcode {
        /// The same thing is there already.
        AlreadyExists = "AlreadyExists",
        /// Guests of a meeting may not do this.
        AnonymousNotAllowed = "AnonymousNotAllowed",
        /// Another operation of the conversation is under way.
        AnotherOperationPending = "AnotherOperationPending",
        /// The version of the resource is not supported.
        ApiVersionNotSupported = "APIVersionNotSupported",
        /// The application is gone.
        ApplicationNotFound = "ApplicationNotFound",
        /// The server accepted by itself.
        AutoAccepted = "AutoAccepted",
        /// The peer is busy.
        Busy = "Busy",
        /// The call was ended.
        CallTerminated = "CallTerminated",
        /// The event channel of the other side cannot be reached.
        CallbackChannelError = "CallbackChannelError",
        /// The operation was cancelled.
        Canceled = "Canceled",
        /// No backup pool is configured.
        CannotRedirect = "CannotRedirect",
        /// Another endpoint of the user took it.
        ConnectedElsewhere = "ConnectedElsewhere",
        /// The conversation does not exist.
        ConversationNotFound = "ConversationNotFound",
        /// The peer declined.
        Declined = "Declined",
        /// Refused.
        Denied = "Denied",
        /// The conversation goes on in another one.
        DerivedConversation = "DerivedConversation",
        /// The body cannot be read.
        DeserializationFailure = "DeserializationFailure",
        /// Nobody has the address.
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
        /// A limit is exceeded.
        LimitExceeded = "LimitExceeded",
        /// `makeMeAvailable` must come first.
        MakeMeAvailableRequired = "MakeMeAvailableRequired",
        /// The user is being moved.
        MigrationInProgress = "MigrationInProgress",
        /// Nobody answered.
        Missed = "Missed",
        /// Mobile applications are not allowed any more.
        MobileApplicationNoLongerAllowed = "MobileApplicationNoLongerAllowed",
        /// The peer does not do this.
        ModalityNotSupported = "ModalityNotSupported",
        /// Nothing more precise.
        None = "None",
        /// The peer accepts nothing that was offered.
        NotAcceptable = "NotAcceptable",
        /// Not allowed.
        NotAllowed = "NotAllowed",
        /// Another pending GET took over.
        PGetReplaced = "PGetReplaced",
        /// A parameter is not valid.
        ParameterValidationFailure = "ParameterValidationFailure",
        /// The invitation was redirected.
        Redirected = "Redirected",
        /// The modality or participant was removed.
        Removed = "Removed",
        /// Replaced by another.
        Replaced = "Replaced",
        /// The peer answered otherwise.
        RepliedWithOtherModality = "RepliedWithOtherModality",
        /// The server took too long.
        ServiceTimeout = "ServiceTimeout",
        /// The peer is not available for a moment.
        TemporarilyUnavailable = "TemporarilyUnavailable",
        /// A conversation with this thread id exists.
        ThreadIdAlreadyExists = "ThreadIdAlreadyExists",
        /// Nobody answered in time.
        Timeout = "Timeout",
        /// The user signed in too often.
        TooManyApplications = "TooManyApplications",
        /// Too many conversations are open.
        TooManyConversations = "TooManyConversations",
        /// Too many groups.
        TooManyGroups = "TooManyGroups",
        /// Too many wait in the lobby.
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

/// Why something failed. Source: "Errors and informational messages". Only the code is sure.
#[derive(Clone, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct Reason {
    /// What kind of failure it is.
    pub code: ErrorCode,
    /// What it is more precisely. Read it in context.
    #[serde(default)]
    pub subcode: Option<ErrorSubcode>,
    /// The server's words for people, in the culture of the application.
    #[serde(default)]
    pub message: Option<String>,
    /// For logs only; not shown by `Debug`.
    #[serde(default)]
    pub debug_info: Option<Map<String, Value>>,
    /// Which parameters a 400 is about.
    #[serde(default)]
    pub parameters: Option<Value>,
}

impl Reason {
    /// A reason with a code and a subcode.
    #[must_use]
    pub fn new(code: ErrorCode, subcode: Option<ErrorSubcode>) -> Self {
        Self {
            code,
            subcode,
            message: None,
            debug_info: None,
            parameters: None,
        }
    }

    /// The code and subcode of an error of this crate: [`Error::code`] holds both, as
    /// `Conflict/AlreadyExists`.
    #[must_use]
    pub fn of(error: &Error) -> Option<Self> {
        let (code, subcode) = match error.code()?.split_once('/') {
            Some((code, subcode)) => (code, Some(ErrorSubcode::from(subcode))),
            None => (error.code()?, None),
        };
        Some(Self::new(ErrorCode::from(code), subcode))
    }

    /// Reads an error body. `None` when it is not UCWA's, but of something in between.
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
    fn a_page_of_a_proxy_is_no_reason() {
        assert_eq!(Reason::read(b"<html>502</html>"), None);
        assert_eq!(Reason::read(b"{}"), None);
    }
}
