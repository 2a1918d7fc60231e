//! What was found by a name, kept for a while.

use std::{
    collections::HashMap,
    sync::{Mutex, PoisonError},
    time::Duration,
};

use tokio::time::Instant;

use crate::models::User;

/// The most names that are kept.
const MOST: usize = 1024;

/// What a name stands for.
#[derive(Clone, Debug)]
pub(crate) enum Found {
    Id(String),
    User(Box<User>),
}

/// What was found by a name, and when. Without an age it keeps nothing.
#[derive(Debug, Default)]
pub(crate) struct NameCache {
    age: Duration,
    found: Mutex<HashMap<String, (Instant, Found)>>,
}

impl NameCache {
    /// Keeps what was found for `age`.
    pub(crate) fn new(age: Duration) -> Self {
        Self {
            age,
            found: Mutex::default(),
        }
    }

    pub(super) fn get(&self, kind: &str, name: &str) -> Option<Found> {
        let found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        let (at, value) = found.get(&key(kind, name))?;
        (at.elapsed() < self.age).then(|| value.clone())
    }

    pub(super) fn keep(&self, kind: &str, name: &str, value: Found) {
        if self.age.is_zero() {
            return;
        }
        let mut found = self.found.lock().unwrap_or_else(PoisonError::into_inner);
        if found.len() >= MOST {
            found.retain(|_, (at, _)| at.elapsed() < self.age);
        }
        if found.len() < MOST {
            found.insert(key(kind, name), (Instant::now(), value));
        }
    }
}

fn key(kind: &str, name: &str) -> String {
    format!("{kind}\0{name}")
}

#[cfg(test)]
mod tests {
    use super::*;

    fn id(cache: &NameCache, name: &str) -> Option<String> {
        match cache.get("team", name)? {
            Found::Id(id) => Some(id),
            Found::User(_) => None,
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_was_found_is_kept_for_the_age_and_no_longer() {
        let cache = NameCache::new(Duration::from_secs(60));
        cache.keep("team", "Contoso", Found::Id("1".to_owned()));
        assert_eq!(id(&cache, "Contoso").as_deref(), Some("1"));
        assert_eq!(id(&cache, "contoso"), None);
        tokio::time::advance(Duration::from_secs(60)).await;
        assert_eq!(id(&cache, "Contoso"), None);
        let none = NameCache::default();
        none.keep("team", "Contoso", Found::Id("1".to_owned()));
        assert_eq!(id(&none, "Contoso"), None);
    }

    #[tokio::test(start_paused = true)]
    async fn it_does_not_grow_without_bound() {
        let cache = NameCache::new(Duration::from_secs(60));
        for i in 0..2 * MOST {
            cache.keep("team", &i.to_string(), Found::Id(String::new()));
        }
        assert_eq!(cache.found.lock().unwrap().len(), MOST);
    }
}
