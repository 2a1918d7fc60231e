//! Drives and items as resources.

use serde_json::{Value, json};

use crate::{
    seed::Seed,
    services::graph::{
        drives::{
            drive::{Drive, Owner},
            item::{Author, Item},
            name,
        },
        state::Graph,
    },
    wire::clock,
};

/// How long the address of a download works, in seconds.
const DOWNLOAD_LIFE: u64 = 3600;
/// The audience of the token in such an address.
pub(crate) const DOWNLOADS: &str = "drive-downloads";
/// The member that is returned only when it is selected.
pub(crate) const DAV_URL: &str = "webDavUrl";

/// The `drive` resource.
pub(crate) fn drive(seed: &Seed, drive: &Drive) -> Value {
    let used = drive.used();
    let state = match used.saturating_mul(100).checked_div(drive.quota) {
        Some(0..90) => "normal",
        Some(90..99) => "nearing",
        Some(99) => "critical",
        _ => "exceeded",
    };
    let (kind, title, owner) = match &drive.owner {
        Owner::User(user) => {
            let name = seed.graph_user(user).map(|user| &user.display_name);
            let owner = json!({"user": {"id": user, "displayName": name}});
            ("business", "OneDrive", owner)
        }
        Owner::Team(team) => (
            "documentLibrary",
            "Documents",
            json!({"group": {"id": team}}),
        ),
        Owner::Channel(_) => ("documentLibrary", "Documents", json!({})),
    };
    json!({
        "id": drive.id,
        "driveType": kind,
        "name": title,
        "webUrl": drive.site.dav_url(""),
        "owner": owner,
        "quota": {
            "deleted": 0,
            "remaining": drive.quota.saturating_sub(used),
            "state": state,
            "total": drive.quota,
            "used": used,
        },
    })
}

/// The `driveItem` resource with all its members, `webDavUrl` too.
pub(crate) fn item(service: &Graph, origin: &str, drive: &Drive, item: &Item) -> Value {
    let path = drive.path(item);
    let (seed, author) = (&service.seed, author(&service.seed, &item.author));
    let (created, modified) = (
        clock::rfc3339_seconds(item.created),
        clock::rfc3339_seconds(item.modified),
    );
    let mut resource = json!({
        "createdBy": author,
        "createdDateTime": created,
        "cTag": item.ctag(),
        "eTag": item.etag(),
        "fileSystemInfo": {"createdDateTime": created, "lastModifiedDateTime": modified},
        "id": item.id,
        "lastModifiedBy": author,
        "lastModifiedDateTime": modified,
        "name": item.name,
        "parentReference": parent(seed, drive, item),
        "size": item.size(),
        "webUrl": drive.site.web_url(item, &path),
        DAV_URL: drive.site.dav_url(&path),
    });
    if item.parent.is_none() {
        resource["root"] = json!({});
    }
    match &item.content {
        None => {
            let children = drive.children(&item.id).count();
            resource["folder"] = json!({ "childCount": children });
            let files = drive.items().filter(|file| {
                let mut line = drive.line(file);
                line.any(|folder| folder.id == item.id)
            });
            resource["size"] = files.map(Item::size).sum::<u64>().into();
        }
        Some(content) => {
            resource["file"] = json!({
                "mimeType": name::media_type(&item.name),
                "hashes": {"quickXorHash": content.hash()},
            });
            let link = download_url(service, origin, drive, item);
            resource["@microsoft.graph.downloadUrl"] = link.into();
        }
    }
    resource
}

/// The item without the members that must be selected.
pub(crate) fn usual_item(service: &Graph, origin: &str, drive: &Drive, file: &Item) -> Value {
    let mut resource = item(service, origin, drive, file);
    if let Value::Object(members) = &mut resource {
        members.remove(DAV_URL);
    }
    resource
}

fn author(seed: &Seed, author: &Author) -> Value {
    let Author {
        id, display_name, ..
    } = author;
    if author.is_user {
        let mail = seed.graph_user(id).map(|user| &user.upn);
        return json!({"user": {"id": id, "displayName": display_name, "email": mail}});
    }
    json!({"application": {"id": id, "displayName": display_name}})
}

/// The `parentReference` of an item.
fn parent(seed: &Seed, drive: &Drive, item: &Item) -> Value {
    let kind = match drive.owner {
        Owner::User(_) => "business",
        _ => "documentLibrary",
    };
    let site = seed.drive_guid(&format!("site/{}", drive.id));
    let mut reference = json!({
        "driveType": kind,
        "driveId": drive.id,
        "siteId": site.to_string(),
    });
    let folder = item.parent.as_deref().and_then(|id| drive.item(id));
    if let Some(folder) = folder {
        let path = drive.path(folder);
        let slash = if path.is_empty() { "" } else { "/" };
        reference["id"] = json!(folder.id);
        reference["name"] = json!(folder.name);
        reference["path"] = json!(format!("/drives/{}/root:{slash}{path}", drive.id));
    }
    reference
}

/// An address of the contents that works for an hour without a token.
pub(crate) fn download_url(service: &Graph, origin: &str, drive: &Drive, item: &Item) -> String {
    let (drive, item) = (&drive.id, &item.id);
    let expires = service.engine.now_ms() / 1000 + DOWNLOAD_LIFE;
    let claims = json!({"aud": DOWNLOADS, "drive": drive, "item": item, "exp": expires});
    let token = service.engine.sign(&claims);
    format!("{origin}/_api/v2.0/drives/{drive}/items/{item}/content?tempauth=v1.{token}")
}
