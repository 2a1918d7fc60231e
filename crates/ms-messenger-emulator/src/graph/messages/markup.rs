//! The markers of attachments, mentions and hosted contents in a message's HTML.

/// A marker: `<attachment id="…">` or `<at id="…">`, with the text after the tag.
#[derive(Debug, PartialEq, Eq)]
pub(crate) struct Marker<'a> {
    pub(crate) id: &'a str,
    after: &'a str,
}

impl<'a> Marker<'a> {
    /// The text between `<at …>` and `</at>`, entities resolved.
    pub(crate) fn mention_text(&self) -> String {
        let end = self.after.find("</at>").unwrap_or(self.after.len());
        unescape(&self.after[..end])
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

/// Resolves the entities that HTML text must escape.
pub(crate) fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&apos;", "'")
        .replace("&nbsp;", "\u{a0}")
        .replace("&amp;", "&")
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
    fn markers_are_told_apart_and_read_in_order() {
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

    proptest::proptest! {
        #[test]
        fn hostile_markup_does_not_panic(html in "[<>/a-z\"'= &;é]{0,80}|.{0,60}") {
            for marker in markers(&html, "at") {
                let _ = marker.mention_text();
            }
            let _ = markers(&html, "attachment");
            let _ = hosted_references(&html);
        }
    }
}
