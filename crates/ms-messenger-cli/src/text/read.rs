//! Texts of the commands that read and change messages: `msm read`, `show`, `list`, `edit`,
//! `delete`, `react` and `reply`.

use std::fmt::Display;

use crate::print::counted;

// The target and the message.

pub(crate) const TELEPHONE_NUMBER: &str =
    "what is sent to a telephone number cannot be read: only events report it";
pub(crate) const UNREADABLE_TARGET: &str = "the messages of this target cannot be read";

pub(crate) const OTHER_MESSAGE: &str = "the link names another message: use only one of them";
pub(crate) const MESSAGE_MISSING: &str =
    "is missing: give its id after the target, or a link to the message";

// Reading.

pub(crate) const NO_HISTORY: &str =
    "Skype for Business Server keeps no history: --follow shows what arrives";

/// An error that is gone after some time.
pub(crate) fn again_later(error: impl Display) -> String {
    format!("{error}; looking again later")
}

pub(crate) fn lost(events: u64) -> String {
    let events = counted(events, "event");
    format!("lost {events}, which arrived faster than it was printed")
}

// What a platform does not support, after its name.

pub(crate) const NO_SINGLE_MESSAGES: &str = "reads no single message: use msm read";
pub(crate) const NO_RESPONSE: &str = "the service gave no response in the time of --for";
pub(crate) const NO_OPERATION: &str = "does not support this operation";

// A message.

pub(crate) const SYSTEM: &str = "(system)";
pub(crate) const UNKNOWN_SENDER: &str = "(unknown)";
pub(crate) const REPLY: &str = "(reply)";
pub(crate) const EDITED: &str = "(edited)";
pub(crate) const DELETED: &str = "(deleted)";
pub(crate) const PICTURE: &str = "[picture]";
pub(crate) const CARD: &str = "Adaptive Card";
pub(crate) const QUOTED_MESSAGE: &str = "quoted message";

// Lists, with the headings of their columns.

pub(crate) const NAME: &str = "NAME";
pub(crate) const ID: &str = "ID";
pub(crate) const TOPIC: &str = "TOPIC";
pub(crate) const KIND: &str = "KIND";
pub(crate) const MEMBERS: &str = "MEMBERS";
pub(crate) const LANGUAGE: &str = "LANGUAGE";
pub(crate) const STATUS: &str = "STATUS";
pub(crate) const ADDRESS: &str = "ADDRESS";
pub(crate) const MAIL: &str = "MAIL";
pub(crate) const ROLES: &str = "ROLES";

pub(crate) const OF_MISSING: &str =
    "is missing: the team of channels, the target of members, or the name of contacts";
pub(crate) const OF_UNUSED: &str = "is for channels, members and contacts only";
pub(crate) const UCWA_CONVERSATIONS: &str = "ucwa has conversations within a session only, and \
    each command has a session of its own: msm read sip:… --follow shows what arrives";
pub(crate) const UCWA_MEMBERS: &str = "lists no members: it has conversations within a session \
    only, and each command has a session of its own";
/// The channel registration, which is a GUID.
pub(crate) const CHANNEL_MISSING: &str = "is missing, or not a GUID: templates belong to a channel";

pub(crate) fn more_contacts(most: usize) -> String {
    format!("there are more than {most}: search for a longer name")
}

// Changing.

pub(crate) const REPLY_TARGET: &str =
    "--to, --reply-to and --request have no place here: give the target and the message";
pub(crate) const REPLY_MESSAGE_MISSING: &str =
    "the message is missing: give its id after the target, or a link to the message";
pub(crate) const CONTENT_MISSING: &str =
    "the new content is missing: give --text TEXT or --html HTML";

/// What was done; in JSON output it is the value of `change`.
pub(crate) const WAS_EDITED: &str = "edited";
pub(crate) const WAS_DELETED: &str = "deleted";
pub(crate) const WAS_RESTORED: &str = "restored";
pub(crate) const REACTION_ADDED: &str = "reaction added";
pub(crate) const REACTION_REMOVED: &str = "reaction removed";

pub(crate) const NO_RESTORING: &str = "does not restore messages";
pub(crate) const NO_REACTIONS: &str = "does not support reactions";
pub(crate) const NO_CHANGES: &str = "does not change messages that were sent";

pub(crate) const CHANGE_UNKNOWN: &str =
    "it is unknown whether the change was made: run it again, which changes nothing twice";
