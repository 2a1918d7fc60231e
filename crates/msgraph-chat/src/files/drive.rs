//! Drives: the files of users, teams and channels. Sources: Graph, "Get drive"; "Get filesFolder".

use ms_messenger_core::{Result, UserId};

use super::item::DriveItemHandle;
use crate::{
    channel::Channel,
    client::GraphChatClient,
    models::{DriveInfo, DriveItem},
    operations::{DRIVE_FOLDER, DRIVE_GET},
    paths::CheckedPath,
};

/// A drive: the OneDrive of a user, or the files of a team or channel. A clone is cheap.
///
/// ```
/// use ms_messenger_core::{FileUpload, StaticToken};
/// use ms_messenger_emulator::Emulator;
/// use msgraph_chat::{FileMessage, GraphChatClient};
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = Emulator::start().await?;
/// let graph = &emulator.seed().graph;
/// let token = StaticToken::new(graph.token.as_str());
/// let client = GraphChatClient::builder(token).with_base_url(&graph.base).build()?;
/// let file = FileUpload::bytes("visits.csv", *b"1;817\n");
/// let message = FileMessage::new("The visits of March").with_file(file);
/// client.chat(graph.chat_id.as_str()).send_files(message).await.into_result()?;
///
/// let drive = client.drive();
/// println!("{:?} bytes are left", drive.get().await?.quota.and_then(|it| it.remaining));
/// let mut files = drive.at("Microsoft Teams Chat Files").children();
/// while let Some(page) = files.next_page().await? {
///     for file in page.iter().filter_map(|file| file.id.as_deref()) {
///         let bytes = drive.item(file).download().await?.bytes(1024).await?;
///         assert_eq!(bytes, &b"1;817\n"[..]);
///     }
/// }
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct Drive {
    pub(super) client: GraphChatClient,
    root: Root,
}

/// What the paths of a drive begin with.
#[derive(Clone, Debug)]
enum Root {
    Own,
    User(UserId),
    Id(String),
}

impl GraphChatClient {
    /// Returns the OneDrive of the signed-in user, without any I/O.
    pub fn drive(&self) -> Drive {
        self.drive_at(Root::Own)
    }

    /// Returns the OneDrive of `user`, by id or principal name, without any I/O.
    pub fn drive_of(&self, user: impl Into<UserId>) -> Drive {
        self.drive_at(Root::User(user.into()))
    }

    /// Returns the drive `id`, without any I/O. The [`parent_reference`](DriveItem::parent_reference)
    /// of an item has the id of its drive.
    pub fn drive_by_id(&self, id: impl Into<String>) -> Drive {
        self.drive_at(Root::Id(id.into()))
    }

    fn drive_at(&self, root: Root) -> Drive {
        let client = self.clone();
        Drive { client, root }
    }
}

impl Drive {
    /// Reads the drive: `GET /me/drive`, `GET /users/{id}/drive` or `GET /drives/{id}`. Source: "Get
    /// drive".
    ///
    /// # Errors
    ///
    /// `InvalidRequest` before any I/O for an id that is not usable; `NotFound` for a drive that
    /// does not exist or that the token may not see; else the error of the service.
    pub async fn get(&self) -> Result<DriveInfo> {
        self.client.fetch(self.path().call(&DRIVE_GET)).await
    }

    /// Returns the folder that all others are in, without any I/O.
    pub fn root(&self) -> DriveItemHandle {
        DriveItemHandle::new(self.clone(), None)
    }

    /// Returns the item `id`, without any I/O.
    pub fn item(&self, id: impl Into<String>) -> DriveItemHandle {
        DriveItemHandle::new(self.clone(), Some(id.into()))
    }

    /// Returns the item at `path` from the root, e.g. `Reports/2026/visits.csv`, without any I/O.
    /// Names are written as they are shown; they are encoded here.
    pub fn at(&self, path: &str) -> DriveItemHandle {
        self.root().at(path)
    }

    pub(super) fn path(&self) -> CheckedPath {
        match &self.root {
            Root::Own => CheckedPath::new("/me/drive"),
            Root::User(user) => CheckedPath::user(user).then("/drive"),
            Root::Id(id) => CheckedPath::new("/drives").id("drive", id),
        }
    }
}

impl Channel {
    /// Reads the folder for the files of the channel, whose drive is that of its team, or its own if
    /// the channel is private or shared: `GET /teams/{id}/channels/{id}/filesFolder`. Source: "Get
    /// filesFolder".
    ///
    /// # Errors
    ///
    /// `NotFound` for a new channel, whose folder does not exist yet; else as
    /// [`get`](Self::get).
    ///
    /// ```
    /// use ms_messenger_core::StaticToken;
    /// use ms_messenger_emulator::Emulator;
    /// use msgraph_chat::GraphChatClient;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// let graph = &emulator.seed().graph;
    /// let token = StaticToken::new(graph.token.as_str());
    /// let client = GraphChatClient::builder(token).with_base_url(&graph.base).build()?;
    ///
    /// let channel = client.channel(graph.team_id.as_str(), graph.channel_id.as_str());
    /// let folder = channel.files_folder().await?;
    /// let drive = client.drive_by_id(folder.drive_id().ok_or("no drive")?);
    /// let files = drive.item(folder.id.ok_or("no id")?).children();
    /// # let mut files = files;
    /// # assert_eq!(files.next_page().await?, Some(Vec::new()));
    /// # Ok(())
    /// # }
    /// ```
    pub async fn files_folder(&self) -> Result<DriveItem> {
        let path = self.path().then("/filesFolder");
        self.client.fetch(path.call(&DRIVE_FOLDER)).await
    }
}
