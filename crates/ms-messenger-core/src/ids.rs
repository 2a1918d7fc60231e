//! Ids that a platform assigned.

use std::{convert::Infallible, str::FromStr};

use serde::{Deserialize, Serialize};

use crate::string_type::string_type;

macro_rules! id {
    ($(#[$meta:meta])* $name:ident) => {
        $(#[$meta])*
        #[derive(Clone, Debug, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
        #[serde(transparent)]
        pub struct $name(String);

        impl $name {
            /// Wraps an id as the platform assigned it. Its form is not checked here: the
            /// platforms use several. An empty id is rejected when a request is checked.
            pub fn new(id: impl Into<String>) -> Self {
                Self(id.into())
            }
        }

        string_type!($name);

        impl From<&str> for $name {
            fn from(id: &str) -> Self {
                Self::new(id)
            }
        }

        impl From<String> for $name {
            fn from(id: String) -> Self {
                Self(id)
            }
        }

        impl FromStr for $name {
            type Err = Infallible;

            fn from_str(id: &str) -> Result<Self, Infallible> {
                Ok(Self::new(id))
            }
        }
    };
}

id! {
    /// The id of an existing conversation: an ACS conversation, an ACS chat thread, a Teams chat
    /// or an open UCWA conversation. E.g. `19:34adfa4f-cedf-4dc0-ba29-b6d1a69ab345@thread.v2`.
    ///
    /// ```
    /// use std::collections::HashMap;
    /// use ms_messenger_core::ConversationId;
    ///
    /// let id = ConversationId::new("19:abc@thread.v2");
    /// assert_eq!(id, "19:abc@thread.v2");
    /// let names = HashMap::from([(id, "build")]);
    /// assert_eq!(names["19:abc@thread.v2"], "build");
    /// ```
    ConversationId
}
id! {
    /// The id of a Teams team, a GUID.
    TeamId
}
id! {
    /// The id of a Teams channel, e.g. `19:4a95f7d8db4c4e7fae857bcebe0623e6@thread.tacv2`.
    ChannelId
}
id! {
    /// The id that a platform assigned to a message. Unique within its conversation only.
    MessageId
}
id! {
    /// The id of a user in a directory, or the user principal name.
    UserId
}
