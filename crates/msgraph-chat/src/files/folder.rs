//! Where the files of a message go. Source: Graph, "Get filesFolder"; "Upload small files".

use ms_messenger_core::{ChannelId, ConversationId, ErrorKind, Result, TeamId};
use ms_messenger_http::{Call, encode_path_segment};
use serde_json::json;

use super::lane::{Lane, not_found};
use crate::{
    destination::segment,
    models::DriveItem,
    operations::{DRIVE_FOLDER, DRIVE_FOLDER_CREATE},
};

/// The folder in which Teams itself keeps the files of chats. It has this name in every language.
const CHAT_FILES: &str = "Microsoft Teams Chat Files";

/// The message that the files are for.
#[derive(Clone, Copy, Debug)]
pub(crate) enum FilePlace<'a> {
    Channel(&'a TeamId, &'a ChannelId),
    Chat(&'a ConversationId),
}

/// A folder for uploads.
#[derive(Debug)]
pub(super) struct Folder {
    /// What a name follows in a path.
    before_name: String,
    /// The items of its drive.
    items: String,
    /// Whether it is created where it is missing.
    is_created: bool,
}

impl Folder {
    /// Finds the folder for the files of a message.
    pub(super) async fn of(place: FilePlace<'_>, lane: &Lane<'_>) -> Result<Self> {
        let FilePlace::Channel(team, channel) = place else {
            let folder = encode_path_segment(CHAT_FILES);
            return Ok(Self {
                before_name: format!("/me/drive/root:/{folder}/"),
                items: "/me/drive/items/".to_owned(),
                is_created: true,
            });
        };
        let (team, channel) = (segment(team.as_str()), segment(channel.as_str()));
        let path = format!("/teams/{team}/channels/{channel}/filesFolder");
        let folder = Self::channel_folder(&path, lane).await?;
        let (Some(drive), Some(id)) = (folder.drive_id(), folder.id.as_deref()) else {
            return Err(not_found("the folder of the channel has no drive or no id"));
        };
        let items = format!("/drives/{}/items/", segment(drive));
        Ok(Self {
            before_name: format!("{items}{}:/", segment(id)),
            items,
            is_created: false,
        })
    }

    /// The folder of a new channel appears a while after the channel.
    async fn channel_folder(path: &str, lane: &Lane<'_>) -> Result<DriveItem> {
        let mut patience = lane.patience();
        loop {
            let error = match lane.call(Call::of(&DRIVE_FOLDER, path)).await {
                Ok(response) => return response.json(),
                Err(error) => error,
            };
            if error.kind() != ErrorKind::NotFound || !patience.wait(None).await? {
                return Err(error);
            }
        }
    }

    /// Creates the folder, if that is possible. Returns whether it exists now.
    pub(super) async fn create(&self, lane: &Lane<'_>) -> Result<bool> {
        if !self.is_created {
            return Ok(false);
        }
        let folder = json!({
            "name": CHAT_FILES,
            "folder": {},
            "@microsoft.graph.conflictBehavior": "fail",
        });
        let call = Call::of(&DRIVE_FOLDER_CREATE, "/me/drive/root/children").with_json(&folder)?;
        match lane.call(call).await {
            Ok(_) => Ok(true),
            Err(error) if error.status() == Some(409) => Ok(true),
            Err(error) => Err(error),
        }
    }

    /// The path of the file `name`, with what follows it.
    pub(super) fn file(&self, name: &str, tail: &str) -> String {
        format!("{}{}:{tail}", self.before_name, encode_path_segment(name))
    }

    /// The path of an item that was stored in this folder.
    pub(super) fn item(&self, id: &str) -> String {
        format!("{}{}", self.items, segment(id))
    }
}
