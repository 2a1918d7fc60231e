//! A fault that only the token endpoints have: an error of their own.

use http::StatusCode;
use serde_json::{Map, Value, json};

use crate::{
    engine::{
        faults::{
            action::FaultAction,
            own::{FaultKind, OwnFault, ServiceFault},
        },
        platform::Platform,
    },
    services::entra::error::EntraError,
};

/// An OAuth error in place of the response of `token` or `devicecode`.
///
/// ```
/// use ms_messenger_emulator::{EntraFault, Emulator, Platform};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = Emulator::start().await?;
/// let fault = EntraFault::new("interaction_required");
/// emulator.fail_next(Platform::ENTRA, "token", fault.into())?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct EntraFault {
    /// `invalid_grant`, `interaction_required`, `temporarily_unavailable` …
    pub error: String,
    /// The text after `AADSTS<n>: `.
    pub description: Option<String>,
    /// The number after `AADSTS`; if absent, the usual one of the error.
    pub code: Option<u32>,
    /// `suberror`, for example `bad_token`.
    pub suberror: Option<String>,
    /// `claims`, the challenge for the next request, as JSON text.
    pub claims: Option<String>,
    /// 400 to 599; if absent, 401 for `invalid_client` and 400 otherwise.
    pub status: Option<u16>,
}

impl EntraFault {
    const KIND: &'static str = "entra_error";
    const MEMBERS: &'static [&'static str] = &[
        "error",
        "error_description",
        "error_code",
        "suberror",
        "claims",
        "status",
    ];

    /// Creates the OAuth error `error`, with its usual number and status.
    #[must_use]
    pub fn new(error: impl Into<String>) -> Self {
        Self {
            error: error.into(),
            description: None,
            code: None,
            suberror: None,
            claims: None,
            status: None,
        }
    }

    pub(crate) fn to_error(&self) -> EntraError {
        let usual = match self.error.as_str() {
            "authorization_pending" | "slow_down" => 70_016,
            "authorization_declined" => 65_004,
            "expired_token" => 70_020,
            "invalid_client" => 7_000_215,
            "unauthorized_client" => 700_016,
            "invalid_scope" => 70_011,
            "unsupported_grant_type" => 70_003,
            "invalid_resource" => 500_011,
            "interaction_required" => 50_076,
            "consent_required" => 65_001,
            "login_required" => 50_058,
            "temporarily_unavailable" => 90_006,
            "server_error" => 90_033,
            "invalid_request" => 90_014,
            _ => 70_000,
        };
        let text = self.description.as_deref();
        let text = text.unwrap_or("Injected by a fault rule.");
        let mut error = EntraError::new(&self.error, self.code.unwrap_or(usual), text);
        if let Some(status) = self.status {
            error.status = StatusCode::from_u16(status).unwrap_or(error.status);
        }
        error.suberror.clone_from(&self.suberror);
        error.claims.clone_from(&self.claims);
        error
    }

    /// Reads the members of an action. The error names a member and its rule.
    fn read(object: &Map<String, Value>) -> Result<Self, (&'static str, &'static str)> {
        let text = |name: &'static str| match object.get(name) {
            None => Ok(None),
            Some(Value::String(text)) => Ok(Some(text.clone())),
            Some(_) => Err((name, "must be a string")),
        };
        let number = |name: &'static str, from: u64, to: u64, rule| match object.get(name) {
            None => Ok(None),
            Some(value) => match value.as_u64().filter(|n| (from..=to).contains(n)) {
                Some(n) => Ok(Some(n)),
                None => Err((name, rule)),
            },
        };
        let error = text("error")?.filter(|error| !error.is_empty());
        let code = number("error_code", 1, 99_999_999, "must be a number of AADSTS")?;
        let status = number("status", 400, 599, "must be a whole number from 400 to 599")?;
        Ok(Self {
            error: error.ok_or(("error", "is required and must be a string"))?,
            description: text("error_description")?,
            code: code.and_then(|code| u32::try_from(code).ok()),
            suberror: text("suberror")?,
            claims: text("claims")?,
            status: status.and_then(|status| u16::try_from(status).ok()),
        })
    }
}

impl ServiceFault for EntraFault {
    /// Only these operations respond with such errors.
    fn fits(&self, operation: &str) -> bool {
        ["token", "devicecode"].contains(&operation)
    }

    fn to_json(&self) -> Value {
        let mut document = json!({"kind": Self::KIND, "error": self.error});
        let texts = [
            ("error_description", &self.description),
            ("suberror", &self.suberror),
            ("claims", &self.claims),
        ];
        for (name, text) in texts {
            if let Some(text) = text {
                document[name] = json!(text);
            }
        }
        if let Some(code) = self.code {
            document["error_code"] = json!(code);
        }
        if let Some(status) = self.status {
            document["status"] = json!(status);
        }
        document
    }
}

impl From<EntraFault> for FaultAction {
    fn from(fault: EntraFault) -> Self {
        Self::Own(OwnFault::new(Platform::ENTRA, fault))
    }
}

/// The kind as fault documents name it.
pub(crate) fn kinds() -> Vec<FaultKind> {
    let read = |_: &str, members: &Map<String, Value>| {
        EntraFault::read(members).map(|fault| OwnFault::new(Platform::ENTRA, fault))
    };
    vec![FaultKind::new(EntraFault::KIND, EntraFault::MEMBERS, read)]
}
