//! Reads of drives and items, new folders, and deletion.

use http::StatusCode;
use serde_json::Value;

use crate::{
    engine::outcome::Outcome,
    services::graph::{
        directory::options,
        drives::{
            destination::{Destination, Slot},
            drive::Drive,
            error,
            item::{Item, Role},
            locate::{self, Located},
            name::{self, Conflict},
            render,
            routes::Address,
            visit::Visit,
        },
        error::GraphError,
        messages::validate,
        place::{Place, team_id},
        response,
    },
    wire::response::Response,
};

const DEFAULT_TOP: usize = 200;
const SELECTABLE: [&str; 17] = [
    "@microsoft.graph.downloadUrl",
    "createdBy",
    "createdDateTime",
    "cTag",
    "eTag",
    "file",
    "fileSystemInfo",
    "folder",
    "id",
    "lastModifiedBy",
    "lastModifiedDateTime",
    "name",
    "parentReference",
    "size",
    "webUrl",
    render::DAV_URL,
    "root",
];

/// `GET` of a drive.
pub(crate) fn drive(visit: &Visit<'_>, at: &Address) -> Result<Outcome, GraphError> {
    let mut store = visit.context.service.store();
    let root = locate::item(visit, &mut store, at, Role::Read)?;
    let (drive, _) = root.open(&store.drives)?;
    let resource = render::drive(&visit.context.service.seed, drive);
    let body = options::entity(&visit.context, "drives", resource);
    Ok(response::json(StatusCode::OK, body.to_string()))
}

/// `GET` of an item.
pub(crate) fn get(visit: &Visit<'_>, at: &Address) -> Result<Outcome, GraphError> {
    let mut store = visit.context.service.store();
    let found = locate::item(visit, &mut store, at, Role::Read)?;
    let (drive, item) = found.open(&store.drives)?;
    whole(visit, drive, item)
}

/// The response with an item, as `$select` wants it.
pub(crate) fn whole(visit: &Visit<'_>, drive: &Drive, item: &Item) -> Result<Outcome, GraphError> {
    options::only(&visit.context, &["$select"])?;
    let resource = selected(visit, drive, item)?;
    Ok(entity(visit, drive, StatusCode::OK, resource))
}

/// The response with the usual members of an item.
pub(crate) fn usual(visit: &Visit<'_>, drive: &Drive, item: &Item, status: StatusCode) -> Outcome {
    let resource = render::usual_item(visit.service(), &visit.origin(), drive, item);
    entity(visit, drive, status, resource)
}

fn entity(visit: &Visit<'_>, drive: &Drive, status: StatusCode, item: Value) -> Outcome {
    let metadata = format!("drives('{}')/items", drive.id);
    let body = options::entity(&visit.context, &metadata, item);
    response::json(status, body.to_string())
}

fn selected(visit: &Visit<'_>, drive: &Drive, item: &Item) -> Result<Value, GraphError> {
    let names = options::names(&visit.context, "$select", &SELECTABLE)?;
    if names.is_empty() {
        return Ok(render::usual_item(
            visit.service(),
            &visit.origin(),
            drive,
            item,
        ));
    }
    let mut resource = options::select(
        render::item(visit.service(), &visit.origin(), drive, item),
        &names,
    );
    let link = "@microsoft.graph.downloadUrl";
    if let (Value::Object(members), false) = (&mut resource, names.contains(&link)) {
        members.remove(link);
    }
    Ok(resource)
}

/// `GET …/children`.
pub(crate) fn list(visit: &Visit<'_>, at: &Address) -> Result<Outcome, GraphError> {
    let context = &visit.context;
    options::only(context, &["$select", "$top", "$skiptoken"])?;
    let number = |name: &str, default: usize| match context.request.query.value(name) {
        None => Ok(default),
        Some(text) => text.parse::<usize>().map_err(|_| {
            error::invalid("$top and $skiptoken must be whole numbers from 1 and from 0.")
        }),
    };
    let (top, skip) = (number("$top", DEFAULT_TOP)?, number("$skiptoken", 0)?);
    if !(1..=DEFAULT_TOP).contains(&top) {
        return Err(error::invalid("$top must be from 1 to 200."));
    }
    let mut store = context.service.store();
    let found = locate::item(visit, &mut store, at, Role::Read)?;
    let (drive, folder) = found.open(&store.drives)?;
    let mut children = drive.children(&folder.id).skip(skip);
    let page = children.by_ref().take(top);
    let items: Result<Vec<Value>, GraphError> =
        page.map(|item| selected(visit, drive, item)).collect();
    let metadata = format!("drives('{}')/items('{}')/children", drive.id, folder.id);
    let mut body = options::collection(context, &metadata, items?);
    if children.next().is_some() {
        let select = context.request.query.value("$select");
        let select = select.map_or(String::new(), |names| format!("$select={names}&"));
        let (origin, path) = (context.request.origin(), context.request.path());
        let token = skip + top;
        let link = format!("{origin}{path}?{select}$top={top}&$skiptoken={token}");
        body["@odata.nextLink"] = link.into();
    }
    Ok(response::json(StatusCode::OK, body.to_string()))
}

