//! Which tokens are accepted.

use std::time::{Duration, SystemTime};

use ms_messenger_core::Problems;

use super::{
    claims::{Claims, Parts},
    keys::SigningKeys,
};
use crate::token_error::TokenError;

/// The two forms of an issuer in the public cloud: of tokens of version 1 and 2.
const ISSUERS: [&str; 2] = [
    "https://sts.windows.net/{tenant}/",
    "https://login.microsoftonline.com/{tenant}/v2.0",
];

/// Which tokens of Entra ID are accepted: signed by RS256 with one of the keys, for one of the own
/// applications, from one of the own tenants, issued to the sender, and valid at this time.
///
/// ```
/// use ms_messenger_events::{EntraTokens, EventGrid, SigningKeys};
///
/// # let jwks = br#"{"keys":[{"kty":"RSA","kid":"k1","n":"AQAB","e":"AQAB"}]}"#;
/// let keys = SigningKeys::from_jwks(jwks)?;
/// let tokens = EntraTokens::new(keys)
///     .with_audience("11111111-2222-3333-4444-555555555555")
///     .with_tenant("aaaaaaaa-bbbb-cccc-dddd-eeeeeeeeeeee");
/// let events = EventGrid::builder().with_tokens(tokens).build()?;
/// # Ok::<(), ms_messenger_core::Error>(())
/// ```
#[derive(Clone, Debug)]
pub struct EntraTokens {
    keys: SigningKeys,
    audiences: Vec<String>,
    tenants: Vec<String>,
    issuers: Vec<String>,
    senders: Vec<String>,
    leeway: Duration,
}

impl EntraTokens {
    /// Creates a check with `keys`. It accepts nothing until it has an audience and a tenant.
    pub fn new(keys: SigningKeys) -> Self {
        Self {
            keys,
            audiences: Vec::new(),
            tenants: Vec::new(),
            issuers: ISSUERS.map(str::to_owned).to_vec(),
            senders: Vec::new(),
            leeway: Duration::from_secs(300),
        }
    }

    /// Adds a valid `aud`: the id of the own application, or its URI.
    #[must_use]
    pub fn with_audience(mut self, audience: impl Into<String>) -> Self {
        self.audiences.push(audience.into());
        self
    }

    /// Adds an own tenant, a GUID.
    #[must_use]
    pub fn with_tenant(mut self, tenant: impl Into<String>) -> Self {
        self.tenants.push(tenant.into());
        self
    }

    /// Adds an issuer beside those of the public cloud; `{tenant}` stands for the tenant of the
    /// token, e.g. `https://login.microsoftonline.us/{tenant}/v2.0`.
    #[must_use]
    pub fn with_issuer(mut self, issuer: impl Into<String>) -> Self {
        self.issuers.push(issuer.into());
        self
    }

    /// Accepts tokens that were issued to the application `id`, in place of the sender in the
    /// public cloud. Needed in other clouds, where Event Grid and Graph have other ids.
    #[must_use]
    pub fn with_sender(mut self, id: impl Into<String>) -> Self {
        self.senders.push(id.into());
        self
    }

    /// Sets by how much clocks may differ; 5 minutes by default.
    #[must_use]
    pub fn with_leeway(mut self, leeway: Duration) -> Self {
        self.leeway = leeway;
        self
    }

    pub(crate) fn set_keys(&mut self, keys: SigningKeys) {
        self.keys = keys;
    }

    pub(crate) fn or_sender(self, id: &str) -> Self {
        if self.senders.is_empty() {
            return self.with_sender(id);
        }
        self
    }

    pub(crate) fn problems(&self, problems: &mut Problems) {
        let blank = |list: &[String]| list.is_empty() || list.iter().any(|it| it.trim().is_empty());
        for (list, field) in [
            (&self.audiences, "tokens.audience"),
            (&self.tenants, "tokens.tenant"),
        ] {
            problems.add_if(blank(list), field, "is required and must not be empty");
        }
        problems.add_if(blank(&self.senders), "tokens.sender", "must not be empty");
        problems.add_if(self.keys.is_empty(), "tokens.keys", "must not be empty");
    }

    /// Checks a token and returns its tenant.
    pub(crate) fn check(&self, token: &str, now: SystemTime) -> Result<String, TokenError> {
        let parts = Parts::read(token)?;
        let claims = &parts.claims;
        let mut keys = self.keys.find(&parts.key_id).peekable();
        if keys.peek().is_none() {
            // What is not even meant for this receiver is no reason to fetch keys again.
            self.check_claims(claims)?;
            return Err(TokenError::UnknownKey);
        }
        let matches = keys
            .filter(|key| key.is_for(&claims.tid))
            .any(|key| key.verifies(parts.signed, &parts.signature));
        if !matches {
            return Err(TokenError::Signature);
        }
        self.check_claims(claims)?;
        claims.check_times(now, self.leeway)?;
        Ok(parts.claims.tid)
    }

    fn check_claims(&self, claims: &Claims) -> Result<(), TokenError> {
        if !any(&self.audiences, &claims.aud) {
            return Err(TokenError::Audience);
        }
        if !any(&self.tenants, &claims.tid) {
            return Err(TokenError::Tenant);
        }
        let mut issuers = self.issuers.iter();
        if !issuers.any(|form| form.replace("{tenant}", &claims.tid) == claims.iss) {
            return Err(TokenError::Issuer);
        }
        let sender = claims.application().unwrap_or_default();
        if !any(&self.senders, sender) {
            return Err(TokenError::Application);
        }
        Ok(())
    }
}

/// Returns whether `value` is in the list. Ids are GUIDs, and their case has no meaning.
fn any(list: &[String], value: &str) -> bool {
    list.iter().any(|it| it.eq_ignore_ascii_case(value))
}
