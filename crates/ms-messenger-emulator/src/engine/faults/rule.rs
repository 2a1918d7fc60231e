//! The typed form of fault rules.

use crate::engine::{
    description::Description,
    faults::{action::FaultAction, plan::Plan},
    platform::{Platform, names_operation},
};

/// An ordered list of fault rules; the first one that applies to a request wins.
///
/// ```
/// use ms_messenger_emulator::{FaultAction, FaultRule, Faults, Platform};
///
/// // Every first send of a Graph message is throttled once.
/// let throttle = FaultAction::status(429).with_header("Retry-After", "0.2");
/// let rule = FaultRule::new(throttle).with_platform(Platform::MSGRAPH_CHAT).with_operation("send").with_nth([1]);
/// let faults = Faults::new().with_rule(rule);
/// assert_eq!(Faults::from_json(&faults.to_json()).unwrap(), faults);
/// ```
#[derive(Clone, Debug, Default, PartialEq)]
#[non_exhaustive]
pub struct Faults {
    /// Seed of the probabilities; if absent, the seed of the emulator.
    pub seed: Option<u64>,
    /// The rules, in order of precedence.
    pub rules: Vec<FaultRule>,
}

impl Faults {
    /// No rules.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Sets the seed of the probabilities.
    #[must_use]
    pub fn with_seed(mut self, seed: u64) -> Self {
        self.seed = Some(seed);
        self
    }

    /// Appends a rule.
    #[must_use]
    pub fn with_rule(mut self, rule: FaultRule) -> Self {
        self.rules.push(rule);
        self
    }
}

/// A fault, the requests that it applies to, and how often.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct FaultRule {
    /// Only requests of this platform; if absent, any.
    pub platform: Option<Platform>,
    /// Only this operation, by its whole name or the part before the first dot; if absent, any.
    pub operation: Option<String>,
    /// Only these attempts of a call, counted from 1; if empty, any.
    pub attempts: Vec<u64>,
    pub(crate) selection: Selection,
    /// How often the rule applies at most; if absent, without limit.
    pub times: Option<u64>,
    pub(crate) plan: Plan,
}

impl FaultRule {
    /// Creates a rule that applies `action` to every request of every platform.
    ///
    /// ```
    /// use ms_messenger_emulator::{FaultAction, FaultRule, Faults};
    ///
    /// let rule = FaultRule::new(FaultAction::status(503));
    /// let document = Faults::new().with_rule(rule).to_json();
    /// assert_eq!(document["rules"][0]["action"]["status"], serde_json::json!(503));
    /// ```
    #[must_use]
    pub fn new(action: FaultAction) -> Self {
        Self::of(Plan::Always(action))
    }

    pub(crate) const fn of(plan: Plan) -> Self {
        Self {
            platform: None,
            operation: None,
            attempts: Vec::new(),
            selection: Selection::Always,
            times: None,
            plan,
        }
    }

    /// Limits the rule to one platform.
    ///
    /// ```
    /// use ms_messenger_emulator::{FaultAction, FaultRule, Platform};
    ///
    /// let rule = FaultRule::new(FaultAction::status(503)).with_platform(Platform::UCWA);
    /// assert_eq!(rule.platform, Some(Platform::UCWA));
    /// ```
    #[must_use]
    pub fn with_platform(mut self, platform: Platform) -> Self {
        self.platform = Some(platform);
        self
    }

    /// Limits the rule to an operation; `send` also means `send.reply` and similar ones.
    ///
    /// ```
    /// use ms_messenger_emulator::{FaultAction, FaultRule, Faults};
    ///
    /// let rule = FaultRule::new(FaultAction::status(503)).with_operation("send");
    /// let document = Faults::new().with_rule(rule).to_json();
    /// assert_eq!(document["rules"][0]["match"]["operation"], serde_json::json!("send"));
    /// ```
    #[must_use]
    pub fn with_operation(mut self, operation: impl Into<String>) -> Self {
        self.operation = Some(operation.into());
        self
    }

