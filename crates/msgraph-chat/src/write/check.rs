//! The rules of a message, checked before it is sent, in one pass over each part. Texts in
//! quotes are the service's own.

mod attachments;
mod cards;
mod found;
mod hosted;
mod mentions;

use ms_messenger_core::{ErrorKind, Problem, Problems, Result};

use self::{cards::Cards, found::Found};
use super::{
    markup::Markup,
    message::{NewChatMessage, Place},
    text,
};
use crate::models::BodyType;

impl NewChatMessage {
    /// Checks the message for `place` against the known rules of the service, without any I/O:
    /// each marker has the member that it refers to and the other way round, mentions have the
    /// text of their markers, cards are JSON, pictures are Base64, and so on. The time is
    /// proportional to the size of the message.
    ///
    /// Returns warnings: what the service accepts but a reader would miss, such as a link without
    /// a scheme.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` with every problem.
    ///
    /// ```
    /// use msgraph_chat::{NewChatMessage, Place};
    ///
    /// let message = NewChatMessage::text("Release 4.2").with_subject("News");
    /// assert!(message.check(Place::Channel)?.is_empty());
    /// let error = message.check(Place::Chat).unwrap_err();
    /// assert_eq!(error.message(), "subject: is for channels only");
    ///
    /// let link = NewChatMessage::html("<a href=\"www.contoso.com\">news</a>");
    /// assert_eq!(link.check(Place::Chat)?.len(), 1);
    /// # Ok::<_, ms_messenger_core::Error>(())
    /// ```
    pub fn check(&self, place: Place) -> Result<Vec<Problem>> {
        let (mut problems, mut warnings) = (Problems::new(), Vec::new());
        self.find_problems(place, &self.markup(), &mut problems, &mut warnings);
        problems.into_result(ErrorKind::InvalidRequest)?;
        Ok(warnings)
    }

    /// Adds every problem and warning. `markup` is that of this message.
    pub(crate) fn find_problems(
        &self,
        place: Place,
        markup: &Markup,
        problems: &mut Problems,
        warnings: &mut Vec<Problem>,
    ) {
        let mut found = Found { problems, warnings };
        check_body(self, place, markup, found.problems);
        check_characters(self, markup, &mut found);
        if !self.has_parts() {
            return;
        }
        let mut cards = Cards::default();
        attachments::check(self, markup, &mut cards, &mut found);
        mentions::check(self, place, markup, &cards, found.problems);
        hosted::check(self, found.problems);
    }
}

fn check_body(message: &NewChatMessage, place: Place, markup: &Markup, problems: &mut Problems) {
    let body = &message.body;
    let has_markup = message.has_markup();
    let is_visible = if has_markup {
        markup.is_visible
    } else {
        !body.content.trim().is_empty()
    };
    let lone = !is_visible && message.attachments.is_empty();
    problems.add_if(lone, "body.content", "must not be empty or blank");
    if let BodyType::Other(_) = body.content_type {
        problems.add("body.contentType", "must be text or html");
    }
    let needs_markers = !message.mentions.is_empty()
        || !message.attachments.is_empty()
        || !message.hosted_contents.is_empty();
    let rule = "must be html, because mentions, attachments and pictures have markers in it";
    problems.add_if(!has_markup && needs_markers, "body.contentType", rule);
    if place == Place::Chat {
        let only = "is for channels only";
        problems.add_if(message.subject.is_some(), "subject", only);
        problems.add_if(message.summary.is_some(), "summary", only);
    }
}

/// Finds what cannot be sent, and what is sent but not shown as it was meant.
fn check_characters(message: &NewChatMessage, markup: &Markup, found: &mut Found<'_>) {
    let content = message.body.content.as_str();
    if !text::is_printable_ascii(content) {
        check_special_characters(message, content, found);
    }
    let rule = "a link has no scheme, so it leads nowhere: write https://…";
    found.warn_if(markup.has_bare_link, "body.content", rule);
    let rule = "a picture has neither a scheme nor ../hostedContents/ID/$value, so it is not shown";
    found.warn_if(markup.has_bare_picture, "body.content", rule);
}

fn check_special_characters(message: &NewChatMessage, content: &str, found: &mut Found<'_>) {
    let rule = "must not have the character U+0000: HTML cannot hold it";
    let has_nul = content.contains('\0');
    found.problems.add_if(has_nul, "body.content", rule);
    let is_lost = message.body.content_type == BodyType::Text && !text::is_one_line(content);
    let rule = "line breaks of a text are not shown: use html with <br>";
    found.warn_if(is_lost, "body.content", rule);
    let is_control = |c: char| c.is_control() && !matches!(c, '\0' | '\t' | '\n' | '\r');
    let rule = "has control characters, e.g. of a terminal's colours, which are not shown";
    found.warn_if(content.contains(is_control), "body.content", rule);
    let has_mark = content.starts_with('\u{feff}');
    let rule = "begins with a byte order mark, which is sent";
    found.warn_if(has_mark, "body.content", rule);
}
