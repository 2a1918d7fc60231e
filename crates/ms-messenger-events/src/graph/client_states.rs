//! The secrets that notifications hold.

use std::collections::HashMap;

use ms_messenger_core::{Problems, SecretString};

use crate::{rejection::Rejection, secret::Secrets};

/// The valid `clientState` of each subscription, and of those that are not named.
#[derive(Clone, Debug, Default)]
pub(super) struct ClientStates {
    named: HashMap<String, Secrets>,
    others: Option<Secrets>,
}

impl ClientStates {
    pub(super) fn add(&mut self, subscription: Option<String>, state: SecretString) {
        let secrets = match subscription {
            Some(id) => self.named.entry(id.to_ascii_lowercase()).or_default(),
            None => self.others.get_or_insert_default(),
        };
        secrets.push(state);
    }

    pub(super) fn remove(&mut self, subscription: &str) {
        self.named.remove(&subscription.to_ascii_lowercase());
    }

    pub(super) fn problems(&self, problems: &mut Problems) {
        let is_none = self.named.is_empty() && self.others.is_none();
        problems.add_if(is_none, "client_state", "is required");
        for secrets in self.named.values().chain(&self.others) {
            secrets.check(problems, "client_state");
        }
    }

    pub(super) fn check(&self, subscription: &str, given: Option<&str>) -> Result<(), Rejection> {
        let named = self.named.get(&subscription.to_ascii_lowercase());
        let secrets = named.or(self.others.as_ref());
        let secrets = secrets.ok_or(Rejection::UnknownSubscription)?;
        let is_valid = given.is_some_and(|given| secrets.contain(given.as_bytes()));
        is_valid.then_some(()).ok_or(Rejection::WrongClientState)
    }
}
