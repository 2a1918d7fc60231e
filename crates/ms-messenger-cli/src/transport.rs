//! HTTP options of every command.

use std::time::Duration;

use ms_messenger::http::HttpOptions;

/// Returns the options of this program, with a time-out for each attempt.
pub(crate) fn http_options(timeout: Option<Duration>) -> HttpOptions {
    let options =
        HttpOptions::default().with_application_id(concat!("msm/", env!("CARGO_PKG_VERSION")));
    match timeout {
        Some(timeout) => options.with_timeout(timeout),
        None => options,
    }
}
