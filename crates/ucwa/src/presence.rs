//! Presence and notes, of contacts and of the user.

use std::{fmt, time::SystemTime};

use ms_messenger_core::open_enum;

use crate::{
    resource::Resource,
    words::{CODE, line},
};

open_enum! {
    /// Whether a user can be reached. Source: "Availability".
    pub enum Availability {
        /// Available.
        Online = "Online",
        /// Available, but not active for a while.
        IdleOnline = "IdleOnline",
        /// Busy.
        Busy = "Busy",
        /// Busy, and not active for a while.
        IdleBusy = "IdleBusy",
        /// Invitations fail with [`ErrorSubcode::DoNotDisturb`](crate::ErrorSubcode::DoNotDisturb).
        DoNotDisturb = "DoNotDisturb",
        /// Away for a short time.
        BeRightBack = "BeRightBack",
        /// Away.
        Away = "Away",
        /// Not signed in.
        Offline = "Offline",
    }
}

open_enum! {
    /// What a user chooses to be shown as. Source: "PreferredAvailability".
    pub enum PreferredAvailability {
        /// Available.
        Online = "Online",
        /// Busy.
        Busy = "Busy",
        /// Not to be disturbed.
        DoNotDisturb = "DoNotDisturb",
        /// Away for a short time.
        BeRightBack = "BeRightBack",
        /// Away.
        Away = "Away",
        /// Off work.
        Offwork = "Offwork",
    }
}

open_enum! {
    /// The device that a user was last active on. Source: "ContactDeviceType".
    pub enum DeviceType {
        /// A desk phone.
        DeskPhone = "DeskPhone",
        /// A smartphone.
        Mobile = "Mobile",
        /// A desktop or laptop.
        Pc = "PC",
        /// A browser.
        Web = "Web",
        /// Not known to the server.
        Unknown = "Unknown",
    }
}

open_enum! {
    /// The origin of a [`Note`]. Source: "NoteType".
    pub enum NoteKind {
        /// Set in Skype for Business.
        Personal = "Personal",
        /// The out-of-office note of Exchange.
        OutOfOffice = "OutOfOffice",
    }
}

/// The presence of a user at one moment: it can change before a message arrives.
///
/// ```
/// use ucwa::{Availability, Presence};
///
/// fn is_there(presence: &Presence) -> bool {
///     matches!(presence.availability, Some(Availability::Online | Availability::Busy))
/// }
/// ```
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub struct Presence {
    /// Whether the user can be reached; `None` if the server does not report it.
    pub availability: Option<Availability>,
    /// What the user does, in the language of the application, or one of the fixed words such as
    /// `in-a-meeting` or `off-work`.
    pub activity: Option<String>,
    /// The device, of contacts only.
    pub device: Option<DeviceType>,
    /// When the user was last active, of contacts only.
    pub last_active: Option<SystemTime>,
}

impl Presence {
    pub(crate) fn read(presence: &Resource) -> Self {
        let text = |name| presence.short_text(name).filter(|text| !text.is_empty());
        Self {
            availability: text("availability").map(Availability::from),
            activity: text("activity").map(|activity| line(activity, CODE)),
            device: text("deviceType").map(DeviceType::from),
            last_active: presence.time("lastActive"),
        }
    }
}

/// The note of a user. `Debug` does not show its text.
#[derive(Clone, PartialEq, Eq)]
#[non_exhaustive]
pub struct Note {
    /// The text, as another user wrote it.
    pub message: String,
    /// Its origin, if the server reports it.
    pub kind: Option<NoteKind>,
}

impl Note {
    /// Reads a note; `None` if it is empty.
    pub(crate) fn read(note: &Resource) -> Option<Self> {
        let message = note
            .text("message")
            .filter(|text| !text.trim().is_empty())?;
        Some(Self {
            message: message.to_owned(),
            kind: note.short_text("type").map(NoteKind::from),
        })
    }
}

impl fmt::Debug for Note {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Note")
            .field("message_bytes", &self.message.len())
            .field("kind", &self.kind)
            .finish()
    }
}
