//! The things that a request can ask for.

use crate::closed_enum::closed_enum;

closed_enum! {
    /// One thing that a request can ask for and that a messenger supports or does not support.
    ///
    /// Each new field of the message model comes with a new capability, so that a backend that
    /// was written earlier rejects the field instead of ignoring it.
    ///
    /// ```
    /// use ms_messenger_core::Capability;
    ///
    /// assert_eq!(Capability::ReplyInChannel.as_str(), "reply_in_channel");
    /// assert_eq!("reply_in_channel".parse(), Ok(Capability::ReplyInChannel));
    /// assert!(Capability::ALL.contains(&Capability::Text));
    /// ```
    #[derive(PartialOrd, Ord)]
    #[repr(u8)]
    #[non_exhaustive]
    pub enum Capability {
        /// Sending to an existing conversation.
        ToConversation = "to_conversation",
        /// Sending to a channel of a team.
        ToChannel = "to_channel",
        /// Sending to a telephone number.
        ToPhone = "to_phone",
        /// Sending to a SIP address.
        ToSip = "to_sip",
        /// Sending to a user of a directory.
        ToUser = "to_user",
        /// Plain text.
        Text = "text",
        /// HTML.
        Html = "html",
        /// HTML with a text alternative, which is sent instead.
        HtmlAsText = "html_as_text",
        /// An image by URL.
        MediaImage = "media_image",
        /// A document by URL.
        MediaDocument = "media_document",
        /// A video by URL.
        MediaVideo = "media_video",
        /// An audio file by URL.
        MediaAudio = "media_audio",
        /// A template.
        Template = "template",
        /// A body in the platform's own JSON.
        Native = "native",
        /// A reference to a stored file.
        AttachmentFile = "attachment_file",
        /// A reference to a stored image.
        AttachmentImage = "attachment_image",
        /// A card.
        AttachmentCard = "attachment_card",
        /// An image whose bytes are part of the message.
        AttachmentInlineImage = "attachment_inline_image",
        /// A subject in a channel.
        SubjectInChannel = "subject_in_channel",
        /// A subject in a conversation, or in a message to a person.
        SubjectInConversation = "subject_in_conversation",
        /// An importance other than normal.
        Importance = "importance",
        /// A reply in a channel.
        ReplyInChannel = "reply_in_channel",
        /// A reply in a conversation.
        ReplyInConversation = "reply_in_conversation",
        /// An idempotency key, by which the platform removes duplicates.
        Idempotency = "idempotency",
        /// Ending a send at its timeout or by its cancel handle, with what is known then.
        Deadline = "deadline",
        /// Sending to a WhatsApp user by business-scoped id.
        ToWhatsAppUser = "to_whatsapp_user",
        /// Sending to a channel by the names of team and channel.
        ToChannelName = "to_channel_name",
        /// A file of the machine that sends, which is uploaded with the message.
        AttachmentPath = "attachment_path",
        /// A file whose bytes are in the request, which is uploaded with the message.
        AttachmentBytes = "attachment_bytes",
        /// Writing down each attempt before the message leaves.
        Journal = "journal",
    }
}

// A set of capabilities is one bit each in a `u64`.
const _: () = assert!(Capability::ALL.len() <= 64);

impl Capability {
    pub(crate) const fn bit(self) -> u64 {
        1 << (self as u8)
    }
}
