//! Which options can be combined: every combination is either used or rejected.

use crate::text;

/// A rule about the options that are given.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rule {
    /// Exactly one of these; the error when there is none.
    ExactlyOne {
        of: &'static [&'static str],
        missing: &'static str,
    },
    /// Exactly one of these, or none if there is one of the others.
    OneUnless {
        of: &'static [&'static str],
        unless: &'static [&'static str],
        missing: &'static str,
    },
    /// The first has no meaning without one of the others.
    Needs(&'static str, &'static [&'static str]),
    /// Not both of these.
    Conflict(&'static str, &'static str),
}

/// Options with rules between them.
pub(crate) trait Relations {
    /// Returns the rules.
    fn rules(&self) -> &'static [Rule];

    /// Returns the options that are given, as they are typed.
    fn given(&self) -> Vec<&'static str>;

    /// Describes the first rule that is violated.
    fn violation(&self) -> Option<String> {
        let given = self.given();
        self.rules().iter().find_map(|rule| rule.violation(&given))
    }
}

impl Rule {
    /// Describes how the given options violate this rule.
    pub(crate) fn violation(self, given: &[&str]) -> Option<String> {
        let has = |name: &&&str| given.contains(*name);
        match self {
            Self::ExactlyOne { of, missing } => {
                let found: Vec<&str> = of.iter().filter(has).copied().collect();
                match found.as_slice() {
                    [] => Some(missing.to_owned()),
                    [_] => None,
                    several => Some(text::options::several_of_one(several)),
                }
            }
            Self::OneUnless {
                of,
                unless,
                missing,
            } => {
                let is_spared = !of.iter().any(|it| given.contains(it))
                    && unless.iter().any(|it| given.contains(it));
                let rule = Self::ExactlyOne { of, missing };
                (!is_spared).then(|| rule.violation(given)).flatten()
            }
            Self::Needs(name, others) => {
                let lacks = given.contains(&name) && !others.iter().any(|it| given.contains(it));
                lacks.then(|| text::options::needs_one_of(name, others))
            }
            Self::Conflict(one, other) => {
                let both = given.contains(&one) && given.contains(&other);
                both.then(|| text::usage::excluding(one, other))
            }
        }
    }
}
