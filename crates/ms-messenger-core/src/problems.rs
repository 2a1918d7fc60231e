//! Everything that is wrong with an input.

use crate::{
    error::{Error, ErrorKind, Result},
    problem::Problem,
};

/// Collects problems while an input is checked, so that all of them are reported at once.
///
/// ```
/// use ms_messenger_core::{ErrorKind, Problems};
///
/// let mut problems = Problems::for_platform("sms");
/// problems.add("to", "must not be empty");
/// problems.add_if(true, "body.content", "must not be empty");
/// let error = problems.into_error(ErrorKind::InvalidRequest).unwrap();
/// assert_eq!(error.problems().len(), 2);
/// assert_eq!(error.platform(), Some("sms"));
/// ```
#[derive(Clone, Debug, Default)]
pub struct Problems {
    found: Vec<Problem>,
    platform: Option<&'static str>,
}

impl Problems {
    /// Creates an empty list.
    #[must_use]
    pub fn new() -> Self {
        Self::default()
    }

    /// Creates an empty list whose error names `platform`, e.g. `msgraph-chat`.
    #[must_use]
    pub fn for_platform(platform: &'static str) -> Self {
        Self {
            found: Vec::new(),
            platform: Some(platform),
        }
    }

    /// Adds a problem of `field` with `rule`.
    pub fn add(&mut self, field: impl Into<String>, rule: impl Into<String>) {
        self.push(Problem::new(field, rule));
    }

    /// Adds a problem of `field` with `rule` if `broken` is true.
    pub fn add_if(&mut self, broken: bool, field: &str, rule: &str) {
        if broken {
            self.add(field, rule);
        }
    }

    /// Adds a problem.
    pub fn push(&mut self, problem: Problem) {
        self.found.push(problem);
    }

    /// Moves the problems of `other` to the end of this list.
    pub fn append(&mut self, other: Self) {
        self.found.extend(other.found);
    }

    /// Returns whether nothing is wrong.
    pub fn is_empty(&self) -> bool {
        self.found.is_empty()
    }

    /// Returns one error of `kind` that has every problem, or `None` if nothing is wrong. Its
    /// delivery is `NotSent` and its message lists all problems.
    pub fn into_error(self, kind: ErrorKind) -> Option<Error> {
        if self.found.is_empty() {
            return None;
        }
        let error = Error::from_problems(kind, self.found);
        Some(match self.platform {
            Some(platform) => error.with_platform(platform),
            None => error,
        })
    }

    /// Returns `Ok` if nothing is wrong, else the error of [`into_error`](Self::into_error).
    ///
    /// # Errors
    ///
    /// One error of `kind` that has every problem.
    pub fn into_result(self, kind: ErrorKind) -> Result<()> {
        self.into_error(kind).map_or(Ok(()), Err)
    }
}

impl Problem {
    /// Returns an error of `kind` that has this problem alone, with delivery `NotSent`. For kind
    /// `InvalidRequest` see also [`Error::invalid`].
    ///
    /// ```
    /// use ms_messenger_core::{ErrorKind, Problem};
    ///
    /// let problem = Problem::new("message.subject", "is supported in channels only");
    /// let error = problem.into_error(ErrorKind::Unsupported).with_platform("sms");
    /// assert_eq!(error.problems().len(), 1);
    /// ```
    pub fn into_error(self, kind: ErrorKind) -> Error {
        Error::from_problems(kind, vec![self])
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Delivery;

    #[test]
    fn an_error_lists_every_problem_and_is_not_sent() {
        let mut problems = Problems::new();
        problems.add("a", "rule 1");
        let mut others = Problems::for_platform("ignored");
        others.add("b", "rule 2");
        problems.append(others);
        let error = problems.into_error(ErrorKind::Unsupported).unwrap();
        assert_eq!(error.delivery(), Delivery::NotSent);
        assert_eq!(error.message(), "a: rule 1; b: rule 2");
        assert_eq!((error.problems().len(), error.platform()), (2, None));
    }

    #[test]
    fn nothing_wrong_is_no_error() {
        assert!(
            Problems::for_platform("sms")
                .into_error(ErrorKind::Config)
                .is_none()
        );
        assert!(Problems::new().into_result(ErrorKind::Config).is_ok());
    }
}
