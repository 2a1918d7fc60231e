//! Secrets that a request must hold, compared in constant time.

use ms_messenger_core::{ExposeSecret as _, Problems, SecretString};
use subtle::{Choice, ConstantTimeEq as _};

/// One or more valid values of a secret: several are valid while it is changed.
#[derive(Clone, Debug, Default)]
pub(crate) struct Secrets(Vec<SecretString>);

impl Secrets {
    pub(crate) fn of(secret: SecretString) -> Self {
        Self(vec![secret])
    }

    pub(crate) fn push(&mut self, secret: SecretString) {
        self.0.push(secret);
    }

    /// Returns whether `given` is one of the values. Compares all of them, each in a time that
    /// depends on lengths alone.
    pub(crate) fn contain(&self, given: &[u8]) -> bool {
        let equal = |secret: &SecretString| secret.expose_secret().as_bytes().ct_eq(given);
        let found = self.0.iter().map(equal);
        found.fold(Choice::from(0), |any, one| any | one).into()
    }

    /// Adds a problem if a value is empty, which every request could present.
    pub(crate) fn check(&self, problems: &mut Problems, field: &str) {
        let is_blank = |it: &SecretString| it.expose_secret().trim().is_empty();
        problems.add_if(self.0.iter().any(is_blank), field, "must not be empty");
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_value_is_valid_and_no_other() {
        let mut secrets = Secrets::default();
        assert!(!secrets.contain(b""));
        secrets.push("old".into());
        secrets.push("new".into());
        for (given, valid) in [("old", true), ("new", true), ("ne", false), ("", false)] {
            assert_eq!(secrets.contain(given.as_bytes()), valid, "{given}");
        }
        assert!(!format!("{secrets:?}").contains("old"));
    }
}
