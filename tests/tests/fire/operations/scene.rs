//! The objects of a service that a driver works on.

use std::{collections::BTreeMap, sync::Arc};

/// A client, and the ids of what was prepared for it.
#[derive(Clone)]
pub(crate) struct Scene<C> {
    pub(crate) client: C,
    ids: Arc<BTreeMap<&'static str, String>>,
}

impl<C: Clone> Scene<C> {
    pub(crate) fn new<const N: usize>(client: C, ids: [(&'static str, &str); N]) -> Self {
        let ids = ids.map(|(name, id)| (name, id.to_owned()));
        Self {
            client,
            ids: Arc::new(ids.into()),
        }
    }

    /// The id of the object `name`.
    pub(crate) fn id(&self, name: &str) -> String {
        let id = self.ids.get(name);
        id.unwrap_or_else(|| panic!("there is no {name}")).clone()
    }

    /// The id of the object `name`, if it was prepared.
    pub(crate) fn find(&self, name: &str) -> Option<String> {
        self.ids.get(name).cloned()
    }

    /// Adds an object.
    pub(crate) fn with(mut self, name: &'static str, id: impl Into<String>) -> Self {
        let mut ids = (*self.ids).clone();
        ids.insert(name, id.into());
        self.ids = Arc::new(ids);
        self
    }

    /// The same objects, for another client.
    pub(crate) fn of(&self, client: &C) -> Self {
        Self {
            client: client.clone(),
            ids: Arc::clone(&self.ids),
        }
    }

    /// `template` with the ids in the places of the names in braces.
    pub(crate) fn path(&self, template: &str) -> String {
        let mut path = template.to_owned();
        for (name, id) in &*self.ids {
            let id = id.replace(':', "%3A").replace('@', "%40");
            path = path.replace(&format!("{{{name}}}"), &id);
        }
        path
    }
}
