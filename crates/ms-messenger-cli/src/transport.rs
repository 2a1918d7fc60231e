//! HTTP options and retries of every command.

use std::time::Duration;

use ms_messenger::{RetryPolicy, http::HttpOptions};

/// Returns the options of this program, with a time-out for each attempt.
pub(crate) fn http_options(timeout: Option<Duration>) -> HttpOptions {
    let options =
        HttpOptions::default().with_application_id(concat!("msm/", env!("CARGO_PKG_VERSION")));
    match timeout {
        Some(timeout) => options.with_timeout(timeout),
        None => options,
    }
}

/// Returns the default policy, or one with this number of retries.
pub(crate) fn retry(retries: Option<u32>) -> RetryPolicy {
    let retry = RetryPolicy::default();
    match retries {
        Some(retries) => retry.with_max_attempts(retries.saturating_add(1)),
        None => retry,
    }
}
