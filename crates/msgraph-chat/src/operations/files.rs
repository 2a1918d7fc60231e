//! The operations on drives, and those that put files where messages can refer to them.

use ms_messenger_http::{Method, Operation};

/// The permission for all files that the user can reach.
const FILES: &str = "Files.ReadWrite.All";
/// The permission for the user's own drive.
const OWN_FILES: &str = "Files.ReadWrite";
/// The permission to read the user's own drive.
const READ: &str = "Files.Read";
/// The permission to read all files that the user can reach.
const READ_ALL: &str = "Files.Read.All";

pub(crate) static DRIVE_GET: Operation = Operation::read("drive.get", "/drives/{drive-id}")
    .with_permission(READ)
    .with_function("Drive::get");

pub(crate) static DRIVE_LIST: Operation =
    Operation::read("drive.list", "/drives/{drive-id}/items/{item-id}/children")
        .with_permission(READ)
        .with_function("DriveItemHandle::children");

pub(crate) static DRIVE_CONTENT: Operation = Operation::read(
    "drive.content",
    "/drives/{drive-id}/items/{item-id}/content",
)
.with_permission(READ)
.with_function("DriveItemHandle::download");

/// Sent to the address that the service gives for the contents; neither its path nor its host is
/// known before.
pub(crate) static DRIVE_DOWNLOAD: Operation = Operation::read("drive.download", "{download-url}")
    .with_permission(READ)
    .with_function("DriveItemHandle::download");

pub(crate) static DRIVE_LINK: Operation = Operation::repeatable(
    Method::POST,
    "drive.link",
    "/drives/{drive-id}/items/{item-id}/createLink",
    "a second call returns the link of the same kind and scope",
)
.with_permission(OWN_FILES)
.with_function("DriveItemHandle::create_link");

pub(crate) static SHARE_GET: Operation =
    Operation::read("drive.share", "/shares/{address}/driveItem")
        .with_permission(READ_ALL)
        .with_function("GraphChatClient::shared_item");

pub(crate) static SHARE_CONTENT: Operation =
    Operation::read("drive.share.content", "/shares/{address}/driveItem/content")
        .with_permission(READ_ALL)
        .with_function("GraphChatClient::download_shared");

pub(crate) static DRIVE_FOLDER: Operation = Operation::read(
    "drive.folder",
    "/teams/{team-id}/channels/{channel-id}/filesFolder",
)
.with_permission(READ_ALL)
.with_function("Channel::files_folder");

pub(crate) static DRIVE_FOLDER_CREATE: Operation = Operation::repeatable(
    Method::POST,
    "drive.create",
    "/me/drive/root/children",
    "a folder that exists already is left as it is",
)
.with_permission(OWN_FILES)
.with_function("Chat::send_files");

pub(crate) static DRIVE_ITEM: Operation =
    Operation::read("drive.item", "/drives/{drive-id}/items/{item-id}:/{name}:")
        .with_permission(READ)
        .with_function("DriveItemHandle::get");

pub(crate) static DRIVE_UPLOAD: Operation = Operation::once(
    Method::PUT,
    "drive.upload",
    "/drives/{drive-id}/items/{item-id}:/{name}:/content",
    "it would be sent twice; the file is looked up instead",
)
.with_permission(FILES)
.with_function("Channel::send_files")
.with_doubt("the file may be stored");

pub(crate) static DRIVE_SESSION_CREATE: Operation = Operation::repeatable(
    Method::POST,
    "drive.session.create",
    "/drives/{drive-id}/items/{item-id}:/{name}:/createUploadSession",
    "a session that is not used expires",
)
.with_permission(FILES)
.with_function("Channel::send_files");

pub(crate) static DRIVE_INVITE: Operation = Operation::repeatable(
    Method::POST,
    "drive.invite",
    "/me/drive/items/{item-id}/invite",
    "access that was granted already stays as it is",
)
.with_permission(OWN_FILES)
.with_function("Chat::send_files");

pub(crate) static DRIVE_DELETE: Operation = Operation::repeatable(
    Method::DELETE,
    "drive.delete",
    "/drives/{drive-id}/items/{item-id}",
    "a file that is deleted already stays so",
)
.with_permission(FILES)
.with_function("Channel::send_files");

/// Sent to the address that the service gives for a session; neither its path nor its host is known
/// before.
pub(crate) static DRIVE_SESSION_PIECE: Operation = Operation::once(
    Method::PUT,
    "drive.session.piece",
    "{upload-url}",
    "after a lost response the session is asked what it has",
)
.with_doubt("the session says which bytes it has")
.with_permission(FILES)
.with_function("Channel::send_files");

pub(crate) static DRIVE_SESSION_GET: Operation =
    Operation::read("drive.session.get", "{upload-url}")
        .with_permission(FILES)
        .with_function("Channel::send_files");

pub(crate) static DRIVE_SESSION_CANCEL: Operation = Operation::repeatable(
    Method::DELETE,
    "drive.session.cancel",
    "{upload-url}",
    "a session that has ended stays so",
)
.with_permission(FILES)
.with_function("Channel::send_files");

pub(crate) static DRIVE_SESSION_COMMIT: Operation = Operation::once(
    Method::PUT,
    "drive.session.commit",
    "/drives/{drive-id}/items/{item-id}:/{name}:",
    "the first call ends the session; the file is looked up instead",
)
.with_doubt("the file may be stored")
.with_permission(FILES)
.with_function("Channel::send_files");

/// What the calls of this file are for, in words of the errors about permissions.
pub(crate) fn is_of_files(operation: &str) -> bool {
    operation.starts_with("drive.")
}
