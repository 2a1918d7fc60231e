//! Skype for Business through UCWA.

use ms_messenger::RetryPolicy;

use crate::{
    connect,
    doctor::{context::DoctorContext, finding::Findings},
    platform::Platform,
    text,
};

/// Signs in and out again, which checks discovery, certificates, password and permission.
pub(crate) async fn skype(context: &DoctorContext, findings: &mut Findings) {
    let settings = &context.settings;
    let names = [
        "UCWA_SIP",
        "UCWA_USERNAME",
        "UCWA_PASSWORD",
        "UCWA_DISCOVERY_URL",
        "UCWA_ENDPOINT_ID",
        "UCWA_TRUSTED_DOMAIN",
    ];
    context.origins(&names, findings);
    if !settings.configures(Platform::Ucwa) {
        findings.unconfigured();
        return;
    }
    let options = context.options.clone();
    let signed_in = match connect::skype(settings, options, RetryPolicy::never()) {
        Ok(builder) => builder.sign_in().await,
        Err(error) => return findings.failure("settings", error, settings),
    };
    match signed_in {
        Ok(session) => match session.sign_out().await {
            Ok(()) => findings.ok("sign-in", text::doctor::SIGNED_IN_AND_OUT),
            // It prevents no send.
            Err(error) => {
                findings.ok("sign-in", text::doctor::SIGNED_IN);
                findings.note("sign-out", error.message());
            }
        },
        Err(error) => findings.failure("sign-in", error, settings),
    }
}
