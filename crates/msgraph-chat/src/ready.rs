//! A message on its way to the wire: checked once, for the check alone and for the send alike.

use ms_messenger_core::{Problem, Problems, Result};
use ms_messenger_http::{Bytes, Call};
use serde::Serialize;

use crate::{NewChatMessage, Place, client::refuse};

/// The tail of a quote, which is listed with the other messages of its chat.
pub(crate) const QUOTE: &str = "/replyWithQuote";

/// A message that is about to be checked.
pub(crate) struct Draft<'a> {
    message: &'a NewChatMessage,
    place: Place,
    /// What is wrong with the ids.
    pub(crate) problems: Problems,
    pub(crate) operation: &'static str,
    /// What follows the messages of the place in the path.
    pub(crate) tail: String,
}

impl<'a> Draft<'a> {
    pub(crate) fn new(place: Place, message: &'a NewChatMessage) -> Self {
        Self {
            message,
            place,
            problems: Problems::new(),
            operation: "send",
            tail: String::new(),
        }
    }

    /// Checks the message and the size of its `body`, the guards of size first: what is too
    /// large is not looked into.
    pub(crate) fn ready(
        mut self,
        body: &impl Serialize,
        (max_message, max_call): (Option<usize>, Option<usize>),
    ) -> Result<Ready> {
        let call = Call::post(self.operation, "").with_json(body)?;
        let pictures: usize = self
            .message
            .hosted_contents
            .iter()
            .filter_map(|hosted| hosted.content_bytes.as_ref().map(String::len))
            .sum();
        let all = call.body().len();
        let own = all.saturating_sub(pictures);
        let mut is_large = false;
        if let Some(limit) = max_message.filter(|limit| own > *limit) {
            let rule = format!(
                "the message has {own} bytes of JSON without its pictures, more than {limit}"
            );
            self.problems.add("body", rule);
            is_large = true;
        }
        if let Some(limit) = max_call.filter(|limit| all > *limit) {
            let rule = format!("the call has {all} bytes with its pictures, more than {limit}");
            self.problems.add("hostedContents", rule);
            is_large = true;
        }
        let mut warnings = Vec::new();
        if !is_large {
            let found = self.message.find(self.place);
            self.problems.append(found.problems);
            warnings = found.warnings;
        }
        refuse(self.problems)?;
        Ok(Ready {
            operation: self.operation,
            tail: self.tail,
            body: call.body().clone(),
            warnings,
        })
    }
}

/// A message that passed every local check, as it stands on the wire.
#[derive(Debug)]
pub(crate) struct Ready {
    operation: &'static str,
    tail: String,
    body: Bytes,
    pub(crate) warnings: Vec<Problem>,
}

impl Ready {
    /// The path of the collection in which a message at `place` is listed.
    pub(crate) fn list(&self, place: &str) -> String {
        let tail = if self.tail == QUOTE { "" } else { &self.tail };
        format!("{place}{tail}")
    }

    /// The call that posts it to the messages at `place`.
    pub(crate) fn call(&self, place: &str) -> Call {
        let path = format!("{place}{}", self.tail);
        Call::post(self.operation, path).with_json_bytes(self.body.clone())
    }
}