    /// Limits the rule to these attempts of a call, counted from 1. Requests with the same client
    /// request id (`x-ms-client-request-id`, `client-request-id`) are attempts of one call; a
    /// request without one is a first attempt. The other selections count the requests that remain.
    ///
    /// ```
    /// use ms_messenger_emulator::{FaultAction, FaultRule, Faults};
    ///
    /// let rule = FaultRule::new(FaultAction::status(503)).with_attempts([1, 2]);
    /// let document = Faults::new().with_rule(rule).to_json();
    /// assert_eq!(document["rules"][0]["match"]["attempt"], serde_json::json!([1, 2]));
    /// ```
    #[must_use]
    pub fn with_attempts(mut self, numbers: impl IntoIterator<Item = u64>) -> Self {
        self.attempts = numbers.into_iter().collect();
        self
    }

    /// Applies the rule to these matching requests, counted from 1.
    ///
    /// ```
    /// use ms_messenger_emulator::{FaultAction, FaultRule, Faults};
    ///
    /// let rule = FaultRule::new(FaultAction::status(503)).with_nth([1, 3]);
    /// let document = Faults::new().with_rule(rule).to_json();
    /// assert_eq!(document["rules"][0]["match"]["nth"], serde_json::json!([1, 3]));
    /// ```
    #[must_use]
    pub fn with_nth(mut self, numbers: impl IntoIterator<Item = u64>) -> Self {
        self.selection = Selection::Nth(numbers.into_iter().collect());
        self
    }

    /// Applies the rule to every `n`th matching request (`0` counts as `1`).
    ///
    /// ```
    /// use ms_messenger_emulator::{FaultAction, FaultRule, Faults};
    ///
    /// let rule = FaultRule::new(FaultAction::status(503)).with_every(10);
    /// let document = Faults::new().with_rule(rule).to_json();
    /// assert_eq!(document["rules"][0]["match"]["every"], serde_json::json!(10));
    /// ```
    #[must_use]
    pub fn with_every(mut self, n: u64) -> Self {
        self.selection = Selection::Every(n.max(1));
        self
    }

    /// Applies the rule to each matching request with this probability (0 to 1), drawn from the
    /// seed.
    ///
    /// ```
    /// use ms_messenger_emulator::{FaultAction, FaultRule, Faults};
    ///
    /// let rule = FaultRule::new(FaultAction::status(503)).with_probability(0.5);
    /// let document = Faults::new().with_rule(rule).to_json();
    /// assert_eq!(document["rules"][0]["match"]["probability"], serde_json::json!(0.5));
    /// ```
    #[must_use]
    pub fn with_probability(mut self, probability: f64) -> Self {
        self.selection = Selection::Probability(probability.clamp(0.0, 1.0));
        self
    }

    /// Applies the rule at most `times` times.
    ///
    /// ```
    /// use ms_messenger_emulator::{FaultAction, FaultRule, Faults};
    ///
    /// let rule = FaultRule::new(FaultAction::status(503)).with_times(2);
    /// let document = Faults::new().with_rule(rule).to_json();
    /// assert_eq!(document["rules"][0]["times"], serde_json::json!(2));
    /// ```
    #[must_use]
    pub fn with_times(mut self, times: u64) -> Self {
        self.times = Some(times);
        self
    }

    /// Whether the rule is meant for this service and operation at all.
    pub(crate) fn concerns(&self, service: &Description, operation: &str) -> bool {
        self.platform.is_none_or(|p| p == service.platform)
            && self
                .operation
                .as_ref()
                .is_none_or(|pattern| names_operation(pattern, operation))
            && self.plan.actions().any(|a| a.fits(service, operation))
    }
}

/// Which of the matching requests a rule takes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Selection {
    Always,
    Nth(Vec<u64>),
    Every(u64),
    Probability(f64),
}
