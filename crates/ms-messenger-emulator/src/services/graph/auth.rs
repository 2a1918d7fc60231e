//! Who calls Graph, and with which permissions.

use crate::engine::resources::Shared;
use crate::engine::tokens::Audience;
use crate::seed::Seed;
use crate::services::graph::error::GraphError;
use crate::services::graph::permissions::Permissions;
use crate::wire::jwt::{Claims, TokenProblem};
use crate::wire::request::Request;

/// A verified caller.
#[derive(Clone, Debug)]
pub(crate) struct Caller {
    /// Object id of the user (of the service principal for an app-only token).
    pub(crate) id: String,
    pub(crate) display_name: String,
    /// Id of the application that calls, for the user or for itself.
    pub(crate) app: String,
    /// A user, whose membership counts.
    pub(crate) is_user: bool,
}

/// Verifies the token.
pub(crate) fn verify(shared: &Shared, request: &Request) -> Result<Claims, GraphError> {
    let authorization = request.header("authorization").unwrap_or_default();
    let scheme = authorization.get(..7).unwrap_or_default();
    if !scheme.eq_ignore_ascii_case("Bearer ") {
        return Err(GraphError::token("Access token is empty."));
    }
    let token = authorization.get(7..).unwrap_or_default().trim();
    let now = shared.now_ms() / 1000;
    let claims = shared
        .verify(Audience::Graph, token, now)
        .map_err(|problem| {
            GraphError::token(match problem {
                TokenProblem::Garbled => "IDX14100: JWT is not well formed.",
                TokenProblem::Signature => "Access token validation failure. Invalid signature.",
                TokenProblem::Expired if is_forbidden(shared) => {
                    return GraphError::no_authorization();
                }
                TokenProblem::Expired => "Lifetime validation failed, the token is expired.",
            })
        })?;
    if !claims.text("aud").is_some_and(Seed::is_graph_audience) {
        return Err(GraphError::token(
            "Access token validation failure. Invalid audience.",
        ));
    }
    Ok(claims)
}

/// Whether an expired token is refused with 403.
fn is_forbidden(shared: &Shared) -> bool {
    shared.settings.graph_forbids_expired || shared.token_life.is_forbidden(Audience::Graph)
}

/// Verifies the token and that it carries one of the permissions `needed`.
pub(crate) fn authenticate(
    shared: &Shared,
    request: &Request,
    needed: &Permissions,
) -> Result<Caller, GraphError> {
    let claims = verify(shared, request)?;
    let (is_user, granted, wanted) = match claims.text("scp") {
        Some(_) => (true, claims.scopes(), needed.delegated),
        None => (false, claims.roles(), needed.application),
    };
    if wanted.is_empty() {
        if !is_user {
            return Err(GraphError::application_only());
        }
        let message = "Requested API is not supported in delegated context";
        return Err(GraphError::forbidden(message));
    }
    if !wanted.iter().any(|permission| granted.contains(permission)) {
        let (kind, needs, has) = (
            if is_user { "scope" } else { "role" },
            wanted.join(", "),
            granted.join(", "),
        );
        return Err(GraphError::forbidden(format!(
            "Missing {kind} permissions on the request. API requires one of '{needs}'. \
             {kind} permissions on the request '{has}'"
        )));
    }
    let id = claims.text("oid").unwrap_or_default().to_ascii_lowercase();
    let name = claims.text("name").map(str::to_owned);
    let seeded = || {
        shared
            .seed
            .graph_user(&id)
            .map(|user| user.display_name.clone())
    };
    let app = claims.text("appid").or_else(|| claims.text("azp"));
    Ok(Caller {
        app: app.unwrap_or_default().to_owned(),
        display_name: name.or_else(seeded).unwrap_or_default(),
        id,
        is_user,
    })
}
