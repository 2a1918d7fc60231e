//! `msm emulator record`.

use std::fmt::Display;

use crate::print::counted;

/// Ready, and how clients find it.
pub(crate) fn ready(
    upstream: &str,
    http: &str,
    out: impl Display,
    variables: &[(&str, String)],
) -> String {
    let mut text = format!(
        "recording {upstream} at {http} to {out}; press Ctrl-C to stop\n\
         clients need these variables, and the credentials of the service:"
    );
    for (name, value) in variables {
        text.push_str(&format!("\n  {name:<22} {value}"));
    }
    text
}

/// The end, with how many exchanges were recorded, and what else passed.
pub(crate) fn ending(signal: &str, recorded: u64, failed: u64, unlinked: u64) -> String {
    let mut text = format!(
        "ending ({signal}): {} recorded",
        counted(recorded, "exchange")
    );
    for (number, one, what) in [
        (failed, "request", "without a response of the service"),
        (unlinked, "response", "whose links led past the recorder"),
    ] {
        if number > 0 {
            text.push_str(&format!(", {} {what}", counted(number, one)));
        }
    }
    text
}

pub(crate) fn unwritten(file: impl Display, exchanges: u64) -> String {
    let exchanges = counted(exchanges, "exchange");
    format!("{file}: {exchanges} could not be written")
}

pub(crate) fn no_certificate(file: impl Display) -> String {
    format!("{file}: has no certificate in PEM")
}
