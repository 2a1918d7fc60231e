//! The Entra token by which a receiver knows Event Grid.

use http::{HeaderMap, HeaderValue, header::AUTHORIZATION};
use serde_json::json;

use crate::{engine::resources::Engine, services::acs::events::subscription::EventSubscription};

/// The life of the service's tokens, in seconds.
const LIFE_S: u64 = 86_700;

/// Adds the token that the receiver asks for; `tenant` is the seeded one.
pub(crate) fn authorize(
    engine: &Engine,
    subscription: &EventSubscription,
    tenant: &str,
    headers: &mut HeaderMap,
) {
    let Some(bearer) = &subscription.bearer else {
        return;
    };
    let tenant = bearer.tenant.as_deref().unwrap_or(tenant);
    let claims = json!({
        "aud": bearer.audience,
        "iss": format!("https://sts.windows.net/{tenant}/"),
        "tid": tenant,
        "appid": bearer.app_id,
        "appidacr": "2",
        "idtyp": "app",
        "oid": bearer.app_id,
        "sub": bearer.app_id,
        "roles": ["AzureEventGridSecureWebhookSubscriber"],
        "ver": "1.0",
    });
    let now = engine.now_ms() / 1000;
    let token = engine.push_tokens.token(claims, now, LIFE_S);
    if let Ok(mut value) = HeaderValue::try_from(format!("Bearer {token}")) {
        value.set_sensitive(true);
        headers.insert(AUTHORIZATION, value);
    }
}
