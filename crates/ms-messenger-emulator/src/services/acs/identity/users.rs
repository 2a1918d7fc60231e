//! The users of the resource.

use crate::{
    services::acs::{claims, family::Acs, identity::tokens},
    wire::jwt::Claims,
};

/// Whether an id has the form of a user of this resource.
pub(crate) fn is_of_resource(service: &Acs, raw_id: &str) -> bool {
    let prefix = format!("8:acs:{}_", service.seed.resource_id());
    raw_id
        .strip_prefix(&prefix)
        .is_some_and(|user| !user.is_empty())
}

/// Whether the user of a verified token still exists and the token was not revoked.
pub(crate) fn is_valid(service: &Acs, claims: &Claims) -> bool {
    let Some(user) = claims::user(claims) else {
        return false;
    };
    service
        .identity()
        .accepts(&user, claims.number(tokens::GENERATION))
}
