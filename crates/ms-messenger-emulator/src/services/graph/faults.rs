//! The faults that only Graph has.

use serde_json::{Map, Value, json};

use crate::engine::{
    faults::{
        action::FaultAction,
        own::{FaultKind, OwnFault, ServiceFault, WrongMember},
    },
    platform::Platform,
};

/// What a claims challenge asks for by default: a token issued after the start of 2025.
const CLAIMS: &str = r#"{"access_token":{"nbf":{"essential":true,"value":"1735689600"}}}"#;

/// A fault that only Graph has; it does not affect other platforms.
///
/// ```
/// use ms_messenger_emulator::{Emulator, GraphFault, Platform};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = Emulator::start().await?;
/// let expired = GraphFault::NoAuthorization.into();
/// emulator.fail_next(Platform::MSGRAPH_CHAT, "send", expired)?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum GraphFault {
    /// As [`FaultAction::TokenExpiry`], but an expired token is rejected as has been observed at
    /// Graph: 403 "No authorization information present on the request."
    NoAuthorization,
    /// Nothing is stored; 401 with a claims challenge in `WWW-Authenticate`.
    #[non_exhaustive]
    ClaimsChallenge {
        /// The JSON text that the challenge carries in Base64; sent as it is.
        claims: String,
    },
    /// Uploads only (`drive.upload`, `drive.session.create`, `.piece`, `.commit`): another client
    /// stores a file under the same name while the request is carried out.
    NameConflict,
}

impl GraphFault {
    /// Creates a claims challenge with this JSON text.
    pub fn claims_challenge(claims: impl Into<String>) -> Self {
        Self::ClaimsChallenge {
            claims: claims.into(),
        }
    }
}

impl FaultAction {
    /// Graph only: creates a claims challenge that asks for a token issued after the start of 2025.
    /// [`GraphFault::claims_challenge`] takes other claims.
    pub fn claims_challenge() -> Self {
        GraphFault::claims_challenge(CLAIMS).into()
    }

    /// Sets the JSON text of a claims challenge; it does not change other actions.
    #[must_use]
    pub fn with_claims(self, claims: impl Into<String>) -> Self {
        let challenge = match &self {
            Self::Own(fault) => fault.downcast_ref(),
            _ => None,
        };
        match challenge {
            Some(GraphFault::ClaimsChallenge { .. }) => GraphFault::claims_challenge(claims).into(),
            _ => self,
        }
    }
}

impl ServiceFault for GraphFault {
    fn to_json(&self) -> Value {
        match self {
            Self::NoAuthorization => json!({"kind": "no_authorization"}),
            Self::ClaimsChallenge { claims } => {
                json!({"kind": "claims_challenge", "claims": claims})
            }
            Self::NameConflict => json!({"kind": "name_conflict"}),
        }
    }

    fn fits(&self, operation: &str) -> bool {
        let uploads = [
            "drive.upload",
            "drive.session.create",
            "drive.session.piece",
            "drive.session.commit",
        ];
        match self {
            Self::NameConflict => uploads.contains(&operation),
            _ => !operation.starts_with("notification."),
        }
    }
}

impl From<GraphFault> for FaultAction {
    fn from(fault: GraphFault) -> Self {
        Self::Own(OwnFault::new(Platform::MSGRAPH_CHAT, fault))
    }
}

/// The kinds as fault documents name them.
pub(crate) fn kinds() -> Vec<FaultKind> {
    vec![
        FaultKind::new("no_authorization", &[], read),
        FaultKind::new("claims_challenge", &["claims"], read),
        FaultKind::new("name_conflict", &[], read),
    ]
}

fn read(kind: &str, members: &Map<String, Value>) -> Result<OwnFault, WrongMember> {
    let fault = match (kind, members.get("claims")) {
        ("no_authorization", _) => GraphFault::NoAuthorization,
        ("name_conflict", _) => GraphFault::NameConflict,
        (_, None) => GraphFault::claims_challenge(CLAIMS),
        (_, Some(Value::String(claims))) => GraphFault::claims_challenge(claims),
        (_, Some(_)) => return Err(("claims", "must be a string")),
    };
    Ok(OwnFault::new(Platform::MSGRAPH_CHAT, fault))
}
