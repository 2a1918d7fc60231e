//! The builder's choices for UCWA.

use std::time::Duration;

/// The choices of the builder for UCWA.
#[derive(Clone, Copy, Debug)]
pub(crate) struct UcwaSettings {
    factor: f64,
    /// Whether events of medium priority are held back.
    pub(crate) aggregates: bool,
    pub(crate) topology: UcwaTopology,
}

/// How many hosts a client of Skype for Business meets on its way to its applications: the emulator
/// has two names, `localhost` and `127.0.0.1`, which are two hosts to a client and to a ticket.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub enum UcwaTopology {
    /// Everything is at the host where discovery began.
    #[default]
    OneHost,
    /// Discovery redirects to the other host, where everything is.
    Redirect,
    /// The applications are in the pool at the other host, which refuses the tickets of the first with
    /// 500 and diagnostics 28032.
    TwoPools,
}

impl Default for UcwaSettings {
    fn default() -> Self {
        Self {
            factor: 1.0,
            aggregates: false,
            topology: UcwaTopology::OneHost,
        }
    }
}

impl UcwaSettings {
    pub(crate) fn set_time_scale(&mut self, factor: f64) {
        self.factor = factor;
    }

    /// Whether a clock can run so many times faster.
    pub(crate) fn is_sound(&self) -> bool {
        self.factor.is_finite() && self.factor > 0.0
    }

    /// How long so many of UCWA's seconds really take.
    pub(super) fn seconds(&self, seconds: u64) -> Duration {
        // Bounded, so that no factor overflows a deadline.
        let real = (seconds as f64 / self.factor).clamp(0.000_001, 3.0e9);
        Duration::from_secs_f64(real)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_invalid_scale_counts_as_one() {
        for factor in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            let mut settings = UcwaSettings::default();
            settings.set_time_scale(factor);
            assert!(!settings.is_sound(), "{factor}");
        }
        let mut settings = UcwaSettings::default();
        settings.set_time_scale(1000.0);
        assert_eq!(settings.seconds(30), Duration::from_millis(30));
    }
}
