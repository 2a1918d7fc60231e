//! Which participants receive a message.

use ms_messenger_core::open_enum;

open_enum! {
    /// Which participants receive a message of a conversation.
    ///
    /// The text of the reference calls the second value `allChannels`; its enum table, its
    /// sample and the official SDK say `allParticipants`, which is what is sent here.
    pub enum OutboundDeliveryStrategy {
        /// The participants inside ACS only.
        InternalOnly = "internalOnly",
        /// All participants, over their channels.
        AllParticipants = "allParticipants",
    }
}
