//! Builds the requests from the options.

mod card;
pub(crate) mod controls;
mod local_files;
mod markdown;

use std::{io, path::Path, time::SystemTime};

use ms_messenger::{
    Attachment, Error, ErrorKind, IdempotencyKey, Media, MediaKind, Message, Problem, Result,
    SendRequest, Template, random_uuid,
};

use crate::{
    args::{SendArgs, To},
    files::{self, unreadable, without_bom},
    text,
};

/// Reads standard input; replaced in tests.
type Input<'a> = &'a dyn Fn() -> io::Result<String>;

/// Requests and their warnings.
#[derive(Debug)]
pub(crate) struct Composed {
    /// One for each target.
    pub(crate) requests: Vec<SendRequest>,
    /// One for each target of a fallback.
    pub(crate) fallbacks: Vec<SendRequest>,
    /// Problems that do not prevent a send.
    pub(crate) warnings: Vec<Problem>,
}

/// Returns the requests that the options describe; reads files and standard input as needed.
///
/// # Errors
///
/// `Config` when a file cannot be read; `InvalidRequest` when standard input cannot, or the
/// content is no request.
pub(crate) fn requests(args: &SendArgs) -> Result<Composed> {
    compose(args, &standard_input)
}

/// Builds the requests; `input` reads standard input.
fn compose(args: &SendArgs, input: Input<'_>) -> Result<Composed> {
    if let Some(path) = &args.request {
        let request = parse(&read_request(path, input)?, path)?;
        return Ok(Composed {
            warnings: controls::find(&request.message, ""),
            requests: vec![request],
            fallbacks: Vec::new(),
        });
    }
    let (message, mut found) = message(args, input)?;
    let requests = args.to.iter().map(|to| request(args, to, &message));
    let requests = requests.collect::<Result<Vec<_>>>()?;
    let fallbacks = args.fallback.iter().map(|to| addressed(to, &message));
    let mut warnings = controls::find(&message, text::compose::STRIP_CONTROLS);
    warnings.append(&mut found);
    Ok(Composed {
        requests,
        fallbacks: fallbacks.collect(),
        warnings,
    })
}

/// Returns the message to a target; a link to a message is replied to.
fn addressed(to: &To, message: &Message) -> SendRequest {
    let mut request = SendRequest::new(to.target.clone(), message.clone());
    request.reply_to.clone_from(&to.reply_to);
    request
}

/// Returns the message to a target, with what the options say of it.
fn request(args: &SendArgs, to: &To, message: &Message) -> Result<SendRequest> {
    let mut request = addressed(to, message);
    if let Some(id) = &args.reply_to {
        let named = request.reply_to.as_ref();
        if named.is_some_and(|named| named.as_str() != id.trim()) {
            let rule = text::compose::OTHER_REPLY;
            return Err(invalid(ErrorKind::InvalidRequest, "--reply-to", rule));
        }
        request = request.with_reply_to(id.trim());
    }
    if let Some(id) = args.idempotency_key {
        // Without --first-sent, the first use is looked up before the message is sent.
        let first = args.first_sent.unwrap_or_else(SystemTime::now);
        request = request.with_idempotency(IdempotencyKey::new(id, first));
    }
    Ok(request)
}

/// Reads a request in its JSON form.
fn parse(json: &str, path: &Path) -> Result<SendRequest> {
    SendRequest::from_json(json).map_err(|error| {
        let syntax = serde_json::from_str::<serde_json::Value>(json).err();
        let Some(syntax) = syntax.filter(|_| error.problems().len() <= 1) else {
            return error;
        };
        let rule = text::input::not_json(&syntax);
        invalid(ErrorKind::InvalidRequest, &files::name(path), &rule)
    })
}

/// Returns the message of the options: body, subject, importance and attachments; and warnings.
fn message(args: &SendArgs, input: Input<'_>) -> Result<(Message, Vec<Problem>)> {
    let (mut message, mut warnings) = body(args, input)?;
    message.subject = args.subject.as_deref().map(|text| clean(args, text));
    message.importance = args.importance.map(Into::into).unwrap_or_default();
    if let Some(path) = &args.card {
        let (card, mut found) = local_files::card(path)?;
        message.attachments.push(card);
        warnings.append(&mut found);
    }
    for path in &args.picture {
        message.attachments.push(local_files::picture(path)?);
    }
    for path in &args.file {
        let mut file = local_files::file(path)?;
        if let Attachment::Upload(upload) = &mut file {
            // Whoever sends the same request again finds the file.
            upload.key = Some(random_uuid());
        }
        message.attachments.push(file);
    }
    Ok((message, warnings))
}

/// Returns a message with the body that the options describe, and warnings.
fn body(args: &SendArgs, input: Input<'_>) -> Result<(Message, Vec<Problem>)> {
    let message = if let Some(html) = &args.html {
        let html = text_or_input(args, html, input)?;
        match &args.text_alternative {
            Some(text) => Message::html_with_text(html, clean(args, text)),
            None => Message::html(html),
        }
    } else if let Some(name) = &args.template {
        let mut template = Template::new(name, args.language.as_deref().unwrap_or_default());
        template.body = args.value.iter().map(|text| clean(args, text)).collect();
        Message::template(template)
    } else if let Some(media) = media(args) {
        Message::media(media)
    } else {
        let given = args.stdin.as_ref().or(args.text.as_ref());
        // Without a text, the attachments are the message.
        let text = given.map(|text| text_or_input(args, text, input));
        let text = text.transpose()?.unwrap_or_default();
        if args.markdown {
            let rendered = markdown::render(&text);
            let message = Message::html_with_text(rendered.html, rendered.text);
            return Ok((message, rendered.warnings));
        }
        Message::text(text)
    };
    Ok((message, Vec::new()))
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
    media.caption = args.caption.as_deref().map(|text| clean(args, text));
    media.file_name = args.file_name.as_deref().map(|text| clean(args, text));
    Some(media)
}

/// Returns the text of an option as it is sent, or that of standard input for `-`.
///
/// # Errors
///
/// `InvalidRequest` when standard input cannot be read.
pub(crate) fn content(given: &str, strip_ansi: bool) -> Result<String> {
    let text = match given {
        "-" => read_text(&standard_input)?,
        given => given.to_owned(),
    };
    Ok(if strip_ansi {
        controls::without(&text)
    } else {
        text
    })
}

fn standard_input() -> io::Result<String> {
    files::text_or_input(Path::new("-"), files::MESSAGE)
}

/// Returns the text of an option, or of standard input for `-`.
fn text_or_input(args: &SendArgs, given: &str, input: Input<'_>) -> Result<String> {
    Ok(match given {
        "-" => clean(args, &read_text(input)?),
        given => clean(args, given),
    })
}

/// Returns a text as it is sent.
fn clean(args: &SendArgs, text: &str) -> String {
    if args.strip_ansi {
        controls::without(text)
    } else {
        text.to_owned()
    }
}

/// Reads the text on standard input, without its final line ending.
fn read_text(input: Input<'_>) -> Result<String> {
    let text = input().map_err(|error| {
        invalid(
            ErrorKind::InvalidRequest,
            text::files::STANDARD_INPUT,
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
        files::text(path, files::MESSAGE)
    };
    text.map(without_bom)
        .map_err(|error| files::unusable(path, &error))
}

/// Returns the error of one field.
fn invalid(kind: ErrorKind, what: &str, rule: &str) -> Error {
    Problem::new(what, rule).into_error(kind)
}

#[cfg(test)]
mod tests;
