//! Requests to addresses that need no token: the pieces of a session, and downloads.

use http::StatusCode;
use serde_json::json;
use uuid::Uuid;

use crate::{
    engine::outcome::Outcome,
    services::graph::{
        drives::{
            content::Content,
            destination::Destination,
            error,
            name::{self, Conflict},
            range::{self, ContentRange, Wanted},
            render::{self, DOWNLOADS},
            routes::{Direct, DirectOp},
            session::Session,
            store::Store,
        },
        error::GraphError,
        response,
        state::Graph,
    },
    wire::{
        clock,
        request::{Query, Request},
        response::Response,
    },
};

/// Carries out a request to a pre-authenticated address. `is_taken`: another client takes the name
/// first.
pub(crate) fn handle(
    service: &Graph,
    request: &Request,
    call: &Direct,
    is_taken: bool,
) -> Result<Outcome, GraphError> {
    if request.headers.contains_key("authorization") {
        let message = "An address that is authenticated already takes no Authorization header.";
        return Err(error::unauthenticated(message));
    }
    if call.op == DirectOp::Download {
        return download(service, request, call);
    }
    let now = service.engine.now_ms();
    let mut store = service.store();
    let drives = &mut store.drives;
    let id = session(drives, &call.drive, &request.query, now)?;
    match call.op {
        DirectOp::Piece => piece(service, request, drives, &id, is_taken),
        DirectOp::Status | DirectOp::Download => status(drives, &id, StatusCode::OK),
        DirectOp::Finish => {
            if !drives.sessions.get(&id).is_some_and(Session::is_complete) {
                let message = "The upload session has not received all bytes.";
                return Err(error::invalid(message));
            }
            take_name(service, drives, &id, is_taken);
            complete(service, request, drives, &id)
        }
        DirectOp::Cancel => {
            drives.sessions.remove(&id);
            Ok(Outcome::new(Response::empty(StatusCode::NO_CONTENT), false))
        }
    }
}

/// The id of the session that an address names, if it is still there.
pub(crate) fn session(
    drives: &mut Store,
    drive: &str,
    query: &Query,
    now: u64,
) -> Result<String, GraphError> {
    drives.expire(now);
    let id = query.value("guid").unwrap_or_default().trim_matches('\'');
    let found = drives.sessions.get(id).filter(|s| s.drive == drive);
    let session = found.ok_or_else(error::no_session)?;
    let secret = query.value("tempauth").unwrap_or_default();
    if secret.strip_prefix("v1.") != Some(&session.secret) {
        return Err(error::unauthenticated(
            "The token of the address is invalid.",
        ));
    }
    Ok(id.to_owned())
}

/// The status of a stored file.
pub(crate) const fn created(is_new: bool) -> StatusCode {
    if is_new {
        StatusCode::CREATED
    } else {
        StatusCode::OK
    }
}

fn piece(
    service: &Graph,
    request: &Request,
    drives: &mut Store,
    id: &str,
    is_taken: bool,
) -> Result<Outcome, GraphError> {
    let range = request
        .header("content-range")
        .and_then(ContentRange::parse);
    let range = range.ok_or_else(|| {
        error::invalid("The Content-Range header is missing or malformed: bytes first-last/total.")
    })?;
    let length = request.body.len() as u64;
    let known = drives.sessions.get(id).ok_or_else(error::no_session)?;
    known.check(range, length)?;
    let drive = drives.drive(&known.drive);
    let drive = drive.ok_or_else(error::item_not_found)?;
    // The whole file must fit when its first piece says how large it is.
    let rest = range.total - known.content.size();
    let replaced = known.destination.existing(drive);
    let replaced = match known.conflict {
        Conflict::Replace => replaced.map_or(0, |item| item.size()),
        _ => 0,
    };
    if !drives.fits(drive, rest.saturating_sub(replaced)) {
        return Err(error::over_quota());
    }
    take_name(service, drives, id, is_taken);
    let now = service.engine.now_ms();
    let session = drives.sessions.get_mut(id).ok_or_else(error::no_session)?;
    session.take(range, request.body.clone(), now);
    if session.is_complete() && !session.is_deferred {
        return complete(service, request, drives, id);
    }
    status(drives, id, StatusCode::ACCEPTED)
}

/// Another client takes the name of the file, if a fault says so.
fn take_name(service: &Graph, drives: &mut Store, id: &str, is_taken: bool) {
    let Some(session) = drives.sessions.get(id).filter(|_| is_taken) else {
        return;
    };
    let (drive, destination) = (session.drive.clone(), session.destination.clone());
    if let Some(drive) = drives.drive_mut(&drive) {
        destination.take(drive, service.engine.guid(), service.engine.now_ms());
    }
}

