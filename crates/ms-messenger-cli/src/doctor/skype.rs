//! Skype for Business through UCWA.

use ms_messenger::RetryPolicy;

use crate::{
    doctor::{finding::Findings, patient::Patient},
    platform::{self, Platform},
};

/// Signs in and out again: discovery, certificates, password and permission in one.
pub(crate) async fn skype(patient: &Patient, findings: &mut Findings) {
    let settings = &patient.settings;
    let names = [
        "UCWA_SIP",
        "UCWA_USERNAME",
        "UCWA_PASSWORD",
        "UCWA_DISCOVERY_URL",
        "UCWA_ENDPOINT_ID",
        "UCWA_TRUSTED_DOMAIN",
    ];
    patient.origins(&names, findings);
    if !settings.configures(Platform::Ucwa) {
        findings.unconfigured();
        return;
    }
    let options = patient.options.clone();
    let signed_in = match platform::skype(settings, options, RetryPolicy::never()) {
        Ok(builder) => builder.sign_in().await,
        Err(error) => return findings.failure("settings", error),
    };
    match signed_in {
        Ok(session) => {
            session.sign_out().await;
            findings.sound("sign-in", "signed in, and out again");
        }
        Err(error) => findings.failure("sign-in", error),
    }
}
