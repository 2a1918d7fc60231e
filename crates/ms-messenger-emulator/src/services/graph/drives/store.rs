//! All drives and the uploads that are under way.

use std::collections::{BTreeMap, HashMap};

use crate::{
    seed::{
        Seed,
        derive::EPOCH_SECONDS,
        drives::{OWN_SITES, TEAM_SITES},
    },
    services::graph::{
        directory::store::Store as Directory,
        drives::{
            drive::{Drive, Owner},
            item::{Author, Item, Scope},
            session::Session,
            settings::DriveSettings,
            site::{self, Site},
        },
        place::Place,
    },
};

/// The drives, the upload sessions, and the files that messages refer to.
#[derive(Debug)]
pub(crate) struct Store {
    drives: BTreeMap<String, Drive>,
    /// By the GUID of their addresses.
    pub(crate) sessions: HashMap<String, Session>,
    pub(crate) sent: Vec<Sent>,
    settings: DriveSettings,
}

/// A message with a file of a drive.
#[derive(Clone, Debug)]
pub(crate) struct Sent {
    pub(crate) place: Place,
    pub(crate) message_id: u64,
    pub(crate) drive: String,
    pub(crate) item: String,
    pub(crate) url: String,
    /// The scope of the share link, if the address is one.
    pub(crate) link: Option<Scope>,
}

/// What an address leads to.
#[derive(Clone, Debug)]
pub(crate) struct Hit {
    pub(crate) drive: String,
    pub(crate) item: String,
    /// The scope of the share link, if the address is one.
    pub(crate) link: Option<Scope>,
}

impl Store {
    /// The empty drives of the seeded users and of the seeded team.
    pub(crate) fn new(seed: &Seed, settings: DriveSettings) -> Self {
        let mut store = Self {
            drives: BTreeMap::new(),
            sessions: HashMap::new(),
            sent: Vec::new(),
            settings,
        };
        for user in &seed.graph.users {
            store.of_user(seed, &user.id);
        }
        let team = seed.graph.team_id.clone();
        store.of_owner(seed, Owner::Team(team), "Contoso".to_owned());
        store
    }

    pub(crate) fn drive(&self, id: &str) -> Option<&Drive> {
        self.drives.get(id)
    }

    pub(crate) fn drive_mut(&mut self, id: &str) -> Option<&mut Drive> {
        self.drives.get_mut(id)
    }

    pub(crate) fn drives(&self) -> impl Iterator<Item = &Drive> {
        self.drives.values()
    }

    /// The settings of drives that are made from now on.
    pub(crate) const fn settings_mut(&mut self) -> &mut DriveSettings {
        &mut self.settings
    }

    pub(crate) fn drives_mut(&mut self) -> impl Iterator<Item = &mut Drive> {
        self.drives.values_mut()
    }

    /// The user's own drive, made on first use; returns its id.
    pub(crate) fn of_user(&mut self, seed: &Seed, user: &str) -> String {
        let name = seed.graph_user(user).map_or(user, |user| &user.upn);
        let site = name.replace(['@', '.', '-'], "_");
        self.of_owner(seed, Owner::User(user.to_owned()), site)
    }

    fn of_owner(&mut self, seed: &Seed, owner: Owner, site: String) -> String {
        let key = match &owner {
            Owner::User(user) => format!("user/{user}"),
            Owner::Team(team) => format!("team/{team}"),
            Owner::Channel(place) => format!("channel/{}", place.conversation()),
        };
        let id = seed.drive_id(&key);
        if self.drives.contains_key(&id) {
            return id;
        }
        let (host, path, library) = match &owner {
            Owner::User(_) => (OWN_SITES, format!("personal/{site}"), "Documents"),
            _ => (TEAM_SITES, format!("sites/{site}"), "Shared Documents"),
        };
        let site = Site {
            host,
            path,
            library,
        };
        let now = EPOCH_SECONDS * 1000;
        let root = Item::new(seed.drive_guid(&key), "root", None, &system(), now);
        let mut drive = Drive::new(id.clone(), owner, site, root);
        drive.quota = self.settings.quota;
        drive.keeps_contents = self.settings.keeps_contents;
        self.drives.insert(id.clone(), drive);
        id
    }

    /// The folder of a channel, made on first use; returns the ids of its drive and of itself.
    ///
    /// Standard channels share the drive of their team, the others have one each.
    pub(crate) fn of_channel(
        &mut self,
        seed: &Seed,
        directory: &Directory,
        place: &Place,
        now: u64,
    ) -> Option<(String, String)> {
        let Place::Channel { team, channel } = place else {
            return None;
        };
        let of_team = directory.team(team)?;
        let of_channel = of_team.channel(channel)?;
        let is_own = of_channel.members.is_some();
        let mut site: String = of_team.name.split_whitespace().collect();
        if is_own || *team != seed.graph.team_id {
            // Two of the same name have two sites.
            let number = seed
                .drive_guid(if is_own { channel } else { team })
                .simple();
            site = format!("{site}-{number}");
        }
        let owner = if is_own {
            Owner::Channel(place.clone())
        } else {
            Owner::Team(team.clone())
        };
        let id = self.of_owner(seed, owner, site);
        let drive = self.drives.get_mut(&id)?;
        if let Some(folder) = drive.folders.get(channel) {
            return Some((id, folder.clone()));
        }
        let name = of_channel.name.replace(['/', ':', '\\', '?', '*'], "_");
        let guid = seed.drive_guid(&format!("folder/{channel}"));
        let folder = drive.folder(&name, guid, &system(), now);
        drive.folders.insert(channel.clone(), folder.clone());
        Some((id, folder))
    }

    /// The number of the upload sessions of a drive.
    pub(crate) fn sessions_of(&self, drive: &str) -> usize {
        let sessions = self.sessions.values();
        sessions.filter(|session| session.drive == drive).count()
    }

    /// The bytes that the upload sessions of a drive hold.
    pub(crate) fn pending(&self, drive: &str) -> u64 {
        let sessions = self.sessions.values().filter(|s| s.drive == drive);
        sessions.map(|session| session.content.size()).sum()
    }

    /// Whether so many more bytes go into a drive.
    pub(crate) fn fits(&self, drive: &Drive, bytes: u64) -> bool {
        let taken = drive.used() + self.pending(&drive.id);
        taken.saturating_add(bytes) <= drive.quota
    }

    /// Drops the sessions that have expired.
    pub(crate) fn expire(&mut self, now: u64) {
        self.sessions.retain(|_, session| session.expires > now);
    }

    /// What the address of a file, or a share link, leads to.
    pub(crate) fn find(&self, url: &str) -> Option<Hit> {
        let drives = self.drives().filter(|drive| drive.site.has(url));
        drives
            .flat_map(|drive| drive.items().map(move |item| (drive, item)))
            .find_map(|(drive, item)| {
                let link = item.links.iter().find(|link| site::is_same(&link.url, url));
                let is_plain = || {
                    let path = drive.path(item);
                    site::is_same(&drive.site.dav_url(&path), url)
                        || site::is_same(&drive.site.web_url(item, &path), url)
                };
                (link.is_some() || is_plain()).then(|| Hit {
                    drive: drive.id.clone(),
                    item: item.id.clone(),
                    link: link.map(|link| link.scope),
                })
            })
    }
}

/// The author of what no user made.
fn system() -> Author {
    Author {
        id: String::new(),
        display_name: "System Account".to_owned(),
        is_user: false,
    }
}
