//! Simple uploads, and upload sessions as Graph begins and ends them.

use http::StatusCode;
use serde_json::{Value, json};

use crate::{
    engine::outcome::Outcome,
    services::graph::{
        drives::{
            content::Content,
            destination::Destination,
            direct, error,
            item::Role,
            locate,
            name::{self, Conflict},
            read,
            routes::Address,
            session::{Plan, Session},
            visit::Visit,
        },
        error::GraphError,
        messages::validate,
        response,
        store::GraphStore,
    },
    wire::{clock, request::Query},
};

/// `PUT …/content`.
pub(crate) fn put(visit: &Visit<'_>, at: &Address) -> Result<Outcome, GraphError> {
    let context = &visit.context;
    let asked = context
        .request
        .query
        .value("@microsoft.graph.conflictBehavior");
    let conflict = Conflict::read(asked, Conflict::Replace)?;
    let (engine, now) = (&context.service.engine, visit.now());
    let mut store = context.service.store();
    let (id, destination) = locate::destination(visit, &mut store, at)?;
    let drives = &mut store.drives;
    drives.expire(now);
    let drive = drives.drive_mut(&id).ok_or_else(error::item_not_found)?;
    if visit.is_taken {
        destination.take(drive, engine.guid(), now);
    }
    locate::check_version(visit, destination.existing(drive))?;
    let slot = destination.slot(drive, conflict)?;
    let (size, replaced) = (context.request.body.len() as u64, slot.replaced(drive));
    let mut content = Content::new(drive.keeps_contents);
    let drive = drives.drive(&id).ok_or_else(error::item_not_found)?;
    if !drives.fits(drive, size.saturating_sub(replaced)) {
        return Err(error::over_quota());
    }
    content.push(context.request.body.clone());
    let drive = drives.drive_mut(&id).ok_or_else(error::item_not_found)?;
    let (item, is_new) = slot.put(drive, content, &visit.author(), engine.guid(), now);
    let item = drive.item(&item).ok_or_else(error::item_not_found)?;
    Ok(read::usual(visit, drive, item, direct::created(is_new)))
}

/// `POST …/createUploadSession`.
pub(crate) fn create_session(visit: &Visit<'_>, at: &Address) -> Result<Outcome, GraphError> {
    let context = &visit.context;
    let body = match context.request.body.is_empty() {
        true => json!({}),
        false => validate::body(context.request)?,
    };
    let (engine, now) = (&context.service.engine, visit.now());
    let mut store = context.service.store();
    let plan = plan(visit, &mut store, at, &body)?;
    let drives = &mut store.drives;
    drives.expire(now);
    let drive = drives.drive(&plan.drive);
    let drive = drive.ok_or_else(error::item_not_found)?;
    locate::check_version(visit, plan.destination.existing(drive))?;
    let slot = plan.destination.slot(drive, plan.conflict)?;
    let more = plan.size.unwrap_or_default();
    if !drives.fits(drive, more.saturating_sub(slot.replaced(drive))) {
        return Err(error::over_quota());
    }
    let item = plan.destination.existing(drive);
    let item = item.map_or(drive.root.clone(), |item| item.id.clone());
    let (id, secret) = (
        engine.guid().to_string(),
        engine.guid().simple().to_string(),
    );
    let is_yes = |wanted| {
        if plan.conflict == wanted {
            "True"
        } else {
            "False"
        }
    };
    let url = format!(
        "{}/_api/v2.0/drives/{}/items/{item}/uploadSession?guid='{id}'&overwrite={}&rename={}\
         &dc=0&tempauth=v1.{secret}",
        context.request.origin(),
        plan.drive,
        is_yes(Conflict::Replace),
        is_yes(Conflict::Rename),
    );
    let session = Session::new(plan, secret, visit.author(), drive.keeps_contents, now);
    let resource = json!({
        "@odata.context": format!("{}/$metadata#microsoft.graph.uploadSession", context.base),
        "uploadUrl": url,
        "expirationDateTime": clock::rfc3339_millis(session.expires),
        "nextExpectedRanges": session.wanted(),
    });
    if let (true, Some(drive)) = (visit.is_taken, drives.drive_mut(&session.drive)) {
        session.destination.take(drive, engine.guid(), now);
    }
    drives.sessions.insert(id, session);
    Ok(response::json(StatusCode::OK, resource.to_string()))
}

