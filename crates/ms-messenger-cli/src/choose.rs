//! Which platform a message goes through.

use ms_messenger::{Address, Body, Error, ErrorKind, Problems, Result, SendRequest, Target};

use crate::{config::Settings, platform::Platform, text};

/// Chooses the platform for `request`: the named one, else the only one that is configured and
/// supports the target.
///
/// # Errors
///
/// `Unsupported` for a target that no platform supports; `Config` when no platform or several are
/// configured for it, or a setting that the target needs is missing.
pub(crate) fn choose(
    named: Option<Platform>,
    request: &SendRequest,
    settings: &Settings,
) -> Result<Platform> {
    let to = &request.to;
    if !Platform::ALL.iter().any(|platform| platform.supports(to)) {
        return Err(unsupported());
    }
    let chosen = match named.or_else(|| native_platform(request)) {
        Some(platform) => platform,
        None => only_candidate(to, settings)?,
    };
    if !settings.configures(chosen) {
        return Err(chosen.not_configured());
    }
    let missing = match (to, chosen) {
        (Target::Person(Address::Phone(_) | Address::WhatsApp(_)), Platform::AcsMessages)
            if settings.value("ACS_CHANNEL_REGISTRATION_ID").is_none() =>
        {
            text::platform::CHANNEL_MISSING
        }
        _ => return Ok(chosen),
    };
    Err(Error::new(ErrorKind::Config, missing).with_platform(chosen.as_str()))
}

/// Returns the platform of a body in a platform's own JSON.
fn native_platform(request: &SendRequest) -> Option<Platform> {
    let Body::Native { platform, .. } = &request.message.body else {
        return None;
    };
    Platform::named(platform)
}

/// Returns the only configured platform that supports the target.
fn only_candidate(to: &Target, settings: &Settings) -> Result<Platform> {
    let candidates = || Platform::ALL.into_iter().filter(|it| it.supports(to));
    let configured: Vec<Platform> = candidates()
        .filter(|platform| settings.configures(*platform))
        .collect();
    let message = match configured.as_slice() {
        [platform] => return Ok(*platform),
        [] => text::platform::none_configured_for_target(candidates()),
        several => {
            let names: Vec<&str> = several.iter().map(|platform| platform.as_str()).collect();
            text::platform::several_configured_for_target(&names.join(", "))
        }
    };
    Err(Error::new(ErrorKind::Config, message))
}

/// Returns the error of a target that no platform supports.
fn unsupported() -> Error {
    let mut problems = Problems::new();
    let rule = text::platform::NONE_FOR_TARGET;
    problems.add("to", rule);
    let error = problems.into_error(ErrorKind::Unsupported);
    error.unwrap_or_else(|| Error::new(ErrorKind::Unsupported, rule))
}

#[cfg(test)]
mod tests {
    use ms_messenger::Message;

    use super::*;
    use crate::args::ConnectionArgs;

    fn settings(names: &[&str]) -> Settings {
        let env = |name: &str| names.contains(&name).then(|| "x".to_owned());
        Settings::read(&ConnectionArgs::default(), &env).unwrap()
    }

    fn choose(to: &str, names: &[&str]) -> Result<Platform> {
        let request = SendRequest::new(to.parse::<Target>().unwrap(), Message::text("hi"));
        super::choose(None, &request, &settings(names))
    }

    const ALL: &[&str] = &["ACS_CONNECTION_STRING", "ACS_CHAT_TOKEN", "MSGRAPH_TOKEN"];

    #[test]
    fn the_only_configured_platform_is_chosen() {
        for (names, platform) in [
            (&["ACS_CONNECTION_STRING"], Platform::AcsMessages),
            (&["ACS_CHAT_TOKEN"], Platform::AcsChat),
            (&["MSGRAPH_TOKEN"], Platform::MsgraphChat),
        ] {
            assert_eq!(choose("conversation:19:a", names).unwrap(), platform);
        }
        for to in [
            "channel:t/c",
            "channel:@Contoso/General",
            "user:lene@contoso.com",
        ] {
            assert_eq!(choose(to, ALL).unwrap(), Platform::MsgraphChat, "{to}");
        }
    }

    #[test]
    fn several_candidates_are_listed_and_none_is_chosen() {
        let error = choose("conversation:19:a", ALL).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        for platform in Platform::ALL {
            // A conversation of Skype for Business cannot be a target.
            let named = error.message().contains(platform.as_str());
            assert_eq!(named, platform != Platform::Ucwa, "{error}");
        }
    }

    #[test]
    fn missing_settings_are_named() {
        for (to, names, missing) in [
            ("channel:t/c", &[][..], "MSGRAPH_TOKEN"),
            ("channel:t/c", &["ACS_CHAT_TOKEN"][..], "MSGRAPH_TOKEN"),
            ("tel:+14255550123", ALL, "ACS_CHANNEL_REGISTRATION_ID"),
        ] {
            let error = choose(to, names).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{to}");
            assert!(error.message().contains(missing), "{to}: {error}");
        }
    }

    #[test]
    fn a_sip_address_goes_to_skype_for_business() {
        let names = &["UCWA_SIP", "UCWA_PASSWORD", "MSGRAPH_TOKEN"];
        assert_eq!(
            choose("sip:lene@contoso.com", names).unwrap(),
            Platform::Ucwa
        );
        let error = choose("sip:lene@contoso.com", &["UCWA_SIP"]).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.message().contains("UCWA_PASSWORD"), "{error}");
    }

    #[test]
    fn a_native_body_goes_to_its_platform() {
        let to = Target::conversation("19:a");
        let request = SendRequest::new(to, Message::native("acs-chat", serde_json::json!({})));
        let chosen = super::choose(None, &request, &settings(ALL)).unwrap();
        assert_eq!(chosen, Platform::AcsChat);
    }
}
