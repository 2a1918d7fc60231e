//! Builds the request from the options.

use std::{
    fs,
    io::{self, Read as _},
    path::Path,
    time::SystemTime,
};

use ms_messenger::{
    Body, Error, ErrorKind, IdempotencyKey, Media, MediaKind, Message, Problem, Result,
    SendRequest, Template,
};

use crate::{
    args::SendArgs,
    files::{unreadable, without_bom},
};

/// Reads standard input; replaced in tests.
type Input<'a> = &'a dyn Fn() -> io::Result<String>;

/// A request and its warnings.
#[derive(Debug)]
pub(crate) struct Composed {
    pub(crate) request: SendRequest,
    /// Problems that do not prevent the send.
    pub(crate) warnings: Vec<Problem>,
}

/// Returns the request that the options describe; reads files and standard input as needed.
///
/// # Errors
///
/// `Config` when a file cannot be read; `InvalidRequest` when standard input cannot, or the
/// content is no request.
pub(crate) fn request(args: &SendArgs) -> Result<Composed> {
    compose(args, &|| {
        let mut text = String::new();
        io::stdin().lock().read_to_string(&mut text)?;
        Ok(text)
    })
}

/// Builds the request; `input` reads standard input.
fn compose(args: &SendArgs, input: Input<'_>) -> Result<Composed> {
    let mut request = match (&args.request, &args.to) {
        (Some(path), _) => parse(&read_request(path, input)?, path)?,
        (None, Some(to)) => {
            let mut request = SendRequest::new(to.target.clone(), message(args, input)?);
            request.reply_to.clone_from(&to.reply_to);
            request
        }
        (None, None) => return Err(Error::new(ErrorKind::InvalidRequest, "--to is missing")),
    };
    if let Some(id) = &args.reply_to {
        let named = request.reply_to.as_ref().filter(|_| args.to.is_some());
        if named.is_some_and(|named| named.as_str() != id.trim()) {
            let rule = "the link of --to names another message to reply to: use only one of them";
            return Err(invalid(ErrorKind::InvalidRequest, "--reply-to", rule));
        }
        request = request.with_reply_to(id.trim());
    }
    if let Some(id) = args.idempotency_key {
        // Without --first-sent, the first use is looked up before the message is sent.
        let first = args.first_sent.unwrap_or_else(SystemTime::now);
        request = request.with_idempotency(IdempotencyKey::new(id, first));
    }
    let warnings = warnings(&request);
    Ok(Composed { request, warnings })
}

/// Reads a request in its JSON form.
fn parse(json: &str, path: &Path) -> Result<SendRequest> {
    SendRequest::from_json(json).map_err(|error| {
        let syntax = serde_json::from_str::<serde::de::IgnoredAny>(json).err();
        let Some(syntax) = syntax.filter(|_| error.problems().len() <= 1) else {
            return error;
        };
        let rule = format!(
            "is not JSON (line {} column {})",
            syntax.line(),
            syntax.column()
        );
        invalid(ErrorKind::InvalidRequest, &source_name(path), &rule)
    })
}

/// Returns the message of the options: body, subject and importance.
fn message(args: &SendArgs, input: Input<'_>) -> Result<Message> {
    let mut message = body(args, input)?;
    message.subject.clone_from(&args.subject);
    message.importance = args.importance.map(Into::into).unwrap_or_default();
    Ok(message)
}

/// Returns a message with the body that the options describe.
fn body(args: &SendArgs, input: Input<'_>) -> Result<Message> {
    if let Some(html) = &args.html {
        let html = text_or_input(args, html, input)?;
        return Ok(match &args.text_alternative {
            Some(text) => Message::html_with_text(html, text),
            None => Message::html(html),
        });
    }
    if let Some(name) = &args.template {
        let mut template = Template::new(name, args.language.as_deref().unwrap_or_default());
        template.body.clone_from(&args.value);
        return Ok(Message::template(template));
    }
    if let Some(media) = media(args) {
        return Ok(Message::media(media));
    }
    let text = args.text.as_deref().unwrap_or("-");
    Ok(Message::text(text_or_input(args, text, input)?))
}

/// Returns the media of the options, if there are any.
fn media(args: &SendArgs) -> Option<Media> {
    let (kind, url) = [
        (MediaKind::Image, &args.image),
        (MediaKind::Document, &args.document),
        (MediaKind::Video, &args.video),
        (MediaKind::Audio, &args.audio),
    ]
    .into_iter()
    .find_map(|(kind, url)| Some((kind, url.clone()?)))?;
    let mut media = Media::new(kind, url);
    media.caption.clone_from(&args.caption);
    media.file_name.clone_from(&args.file_name);
    Some(media)
}

/// Returns the text of an option, or of standard input for `-`.
fn text_or_input(args: &SendArgs, given: &str, input: Input<'_>) -> Result<String> {
    let text = match given {
        "-" => read_text(input)?,
        given => given.to_owned(),
    };
    Ok(if args.strip_ansi {
        anstream::adapter::strip_str(&text).to_string()
    } else {
        text
    })
}

/// Reads the text on standard input, without its final line ending.
fn read_text(input: Input<'_>) -> Result<String> {
    let text = input().map_err(|error| {
        invalid(
            ErrorKind::InvalidRequest,
            "standard input",
            &unreadable(&error),
        )
    })?;
    let mut text = without_bom(text);
    // The line ending that `echo` adds is not part of the message.
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Ok(text)
}

/// Reads the request in a file, or on standard input for `-`.
fn read_request(path: &Path, input: Input<'_>) -> Result<String> {
    let text = if path.as_os_str() == "-" {
        input()
    } else {
        fs::read_to_string(path)
    };
    text.map(without_bom).map_err(|error| {
        // A missing file is a configuration error; unusable content is one of the message.
        let kind = match error.kind() {
            io::ErrorKind::InvalidData => ErrorKind::InvalidRequest,
            _ => ErrorKind::Config,
        };
        invalid(kind, &source_name(path), &unreadable(&error))
    })
}

/// Names the source of a request.
fn source_name(path: &Path) -> String {
    if path.as_os_str() == "-" {
        "standard input".to_owned()
    } else {
        path.display().to_string()
    }
}

/// Returns what the sender should know about the request.
fn warnings(request: &SendRequest) -> Vec<Problem> {
    let (field, text) = match &request.message.body {
        Body::Text(text) => ("message.body.text", text),
        Body::Html { html, .. } => ("message.body.html", html),
        _ => return Vec::new(),
    };
    let rule = "contains terminal escapes, which are sent unchanged: --strip-ansi removes them";
    if text.contains('\u{1b}') {
        vec![Problem::new(field, rule)]
    } else {
        Vec::new()
    }
}

/// Returns the error of one field.
fn invalid(kind: ErrorKind, what: &str, rule: &str) -> Error {
    Problem::new(what, rule).into_error(kind)
}

#[cfg(test)]
mod tests;
