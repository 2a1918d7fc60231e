//! The settings of a session.
//!
//! Times and their reasons:
//!
//! | Setting | Default | Reason |
//! |---|---|---|
//! | send time-out | 75 s | 30 s to accept, 30 s to fetch, and the network |
//! | settling margin | 90 s | an invitation rings 30 s, a message fails after 30 s |
//! | event time-out | 180 s | the server's own default |
//! | activity interval | 180 s | the server requires a report every 4 minutes |
//! | reconnect back-off | 1 s, doubled up to 60 s | with jitter; `Retry-After` counts up to 120 s |

use std::time::Duration;

use ms_messenger_core::random_uuid;

use crate::{
    application::Identity,
    discovery::Start,
    message::{Format, Sizes},
};

/// The longest of the identity's members. Source: "applications".
pub(crate) const MAX_IDENTITY_CHARS: usize = 100;
/// How long the server holds an idle GET by default.
const EVENT_TIMEOUT: Duration = Duration::from_secs(180);
/// The most bytes of a first message in the invitation.
pub(crate) const FIRST_MESSAGE_BYTES: usize = 500;
const SHORTEST_PAUSE: Duration = Duration::from_millis(1);
const LONGEST_PAUSE: Duration = Duration::from_secs(60);
/// The server ends an application that has not asked for 15 minutes.
const LONGEST_ASKED: Duration = Duration::from_secs(120);

const SETTLING_MARGIN: Duration = Duration::from_secs(90);
/// No longer margin differs from "for ever", and none is beyond what a machine can express.
pub(crate) const LONGEST_MARGIN: Duration = Duration::from_secs(10 * 365 * 24 * 60 * 60);

/// The settings of a session.
pub(crate) struct Config {
    pub(crate) sip: String,
    pub(crate) start: Start,
    pub(crate) identity: Identity,
    /// Whether the endpoint id was generated, so that no other session has it.
    pub(crate) made_up: bool,
    pub(crate) formats: Vec<Format>,
    pub(crate) send_timeout: Duration,
    pub(crate) settling_margin: Duration,
    pub(crate) event_timeout: Duration,
    pub(crate) event_timeout_parameter: Option<u64>,
    pub(crate) activity_interval: Duration,
    pub(crate) first_pause: Duration,
    pub(crate) recreate_expired: bool,
    pub(crate) sizes: Sizes,
    pub(crate) first_message_bytes: Option<usize>,
}

impl Config {
    /// The defaults, for the user with the SIP address `sip`.
    pub(crate) fn new(sip: String) -> Self {
        let identity = Identity {
            user_agent: concat!("ms-messenger/", env!("CARGO_PKG_VERSION")).to_owned(),
            endpoint_id: random_uuid().to_string(),
            culture: "en-US".to_owned(),
        };
        Self {
            sip,
            start: Start::Domain(String::new()),
            identity,
            made_up: true,
            formats: vec![Format::Plain, Format::Html],
            send_timeout: Duration::from_secs(75),
            settling_margin: SETTLING_MARGIN,
            event_timeout: EVENT_TIMEOUT,
            event_timeout_parameter: None,
            activity_interval: Duration::from_secs(180),
            first_pause: Duration::from_secs(1),
            recreate_expired: false,
            sizes: Sizes::default(),
            first_message_bytes: None,
        }
    }

    /// How long to wait after so many failures in a row: doubling up to [`LONGEST_PAUSE`], with
    /// jitter. The server can ask for more, up to [`LONGEST_ASKED`], and for no less: a channel
    /// that rests too long loses its application, one that never rests burns both sides.
    pub(crate) fn pause(&self, failures: u32, asked: Option<Duration>) -> Duration {
        let doubled = self
            .first_pause
            .max(SHORTEST_PAUSE)
            .saturating_mul(1 << failures.saturating_sub(1).min(16));
        let jitter = 0.5 + f64::from(random_uuid().as_bytes()[0]) / 510.0;
        let own = doubled.min(LONGEST_PAUSE).mul_f64(jitter);
        own.max(asked.unwrap_or_default().min(LONGEST_ASKED))
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn config(first_pause: Duration) -> Config {
        Config {
            first_pause,
            ..Config::new("sip:bot@contoso.com".into())
        }
    }

    #[test]
    fn a_pause_grows_to_its_cap_whatever_the_server_asks_for() {
        let config = config(Duration::from_secs(1));
        let day = Some(Duration::from_secs(86_400));
        for failures in 1..100 {
            assert!(config.pause(failures, day) <= LONGEST_ASKED);
            assert!(config.pause(failures, None) <= LONGEST_PAUSE.mul_f64(1.5));
            // No wait is asked for: that does not shorten the own pause.
            let least = Duration::from_millis(500) * 2_u32.pow(failures.min(6) - 1);
            assert!(
                config.pause(failures, Some(Duration::ZERO)) >= least,
                "{failures}"
            );
        }
    }

    proptest! {
        #[test]
        fn any_pause_can_be_set_and_asked_for(first: u64, nanos in 0_u32..1_000_000_000, failures: u32, asked: u64) {
            let pause = config(Duration::new(first, nanos));
            let pause = pause.pause(failures, Some(Duration::from_secs(asked)));
            prop_assert!(pause > Duration::ZERO && pause <= LONGEST_ASKED);
        }
    }
}
