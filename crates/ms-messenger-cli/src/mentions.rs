//! Mentions: `--mention ADDRESS`, and `@{ADDRESS}` in a text.

use std::collections::HashMap;

use ms_messenger::{
    Body, Delivery, Error, ErrorKind, Message, Problem, Result, Uuid,
    http::one_line,
    msgraph_chat::{GraphChatClient, Mention, NewChatMessage},
};

use crate::{platform::Platform, text};

/// The longest address of a marker: that of a mail address.
const LONGEST: usize = 254;

/// A piece of a text.
#[derive(Debug, PartialEq, Eq)]
enum Piece<'a> {
    Text(&'a str),
    Mention(&'a str),
}

/// Splits a text at its markers. `@{…}` is one only around an address.
fn pieces(text: &str) -> Vec<Piece<'_>> {
    let mut pieces = Vec::new();
    let (mut done, mut from) = (0, 0);
    while let Some(found) = text[from..].find("@{") {
        let begin = from + found;
        from = begin + 2;
        let end = text[from..].find('}').map(|end| from + end);
        let Some(end) = end.filter(|end| is_address(&text[from..*end])) else {
            continue;
        };
        if begin > done {
            pieces.push(Piece::Text(&text[done..begin]));
        }
        pieces.push(Piece::Mention(&text[from..end]));
        (done, from) = (end + 1, end + 1);
    }
    if done < text.len() {
        pieces.push(Piece::Text(&text[done..]));
    }
    pieces
}

/// Returns whether a text can be the address of a user.
fn is_address(text: &str) -> bool {
    let is_plain = |c: char| !c.is_whitespace() && !c.is_control() && !"<>{}&\"".contains(c);
    let parts = text.split_once('@');
    text.len() <= LONGEST
        && text.chars().all(is_plain)
        && parts.is_some_and(|(user, domain)| !user.is_empty() && domain.contains('.'))
}

/// Returns the addresses that a message mentions: those of the options, then those in its text.
pub(crate) fn addresses(message: &Message, options: &[String]) -> Vec<String> {
    let mut found: Vec<String> = options.to_vec();
    let text = content(&message.body).unwrap_or_default();
    for piece in pieces(text) {
        if let Piece::Mention(address) = piece
            && !found.iter().any(|it| it == address)
        {
            found.push(address.to_owned());
        }
    }
    found
}

fn content(body: &Body) -> Option<&str> {
    match body {
        Body::Text(text) => Some(text),
        Body::Html { html, .. } => Some(html),
        _ => None,
    }
}

/// Checks mentions where the platform has none: those of options are refused, markers in a text
/// are sent as they are, with a warning.
///
/// # Errors
///
/// `Unsupported` for `--mention`.
pub(crate) fn check(
    platform: Platform,
    message: &Message,
    options: &[String],
) -> Result<Option<Problem>> {
    if platform == Platform::MsgraphChat {
        return Ok(None);
    }
    if !options.is_empty() {
        let rule = text::compose::mentions_unsupported(platform.as_str());
        let error = Problem::new("--mention", rule).into_error(ErrorKind::Unsupported);
        return Err(error.with_platform(platform.as_str()));
    }
    let has_markers = !addresses(message, &[]).is_empty();
    let rule = text::compose::MARKERS_UNSUPPORTED;
    Ok(has_markers.then(|| Problem::new("message.body", rule)))
}

/// Looks up who is mentioned, and writes the mentions into the message. A message without mentions
/// stays as it is.
///
/// # Errors
///
/// `NotFound` for an address of no user; the error of the service. Nothing was sent.
pub(crate) async fn resolve(
    client: &GraphChatClient,
    message: &mut Message,
    options: &[String],
) -> Result<()> {
    let mut found = HashMap::new();
    for address in addresses(message, options) {
        let mention = client.find_mention(&address).await.map_err(|error| {
            let text = text::compose::mention_failed(&one_line(&address), error.message());
            error.with_message(text).with_delivery(Delivery::NotSent)
        })?;
        found.insert(address, mention);
    }
    write(message, options, &found)
}

/// Writes the mentions as if every address were that of a user, for a check without any request.
///
/// # Errors
///
/// When the message has no JSON form.
pub(crate) fn pretend(message: &mut Message, options: &[String]) -> Result<()> {
    let id = Uuid::nil().to_string();
    let pretended = addresses(message, options).into_iter().map(|address| {
        let mention = Mention::user(id.as_str(), address.as_str());
        (address, mention)
    });
    let pretended = pretended.collect();
    write(message, options, &pretended)
}

