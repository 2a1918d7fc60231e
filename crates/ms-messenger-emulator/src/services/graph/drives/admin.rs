//! `/_emulator/files` and `/_emulator/drives`: the contents of the drives, and the users that can read them.

use std::collections::BTreeSet;

use http::Method;
use serde::{Deserialize, Serialize};
use serde_json::{Value, json};

use crate::{
    engine::{
        admin_response::{bad_request, json_of, ok, refusal},
        refusal::Refusal,
    },
    services::graph::{
        drives::{
            access,
            drive::{Drive, Owner},
            item::{Grantee, Item, Link},
            sent,
            store::Sent,
        },
        state::Graph,
        store::GraphStore,
    },
    wire::{request::Request, response::Response},
};

/// A file of the emulator's drives, and the users that can read it:
/// [`Emulator::files`](crate::Emulator::files), `GET /_emulator/files`.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FileRow {
    /// Id of the drive, `b!…`.
    pub drive: String,
    /// Id of the item.
    pub id: String,
    /// GUID of the `eTag`: the id of an attachment that refers to the file.
    pub attachment_id: String,
    /// Name of the file.
    pub name: String,
    /// Path in the drive, `Microsoft Teams Chat Files/report.pdf`.
    pub path: String,
    /// Size in bytes.
    pub size: u64,
    /// QuickXorHash of the contents in Base64.
    pub hash: String,
    /// Address for a browser.
    pub web_url: String,
    /// Address that attachments have.
    pub web_dav_url: String,
    /// Object ids of the users that can open the file by its address, in order; for guests their
    /// mail addresses.
    pub readers: Vec<String>,
    /// Share links, which more users can open.
    pub links: Vec<FileLink>,
    /// Messages with the file.
    pub messages: Vec<FileMessage>,
}

/// A share link of a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FileLink {
    /// `view` or `edit`.
    #[serde(rename = "type")]
    pub kind: String,
    /// `anonymous`, `organization` or `users`.
    pub scope: String,
    /// Address of the link.
    pub web_url: String,
}

/// A message that refers to a file.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[non_exhaustive]
pub struct FileMessage {
    /// Id of the channel or chat.
    pub conversation: String,
    /// Id of the message.
    pub message_id: String,
    /// Address of the file as it was sent.
    pub content_url: String,
    /// Object ids of the members that cannot open that address now.
    pub denied: Vec<String>,
}

/// Responds to a request below `/_emulator/`, if it is one of drives.
pub(crate) fn respond(service: &Graph, path: &str, request: &Request) -> Option<Response> {
    Some(match (path, &request.method) {
        ("files", &Method::GET) => json_of(&rows(service)),
        ("drives", &Method::GET) => ok(&drives(&service.store())),
        ("drives", &Method::PUT) => set(service, request),
        ("files" | "drives", _) => refusal(Refusal::WrongMethod),
        _ => return None,
    })
}

/// All files, by drive and path.
fn rows(service: &Graph) -> Vec<FileRow> {
    let store = service.store();
    let mut rows = Vec::new();
    for drive in store.drives.drives() {
        let files = drive.items().filter(|item| !item.is_folder());
        rows.extend(files.map(|item| row(service, &store, drive, item)));
    }
    rows.sort_by(|a, b| (&a.drive, &a.path).cmp(&(&b.drive, &b.path)));
    rows
}

fn row(service: &Graph, store: &GraphStore, drive: &Drive, item: &Item) -> FileRow {
    let path = drive.path(item);
    let link = |link: &Link| FileLink {
        kind: link.kind.to_owned(),
        scope: link.scope.as_str().to_owned(),
        web_url: link.url.clone(),
    };
    let of_item = |sent: &&Sent| sent.drive == drive.id && sent.item == item.id;
    let sent = store.drives.sent.iter().filter(of_item);
    FileRow {
        drive: drive.id.clone(),
        id: item.id.clone(),
        attachment_id: item.guid_text(),
        name: item.name.clone(),
        size: item.size(),
        hash: item.content.as_ref().map(|c| c.hash()).unwrap_or_default(),
        web_url: drive.site.web_url(item, &path),
        web_dav_url: drive.site.dav_url(&path),
        path,
        readers: readers(service, store, drive, item),
        links: item.links.iter().map(link).collect(),
        messages: sent.map(|sent| message(store, drive, item, sent)).collect(),
    }
}

