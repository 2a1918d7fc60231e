//! From options to a request.

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

/// A request, and what whoever sends it should know.
#[derive(Debug)]
pub(crate) struct Composed {
    pub(crate) request: SendRequest,
    pub(crate) warnings: Vec<Problem>,
}

/// The request that the options describe. Files and standard input are read as needed.
///
/// # Errors
///
/// `Config` when a file cannot be read; `InvalidRequest` when standard input cannot, or what is
/// read is no request.
pub(crate) fn request(args: &SendArgs) -> Result<Composed> {
    compose(args, &|| {
        let mut text = String::new();
        io::stdin().lock().read_to_string(&mut text)?;
        Ok(text)
    })
}

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
            let rule = "the link of --to names another message to reply to: drop one of them";
            return Err(refused(ErrorKind::InvalidRequest, "--reply-to", rule));
        }
        request = request.with_reply_to(id.trim());
    }
    if let Some(id) = args.idempotency_key {
        // Where none is given, the first use is looked up before the message goes out.
        let first = args.first_sent.unwrap_or_else(SystemTime::now);
        request = request.with_idempotency(IdempotencyKey::new(id, first));
    }
    let warnings = warnings(&request);
    Ok(Composed { request, warnings })
}

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
        refused(ErrorKind::InvalidRequest, &source_name(path), &rule)
    })
}

fn message(args: &SendArgs, input: Input<'_>) -> Result<Message> {
    let mut message = body(args, input)?;
    message.subject.clone_from(&args.subject);
    message.importance = args.importance.map(Into::into).unwrap_or_default();
    Ok(message)
}

