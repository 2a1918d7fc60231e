//! Why a request is refused before it reaches a service's own rules.

use http::StatusCode;

/// Why a request is refused before it reaches a service's own rules.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Refusal {
    /// No operation at this path.
    Unrouted,
    /// The path takes another method.
    WrongMethod,
    /// The body is larger than the emulator reads.
    TooLarge,
    /// The body broke off.
    Incomplete,
}

impl Refusal {
    pub(crate) const fn status(self) -> StatusCode {
        match self {
            Self::Unrouted => StatusCode::NOT_FOUND,
            Self::WrongMethod => StatusCode::METHOD_NOT_ALLOWED,
            Self::TooLarge => StatusCode::PAYLOAD_TOO_LARGE,
            Self::Incomplete => StatusCode::BAD_REQUEST,
        }
    }

    pub(crate) const fn message(self) -> &'static str {
        match self {
            Self::Unrouted => "No operation at this path, or one that the emulator does not have.",
            Self::WrongMethod => "The method is not allowed at this path.",
            Self::TooLarge => "The request body is too large.",
            Self::Incomplete => "The request body could not be read.",
        }
    }
}