fn write(
    message: &mut Message,
    options: &[String],
    found: &HashMap<String, Mention>,
) -> Result<()> {
    if found.is_empty() {
        return Ok(());
    }
    let is_html = matches!(message.body, Body::Html { .. });
    let Some(content) = content(&message.body) else {
        let rule = text::compose::MENTION_WITHOUT_TEXT;
        return Err(Error::new(ErrorKind::InvalidRequest, rule));
    };
    let mut compose = NewChatMessage::compose();
    // Those that stand in the text are not repeated before it.
    let in_text = addresses(message, &[]);
    let mut first = options.iter().filter(|it| !in_text.contains(it)).peekable();
    let has_first = first.peek().is_some();
    for (i, address) in first.enumerate() {
        if let Some(mention) = found.get(address) {
            compose = if i > 0 { compose.text(" ") } else { compose };
            compose = compose.mention(mention.clone());
        }
    }
    if has_first && !content.is_empty() {
        compose = compose.text(" ");
    }
    for piece in pieces(content) {
        compose = match piece {
            Piece::Mention(address) => match found.get(address) {
                Some(mention) => compose.mention(mention.clone()),
                None => compose.text(address),
            },
            Piece::Text(text) if is_html => compose.html(text),
            Piece::Text(text) => compose.text(text),
        };
    }
    let payload = serde_json::to_value(compose.build()).map_err(|error| {
        Error::new(ErrorKind::Other, text::outcome::MESSAGE_WITHOUT_JSON).with_source(error)
    })?;
    message.body = Body::native(Platform::MsgraphChat.as_str(), payload);
    Ok(())
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn a_marker_is_one_only_around_an_address() {
        use Piece::{Mention, Text};
        for (text, expected) in [
            ("@{a@b.c}", vec![Mention("a@b.c")]),
            (
                "x @{a@b.c}, y",
                vec![Text("x "), Mention("a@b.c"), Text(", y")],
            ),
            (
                "@{a} @{ a@b.c } ${x@{a@b.c",
                vec![Text("@{a} @{ a@b.c } ${x@{a@b.c")],
            ),
            ("@{@{a@b.c}}", vec![Text("@{"), Mention("a@b.c"), Text("}")]),
            ("", vec![]),
        ] {
            assert_eq!(pieces(text), expected, "{text}");
        }
    }

    #[test]
    fn mentions_of_options_stand_first_and_markers_where_they_are() {
        let mut message = Message::text("look, @{a@b.c} < @{d@e.f}");
        pretend(&mut message, &["g@h.i".to_owned(), "d@e.f".to_owned()]).unwrap();
        let Body::Native { payload, .. } = &message.body else {
            panic!("{message:?}");
        };
        assert_eq!(
            payload["body"]["content"],
            "<at id=\"0\">g@h.i</at> look, <at id=\"1\">a@b.c</at> &lt; <at id=\"2\">d@e.f</at>"
        );
        assert_eq!(payload["mentions"].as_array().unwrap().len(), 3);
        let mut plain = Message::text("no one");
        pretend(&mut plain, &[]).unwrap();
        assert_eq!(plain, Message::text("no one"));
    }

    #[test]
    fn a_platform_without_mentions_refuses_options_and_warns_of_markers() {
        let message = Message::text("@{a@b.c}");
        let options = ["a@b.c".to_owned()];
        let error = check(Platform::AcsChat, &message, &options).unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unsupported);
        assert!(check(Platform::AcsChat, &message, &[]).unwrap().is_some());
        assert!(
            check(Platform::AcsChat, &Message::text("x"), &[])
                .unwrap()
                .is_none()
        );
        assert!(
            check(Platform::MsgraphChat, &message, &options)
                .unwrap()
                .is_none()
        );
    }

    proptest! {
        #[test]
        fn no_piece_of_a_text_is_lost(text in "[@{}a.b \u{e9}]{0,40}") {
            let pieces = pieces(&text).into_iter();
            let whole = pieces.fold(String::new(), |whole, piece| match piece {
                Piece::Text(text) => whole + text,
                Piece::Mention(address) => format!("{whole}@{{{address}}}"),
            });
            prop_assert_eq!(whole, text);
        }
    }
}
