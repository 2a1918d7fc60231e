//! Options of lists.

use ms_messenger_core::Problems;
use ms_messenger_http::{check_id, encode_path_segment};
use uuid::Uuid;

/// What a list of conversations or messages shows, and how many items a page has.
///
/// ```
/// use acs_messages::ListOptions;
///
/// let options = ListOptions::default()
///     .with_page_size(50)
///     .with_participant("8:acs:11111111_22222222");
/// assert_eq!(options.page_size, Some(50));
/// ```
#[derive(Clone, Debug, Default, PartialEq, Eq)]
#[non_exhaustive]
pub struct ListOptions {
    /// The most items of a page, at least 1; the service decides when absent.
    pub page_size: Option<u32>,
    /// The participant whose conversations or messages are listed.
    pub participant: Option<String>,
    /// The channel whose conversations are listed; for lists of conversations.
    pub channel: Option<Uuid>,
}

impl ListOptions {
    /// Sets the most items of a page.
    #[must_use]
    pub fn with_page_size(mut self, items: u32) -> Self {
        self.page_size = Some(items);
        self
    }

    /// Lists what concerns a participant, by its id.
    #[must_use]
    pub fn with_participant(mut self, id: impl Into<String>) -> Self {
        self.participant = Some(id.into());
        self
    }

    /// Lists the conversations over a channel.
    #[must_use]
    pub fn with_channel(mut self, channel: Uuid) -> Self {
        self.channel = Some(channel);
        self
    }

    /// Returns the query after the version, and adds what is wrong.
    pub(crate) fn query(&self, of_conversations: bool, problems: &mut Problems) -> String {
        let mut query = String::new();
        if let Some(size) = self.page_size {
            let is_sound = (1..=i32::MAX.unsigned_abs()).contains(&size);
            problems.add_if(
                !is_sound,
                "page_size",
                "must be at least 1, and fit 31 bits",
            );
            query.push_str(&format!("&maxPageSize={size}"));
        }
        if let Some(id) = &self.participant {
            check_id(id, "participant", problems);
            query.push_str(&format!("&participantId={}", encode_path_segment(id)));
        }
        if let Some(channel) = self.channel {
            let rule = "is for lists of conversations only";
            problems.add_if(!of_conversations, "channel", rule);
            query.push_str(&format!("&channelId={channel}"));
        }
        query
    }
}
