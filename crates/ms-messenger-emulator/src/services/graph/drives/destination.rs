//! Where an upload goes, and how a file gets there.

use uuid::Uuid;

use crate::services::graph::{
    drives::{
        content::Content,
        drive::Drive,
        error,
        item::{Author, Item},
        name::{self, Conflict},
    },
    error::GraphError,
};

/// What an upload names.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Destination {
    /// A name in a folder, which may be taken.
    Name { folder: String, name: String },
    /// A file, whose contents are replaced.
    File(String),
}

/// Where the file is put, the name being judged.
#[derive(Debug)]
pub(crate) enum Slot {
    Free { folder: String, name: String },
    Taken(String),
}

impl Destination {
    /// The file that is there, if there is one.
    pub(crate) fn existing<'a>(&self, drive: &'a Drive) -> Option<&'a Item> {
        match self {
            Self::Name { folder, name } => drive.child(folder, name),
            Self::File(id) => drive.item(id),
        }
    }

    /// Where a file goes now; refuses a name that is taken, unless `conflict` allows it.
    pub(crate) fn slot(&self, drive: &Drive, conflict: Conflict) -> Result<Slot, GraphError> {
        let (folder, name) = match self {
            Self::File(id) => {
                let file = drive.item(id).filter(|item| !item.is_folder());
                let file = file.ok_or_else(error::item_not_found)?;
                return Ok(Slot::Taken(file.id.clone()));
            }
            Self::Name { folder, name } => (folder, name),
        };
        let parent = drive.item(folder).filter(|item| item.is_folder());
        let parent = parent.ok_or_else(error::item_not_found)?;
        let name = match (drive.child(&parent.id, name), conflict) {
            (None, _) => name.clone(),
            (Some(_), Conflict::Rename) => drive.free_name(&parent.id, name),
            (Some(item), Conflict::Replace) if !item.is_folder() => {
                return Ok(Slot::Taken(item.id.clone()));
            }
            (Some(_), _) => return Err(error::name_exists()),
        };
        name::check_path(&drive.path(parent), &name)?;
        Ok(Slot::Free {
            folder: folder.clone(),
            name,
        })
    }

    /// Another client's file takes the name, if it is free.
    pub(crate) fn take(&self, drive: &mut Drive, guid: Uuid, now: u64) {
        let Ok(slot @ Slot::Free { .. }) = self.slot(drive, Conflict::Fail) else {
            return;
        };
        let mut content = Content::new(drive.keeps_contents);
        content.push("another file".into());
        let author = Author {
            id: String::new(),
            display_name: "Another client".to_owned(),
            is_user: false,
        };
        slot.put(drive, content, &author, guid, now);
    }
}

impl Slot {
    /// Stores the file; returns its id and whether it is new.
    pub(crate) fn put(
        self,
        drive: &mut Drive,
        content: Content,
        author: &Author,
        guid: Uuid,
        now: u64,
    ) -> (String, bool) {
        match self {
            Self::Taken(id) => {
                drive.replace(&id, content, now);
                (id, false)
            }
            Self::Free { folder, name } => {
                let mut item = Item::new(guid, &name, Some(&folder), author, now);
                item.content = Some(content);
                let id = item.id.clone();
                drive.add(item);
                (id, true)
            }
        }
    }

    /// The bytes that go when the file is put.
    pub(crate) fn replaced(&self, drive: &Drive) -> u64 {
        match self {
            Self::Free { .. } => 0,
            Self::Taken(id) => drive.item(id).map_or(0, Item::size),
        }
    }
}
