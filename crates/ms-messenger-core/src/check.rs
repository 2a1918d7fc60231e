//! The check of a request against capabilities.

use crate::{
    address::Address,
    capabilities::Capabilities,
    capability::Capability,
    error::{ErrorKind, Result},
    message::{Attachment, Body, Message},
    needs::{self, Need},
    percent::encoded,
    problems::Problems,
    request::SendRequest,
    target::Target,
};

impl Capabilities {
    /// Checks `request` for a messenger named `platform`, without any I/O.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` if ids or bodies are empty or too long, else `Unsupported` if the request
    /// asks for something that is not supported. [`Error::problems`](crate::Error::problems)
    /// lists all problems of both sorts.
    pub fn check(&self, platform: &str, request: &SendRequest) -> Result<()> {
        let mut problems = Problems::new();
        find_invalid(request, self.max_text_chars, &mut problems);
        let kind = if problems.is_empty() {
            ErrorKind::Unsupported
        } else {
            ErrorKind::InvalidRequest
        };
        needs::each(request, |need| {
            self.hold(platform, request, &need, &mut problems);
        });
        match problems.into_error(kind) {
            None => Ok(()),
            Some(error) => Err(error.with_platform(platform.to_owned())),
        }
    }

    /// Adds the problem of `need`, if it is one.
    fn hold(&self, platform: &str, request: &SendRequest, need: &Need, problems: &mut Problems) {
        let what = match &request.message.body {
            Body::Html { text, .. } if need.capability == Capability::Html => {
                match (text, self.supports(Capability::HtmlAsText)) {
                    (Some(_), true) => return,
                    (None, true) => "HTML without a text alternative",
                    (_, false) => need.what,
                }
            }
            Body::Native { platform: of, .. }
                if need.capability == Capability::Native && of != platform =>
            {
                let rule = match of.as_str() {
                    "" => "must not be empty".to_owned(),
                    of => format!("is a body for {of}, not for {platform}"),
                };
                problems.add("message.body.native.platform", rule);
                return;
            }
            _ => need.what,
        };
        if !self.supports(need.capability) {
            let rule = format!("{platform} does not support {what}");
            problems.add(need.field.to_string(), rule);
        }
    }
}

fn find_invalid(request: &SendRequest, max_text_chars: Option<usize>, problems: &mut Problems) {
    let empty = "must not be empty";
    let mut id = |field: &str, id: &str| {
        problems.add_if(id.is_empty(), field, empty);
        if let Some(plain) = encoded(id) {
            problems.add(field, format!("is percent-encoded: write it as {plain}"));
        }
    };
    match &request.to {
        Target::Conversation(conversation) => id("to", conversation.as_str()),
        Target::Channel { team, channel } => {
            id("to.team", team.as_str());
            id("to.channel", channel.as_str());
        }
        Target::ChannelName { team, channel } => {
            for (field, name) in [("to.team", team), ("to.channel", channel)] {
                problems.add_if(name.trim().is_empty(), field, empty);
            }
        }
        Target::Person(Address::User(user)) => id("to", user.as_str()),
        Target::Person(_) => {}
    }
    if let Some(id) = &request.reply_to {
        problems.add_if(id.as_str().is_empty(), "reply_to", empty);
    }
    let never = request.timeout.is_some_and(|timeout| timeout.is_zero());
    problems.add_if(never, "timeout_ms", "must be longer than zero");
    find_invalid_body(&request.message, max_text_chars, problems);
}

fn find_invalid_body(message: &Message, max_text_chars: Option<usize>, problems: &mut Problems) {
    for (i, attachment) in message.attachments.iter().enumerate() {
        if let Attachment::Upload(upload) = attachment {
            upload.find_problems(&format!("message.attachments[{i}]"), problems);
        }
    }
    message.find_nested(problems);
    let (field, content) = match &message.body {
        Body::Text(text) => ("message.body.text", text),
        Body::Html { html, .. } => ("message.body.html", html),
        Body::Media(_) | Body::Template(_) | Body::Native { .. } => return,
    };
    // An attachment alone is a message on some platforms; those that need text check it themselves.
    let lone = content.is_empty() && message.attachments.is_empty();
    problems.add_if(lone, field, "must not be empty");
    if let (Body::Text(text), Some(limit)) = (&message.body, max_text_chars)
        && text.chars().count() > limit
    {
        problems.add(field, format!("must have at most {limit} characters"));
    }
}
