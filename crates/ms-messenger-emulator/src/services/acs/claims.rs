//! The claims of an ACS user access token.

use crate::wire::jwt::Claims;

/// The user of the token: `8:` + `skypeid`.
pub(crate) fn user(claims: &Claims) -> Option<String> {
    claims.text("skypeid").map(|id| format!("8:{id}"))
}

/// The scopes of the token (`acsScope`, comma separated).
pub(crate) fn scopes(claims: &Claims) -> Vec<String> {
    let scopes = claims.text("acsScope").unwrap_or_default().split(',');
    scopes.map(|scope| scope.trim().to_owned()).collect()
}
