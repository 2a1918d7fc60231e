//! How Microsoft Graph is reached: cloud, address and sign-in.

use ms_messenger::{Error, ErrorKind, Result, msgraph_chat::Cloud};

use crate::{config::Settings, platform::Platform, text};

/// Checks that the stored sign-in can be read and belongs to the configured cloud.
///
/// # Errors
///
/// `Config` for another cloud; what prevented the sign-in from being read.
pub(crate) fn check_sign_in(settings: &Settings) -> Result<()> {
    let Some(signed_in) = &settings.signed_in else {
        return Ok(());
    };
    let Some(own) = signed_in.cloud()? else {
        return Ok(());
    };
    // No cloud accepts a token of another one.
    if settings.value("MSGRAPH_CLOUD") != Some(own.name) {
        let text = text::platform::cloud(text::platform::OTHER_CLOUD);
        return Err(Error::new(ErrorKind::Config, text));
    }
    Ok(())
}

/// Returns the configured cloud, else that of the sign-in.
///
/// # Errors
///
/// `Config` for an unknown cloud, or another one than that of the sign-in.
pub(crate) fn cloud(settings: &Settings) -> Result<Cloud> {
    check_sign_in(settings)?;
    settings
        .value("MSGRAPH_CLOUD")
        .map_or(Ok(Cloud::GLOBAL), cloud_named)
}

/// Returns the cloud of this name.
///
/// # Errors
///
/// `Config` when there is none.
pub(crate) fn cloud_named(name: &str) -> Result<Cloud> {
    let cloud: Result<Cloud> = name.parse();
    cloud.map_err(|error| {
        let text = text::platform::cloud(error.message());
        Error::new(ErrorKind::Config, text)
    })
}

/// Returns the base address of Graph, with its version.
///
/// # Errors
///
/// As [`cloud`]; `Config` for a configured address that is not usable.
pub(crate) fn address(settings: &Settings) -> Result<String> {
    const BASE: &str = "MSGRAPH_BASE_URL";
    match settings.value(BASE) {
        Some(_) => settings.configure(Platform::MsgraphChat, |it| it.address(BASE)),
        None => Ok(format!("{}/v1.0", cloud(settings)?.graph_root)),
    }
}

/// Returns what is wrong with a configured base address that does not end in a version.
pub(crate) fn address_without_version(settings: &Settings) -> Option<String> {
    let address = settings.value("MSGRAPH_BASE_URL")?.trim_end_matches('/');
    let has_version = ["/v1.0", "/beta"].iter().any(|it| address.ends_with(it));
    let origin = settings.origin("MSGRAPH_BASE_URL")?;
    let setting = origin.setting("MSGRAPH_BASE_URL");
    (!has_version).then(|| text::platform::address_without_version(&setting))
}