/// `POST …/children`: a folder.
pub(crate) fn create(visit: &Visit<'_>, at: &Address) -> Result<Outcome, GraphError> {
    let context = &visit.context;
    let body = validate::body(context.request)?;
    let name = body["name"].as_str();
    let name = name.ok_or_else(|| error::invalid("name is required and must be a string."))?;
    if !body["folder"].is_object() {
        return Err(error::invalid("folder is required and must be an object."));
    }
    name::check(name)?;
    let conflict = Conflict::of(&body, Conflict::Fail)?;
    let mut store = context.service.store();
    let parent = locate::item(visit, &mut store, at, Role::Write)?;
    let drives = &mut store.drives;
    let destination = Destination::Name {
        folder: parent.item,
        name: name.to_owned(),
    };
    let drive = drives.drive_mut(&parent.drive);
    let drive = drive.ok_or_else(error::item_not_found)?;
    let existing = destination.existing(drive);
    // A folder replaces nothing: the one that is there stays.
    let kept = existing.filter(|item| item.is_folder() && conflict == Conflict::Replace);
    if let Some(folder) = kept {
        return Ok(usual(visit, drive, folder, StatusCode::OK));
    }
    let Slot::Free { folder, name } = destination.slot(drive, conflict)? else {
        return Err(error::name_exists());
    };
    let guid = context.service.engine.guid();
    let item = Item::new(guid, &name, Some(&folder), &visit.author(), visit.now());
    let id = item.id.clone();
    drive.add(item);
    let item = drive.item(&id).ok_or_else(error::item_not_found)?;
    Ok(usual(visit, drive, item, StatusCode::CREATED))
}

/// `GET …/content`: a redirect to an address that needs no token.
pub(crate) fn content(visit: &Visit<'_>, at: &Address) -> Result<Outcome, GraphError> {
    let mut store = visit.context.service.store();
    let found = locate::item(visit, &mut store, at, Role::Read)?;
    let (drive, item) = found.open(&store.drives)?;
    redirect(visit, drive, item)
}

/// The redirect to the contents of a file. They are on another host than the API, so that a client
/// that follows redirects leaves its token behind.
pub(crate) fn redirect(
    visit: &Visit<'_>,
    drive: &Drive,
    item: &Item,
) -> Result<Outcome, GraphError> {
    if item.is_folder() {
        return Err(error::invalid("The item is a folder, not a file."));
    }
    let origin = visit.context.request.other_origin();
    let link = render::download_url(visit.service(), &origin, drive, item);
    let response = Response::empty(StatusCode::FOUND).with_header("location", &link);
    Ok(Outcome::new(response, false))
}

/// `DELETE` of an item.
pub(crate) fn delete(visit: &Visit<'_>, at: &Address) -> Result<Outcome, GraphError> {
    let mut store = visit.context.service.store();
    let Located { drive, item } = locate::item(visit, &mut store, at, Role::Write)?;
    let drive = store.drives.drive_mut(&drive);
    let drive = drive.ok_or_else(error::item_not_found)?;
    locate::check_version(visit, drive.item(&item))?;
    if drive.root == item {
        return Err(error::invalid("The root of a drive cannot be deleted."));
    }
    drive.remove(&item);
    Ok(Outcome::new(Response::empty(StatusCode::NO_CONTENT), false))
}

/// `GET /teams/{team}/channels/{channel}/filesFolder`.
pub(crate) fn channel_folder(
    visit: &Visit<'_>,
    team: &str,
    channel: &str,
) -> Result<Outcome, GraphError> {
    let context = &visit.context;
    let place = Place::Channel {
        team: team_id(team)?,
        channel: channel.to_owned(),
    };
    let place = place.well_formed()?;
    if visit.reach.all.is_none() {
        let message = "Missing scope permissions on the request. API requires one of \
            'Files.Read.All, Files.ReadWrite.All, Sites.Read.All, Sites.ReadWrite.All'.";
        return Err(GraphError::forbidden(message));
    }
    options::only(context, &[])?;
    let mut store = context.service.store();
    let graph = &mut *store;
    graph.directory.enter(&place, &context.caller)?;
    let (service, now) = (context.service, visit.now());
    let drives = &mut graph.drives;
    let ids = drives.of_channel(&service.seed, &graph.directory, &place, now);
    let (drive, item) = ids.ok_or_else(error::item_not_found)?;
    let found = Located { drive, item };
    let (drive, folder) = found.open(drives)?;
    let resource = render::usual_item(service, &visit.origin(), drive, folder);
    let metadata = format!("{}/filesFolder", place.context());
    let body = options::entity(context, &metadata, resource);
    Ok(response::json(StatusCode::OK, body.to_string()))
}
