//! Created users, and revoked tokens.

use std::collections::{HashMap, HashSet};

use serde_json::Value;

use crate::seed::Seed;

/// Users and assignments that changed since the start.
#[derive(Debug, Default)]
pub(crate) struct Store {
    made: HashSet<String>,
    deleted: HashSet<String>,
    /// How often the tokens of a user were revoked.
    generations: HashMap<String, u64>,
    /// By tenant and object id.
    pub(crate) assignments: HashMap<(String, String), Value>,
}

impl Store {
    pub(crate) fn add(&mut self, id: &str) {
        self.made.insert(id.to_owned());
    }

    pub(crate) fn delete(&mut self, id: &str) {
        self.deleted.insert(id.to_owned());
    }

    /// Every token issued so far counts no more.
    pub(crate) fn revoke(&mut self, id: &str) {
        *self.generations.entry(id.to_owned()).or_default() += 1;
    }

    /// The number that a token of the user must have.
    pub(crate) fn generation(&self, id: &str) -> u64 {
        self.generations.get(id).copied().unwrap_or_default()
    }

    /// Whether a token of that generation counts.
    pub(crate) fn accepts(&self, id: &str, generation: u64) -> bool {
        !self.is_deleted(id) && self.generation(id) == generation
    }

    pub(crate) fn is_deleted(&self, id: &str) -> bool {
        self.deleted.contains(id)
    }

    /// Whether the user is seeded or was made, and was not deleted.
    pub(crate) fn is_known(&self, seed: &Seed, id: &str) -> bool {
        let is_seeded = || seed.acs.users.iter().any(|user| user.id == id);
        !self.is_deleted(id) && (self.made.contains(id) || is_seeded())
    }
}
