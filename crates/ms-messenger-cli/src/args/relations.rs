//! Which options belong together: every combination is either used or refused.

/// What must hold of the options that are given.
#[derive(Clone, Copy, Debug)]
pub(crate) enum Rule {
    /// One of these, and only one; what is said when none is given.
    ExactlyOne {
        of: &'static [&'static str],
        missing: &'static str,
    },
    /// The first means nothing without one of the others.
    Needs(&'static str, &'static [&'static str]),
    /// Not both.
    Apart(&'static str, &'static str),
}

/// Options with rules between them.
pub(crate) trait Relations {
    /// What must hold.
    fn rules(&self) -> &'static [Rule];

    /// The options that are given, as they are typed.
    fn given(&self) -> Vec<&'static str>;

    /// The first rule that does not hold, in words.
    fn broken(&self) -> Option<String> {
        let given = self.given();
        self.rules().iter().find_map(|rule| rule.broken(&given))
    }
}

impl Rule {
    pub(crate) fn broken(self, given: &[&str]) -> Option<String> {
        let has = |name: &&&str| given.contains(*name);
        match self {
            Self::ExactlyOne { of, missing } => {
                let found: Vec<&str> = of.iter().filter(has).copied().collect();
                match found.as_slice() {
                    [] => Some(missing.to_owned()),
                    [_] => None,
                    several => Some(format!(
                        "{} cannot be used together: give one of them",
                        several.join(" and ")
                    )),
                }
            }
            Self::Needs(name, others) => {
                let lacks = given.contains(&name) && !others.iter().any(|it| given.contains(it));
                lacks.then(|| format!("{name} needs {}", others.join(" or ")))
            }
            Self::Apart(one, other) => {
                let both = given.contains(&one) && given.contains(&other);
                both.then(|| format!("{one} and {other} cannot be used together"))
            }
        }
    }
}
