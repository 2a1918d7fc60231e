//! Messages with files: upload, access of the readers, the message, and what remains. Drives, which
//! hold the files.

mod address;
mod contents;
mod drive;
mod folder;
mod follow;
mod item;
mod lane;
mod message;
mod name;
mod options;
mod outcome;
mod pending;
mod quick_xor;
mod session;
mod share;
mod shared;
mod steps;
mod store;
mod typed;

pub use drive::Drive;
pub(crate) use folder::FilePlace;
pub use item::DriveItemHandle;
pub use message::FileMessage;
pub use options::{ReaderAccess, UploadOptions, UploadProgress};
pub use outcome::{FileOutcome, FilesOutcome, Remains};
pub(crate) use pending::{Pending, check, placeholder};
pub(crate) use steps::WithFiles;
