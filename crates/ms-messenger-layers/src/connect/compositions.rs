//! The compositions by name: their options, and how they are made.

use std::{collections::BTreeMap, num::NonZeroU32, sync::Arc, time::Duration};

use ms_messenger_core::{Result, SettlePolicy, SharedMessenger};

use super::{options::OptionSpec, resolve::Place};
use crate::{
    bucket::Rate,
    composition::broken_platform,
    deadline::Deadline,
    fallback::Fallback,
    fan_out::FanOut,
    member::Member,
    rate_limit::RateLimit,
    router::{Route, Router},
    rule::Rule,
};

/// A kind of composition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Kind {
    Router,
    Fallback,
    FanOut,
    RateLimit,
    Deadline,
}

impl Kind {
    pub(super) const ALL: [Self; 5] = [
        Self::Router,
        Self::Fallback,
        Self::FanOut,
        Self::RateLimit,
        Self::Deadline,
    ];

    pub(super) const fn name(self) -> &'static str {
        match self {
            Self::Router => "router",
            Self::Fallback => "fallback",
            Self::FanOut => "fan-out",
            Self::RateLimit => "rate-limit",
            Self::Deadline => "deadline",
        }
    }

    /// The kind of this name.
    pub(super) fn named(name: &str) -> Option<Self> {
        Self::ALL.into_iter().find(|kind| kind.name() == name)
    }

    /// Whether it is over one messenger, which has no name.
    pub(super) const fn is_wrapper(self) -> bool {
        matches!(self, Self::RateLimit | Self::Deadline)
    }

    pub(super) const fn options(self) -> &'static [OptionSpec] {
        match self {
            Self::Router | Self::FanOut => NAMED,
            Self::Fallback => FALLBACK,
            Self::RateLimit => RATE_LIMIT,
            Self::Deadline => DEADLINE,
        }
    }
}

const NAMED: &[OptionSpec] = &[OptionSpec::plain("platform")];
const FALLBACK: &[OptionSpec] = &[OptionSpec::plain("platform"), OptionSpec::plain("settle")];
const RATE_LIMIT: &[OptionSpec] = &[
    OptionSpec::plain("per_second"),
    OptionSpec::plain("per_minute"),
    OptionSpec::plain("per_hour"),
    OptionSpec::plain("burst"),
];
const DEADLINE: &[OptionSpec] = &[OptionSpec::plain("timeout")];

/// A composition without its members.
#[derive(Clone, Debug)]
pub(super) enum Layer {
    Router(Option<String>),
    Fallback(Option<String>, Settling),
    FanOut(Option<String>),
    RateLimit(Rate),
    Deadline(Duration),
}

/// How a fallback settles.
#[derive(Clone, Copy, Debug)]
pub(super) enum Settling {
    Default,
    Never,
    For(Duration),
}

/// Reads the options of a composition; `None` if one is unusable, which is added to the problems.
pub(super) fn layer(
    kind: Kind,
    values: &BTreeMap<&'static str, String>,
    place: &mut Place<'_>,
) -> Option<Layer> {
    let platform = values.get("platform").cloned();
    if let Some(rule) = platform.as_deref().and_then(broken_platform) {
        place.add("platform", rule);
        return None;
    }
    Some(match kind {
        Kind::Router => Layer::Router(platform),
        Kind::FanOut => Layer::FanOut(platform),
        Kind::Fallback => {
            let settling = match values.get("settle").map(String::as_str) {
                None => Settling::Default,
                Some("never") => Settling::Never,
                Some(_) => Settling::For(duration("settle", values, place)?),
            };
            Layer::Fallback(platform, settling)
        }
        Kind::RateLimit => Layer::RateLimit(rate(values, place)?),
        Kind::Deadline => {
            if !values.contains_key("timeout") {
                place.add("timeout", "is missing: how long a send may take, e.g. 30s");
            }
            Layer::Deadline(duration("timeout", values, place)?)
        }
    })
}

fn duration(
    name: &'static str,
    values: &BTreeMap<&'static str, String>,
    place: &mut Place<'_>,
) -> Option<Duration> {
    let duration = humantime::parse_duration(values.get(name)?).ok();
    if duration.is_none_or(|it| it.is_zero()) {
        place.add(name, "must be a time, e.g. 30s or 500ms");
        return None;
    }
    duration
}

fn rate(values: &BTreeMap<&'static str, String>, place: &mut Place<'_>) -> Option<Rate> {
    let mut number = |name: &'static str| -> Option<NonZeroU32> {
        let number = values.get(name)?.parse().ok();
        if number.is_none() {
            place.add(name, "must be a whole number from 1");
        }
        number
    };
    let burst = number("burst");
    let times = [("per_second", 1), ("per_minute", 60), ("per_hour", 3600)];
    let given: Vec<_> = times
        .into_iter()
        .filter(|(name, _)| values.contains_key(name))
        .collect();
    let [(name, seconds)] = given.as_slice() else {
        let rule =
            "is missing, or given beside another rate: one of per_second, per_minute, per_hour";
        place.add("per_second", rule);
        return None;
    };
    let sends = number(name)?;
    if values.contains_key("burst") && burst.is_none() {
        return None;
    }
    let rate = Rate::per(sends, Duration::from_secs(*seconds));
    Some(rate.with_burst(burst.unwrap_or(NonZeroU32::MIN)))
}

/// Makes the composition of its members, each with its rules.
///
/// # Errors
///
/// As those of the composition.
pub(super) fn make(layer: Layer, members: Vec<(Member, Vec<Rule>)>) -> Result<SharedMessenger> {
    let plain = |members: Vec<(Member, Vec<Rule>)>| members.into_iter().map(|(member, _)| member);
    Ok(match layer {
        Layer::Router(platform) => {
            let routes = members.into_iter().map(|(member, rules)| {
                let rules = rules.into_iter();
                rules.fold(Route::from(member), Route::with_rule)
            });
            let router = Router::new(routes)?;
            Arc::new(match platform {
                Some(platform) => router.with_platform(platform)?,
                None => router,
            })
        }
        Layer::Fallback(platform, settling) => {
            let mut fallback = Fallback::new(plain(members))?;
            if let Some(platform) = platform {
                fallback = fallback.with_platform(platform)?;
            }
            Arc::new(match settling {
                Settling::Default => fallback,
                Settling::Never => fallback.with_settle_policy(None),
                Settling::For(time) => {
                    let policy = SettlePolicy::default().with_max_wait(time);
                    fallback.with_settle_policy(policy)
                }
            })
        }
        Layer::FanOut(platform) => {
            let fan_out = FanOut::new(plain(members))?;
            Arc::new(match platform {
                Some(platform) => fan_out.with_platform(platform)?,
                None => fan_out,
            })
        }
        Layer::RateLimit(rate) => Arc::new(RateLimit::new(only(members)?, rate)),
        Layer::Deadline(timeout) => Arc::new(Deadline::new(only(members)?, timeout)?),
    })
}

/// The messenger of the only member.
fn only(members: Vec<(Member, Vec<Rule>)>) -> Result<SharedMessenger> {
    let first = members.into_iter().next();
    let missing = || ms_messenger_core::Error::invalid("messenger", "is missing");
    let (member, _) = first.ok_or_else(missing)?;
    Ok(Arc::clone(member.messenger()))
}