/// What a session still wants, and until when.
fn status(drives: &Store, id: &str, status: StatusCode) -> Result<Outcome, GraphError> {
    let session = drives.sessions.get(id).ok_or_else(error::no_session)?;
    let body = json!({
        "expirationDateTime": clock::rfc3339_millis(session.expires),
        "nextExpectedRanges": session.wanted(),
    });
    Ok(response::json(status, body.to_string()))
}

/// Makes the file of a session that has all bytes. When its name is taken, the session stays.
fn complete(
    service: &Graph,
    request: &Request,
    drives: &mut Store,
    id: &str,
) -> Result<Outcome, GraphError> {
    let session = drives.sessions.get(id).ok_or_else(error::no_session)?;
    let (drive, conflict) = (session.drive.clone(), session.conflict);
    let destination = session.destination.clone();
    let (guid, now) = (service.engine.guid(), service.engine.now_ms());
    let (item, is_new) = finish(drives, id, &destination, conflict, guid, now)?;
    let drive = drives.drive(&drive).ok_or_else(error::item_not_found)?;
    let item = drive.item(&item).ok_or_else(error::item_not_found)?;
    let body = render::usual_item(service, &request.origin(), drive, item);
    Ok(response::json(created(is_new), body.to_string()))
}

/// Puts the bytes of a session where they go, and ends it; returns the item's id and whether it is new.
pub(crate) fn finish(
    drives: &mut Store,
    id: &str,
    destination: &Destination,
    conflict: Conflict,
    guid: Uuid,
    now: u64,
) -> Result<(String, bool), GraphError> {
    let session = drives.sessions.get(id).ok_or_else(error::no_session)?;
    let drive = drives.drive(&session.drive);
    let slot = destination.slot(drive.ok_or_else(error::item_not_found)?, conflict)?;
    let session = drives.sessions.remove(id).ok_or_else(error::no_session)?;
    let drive = drives.drive_mut(&session.drive);
    let drive = drive.ok_or_else(error::item_not_found)?;
    Ok(slot.put(drive, session.content, &session.author, guid, now))
}

/// The contents of a file, for the holder of an address that has not expired.
fn download(service: &Graph, request: &Request, call: &Direct) -> Result<Outcome, GraphError> {
    let token = request.query.value("tempauth").unwrap_or_default();
    let token = token.strip_prefix("v1.").unwrap_or_default();
    let now = service.engine.now_ms() / 1000;
    let claims = service.engine.key().verify(token, now).ok();
    let claims = claims.filter(|claims| {
        let is = |name, value: &str| claims.text(name) == Some(value);
        is("aud", DOWNLOADS) && is("drive", &call.drive) && is("item", &call.item)
    });
    if claims.is_none() {
        let message = "The token of the address is invalid or has expired.";
        return Err(error::unauthenticated(message));
    }
    let store = service.store();
    let drive = store.drives.drive(&call.drive);
    let item = drive.and_then(|drive| drive.item(&call.item));
    let item = item.ok_or_else(error::item_not_found)?;
    let content = item.content.as_ref().ok_or_else(error::item_not_found)?;
    let header = request.header("range");
    let response = bytes(content, name::media_type(&item.name), header)?;
    let response = response.with_header("etag", &item.etag());
    Ok(Outcome::new(response, false))
}

/// The response with the bytes that a `Range` header asks for.
fn bytes(content: &Content, kind: &str, range: Option<&str>) -> Result<Response, GraphError> {
    let Some(bytes) = content.bytes() else {
        let status = StatusCode::NOT_IMPLEMENTED;
        let message = "The emulator was told to keep no contents of files.";
        return Err(error::of_status(status, message));
    };
    let total = bytes.len();
    let response = match range::wanted(range, total) {
        Wanted::All => Response::bytes(StatusCode::OK, kind, bytes),
        Wanted::Part(first, last) => {
            let part = bytes.slice(first..=last);
            let response = Response::bytes(StatusCode::PARTIAL_CONTENT, kind, part);
            response.with_header("content-range", &format!("bytes {first}-{last}/{total}"))
        }
        Wanted::Outside => {
            let message = "The requested range is outside the content.";
            return Err(error::invalid_range(message));
        }
    };
    Ok(response.with_header("accept-ranges", "bytes"))
}
