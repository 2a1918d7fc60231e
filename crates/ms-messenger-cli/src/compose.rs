//! From options to a request.

use std::{
    fs,
    io::{self, Read as _},
    path::Path,
    time::SystemTime,
};

use ms_messenger::{
    ErrorKind, IdempotencyKey, Media, MediaKind, Message, Problems, Result, SendRequest, Template,
};

use crate::args::SendArgs;

/// Reads standard input; replaced in tests.
type Input<'a> = &'a dyn Fn() -> io::Result<String>;

/// The request that the options describe. Files and standard input are read as needed.
///
/// # Errors
///
/// `InvalidRequest` when a file or standard input cannot be read, or holds no request.
pub(crate) fn request(args: &SendArgs) -> Result<SendRequest> {
    compose(args, &|| {
        let mut text = String::new();
        io::stdin().lock().read_to_string(&mut text)?;
        Ok(text)
    })
}

fn compose(args: &SendArgs, input: Input<'_>) -> Result<SendRequest> {
    if let Some(path) = &args.request {
        return SendRequest::from_json(&read_request(path, input)?);
    }
    let Some(to) = &args.to else {
        return Err(unreadable("--to", "is missing"));
    };
    let mut request = SendRequest::new(to.clone(), message(args, input)?);
    request.reply_to = args.reply_to.as_deref().map(Into::into);
    request.idempotency = args.idempotency_key.map(|id| {
        let first_sent = args.first_sent.unwrap_or_else(SystemTime::now);
        IdempotencyKey::new(id, first_sent)
    });
    Ok(request)
}

fn message(args: &SendArgs, input: Input<'_>) -> Result<Message> {
    let mut message = body(args, input)?;
    message.subject.clone_from(&args.subject);
    message.importance = args.importance.map(Into::into).unwrap_or_default();
    Ok(message)
}

fn body(args: &SendArgs, input: Input<'_>) -> Result<Message> {
    if let Some(html) = &args.html {
        let message = Message::html(given_or_read(html, input)?);
        return Ok(match &args.text_alternative {
            Some(text) => message.with_text_alternative(text),
            None => message,
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
    Ok(Message::text(given_or_read(text, input)?))
}

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

fn given_or_read(given: &str, input: Input<'_>) -> Result<String> {
    if given != "-" {
        return Ok(given.to_owned());
    }
    let mut text = input().map_err(|error| unreadable("standard input", &reason(&error)))?;
    // The line ending that `echo` adds is not part of the message.
    if text.ends_with('\n') {
        text.pop();
        if text.ends_with('\r') {
            text.pop();
        }
    }
    Ok(text)
}

fn read_request(path: &Path, input: Input<'_>) -> Result<String> {
    let (name, text) = if path.as_os_str() == "-" {
        ("standard input".to_owned(), input())
    } else {
        (path.display().to_string(), fs::read_to_string(path))
    };
    text.map_err(|error| unreadable(&name, &reason(&error)))
}

fn reason(error: &io::Error) -> String {
    match error.kind() {
        io::ErrorKind::InvalidData => "is not UTF-8".to_owned(),
        kind => format!("cannot be read: {kind}"),
    }
}

fn unreadable(what: &str, rule: &str) -> ms_messenger::Error {
    let mut problems = Problems::new();
    problems.add(what, rule);
    let refused = problems.into_result(ErrorKind::InvalidRequest);
    refused
        .err()
        .unwrap_or_else(|| ms_messenger::Error::new(ErrorKind::InvalidRequest, rule.to_owned()))
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use ms_messenger::{Body, Importance};
    use serde_json::json;

    use super::*;
    use crate::args::{Cli, Command};

    fn composed(words: &[&str], input: &str) -> Result<SendRequest> {
        let cli = Cli::try_parse_from([&["msm", "send"], words].concat()).unwrap();
        let Command::Send(args) = cli.command else {
            panic!("not a send");
        };
        compose(&args, &|| Ok(input.to_owned()))
    }

    #[test]
    fn every_option_has_its_place_in_the_json_form() {
        let to = ["--to", "channel:t/c"];
        for (words, message) in [
            (&["--text", "hi"][..], json!({"body": {"text": "hi"}})),
            (&["-"][..], json!({"body": {"text": "read"}})),
            (&["--text", "-"][..], json!({"body": {"text": "read"}})),
            (
                &["--html", "<b>x</b>", "--text-alternative", "x"][..],
                json!({"body": {"html": {"html": "<b>x</b>", "text": "x"}}}),
            ),
            (
                &["--html", "-"][..],
                json!({"body": {"html": {"html": "read"}}}),
            ),
            (
                &[
                    "--template",
                    "t",
                    "--language",
                    "en",
                    "--value",
                    "1",
                    "--value",
                    "2",
                ][..],
                json!({"body": {"template": {"name": "t", "language": "en", "body": ["1", "2"]}}}),
            ),
            (
                &[
                    "--document",
                    "https://a.b/c",
                    "--caption",
                    "c",
                    "--file-name",
                    "f.pdf",
                ][..],
                json!({"body": {"media": {
                    "kind": "document", "url": "https://a.b/c", "caption": "c", "file_name": "f.pdf",
                }}}),
            ),
            (
                &["--text", "hi", "--subject", "s", "--importance", "high"][..],
                json!({"body": {"text": "hi"}, "subject": "s", "importance": "high"}),
            ),
        ] {
            let request = composed(&[&to, words].concat(), "read\n").unwrap();
            let form = serde_json::to_value(&request).unwrap();
            assert_eq!(form, json!({"to": "channel:t/c", "message": message}));
        }
    }

    #[test]
    fn the_key_keeps_the_time_of_its_first_use() {
        let id = "5b1f0a5e-3f5b-4a43-a8d9-93a57a7fc0a5";
        let words = ["--to", "tel:+14255550123", "-", "--idempotency-key", id];
        let request = composed(
            &[&words[..], &["--first-sent", "2026-04-01T12:34:56Z"]].concat(),
            "x",
        );
        let form = serde_json::to_value(request.unwrap()).unwrap();
        let key = json!({"id": id, "first_sent": "2026-04-01T12:34:56Z"});
        assert_eq!(form["idempotency"], key);
    }

    #[test]
    fn one_line_ending_is_dropped_and_no_more() {
        for (input, text) in [
            ("a", "a"),
            ("a\r\n", "a"),
            ("a\n\n", "a\n"),
            ("\n", ""),
            (" a ", " a "),
        ] {
            let request = composed(&["--to", "user:u", "-"], input).unwrap();
            assert_eq!(
                request.message.body,
                Body::Text(text.to_owned()),
                "{input:?}"
            );
        }
    }

    #[test]
    fn a_request_is_read_as_it_is() {
        let json = r#"{"to":"user:u","message":{"body":{"text":"hi"},"importance":"urgent"}}"#;
        let request = composed(&["--request", "-"], json).unwrap();
        assert_eq!(request.message.importance, Importance::Urgent);
    }

    #[test]
    fn a_broken_request_is_refused_with_the_path() {
        let json = r#"{"to":"user:u","message":{"body":{"text":"hi"},"colour":"red"}}"#;
        let error = composed(&["--request", "-"], json).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        assert!(error.message().contains("message"), "{error}");
        let error = composed(&["--request", "no-such-file"], "").unwrap_err();
        assert_eq!(error.problems()[0].field, "no-such-file");
    }
}
