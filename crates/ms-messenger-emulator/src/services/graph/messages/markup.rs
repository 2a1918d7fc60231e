//! The markers of attachments, mentions and hosted contents in a message's HTML.

const AT_END: &str = "</at>";

/// A marker: `<attachment id="…">` or `<at id="…">`, with the text after the tag.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Marker<'a> {
    pub(crate) id: &'a str,
    after: &'a str,
}

impl<'a> Marker<'a> {
    /// The text between `<at …>` and `</at>` as it is shown: without tags, entities resolved.
    pub(crate) fn mention_text(&self) -> String {
        let end = self.after.find(AT_END).unwrap_or(self.after.len());
        shown(&self.after[..end])
    }
}

/// All markers with the tag `name`, in order.
pub(crate) fn markers<'a>(html: &'a str, name: &str) -> Vec<Marker<'a>> {
    let open = format!("<{name}");
    let mut found = Vec::new();
    let mut rest = html;
    while let Some(start) = rest.find(&open) {
        rest = &rest[start + open.len()..];
        if !rest.starts_with(|c: char| c.is_ascii_whitespace()) {
            continue;
        }
        let Some(end) = rest.find('>') else {
            break;
        };
        let (attributes, after) = (&rest[..end], &rest[end + 1..]);
        if let Some(id) = attribute(attributes, "id") {
            found.push(Marker { id, after });
        }
        rest = after;
    }
    found
}

/// The text that HTML shows: tags left out, entities resolved.
fn shown(html: &str) -> String {
    let mut text = String::new();
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        let (before, tag) = rest.split_at(start);
        text.push_str(before);
        let is_tag =
            tag[1..].starts_with(|c: char| c.is_ascii_alphabetic() || matches!(c, '/' | '!'));
        match tag.find('>').filter(|_| is_tag) {
            Some(end) => rest = &tag[end + 1..],
            None => {
                text.push('<');
                rest = &tag[1..];
            }
        }
    }
    text.push_str(rest);
    unescape(&text)
}

/// The same HTML without the tags of mentions other than those of the ids `known`; what they enclose
/// stays.
pub(crate) fn without_other_mentions(html: &str, known: &[String]) -> String {
    let mut kept = String::new();
    let mut rest = html;
    while let Some(start) = rest.find("<at") {
        let (before, tag) = rest.split_at(start);
        kept.push_str(before);
        let is_mention = tag[3..].starts_with(|c: char| c.is_ascii_whitespace() || c == '>');
        let Some(end) = tag.find('>').filter(|_| is_mention) else {
            kept.push_str(&tag[..3]);
            rest = &tag[3..];
            continue;
        };
        let close = tag[end..].find(AT_END).map(|close| end + close);
        let id = attribute(&tag[3..end], "id");
        let after = close.map_or(tag.len(), |close| close + AT_END.len());
        if id.is_some_and(|id| known.iter().any(|known| known == id)) {
            kept.push_str(&tag[..after]);
        } else {
            kept.push_str(&tag[end + 1..close.unwrap_or(tag.len())]);
        }
        rest = &tag[after..];
    }
    kept.push_str(rest);
    kept
}

/// The value of an attribute, as written between its quotation marks.
pub(crate) fn attribute<'a>(attributes: &'a str, name: &str) -> Option<&'a str> {
    let mut rest = attributes;
    while let Some((key, tail)) = rest.split_once('=') {
        let tail = tail.trim_start();
        let quote = tail.chars().next().filter(|c| matches!(c, '"' | '\''))?;
        let (value, next) = tail[1..].split_once(quote)?;
        if key.trim().eq_ignore_ascii_case(name) {
            return Some(value);
        }
        rest = next;
    }
    None
}

/// The temporary ids of the hosted contents that `text` refers to, in order, each once.
pub(crate) fn hosted_references(text: &str) -> Vec<&str> {
    let mut found = Vec::new();
    let mut rest = text;
    while let Some((_, tail)) = rest.split_once("../hostedContents/") {
        rest = tail;
        let id = tail.split_once("/$value").map(|(id, _)| id);
        let is_id = |id: &&str| !id.is_empty() && !id.contains(['/', '"', '\'', '<', '>', '\\']);
        match id.filter(is_id) {
            Some(id) if !found.contains(&id) => found.push(id),
            _ => {}
        }
    }
    found
}