/// What a session is to do, by the body of the request for it.
fn plan(
    visit: &Visit<'_>,
    graph: &mut GraphStore,
    at: &Address,
    body: &Value,
) -> Result<Plan, GraphError> {
    let (drive, destination) = locate::destination(visit, graph, at)?;
    let item = &body["item"];
    let default = match &destination {
        Destination::Name { name, .. } => {
            let given = &item["name"];
            if !given.is_null() && given != name.as_str() {
                let message = "The name of the item is not the one of the path.";
                return Err(error::invalid(message));
            }
            Conflict::Fail
        }
        Destination::File(_) => Conflict::Replace,
    };
    let size = match &item["fileSize"] {
        Value::Null => None,
        size => Some(size.as_u64().filter(|size| *size > 0).ok_or_else(|| {
            error::invalid("fileSize must be a whole number from 1: an empty file has no session.")
        })?),
    };
    let is_deferred = match &body["deferCommit"] {
        Value::Null => false,
        Value::Bool(is_deferred) => *is_deferred,
        _ => return Err(error::invalid("deferCommit must be true or false.")),
    };
    Ok(Plan {
        drive,
        destination,
        conflict: Conflict::of(item, default)?,
        is_deferred,
        size,
    })
}

/// `PUT` of an item whose bytes a session holds: the file under another name.
pub(crate) fn commit(visit: &Visit<'_>, at: &Address) -> Result<Outcome, GraphError> {
    let context = &visit.context;
    let body = validate::body(context.request)?;
    let source = body["@microsoft.graph.sourceUrl"].as_str();
    let source = source.and_then(|url| url.split_once("/uploadSession?"));
    let Some((_, query)) = source else {
        let message = "@microsoft.graph.sourceUrl is required and must be that of a session.";
        return Err(error::invalid(message));
    };
    let query = Query::parse(query);
    let conflict = Conflict::of(&body, Conflict::Fail)?;
    let (engine, now) = (&context.service.engine, visit.now());
    let mut store = context.service.store();
    let (drive, destination) = other_name(visit, &mut store, at, &body)?;
    let drives = &mut store.drives;
    let id = direct::session(drives, &drive, &query, now)?;
    let is_complete = drives.sessions.get(&id).is_some_and(Session::is_complete);
    if !is_complete {
        let message = "The upload session has not received all bytes.";
        return Err(error::invalid(message));
    }
    if let (true, Some(drive)) = (visit.is_taken, drives.drive_mut(&drive)) {
        destination.take(drive, engine.guid(), now);
    }
    let (item, is_new) = direct::finish(drives, &id, &destination, conflict, engine.guid(), now)?;
    let drive = drives.drive(&drive).ok_or_else(error::item_not_found)?;
    let item = drive.item(&item).ok_or_else(error::item_not_found)?;
    Ok(read::usual(visit, drive, item, direct::created(is_new)))
}

/// Where the bytes of a session go: the body's name in the folder at the address, or the address
/// itself.
fn other_name(
    visit: &Visit<'_>,
    graph: &mut GraphStore,
    at: &Address,
    body: &Value,
) -> Result<(String, Destination), GraphError> {
    let name = match &body["name"] {
        Value::Null => None,
        name => Some(
            name.as_str()
                .ok_or_else(|| error::invalid("name must be a string."))?,
        ),
    };
    let Some(name) = name else {
        return locate::destination(visit, graph, at);
    };
    name::check(name)?;
    let found = locate::item(visit, graph, at, Role::Write);
    let is_folder = |found: &locate::Located| {
        let opened = found.open(&graph.drives);
        opened.is_ok_and(|(_, item)| item.is_folder())
    };
    if let Some(folder) = found.ok().filter(is_folder) {
        let destination = Destination::Name {
            folder: folder.item,
            name: name.to_owned(),
        };
        return Ok((folder.drive, destination));
    }
    match locate::destination(visit, graph, at)? {
        (drive, Destination::Name { folder, .. }) => {
            let name = name.to_owned();
            Ok((drive, Destination::Name { folder, name }))
        }
        other => Ok(other),
    }
}
