//! Rate limits, and how a throttled response says when to retry.

pub(crate) mod bucket;
pub(crate) mod used;

use std::time::{Duration, UNIX_EPOCH};

use crate::wire::response::Response;

/// The form of `Retry-After` in a throttled response.
///
/// ```
/// use ms_messenger_emulator::{Emulator, RetryAfter};
///
/// # #[tokio::main(flavor = "current_thread")] async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let builder = Emulator::builder().with_documented_limits(true);
/// let emulator = builder.with_retry_after(RetryAfter::Date).start().await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum RetryAfter {
    /// Whole seconds: `Retry-After: 3`.
    #[default]
    Seconds,
    /// Seconds with a fraction, as observed at Graph: `Retry-After: 2.128`.
    Fraction,
    /// An HTTP date.
    Date,
    /// No such header.
    Absent,
}

impl RetryAfter {
    /// The value of the header for a wait of so many milliseconds from `now`, never too short.
    pub(crate) fn write(self, wait_ms: u64, now: u64) -> Option<String> {
        match self {
            Self::Seconds => Some(wait_ms.div_ceil(1000).to_string()),
            Self::Fraction => Some(format!("{}.{:03}", wait_ms / 1000, wait_ms % 1000)),
            Self::Date => {
                let seconds = (now + wait_ms).div_ceil(1000);
                let date = UNIX_EPOCH + Duration::from_secs(seconds);
                Some(httpdate::fmt_http_date(date))
            }
            Self::Absent => None,
        }
    }
}

/// A request above a rate. Nothing is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Throttled {
    pub(crate) retry_after: Option<String>,
}

impl Throttled {
    /// Adds `Retry-After` to the response, in the form set in the builder.
    pub fn mark(&self, response: Response) -> Response {
        match &self.retry_after {
            Some(value) => response.with_header("retry-after", value),
            None => response,
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_wait_is_written_in_every_spelling_and_never_too_short() {
        assert_eq!(RetryAfter::Seconds.write(1, 0).as_deref(), Some("1"));
        assert_eq!(RetryAfter::Seconds.write(2_128, 0).as_deref(), Some("3"));
        assert_eq!(
            RetryAfter::Fraction.write(2_128, 0).as_deref(),
            Some("2.128")
        );
        assert_eq!(RetryAfter::Fraction.write(70, 0).as_deref(), Some("0.070"));
        assert_eq!(RetryAfter::Absent.write(1, 0), None);
        let date = RetryAfter::Date.write(1, 0).unwrap();
        assert!(httpdate::parse_http_date(&date).is_ok(), "{date}");
    }
}
