//! One request to a server, for diagnosis and never for a message.

use std::time::{Duration, Instant, SystemTime};

use bytes::Bytes;
use http::{Method, header};
use ms_messenger_core::Result;

use crate::{Authorize, Endpoint, HttpClient, HttpRequest};

/// What one request showed of a server.
///
/// ```no_run
/// use std::time::SystemTime;
/// use ms_messenger_http::{Endpoint, HttpClient, HttpOptions};
///
/// # async fn example() -> ms_messenger_core::Result<()> {
/// let http = HttpClient::new(&HttpOptions::default())?;
/// let endpoint = Endpoint::parse("https://graph.microsoft.com")?;
/// let probe = http.probe(&endpoint, "/v1.0", None).await?;
/// println!("{} after {:?}", probe.status, probe.elapsed);
/// println!("clock off by {:?} s", probe.clock_ahead_seconds(SystemTime::now()));
/// # Ok(()) }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Probe {
    /// The status of the response; any response proves that the server can be reached.
    pub status: u16,
    /// The server's own time (`Date`), to the second.
    pub date: Option<SystemTime>,
    /// From the request to the response's last byte, the connection included.
    pub elapsed: Duration,
}

impl Probe {
    /// How far the clock of this machine, read at `received`, is ahead of the server's.
    /// Negative: behind. Correct to about a second and the time that the response took.
    #[must_use]
    pub fn clock_ahead_seconds(&self, received: SystemTime) -> Option<i64> {
        let date = self.date?;
        let whole = |time: Duration| i64::try_from(time.as_secs()).unwrap_or(i64::MAX);
        Some(match received.duration_since(date) {
            Ok(ahead) => whole(ahead),
            Err(behind) => -whole(behind.duration()),
        })
    }
}

impl HttpClient {
    /// Reads `path` (with its query) of `endpoint` once with GET, as `authorize` if it is given,
    /// and reports the response, whatever its status. Redirects are not followed.
    ///
    /// # Errors
    ///
    /// When there was no response: `Connect`, `Timeout`, `Transport`; `InvalidRequest` for a path
    /// that is not valid; and those of `authorize`.
    pub async fn probe(
        &self,
        endpoint: &Endpoint,
        path: &str,
        authorize: Option<&dyn Authorize>,
    ) -> Result<Probe> {
        let mut outgoing = HttpRequest::new(Method::GET, endpoint.address(path)?, Bytes::new());
        if let Some(authorize) = authorize {
            authorize.authorize(&mut outgoing, None).await?;
        }
        let begun = Instant::now();
        let response = self.execute(outgoing).await?;
        let date = response.headers.get(header::DATE);
        let date = date.and_then(|value| value.to_str().ok());
        Ok(Probe {
            status: response.status,
            date: date.and_then(|text| httpdate::parse_http_date(text).ok()),
            elapsed: begun.elapsed(),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_clock_is_ahead_or_behind() {
        let date = httpdate::parse_http_date("Tue, 01 Apr 2025 12:34:56 GMT").unwrap();
        let probe = Probe {
            status: 200,
            date: Some(date),
            elapsed: Duration::ZERO,
        };
        let ahead = date + Duration::from_millis(90_500);
        assert_eq!(probe.clock_ahead_seconds(ahead), Some(90));
        let behind = date - Duration::from_secs(5);
        assert_eq!(probe.clock_ahead_seconds(behind), Some(-5));
        let blind = Probe {
            date: None,
            ..probe
        };
        assert_eq!(blind.clock_ahead_seconds(ahead), None);
    }
}
