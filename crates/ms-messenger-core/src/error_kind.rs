//! What went wrong, and what is known of the message.

use crate::closed_enum::closed_enum;

closed_enum! {
    /// The kind of an error. Each kind needs another reaction of the caller.
    ///
    /// ```
    /// use ms_messenger_core::ErrorKind;
    ///
    /// assert_eq!(ErrorKind::RateLimited.as_str(), "rate_limited");
    /// assert_eq!("rate_limited".parse(), Ok(ErrorKind::RateLimited));
    /// ```
    #[non_exhaustive]
    pub enum ErrorKind {
        /// The client is configured wrongly: an endpoint, a credential or an option is unusable.
        Config = "config",
        /// The request breaks a rule of the platform; see [`Error::problems`](crate::Error::problems).
        InvalidRequest = "invalid_request",
        /// The platform does not support what the request asks for; see
        /// [`Error::problems`](crate::Error::problems).
        Unsupported = "unsupported",
        /// There is no credential, or the platform does not accept it (401).
        Unauthenticated = "unauthenticated",
        /// The credential is valid but does not permit this (403).
        PermissionDenied = "permission_denied",
        /// The conversation, channel or person does not exist (404, 410).
        NotFound = "not_found",
        /// The request contradicts the state of the platform (409, 412).
        Conflict = "conflict",
        /// The platform asks to slow down (429, or 503 with a time to wait).
        RateLimited = "rate_limited",
        /// No connection: name resolution, refusal, timeout while connecting, or TLS handshake.
        Connect = "connect",
        /// No response in time.
        Timeout = "timeout",
        /// The connection broke after the request had started.
        Transport = "transport",
        /// The platform failed (408, 5xx).
        Service = "service",
        /// The platform responded with something that its contract does not allow.
        Protocol = "protocol",
        /// The caller cancelled the send.
        Cancelled = "cancelled",
        /// Anything else; backends of your own use it for their own causes.
        Other = "other",
    }
}

impl ErrorKind {
    /// What is known of the message if an error of this kind says nothing more precise: `NotSent`
    /// where the request cannot have been executed, else `Unknown`.
    pub(crate) const fn default_delivery(self) -> Delivery {
        match self {
            Self::Config
            | Self::InvalidRequest
            | Self::Unsupported
            | Self::Unauthenticated
            | Self::PermissionDenied
            | Self::NotFound
            | Self::RateLimited
            | Self::Connect => Delivery::NotSent,
            Self::Conflict
            | Self::Timeout
            | Self::Transport
            | Self::Service
            | Self::Protocol
            | Self::Cancelled
            | Self::Other => Delivery::Unknown,
        }
    }
}

closed_enum! {
    /// Whether a message was sent. There are these three values and no others, so that a `match`
    /// needs no fourth arm.
    ///
    /// ```
    /// use ms_messenger_core::Delivery;
    ///
    /// fn may_duplicate(delivery: Delivery) -> bool {
    ///     match delivery {
    ///         Delivery::NotSent => false,
    ///         Delivery::Unknown | Delivery::Sent => true,
    ///     }
    /// }
    /// # assert!(may_duplicate(Delivery::Unknown));
    /// ```
    #[allow(clippy::exhaustive_enums, reason = "there is no fourth value, and a match needs no unreachable arm")]
    pub enum Delivery {
        /// Proven: the platform has not accepted the message. Sending it again cannot duplicate it.
        NotSent = "not_sent",
        /// The platform may have the message. Sending it again may duplicate it.
        Unknown = "unknown",
        /// The platform has the message, although its response could not be used.
        Sent = "sent",
    }
}
