//! The form of a request, and the tenant of its path.

use crate::{
    services::entra::{error::EntraError, state::Entra},
    wire::request::{Query, Request},
};

/// The members of a form body. A body of another media type has none, as the service reads it.
pub(crate) fn read(request: &Request) -> Query {
    let kind = request.header("content-type").unwrap_or_default();
    let essence = kind.split(';').next().unwrap_or_default().trim();
    if !essence.eq_ignore_ascii_case("application/x-www-form-urlencoded") {
        return Query::default();
    }
    Query::parse(&String::from_utf8_lossy(&request.body))
}

/// A member that is there and not empty.
pub(crate) fn value<'a>(form: &'a Query, name: &str) -> Option<&'a str> {
    form.value(name).filter(|value| !value.is_empty())
}

/// A member that must be there.
pub(crate) fn required<'a>(form: &'a Query, name: &str) -> Result<&'a str, EntraError> {
    value(form, name).ok_or_else(|| EntraError::missing(name))
}

/// Checks the tenant of a path: a GUID, a domain, `common` or `organizations`. When strict, the
/// GUID and the domain must be those of the seeded tenant.
pub(crate) fn check_tenant(service: &Entra, tenant: &str) -> Result<(), EntraError> {
    if is_shared(tenant) {
        return Ok(());
    }
    let is_label = |label: &str| {
        !label.is_empty()
            && label
                .bytes()
                .all(|b| b.is_ascii_alphanumeric() || b == b'-')
    };
    let is_domain = tenant.contains('.') && tenant.split('.').all(is_label);
    if !is_domain && uuid::Uuid::parse_str(tenant).is_err() {
        let message = format!(
            "Specified tenant identifier '{tenant}' is neither a valid DNS name, nor a valid \
             external domain."
        );
        return Err(EntraError::new("invalid_request", 900_023, message));
    }
    let seed = &service.seed;
    let is_ours = tenant.eq_ignore_ascii_case(&seed.entra.tenant)
        || tenant.eq_ignore_ascii_case("contoso.test");
    if service.engine.is_strict() && !is_ours {
        let message = format!("Tenant '{tenant}' not found.");
        return Err(EntraError::new("invalid_request", 90_002, message));
    }
    Ok(())
}

/// Whether the path names no one tenant.
pub(crate) fn is_shared(tenant: &str) -> bool {
    ["common", "organizations"].contains(&tenant.to_ascii_lowercase().as_str())
}
