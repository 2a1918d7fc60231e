//! Paths that are checked while they are written.

use std::fmt::Display;

use ms_messenger_core::{ChannelId, ConversationId, ErrorKind, Problems, Result, TeamId, UserId};
use ms_messenger_http::{Call, Operation, check_id, encode_path_segment};

use crate::{
    destination::{check_channel, check_team, segment},
    error::PLATFORM,
};

/// The path of a call, with what is wrong with its ids and options.
#[derive(Debug)]
pub(crate) struct CheckedPath {
    path: String,
    has_query: bool,
    problems: Problems,
}

impl CheckedPath {
    pub(crate) fn new(start: &str) -> Self {
        let mut path = String::with_capacity(192);
        path.push_str(start);
        Self {
            path,
            has_query: false,
            problems: Problems::for_platform(PLATFORM),
        }
    }

    /// `/teams/{id}`.
    pub(crate) fn team(team: &TeamId) -> Self {
        let mut path = Self::new("/teams");
        check_team(team, &mut path.problems);
        path.segment(team.as_str())
    }

    /// `/teams/{id}/channels/{id}`.
    pub(crate) fn channel(team: &TeamId, channel: &ChannelId) -> Self {
        let mut path = Self::new("/teams");
        check_channel(team, channel, &mut path.problems);
        path.segment(team.as_str())
            .then("/channels")
            .segment(channel.as_str())
    }

    /// `/chats/{id}`.
    pub(crate) fn chat(chat: &ConversationId) -> Self {
        Self::new("/chats").id("chat", chat.as_str())
    }

    /// `/users/{id}`.
    pub(crate) fn user(user: &UserId) -> Self {
        Self::new("/users").id("user", user.as_str())
    }

    /// Adds what needs no check.
    pub(crate) fn then(mut self, text: &str) -> Self {
        self.path.push_str(text);
        self
    }

    /// Adds an id as a segment of its own.
    pub(crate) fn id(mut self, field: &str, id: &str) -> Self {
        check_id(id, field, &mut self.problems);
        self.segment(id)
    }

    /// Adds the name of a file or folder as a segment of its own. Unlike an id, it may have `%` in it.
    pub(crate) fn name(mut self, field: &str, name: &str) -> Self {
        let is_sound = !matches!(name, "" | "." | "..") && !name.contains(char::is_control);
        let rule = "must be names with one slash between them";
        self.problems.add_if(!is_sound, field, rule);
        // A colon ends a path of names.
        self.path
            .push_str(&format!("/{}", encode_path_segment(name)));
        self
    }

    fn segment(mut self, id: &str) -> Self {
        self.path.push('/');
        self.path.extend(segment(id));
        self
    }

    /// Adds a parameter of the query, with its value encoded.
    pub(crate) fn query(mut self, name: &str, value: impl Display) -> Self {
        self.path.push(if self.has_query { '&' } else { '?' });
        self.has_query = true;
        self.path.push_str(name);
        self.path.push('=');
        self.path.extend(segment(&value.to_string()));
        self
    }

    /// Adds a problem of `field` if `broken` is true.
    pub(crate) fn refuse_if(mut self, broken: bool, field: &str, rule: &str) -> Self {
        self.problems.add_if(broken, field, rule);
        self
    }

    /// The path.
    pub(crate) fn checked(self) -> Result<String> {
        self.problems.into_result(ErrorKind::InvalidRequest)?;
        Ok(self.path)
    }

    /// The call of `operation` to this path.
    pub(crate) fn call(self, operation: &'static Operation) -> Result<Call> {
        self.problems.into_result(ErrorKind::InvalidRequest)?;
        Ok(Call::of(operation, self.path))
    }
}