/// Resolves the entities that HTML text must escape, and numeric ones.
pub(crate) fn unescape(text: &str) -> String {
    let mut resolved = String::with_capacity(text.len());
    let mut rest = text;
    while let Some((before, entity)) = rest.split_once('&') {
        resolved.push_str(before);
        let named = entity.split_once(';');
        match named.and_then(|(name, after)| Some((entity_of(name)?, after))) {
            Some((character, after)) => {
                resolved.push(character);
                rest = after;
            }
            None => {
                resolved.push('&');
                rest = entity;
            }
        }
    }
    resolved.push_str(rest);
    resolved
}

fn entity_of(name: &str) -> Option<char> {
    match name {
        "lt" => Some('<'),
        "gt" => Some('>'),
        "amp" => Some('&'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        "nbsp" => Some('\u{a0}'),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = match number.strip_prefix(['x', 'X']) {
                Some(hex) => u32::from_str_radix(hex, 16).ok()?,
                None => number.parse().ok()?,
            };
            char::from_u32(code)
        }
    }
}

/// Writes plain text as HTML.
pub(crate) fn escape(text: &str) -> String {
    text.replace('&', "&amp;")
        .replace('<', "&lt;")
        .replace('>', "&gt;")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_are_distinguished_and_read_in_order() {
        let html =
            "<attachment id=\"a\"></attachment><at class='x' id='0'>Jo &amp; Co</at> <at id=1>";
        let attachments = markers(html, "attachment");
        assert_eq!(attachments.iter().map(|m| m.id).collect::<Vec<_>>(), ["a"]);
        let mentions = markers(html, "at");
        assert_eq!(mentions.len(), 1);
        assert_eq!(
            (mentions[0].id, mentions[0].mention_text().as_str()),
            ("0", "Jo & Co")
        );
    }

    #[test]
    fn hosted_references_are_found_once_each() {
        let html = "<img src=\"../hostedContents/1/$value\"><img src=\"../hostedContents/b/$value\">\
                    <img src=\"../hostedContents/1/$value\"><p>../hostedContents/";
        assert_eq!(hosted_references(html), ["1", "b"]);
    }

    #[test]
    fn a_mention_is_read_as_displayed() {
        for (html, text) in [
            ("<at id=\"0\"><b>Jo</b> Co</at>", "Jo Co"),
            ("<at id=\"0\">&lt;Alex&gt;</at>", "<Alex>"),
            ("<at id=\"0\"><Alex></at>", ""),
            ("<at id=\"0\">1 < 2 &amp; 3</at>", "1 < 2 & 3"),
            (
                "<at id=\"0\">J&#246;rg&#x21; &amp;lt; &nope;</at>",
                "Jörg! &lt; &nope;",
            ),
        ] {
            assert_eq!(markers(html, "at")[0].mention_text(), text, "{html}");
        }
    }

    #[test]
    fn tags_of_other_mentions_are_left_out() {
        let known = ["1".to_owned()];
        for (html, kept) in [
            ("a <at id=\"7\">b</at> c", "a b c"),
            ("<at>b</at><at id='1'>c</at>", "b<at id='1'>c</at>"),
            (
                "<attachment id=\"7\"></attachment><at id=\"7\">b",
                "<attachment id=\"7\"></attachment>b",
            ),
            ("<at id=\"7\"", "<at id=\"7\""),
        ] {
            assert_eq!(without_other_mentions(html, &known), kept);
        }
    }

    proptest::proptest! {
        #[test]
        fn hostile_markup_does_not_panic(html in "[<>/a-z\"'= &;é]{0,80}|.{0,60}") {
            for marker in markers(&html, "at") {
                let _ = marker.mention_text();
            }
            let _ = markers(&html, "attachment");
            let _ = without_other_mentions(&html, &[]);
            let _ = hosted_references(&html);
        }
    }
}
