//! A bearer token that a test asks for, without an identity service.

use serde_json::Value;

/// A request for a bearer token, by the document of `POST /_emulator/tokens`.
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TokenRequest<'a> {
    /// The user; `None` asks for a token of the application itself.
    pub user: Option<&'a str>,
    /// The scopes; `None` asks for the default ones.
    pub scopes: Option<Vec<&'a str>>,
}

impl<'a> TokenRequest<'a> {
    /// Returns the requested scopes, or the default ones.
    pub fn scopes_or(&self, usual: impl FnOnce() -> Vec<&'a str>) -> Vec<&'a str> {
        self.scopes.clone().unwrap_or_else(usual)
    }
}

/// A token that a service issues, before it is signed.
///
/// ```
/// use ms_messenger_emulator::service::{TokenGrant, TokenRequest};
///
/// # fn main() -> Result<(), Box<dyn std::error::Error>> {
/// fn grant(request: &TokenRequest<'_>) -> Result<TokenGrant, String> {
///     let user = request.user.ok_or("user: is required")?;
///     let scopes = request.scopes_or(|| vec!["page"]);
///     let claims = serde_json::json!({"sub": user, "scp": scopes.join(" ")});
///     Ok(TokenGrant::new(user.into(), &scopes, claims))
/// }
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[non_exhaustive]
pub struct TokenGrant {
    /// The user's id; `null` for the application.
    pub user: Value,
    /// Its scopes.
    pub scopes: Vec<String>,
    /// Its claims. `iat`, `exp` and `jti` are set when it is signed.
    pub claims: Value,
}

impl TokenGrant {
    /// Creates a grant for `user` (`null`: the application itself).
    pub fn new(user: Value, scopes: &[&str], claims: Value) -> Self {
        Self {
            user,
            scopes: scopes.iter().map(|scope| (*scope).to_owned()).collect(),
            claims,
        }
    }
}
