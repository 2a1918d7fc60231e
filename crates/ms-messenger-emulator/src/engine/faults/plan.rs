//! What a rule does to each of the requests that it takes.

use crate::engine::faults::{action::FaultAction, rule::FaultRule};

/// The action of the nth request that a rule takes.
#[derive(Clone, Debug, PartialEq)]
pub(crate) enum Plan {
    /// The same for all.
    Always(FaultAction),
    /// One by one; `None` leaves the request alone.
    Schedule {
        actions: Vec<Option<FaultAction>>,
        is_repeated: bool,
    },
    /// Drawn by weight.
    Weighted(Vec<(u32, Option<FaultAction>)>),
}

impl Plan {
    /// Every action that it may give.
    pub(crate) fn actions(&self) -> Box<dyn Iterator<Item = &FaultAction> + '_> {
        match self {
            Self::Always(action) => Box::new(std::iter::once(action)),
            Self::Schedule { actions, .. } => Box::new(actions.iter().flatten()),
            Self::Weighted(choices) => Box::new(choices.iter().filter_map(|(_, a)| a.as_ref())),
        }
    }

    /// The action of the `n`th request (from 1), if it gets one.
    pub(crate) fn pick(&self, n: u64, rng: &mut fastrand::Rng) -> Option<&FaultAction> {
        match self {
            Self::Always(action) => Some(action),
            Self::Schedule {
                actions,
                is_repeated,
            } => {
                let length = actions.len() as u64;
                let index = match n.checked_sub(1)? {
                    index if *is_repeated => index.checked_rem(length)?,
                    index => index,
                };
                actions.get(usize::try_from(index).ok()?)?.as_ref()
            }
            Self::Weighted(choices) => draw(choices, rng),
        }
    }
}

fn draw<'a>(
    choices: &'a [(u32, Option<FaultAction>)],
    rng: &mut fastrand::Rng,
) -> Option<&'a FaultAction> {
    let total: u64 = choices.iter().map(|(weight, _)| u64::from(*weight)).sum();
    if total == 0 {
        return None;
    }
    let mut ticket = rng.u64(0..total);
    for (weight, action) in choices {
        match ticket.checked_sub(u64::from(*weight)) {
            Some(rest) => ticket = rest,
            None => return action.as_ref(),
        }
    }
    None
}

impl FaultRule {
    /// Creates a rule that applies the nth action to the nth request; `None` leaves the request to
    /// the rules after this one. Nothing happens after the last action, unless the schedule
    /// [repeats](Self::with_repeat).
    ///
    /// Only the requests that the rule matches are counted: with `with_every(2)`, the second one
    /// gets the first action.
    ///
    /// ```
    /// use ms_messenger_emulator::{FaultAction, FaultRule, Faults};
    ///
    /// let twice = [Some(FaultAction::status(503)), None, Some(FaultAction::status(503))];
    /// let faults = Faults::new().with_rule(FaultRule::scheduled(twice).with_operation("send"));
    /// assert_eq!(Faults::from_json(&faults.to_json()).unwrap(), faults);
    /// ```
    #[must_use]
    pub fn scheduled(actions: impl IntoIterator<Item = Option<FaultAction>>) -> Self {
        Self::of(Plan::Schedule {
            actions: actions.into_iter().collect(),
            is_repeated: false,
        })
    }

    /// Sets whether a schedule begins again after its last action; other rules stay as they are.
    /// Default `false`.
    #[must_use]
    pub fn with_repeat(mut self, repeats: bool) -> Self {
        if let Plan::Schedule { is_repeated, .. } = &mut self.plan {
            *is_repeated = repeats;
        }
        self
    }

    /// Creates a rule that draws an action for each request, by weight and from the seed; `None`
    /// leaves the request to the rules after this one. A weight of 0 is never drawn.
    ///
    /// ```
    /// use ms_messenger_emulator::{FaultAction, FaultRule};
    ///
    /// // Three responses of ten are late.
    /// let late = FaultAction::Delay { ms: 20 };
    /// let rule = FaultRule::weighted([(3, Some(late)), (7, None)]);
    /// ```
    #[must_use]
    pub fn weighted(choices: impl IntoIterator<Item = (u32, Option<FaultAction>)>) -> Self {
        Self::of(Plan::Weighted(choices.into_iter().collect()))
    }
}