fn body(args: &SendArgs, input: Input<'_>) -> Result<Message> {
    if let Some(html) = &args.html {
        let html = written(args, html, input)?;
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
    Ok(Message::text(written(args, text, input)?))
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

/// The text of an option, or of standard input.
fn written(args: &SendArgs, given: &str, input: Input<'_>) -> Result<String> {
    let text = match given {
        "-" => read_text(input)?,
        given => given.to_owned(),
    };
    Ok(match args.strip_ansi {
        true => anstream::adapter::strip_str(&text).to_string(),
        false => text,
    })
}

fn read_text(input: Input<'_>) -> Result<String> {
    let text = input().map_err(|error| {
        refused(
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

fn read_request(path: &Path, input: Input<'_>) -> Result<String> {
    let text = match path.as_os_str() == "-" {
        true => input(),
        false => fs::read_to_string(path),
    };
    text.map(without_bom).map_err(|error| {
        // A file that is not there is a matter of the setup; what is in it, of the message.
        let kind = match error.kind() {
            io::ErrorKind::InvalidData => ErrorKind::InvalidRequest,
            _ => ErrorKind::Config,
        };
        refused(kind, &source_name(path), &unreadable(&error))
    })
}

fn source_name(path: &Path) -> String {
    match path.as_os_str() == "-" {
        true => "standard input".to_owned(),
        false => path.display().to_string(),
    }
}

fn warnings(request: &SendRequest) -> Vec<Problem> {
    let (field, text) = match &request.message.body {
        Body::Text(text) => ("message.body.text", text),
        Body::Html { html, .. } => ("message.body.html", html),
        _ => return Vec::new(),
    };
    let rule = "has terminal escapes, which are sent as they are: --strip-ansi removes them";
    match text.contains('\u{1b}') {
        true => vec![Problem::new(field, rule)],
        false => Vec::new(),
    }
}

fn refused(kind: ErrorKind, what: &str, rule: &str) -> Error {
    Problem::new(what, rule).into_error(kind)
}

#[cfg(test)]
mod tests {
    use clap::Parser as _;
    use ms_messenger::{Body, Importance};
    use serde_json::json;

    use super::*;
    use crate::args::{Cli, Command, Relations as _};

    fn composed(words: &[&str], input: &str) -> Result<SendRequest> {
        let cli = Cli::try_parse_from([&["msm", "send"], words].concat()).unwrap();
        let Command::Send(args) = cli.command else {
            panic!("not a send");
        };
        if let Some(broken) = args.broken() {
            panic!("{broken}");
        }
        compose(&args, &|| Ok(input.to_owned())).map(|composed| composed.request)
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

    /// The words of an option, and what must stand in the request where it is used.
    fn sample(id: &str) -> Option<(&'static [&'static str], Option<&'static str>)> {
        Some(match id {
            "to" => (&["--to", "user:marked-to"], Some("user:marked-to")),
            "text" => (&["--text", "marked-text\u{1b}[1m"], Some("marked-text")),
            "html" => (&["--html", "marked-html\u{1b}[1m"], Some("marked-html")),
            "template" => (&["--template", "marked-template"], Some("marked-template")),
            "image" => (&["--image", "https://a.b/image"], Some("a.b/image")),
            "document" => (
                &["--document", "https://a.b/document"],
                Some("a.b/document"),
            ),
            "video" => (&["--video", "https://a.b/video"], Some("a.b/video")),
            "audio" => (&["--audio", "https://a.b/audio"], Some("a.b/audio")),
            "request" => (&["--request", "-"], Some("marked-input")),
            "stdin" => (&["-"], Some("marked-input")),
            "text_alternative" => (&["--text-alternative", "marked-alt"], Some("marked-alt")),
            "language" => (&["--language", "marked-language"], Some("marked-language")),
            "value" => (&["--value", "marked-value"], Some("marked-value")),
            "caption" => (&["--caption", "marked-caption"], Some("marked-caption")),
            "file_name" => (&["--file-name", "marked-file"], Some("marked-file")),
            "subject" => (&["--subject", "marked-subject"], Some("marked-subject")),
            "importance" => (&["--importance", "urgent"], Some("urgent")),
            "reply_to" => (&["--reply-to", "marked-reply"], Some("marked-reply")),
            "idempotency_key" => (
                &["--idempotency-key", "5b1f0a5e-3f5b-4a43-a8d9-93a57a7fc0a5"],
                Some("5b1f0a5e"),
            ),
            "first_sent" => (
                &["--first-sent", "2026-01-02T03:04:05Z"],
                Some("2026-01-02T03"),
            ),
            "strip_ansi" => (&["--strip-ansi"], None),
            // They say how a request is sent, whatever it is.
            "platform" => (&["--platform", "ucwa"], None),
            "timeout" => (&["--timeout", "1s"], None),
            "retries" => (&["--retries", "1"], None),
            "dry_run" => (&["--dry-run"], None),
            "json" => (&["--json"], None),
            _ => return None,
        })
    }

    const INPUT: &str =
        "{\"to\":\"user:u\",\"message\":{\"body\":{\"text\":\"marked-input\\u001b[1m\"}}}";

    #[test]
    fn every_two_options_are_both_used_or_refused() {
        const CONTENT: [&str; 9] = [
            "text", "html", "template", "image", "document", "video", "audio", "request", "stdin",
        ];
        let command = crate::args::command();
        let send = command.find_subcommand("send").unwrap();
        let ids: Vec<String> = send
            .get_arguments()
            .filter(|arg| arg.get_help_heading().is_none() && arg.get_id() != "help")
            .map(|arg| arg.get_id().to_string())
            .collect();
        let (mut used, mut refused) = (0, 0);
        // Three, because what goes with an option may hide what does not.
        for (one, two, three) in triples(&ids) {
            let mut words = vec!["msm", "send"];
            let chosen = [one, two, three];
            let has = |id: &str| chosen.contains(&id);
            let mut markers = Vec::new();
            for id in ids.iter().filter(|id| has(id)) {
                let (own, marker) = sample(id).unwrap_or_else(|| panic!("no sample of {id}"));
                words.extend(own);
                markers.extend(marker);
            }
            if !CONTENT.iter().any(|id| has(id)) {
                words.extend(["--text", "any\u{1b}[1m"]);
            }
            if !has("to") && !has("request") {
                words.extend(["--to", "user:any"]);
            }
            let Ok(cli) = Cli::try_parse_from(&words) else {
                refused += 1;
                continue;
            };
            let Command::Send(args) = cli.command else {
                panic!("not a send");
            };
            if args.broken().is_some() {
                refused += 1;
                continue;
            }
            let input = match has("request") {
                true => INPUT,
                false => "marked-input\u{1b}[1m",
            };
            let composed = compose(&args, &|| Ok(input.to_owned())).unwrap();
            let form = serde_json::to_string(&composed.request).unwrap();
            for marker in markers {
                assert!(
                    form.contains(marker),
                    "{marker} of {words:?} is not in {form}"
                );
            }
            let has_escapes = form.contains("\\u001b");
            assert!(!(has("strip_ansi") && has_escapes), "{words:?}: {form}");
            used += 1;
        }
        assert!(used > 500 && refused > 500, "{used} {refused}");
    }

    fn triples(ids: &[String]) -> impl Iterator<Item = (&str, &str, &str)> {
        let pairs = ids
            .iter()
            .flat_map(move |one| ids.iter().map(move |two| (one, two)));
        pairs
            .filter(|(one, two)| one <= two)
            .flat_map(move |(one, two)| ids.iter().map(move |three| (one, two, three)))
            .filter(|(_, two, three)| two <= three)
            .map(|(one, two, three)| (one.as_str(), two.as_str(), three.as_str()))
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
