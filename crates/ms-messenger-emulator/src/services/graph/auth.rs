//! The caller of Graph and its permissions.

use crate::{
    engine::tokens::Audience,
    seed::Seed,
    services::graph::{caller::Caller, error::GraphError, permission::Permissions, state::Graph},
    wire::{
        jwt::{Claims, VerifyTokenError},
        request::Request,
    },
};

/// The bearer tokens of Graph.
pub(crate) const AUDIENCE: Audience = Audience::new("msgraph-chat");

/// Verifies the token.
pub(crate) fn verify(service: &Graph, request: &Request) -> Result<Claims, GraphError> {
    let authorization = request.header("authorization").unwrap_or_default();
    let scheme = authorization.get(..7).unwrap_or_default();
    if !scheme.eq_ignore_ascii_case("Bearer ") {
        return Err(GraphError::token("Access token is empty."));
    }
    let token = authorization.get(7..).unwrap_or_default().trim();
    let claims = service.engine.verify(AUDIENCE, token).map_err(|problem| {
        GraphError::token(match problem {
            VerifyTokenError::Garbled => "IDX14100: JWT is not well formed.",
            VerifyTokenError::Signature => "Access token validation failure. Invalid signature.",
            VerifyTokenError::Expired if is_forbidden(service) => {
                return GraphError::no_authorization();
            }
            VerifyTokenError::Expired => "Lifetime validation failed, the token is expired.",
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
fn is_forbidden(service: &Graph) -> bool {
    service.settings.forbids_expired || service.engine.token_life.is_forbidden(AUDIENCE)
}

/// Verifies the token, and that it has one of the permissions `needed`.
pub(crate) fn authenticate(
    service: &Graph,
    request: &Request,
    needed: &Permissions,
) -> Result<Caller, GraphError> {
    let claims = verify(service, request)?;
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
    Ok(caller(service, &claims))
}

/// The caller that a verified token names.
pub(crate) fn caller(service: &Graph, claims: &Claims) -> Caller {
    let id = claims.text("oid").unwrap_or_default().to_ascii_lowercase();
    let name = claims.text("name").map(str::to_owned);
    let seeded = || {
        service
            .seed
            .graph_user(&id)
            .map(|user| user.display_name.clone())
    };
    let app = claims.text("appid").or_else(|| claims.text("azp"));
    Caller {
        app: app.unwrap_or_default().to_owned(),
        display_name: name.or_else(seeded).unwrap_or_default(),
        id,
        is_user: claims.text("scp").is_some(),
    }
}
