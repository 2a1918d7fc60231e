//! From the path of a request to a drive and an item.

use crate::services::graph::{
    directory::{binding, person},
    drives::{
        access,
        destination::Destination,
        drive::Drive,
        error,
        item::{Item, Role},
        name,
        routes::{Address, Root},
        store::Store,
        visit::Visit,
    },
    error::GraphError,
    store::GraphStore,
};

/// An item by its ids.
#[derive(Clone, Debug)]
pub(crate) struct Located {
    pub(crate) drive: String,
    pub(crate) item: String,
}

impl Located {
    /// The drive and the item, which are there as long as the store is locked.
    pub(crate) fn open<'a>(&self, store: &'a Store) -> Result<(&'a Drive, &'a Item), GraphError> {
        let drive = store.drive(&self.drive);
        let found = drive.and_then(|drive| Some((drive, drive.item(&self.item)?)));
        found.ok_or_else(error::item_not_found)
    }
}

/// The id of the drive that a path begins with; a user's own is made on first use.
pub(crate) fn drive(
    visit: &Visit<'_>,
    store: &mut Store,
    root: &Root,
) -> Result<String, GraphError> {
    let context = &visit.context;
    let (service, caller) = (context.service, &context.caller);
    let user = match root {
        Root::Drive(id) => return Ok(id.clone()),
        Root::Me if !caller.is_user => return Err(person::no_me()),
        Root::Me => caller.id.clone(),
        Root::User(key) => binding::user_id(service, key).map_err(|_| error::item_not_found())?,
    };
    let is_seeded = service.seed.graph_user(&user).is_some();
    if service.engine.is_strict() && !is_seeded {
        return Err(error::item_not_found());
    }
    // Nothing is made for a token that reaches no drive.
    if visit.reach.own.is_none() && visit.reach.all.is_none() {
        return Err(error::item_not_found());
    }
    Ok(store.of_user(&service.seed, &user))
}

/// The item at an address, if the caller may do with it what is needed.
pub(crate) fn item(
    visit: &Visit<'_>,
    graph: &mut GraphStore,
    at: &Address,
    needed: Role,
) -> Result<Located, GraphError> {
    let id = drive(visit, &mut graph.drives, &at.root)?;
    let drive = graph.drives.drive(&id).ok_or_else(error::item_not_found)?;
    let start = at.item.as_deref().filter(|id| *id != "root");
    let start = start.unwrap_or(&drive.root);
    let item = drive.walk(start, &at.path);
    let item = item.ok_or_else(error::item_not_found)?;
    admit(visit, graph, drive, item, needed)?;
    Ok(Located {
        drive: id,
        item: item.id.clone(),
    })
}

/// The item of an id that was found otherwise, if the caller may do with it what is needed.
pub(crate) fn admit(
    visit: &Visit<'_>,
    graph: &GraphStore,
    drive: &Drive,
    item: &Item,
    needed: Role,
) -> Result<(), GraphError> {
    let caller = &visit.context.caller;
    access::admit(&graph.directory, drive, item, caller, visit.reach, needed)
}

/// Where an upload to an address goes, if the caller may write there: to the name at the end of the
/// path, or to the file itself.
pub(crate) fn destination(
    visit: &Visit<'_>,
    graph: &mut GraphStore,
    at: &Address,
) -> Result<(String, Destination), GraphError> {
    let Some((last, folders)) = at.path.split_last() else {
        let file = item(visit, graph, at, Role::Write)?;
        if file.open(&graph.drives)?.1.is_folder() {
            return Err(error::invalid("The item is a folder, not a file."));
        }
        return Ok((file.drive, Destination::File(file.item)));
    };
    name::check(last)?;
    let parent = Address {
        path: folders.to_vec(),
        ..at.clone()
    };
    let parent = item(visit, graph, &parent, Role::Write)?;
    if !parent.open(&graph.drives)?.1.is_folder() {
        return Err(error::item_not_found());
    }
    let destination = Destination::Name {
        folder: parent.item,
        name: last.clone(),
    };
    Ok((parent.drive, destination))
}

/// Refuses a request whose `If-Match` does not name the version that is there.
pub(crate) fn check_version(visit: &Visit<'_>, existing: Option<&Item>) -> Result<(), GraphError> {
    match visit.context.request.header("if-match") {
        Some(header) if !existing.is_some_and(|item| item.matches(header)) => {
            Err(error::modified())
        }
        _ => Ok(()),
    }
}