/// The users that can open a file by its own address.
fn readers(service: &Graph, store: &GraphStore, drive: &Drive, item: &Item) -> Vec<String> {
    let mut known: BTreeSet<String> = BTreeSet::new();
    known.extend(service.seed.graph.users.iter().map(|user| user.id.clone()));
    match &drive.owner {
        Owner::User(user) => {
            known.insert(user.clone());
        }
        Owner::Team(team) => {
            let team = store.directory.team(team);
            let members = team.into_iter().flat_map(|team| team.members.iter());
            known.extend(members.map(|(id, _)| id.to_owned()));
        }
        Owner::Channel(place) => known.extend(store.directory.members(place)),
    }
    let mut guests = BTreeSet::new();
    for grant in drive.line(item).flat_map(|item| &item.grants) {
        match &grant.to {
            Grantee::User(id) => known.insert(id.clone()),
            Grantee::Guest(mail) => guests.insert(mail.clone()),
        };
    }
    let can_read = |user: &String| access::role(&store.directory, drive, item, user).is_some();
    known.into_iter().filter(can_read).chain(guests).collect()
}

/// A message, and the members of its conversation that cannot open what it refers to.
fn message(store: &GraphStore, drive: &Drive, item: &Item, sent: &Sent) -> FileMessage {
    let members = store.directory.members(&sent.place).into_iter();
    let is_denied = |user: &String| {
        !sent::is_open(sent.link) && access::role(&store.directory, drive, item, user).is_none()
    };
    FileMessage {
        conversation: sent.place.conversation().to_owned(),
        message_id: sent.message_id.to_string(),
        content_url: sent.url.clone(),
        denied: members.filter(is_denied).collect(),
    }
}

/// All drives with their settings.
fn drives(store: &GraphStore) -> Value {
    let drive = |drive: &Drive| {
        json!({
            "drive": drive.id,
            "owner": match &drive.owner {
                Owner::User(user) => user,
                Owner::Team(team) => team,
                Owner::Channel(place) => place.conversation(),
            },
            "web_url": drive.site.dav_url(""),
            "quota": drive.quota,
            "used": drive.used(),
            "sessions": store.drives.sessions_of(&drive.id),
            "keep_contents": drive.keeps_contents,
        })
    };
    store.drives.drives().map(drive).collect()
}

/// `PUT /_emulator/drives`: `quota` and `keep_contents` of one drive, or of all that are and will be.
fn set(service: &Graph, request: &Request) -> Response {
    let Ok(Value::Object(document)) = serde_json::from_slice(&request.body) else {
        return bad_request("InvalidJson", &["the body is not a JSON object".to_owned()]);
    };
    let mut problems = Vec::new();
    let known = ["drive", "quota", "keep_contents"];
    for name in document
        .keys()
        .filter(|name| !known.contains(&name.as_str()))
    {
        problems.push(format!(
            "{name}: is unknown here; known: {}",
            known.join(", ")
        ));
    }
    let quota = document.get("quota").map(Value::as_u64);
    if quota == Some(None) {
        problems.push("quota: must be a whole number of bytes from 0".to_owned());
    }
    let keeps = document.get("keep_contents").map(Value::as_bool);
    if keeps == Some(None) {
        problems.push("keep_contents: must be true or false".to_owned());
    }
    let mut store = service.store();
    let id = document
        .get("drive")
        .map(|id| id.as_str().unwrap_or_default());
    if id.is_some_and(|id| store.drives.drive(id).is_none()) {
        problems.push("drive: must be the id of a drive".to_owned());
    }
    if !problems.is_empty() {
        return bad_request("InvalidDrive", &problems);
    }
    if id.is_none() {
        let settings = store.drives.settings_mut();
        settings.quota = quota.flatten().unwrap_or(settings.quota);
        settings.keeps_contents = keeps.flatten().unwrap_or(settings.keeps_contents);
    }
    let chosen = store.drives.drives_mut();
    for drive in chosen.filter(|drive| id.is_none_or(|id| id == drive.id)) {
        drive.quota = quota.flatten().unwrap_or(drive.quota);
        drive.keeps_contents = keeps.flatten().unwrap_or(drive.keeps_contents);
    }
    ok(&drives(&store))
}
