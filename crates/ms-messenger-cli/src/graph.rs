//! How Microsoft Graph is reached: credential, cloud and address.

use ms_messenger::{Error, ErrorKind, Result, StaticToken, TokenProvider, msgraph_chat::Cloud};
use secrecy::ExposeSecret as _;

use crate::{config::Settings, platform::Platform};

/// Returns the credential: the token that was given, else the stored sign-in.
///
/// # Errors
///
/// `Config` when there is neither; what prevented the sign-in from being read.
pub(crate) fn credential(settings: &Settings) -> Result<Box<dyn TokenProvider>> {
    if let Some(token) = &settings.graph_token {
        return Ok(Box::new(StaticToken::new(token.expose_secret())));
    }
    let signed_in = settings.signed_in.as_ref();
    let signed_in = signed_in.ok_or_else(|| Platform::MsgraphChat.not_configured())?;
    signed_in.sign_in()?;
    Ok(Box::new(signed_in.provider()))
}

/// Returns the configured cloud, else that of the sign-in.
///
/// # Errors
///
/// `Config` for an unknown cloud, or another one than that of the sign-in.
pub(crate) fn cloud(settings: &Settings) -> Result<Cloud> {
    let named = settings.graph_cloud.as_deref();
    let named = named.map(cloud_named).transpose()?;
    let own = match &settings.signed_in {
        Some(signed_in) => signed_in.cloud()?,
        None => None,
    };
    match (named, own) {
        // No cloud accepts a token of another one.
        (Some(named), Some(own)) if named != own => Err(Error::new(
            ErrorKind::Config,
            "MSGRAPH_CLOUD: is not the cloud of the sign-in",
        )),
        (Some(cloud), _) | (None, Some(cloud)) => Ok(cloud),
        (None, None) => Ok(Cloud::GLOBAL),
    }
}

/// Returns the cloud of this name.
///
/// # Errors
///
/// `Config` when there is none.
pub(crate) fn cloud_named(name: &str) -> Result<Cloud> {
    match name {
        "global" => Ok(Cloud::GLOBAL),
        "us-gov-l4" => Ok(Cloud::US_GOV_L4),
        "us-gov-l5" => Ok(Cloud::US_GOV_L5),
        "china" => Ok(Cloud::CHINA),
        _ => Err(Error::new(
            ErrorKind::Config,
            "MSGRAPH_CLOUD: must be global, us-gov-l4, us-gov-l5 or china",
        )),
    }
}

/// Returns the base address of Graph, with its version.
///
/// # Errors
///
/// As [`cloud`].
pub(crate) fn address(settings: &Settings) -> Result<String> {
    if let Some(url) = &settings.graph_base_url {
        return Ok(url.clone());
    }
    Ok(format!("{}/v1.0", cloud(settings)?.graph_root))
}

/// Returns what is wrong with a configured base address that does not end in a version.
pub(crate) fn address_without_version(settings: &Settings) -> Option<String> {
    let url = settings.graph_base_url.as_deref()?;
    let address = url.trim_end_matches('/');
    let has_version = ["/v1.0", "/beta"].iter().any(|it| address.ends_with(it));
    let origin = settings.origin("MSGRAPH_BASE_URL")?;
    let setting = origin.setting("MSGRAPH_BASE_URL");
    (!has_version)
        .then(|| format!("{setting} has no version at its end: did you mean it with /v1.0?"))
}
