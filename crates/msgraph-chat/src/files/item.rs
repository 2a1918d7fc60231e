//! Files and folders of a drive. Sources: Graph, "Get driveItem"; "List children"; "Download
//! driveItem content"; "Create a sharing link".

use ms_messenger_core::Result;
use ms_messenger_http::{Download, Pages};
use serde::Deserialize;
use serde_json::json;

use super::{drive::Drive, lane::not_found};
use crate::{
    models::{DriveItem, LinkKind, LinkScope, SharingLink},
    operations::{DRIVE_CONTENT, DRIVE_ITEM, DRIVE_LINK, DRIVE_LIST},
    paths::CheckedPath,
};

/// A file or folder of a drive. A clone is cheap.
///
/// ```
/// use ms_messenger_core::{FileUpload, StaticToken};
/// use ms_messenger_emulator::Emulator;
/// use msgraph_chat::{
///     FileMessage, GraphChatClient,
///     models::{LinkKind, LinkScope},
/// };
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = Emulator::start().await?;
/// let graph = &emulator.seed().graph;
/// let token = StaticToken::new(graph.token.as_str());
/// let client = GraphChatClient::builder(token).with_base_url(&graph.base).build()?;
/// let message = FileMessage::new("x").with_file(FileUpload::bytes("a.txt", *b"Hello"));
/// let outcome = client.chat(graph.chat_id.as_str()).send_files(message).await;
///
/// let file = client.drive().at("Microsoft Teams Chat Files").at(&outcome.files[0].name);
/// assert_eq!(file.get().await?.size, Some(5));
/// let mut contents = Vec::new();
/// file.download().await?.write_to(&mut contents, 1_000_000).await?;
/// assert_eq!(contents, b"Hello");
///
/// let link = file.create_link(LinkKind::View, LinkScope::Organization).await?;
/// assert!(link.web_url.starts_with("https://"));
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct DriveItemHandle {
    drive: Drive,
    /// The item that the names start from; `None` for the root.
    id: Option<String>,
    /// The names on the way from there.
    names: Vec<String>,
}

impl DriveItemHandle {
    pub(super) fn new(drive: Drive, id: Option<String>) -> Self {
        let names = Vec::new();
        Self { drive, id, names }
    }

    /// Returns the item at `path` within this folder, e.g. `2026/visits.csv`, without any I/O. Names
    /// are written as they are shown; they are encoded here.
    #[must_use]
    pub fn at(&self, path: &str) -> Self {
        let mut item = self.clone();
        item.names.extend(path.split('/').map(str::to_owned));
        item
    }

    /// Reads the item, with the [address of the file itself](DriveItem::web_dav_url):
    /// `GET /me/drive/items/{id}`. Source: "Get driveItem".
    ///
    /// # Errors
    ///
    /// `InvalidRequest` before any I/O for an id or name that is not usable; `NotFound` for an item
    /// that does not exist or that the token may not see; else the error of the service.
    pub async fn get(&self) -> Result<DriveItem> {
        let path = self.path("").query("$select", SELECTED);
        self.drive.client.fetch(path.call(&DRIVE_ITEM)).await
    }

    /// Returns the files and folders in this folder: `GET /me/drive/items/{id}/children`. Source:
    /// "List children".
    pub fn children(&self) -> Pages<DriveItem> {
        let path = self.path("/children");
        self.drive.client.paged(path.call(&DRIVE_LIST))
    }

    /// Downloads the file as it arrives: `GET /me/drive/items/{id}/content`. The service refers to
    /// an address with its own permission in it, to which no token is sent. Source: "Download
    /// driveItem content".
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get), for a folder too; `Protocol` for an address that is not https.
    pub async fn download(&self) -> Result<Download> {
        let path = self.path("/content");
        self.drive.client.follow(&DRIVE_CONTENT, path).await
    }

    /// Creates a link to the item, or returns the one of this kind and scope:
    /// `POST /me/drive/items/{id}/createLink`. Source: "Create a sharing link for a driveItem".
    ///
    /// # Errors
    ///
    /// As [`get`](Self::get); `PermissionDenied` where the tenant forbids the scope.
    pub async fn create_link(&self, kind: LinkKind, scope: LinkScope) -> Result<SharingLink> {
        #[derive(Deserialize)]
        struct Permission {
            link: Option<SharingLink>,
        }
        let body = json!({ "type": kind, "scope": scope });
        let call = self.path("/createLink").call(&DRIVE_LINK);
        let permission: Permission = self.drive.client.fetch_with(call, &body).await?;
        let link = permission.link.filter(|link| !link.web_url.is_empty());
        link.ok_or_else(|| not_found("the service created a link without an address"))
    }

    /// The path of the item, with what follows it.
    fn path(&self, tail: &str) -> CheckedPath {
        let mut path = match &self.id {
            None => self.drive.path().then("/root"),
            Some(id) => self.drive.path().then("/items").id("item", id),
        };
        if self.names.is_empty() {
            return path.then(tail);
        }
        path = path.then(":");
        for name in &self.names {
            path = path.name("path", name);
        }
        path.then(":").then(tail)
    }
}

/// The members of an item, with the one that is left out unless it is selected, and without the
/// address of a download, which is a secret.
const SELECTED: &str = "id,name,size,eTag,webUrl,webDavUrl,parentReference,file,folder,\
                        createdDateTime,lastModifiedDateTime";
