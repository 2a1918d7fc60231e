//! The application of a request, and its proof.

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use serde_json::Value;
use subtle::ConstantTimeEq as _;

use crate::{
    services::entra::{
        error::EntraError,
        form::{required, value},
        state::Entra,
    },
    wire::request::Query,
};

const ASSERTION_TYPE: &str = "urn:ietf:params:oauth:client-assertion-type:jwt-bearer";
const FEDERATED_AUDIENCE: &str = "api://AzureADTokenExchange";

/// A registered application, or one that is taken for registered.
#[derive(Clone, Debug)]
pub(crate) struct Client {
    pub(crate) id: String,
    pub(crate) is_confidential: bool,
}

/// The application that the form or query names. When strict it must be a seeded one.
pub(crate) fn named(service: &Entra, form: &Query) -> Result<Client, EntraError> {
    let id = required(form, "client_id")?;
    let seeded = &service.seed.entra;
    let is_confidential = id.eq_ignore_ascii_case(&seeded.confidential_client_id);
    let is_public = id.eq_ignore_ascii_case(&seeded.public_client_id);
    let is_strange = uuid::Uuid::parse_str(id).is_err() || service.engine.is_strict();
    if !is_confidential && !is_public && is_strange {
        let message =
            format!("Application with identifier '{id}' was not found in the directory 'Contoso'.");
        return Err(EntraError::new("unauthorized_client", 700_016, message));
    }
    Ok(Client {
        id: id.to_ascii_lowercase(),
        is_confidential,
    })
}

/// The application, with its proof checked: a confidential one needs a secret or an assertion,
/// a public one must have none.
pub(crate) fn authenticated(service: &Entra, form: &Query, now: u64) -> Result<Client, EntraError> {
    let client = named(service, form)?;
    let secret = value(form, "client_secret");
    let assertion = value(form, "client_assertion");
    let refuse = |code, message: &str| Err(EntraError::new("invalid_client", code, message));
    if !client.is_confidential {
        return match secret.or(assertion) {
            None => Ok(client),
            Some(_) => refuse(
                700_025,
                "Client is public so neither 'client_assertion' nor 'client_secret' should be \
                 presented.",
            ),
        };
    }
    match (secret, assertion) {
        (_, Some(assertion)) => check_assertion(form, &client, assertion, now).map(|()| client),
        (Some(secret), None) => {
            let wanted = service.seed.entra.client_secret.as_bytes();
            if bool::from(secret.as_bytes().ct_eq(wanted)) {
                return Ok(client);
            }
            let message = format!(
                "Invalid client secret provided. Ensure the secret being sent in the request is \
                 the client secret value, not the client secret ID, for a secret added to app \
                 '{}'.",
                client.id
            );
            Err(EntraError::new("invalid_client", 7_000_215, message))
        }
        (None, None) => Err(unproven()),
    }
}

/// The refusal of a caller that must prove itself and does not.
pub(crate) fn unproven() -> EntraError {
    EntraError::new(
        "invalid_client",
        7_000_218,
        "The request body must contain the following parameter: 'client_assertion' or \
         'client_secret'.",
    )
}

/// Checks the form, the claims and the times of a client assertion. Its signature is not checked:
/// no certificate is registered here.
fn check_assertion(
    form: &Query,
    client: &Client,
    assertion: &str,
    now: u64,
) -> Result<(), EntraError> {
    let failed = |why: &str| {
        let message = format!(
            "The certificate with identifier used to sign the client assertion is not accepted: {why}."
        );
        EntraError::new("invalid_client", 700_027, message)
    };
    if value(form, "client_assertion_type") != Some(ASSERTION_TYPE) {
        return Err(EntraError::missing("client_assertion_type"));
    }
    let parts: Vec<&str> = assertion.split('.').collect();
    let [head, claims, signature] = parts.as_slice() else {
        return Err(failed("it is no JWT"));
    };
    let object = |part: &str| -> Option<Value> {
        serde_json::from_slice(&URL_SAFE_NO_PAD.decode(part).ok()?).ok()
    };
    let (Some(head), Some(claims)) = (object(head), object(claims)) else {
        return Err(failed("it is no JWT"));
    };
    let alg = head["alg"].as_str().unwrap_or_default();
    if !["PS256", "RS256"].contains(&alg) || signature.is_empty() {
        return Err(failed("its algorithm is neither PS256 nor RS256"));
    }
    let audience = claims["aud"].as_str().unwrap_or_default();
    if audience != FEDERATED_AUDIENCE {
        let is_client = |name: &str| {
            let claim = claims[name].as_str().unwrap_or_default();
            claim.eq_ignore_ascii_case(&client.id)
        };
        if !audience.ends_with("/oauth2/v2.0/token") {
            return Err(failed("its audience is not the token endpoint"));
        }
        if !is_client("iss") || !is_client("sub") {
            return Err(failed("issuer and subject are not the application"));
        }
    }
    let expires = claims["exp"].as_f64().unwrap_or_default();
    if expires <= (now / 1000) as f64 {
        let message = "Client assertion is not within its valid time range.";
        return Err(EntraError::new("invalid_client", 700_024, message));
    }
    Ok(())
}
