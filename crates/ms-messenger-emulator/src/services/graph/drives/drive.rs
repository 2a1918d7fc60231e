//! A drive: its items by id and by name, and its quota.

use std::collections::{BTreeMap, HashMap};

use uuid::Uuid;

use crate::services::graph::{
    drives::{
        content::Content,
        item::{Author, Item},
        name,
        site::Site,
    },
    place::Place,
};

/// The users that a drive belongs to.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Owner {
    /// A user, by object id.
    User(String),
    /// The members of a team, by its id.
    Team(String),
    /// The members of a private or shared channel.
    Channel(Place),
}

/// A drive.
#[derive(Debug)]
pub(crate) struct Drive {
    pub(crate) id: String,
    pub(crate) owner: Owner,
    pub(crate) site: Site,
    /// In bytes.
    pub(crate) quota: u64,
    /// Whether the bytes of uploads are kept.
    pub(crate) keeps_contents: bool,
    pub(crate) root: String,
    /// The folders of channels, by the channel's id.
    pub(crate) folders: HashMap<String, String>,
    used: u64,
    items: BTreeMap<String, Item>,
    /// Ids by folder and by name in its one spelling.
    names: BTreeMap<(String, String), String>,
}

impl Drive {
    pub(crate) fn new(id: String, owner: Owner, site: Site, root: Item) -> Self {
        Self {
            id,
            owner,
            site,
            quota: 0,
            keeps_contents: true,
            root: root.id.clone(),
            folders: HashMap::new(),
            used: 0,
            names: BTreeMap::new(),
            items: BTreeMap::from([(root.id.clone(), root)]),
        }
    }

    /// How many bytes its files have.
    pub(crate) const fn used(&self) -> u64 {
        self.used
    }

    pub(crate) fn item(&self, id: &str) -> Option<&Item> {
        self.items.get(id)
    }

    pub(crate) fn item_mut(&mut self, id: &str) -> Option<&mut Item> {
        self.items.get_mut(id)
    }

    /// All items, the root among them.
    pub(crate) fn items(&self) -> impl Iterator<Item = &Item> {
        self.items.values()
    }

    /// The items of a folder, by name.
    pub(crate) fn children<'a>(&'a self, folder: &'a str) -> impl Iterator<Item = &'a Item> + 'a {
        let from = (folder.to_owned(), String::new());
        let names = self.names.range(from..);
        let of_folder = names.take_while(move |((parent, _), _)| parent == folder);
        of_folder.filter_map(|(_, id)| self.item(id))
    }

    /// The item of that name in a folder.
    pub(crate) fn child(&self, folder: &str, name: &str) -> Option<&Item> {
        let id = self.names.get(&(folder.to_owned(), name::key(name)))?;
        self.item(id)
    }

    /// The item that a path from `start` leads to.
    pub(crate) fn walk(&self, start: &str, path: &[String]) -> Option<&Item> {
        let start = self.item(start)?;
        path.iter()
            .try_fold(start, |folder, name| self.child(&folder.id, name))
    }

    /// The item and the folders that it is in, innermost first.
    pub(crate) fn line<'a>(&'a self, item: &'a Item) -> impl Iterator<Item = &'a Item> + 'a {
        std::iter::successors(Some(item), |item| self.item(item.parent.as_deref()?))
    }

    /// The names from the root to the item: `Folder/report.pdf`, empty for the root.
    pub(crate) fn path(&self, item: &Item) -> String {
        let below = self.line(item).filter(|item| item.parent.is_some());
        let mut names: Vec<&str> = below.map(|item| item.name.as_str()).collect();
        names.reverse();
        names.join("/")
    }

    /// Adds an item under a name that is free.
    pub(crate) fn add(&mut self, item: Item) {
        if let Some(parent) = &item.parent {
            let key = (parent.clone(), name::key(&item.name));
            self.names.insert(key, item.id.clone());
        }
        self.used += item.size();
        self.items.insert(item.id.clone(), item);
    }

    /// Adds a folder, unless there is an item of that name; returns its id.
    pub(crate) fn folder(&mut self, name: &str, guid: Uuid, author: &Author, now: u64) -> String {
        let root = self.root.clone();
        if let Some(item) = self.child(&root, name) {
            return item.id.clone();
        }
        let folder = Item::new(guid, name, Some(&root), author, now);
        let id = folder.id.clone();
        self.add(folder);
        id
    }

    /// Gives a file other contents.
    pub(crate) fn replace(&mut self, id: &str, content: Content, now: u64) {
        let Some(item) = self.items.get_mut(id) else {
            return;
        };
        self.used = self.used - item.size() + content.size();
        item.content = Some(content);
        item.version += 1;
        item.modified = now;
    }

    /// Removes an item with everything in it.
    pub(crate) fn remove(&mut self, id: &str) {
        let mut waiting = vec![id.to_owned()];
        while let Some(id) = waiting.pop() {
            waiting.extend(self.children(&id).map(|item| item.id.clone()));
            let Some(item) = self.items.remove(&id) else {
                continue;
            };
            self.used -= item.size();
            self.folders.retain(|_, folder| *folder != id);
            if let Some(parent) = item.parent {
                self.names.remove(&(parent, name::key(&item.name)));
            }
        }
    }

    /// The first numbered name that is free in the folder.
    pub(crate) fn free_name(&self, folder: &str, name: &str) -> String {
        let mut n = 1;
        loop {
            let other = name::numbered(name, n);
            if self.child(folder, &other).is_none() {
                return other;
            }
            n += 1;
        }
    }
}
