//! Finding the markers in a body: `<at>`, `<attachment>`, and references to hosted contents.

use std::borrow::Cow;

/// One marker that stands for something beside the body.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum Marker<'a> {
    /// `<at id="N">TEXT</at>`; the text without markup, unescaped.
    At { id: Cow<'a, str>, text: String },
    /// `<attachment id="ID">`.
    Attachment { id: Cow<'a, str> },
    /// `<img>`, `<emoji>` and the like, which need HTML.
    Markup,
}

/// The longest tag that is looked for: what goes on for longer is none.
const LONGEST_TAG: usize = 4096;

/// Every marker of `html`, in order. Whatever is no well-formed tag is no marker, and comments
/// hold none. Takes time in proportion to the text, whatever it holds.
pub(super) fn find(html: &str) -> Vec<Marker<'_>> {
    let closings = closings_of_at(html);
    let mut markers = Vec::new();
    let mut from = 0;
    while let Some(start) = html[from..].find('<') {
        from += start + 1;
        let rest = &html[from..];
        if rest.starts_with("!--") {
            from += rest.find("-->").unwrap_or(rest.len());
            continue;
        }
        let Some(tag) = Tag::read(rest) else { continue };
        from += tag.length;
        match tag.name.to_ascii_lowercase().as_str() {
            "at" => {
                let next = closings.partition_point(|at| *at < from);
                let end = closings.get(next).copied().unwrap_or(from);
                let id = tag.attribute("id").unwrap_or_default();
                let text = plain(&html[from..end]);
                from = end;
                markers.push(Marker::At { id, text });
            }
            "attachment" => {
                let id = tag.attribute("id").unwrap_or_default();
                markers.push(Marker::Attachment { id });
            }
            "img" | "emoji" | "customemoji" => markers.push(Marker::Markup),
            _ => {}
        }
    }
    markers
}

/// Where each `</at` begins.
fn closings_of_at(html: &str) -> Vec<usize> {
    let found = html.match_indices("</");
    found
        .map(|(at, _)| at)
        .filter(|at| {
            let name = html.as_bytes().get(at + 2..at + 4);
            name.is_some_and(|name| name.eq_ignore_ascii_case(b"at"))
        })
        .collect()
}

/// The temporary ids that `text` refers to as `../hostedContents/ID/$value`.
pub(super) fn hosted_references(text: &str) -> Vec<&str> {
    const BEFORE: &str = "../hostedContents/";
    let mut found = Vec::new();
    let mut rest = text;
    while let Some(at) = rest.find(BEFORE) {
        rest = &rest[at + BEFORE.len()..];
        if let Some(end) = rest.find("/$value") {
            let id = &rest[..end];
            // An id holds none of these: whatever does is another thing.
            if !id.contains(['/', '"', '\'', '<', '>', ' ']) {
                found.push(id);
            }
        }
    }
    found
}

/// An opening tag.
struct Tag<'a> {
    name: &'a str,
    attributes: &'a str,
    /// What it takes up, from its name to its `>`.
    length: usize,
}

impl<'a> Tag<'a> {
    /// Reads what follows a `<`; `None` when that opens no tag.
    fn read(text: &'a str) -> Option<Self> {
        let end = text
            .char_indices()
            .take(LONGEST_TAG)
            .find(|(_, c)| !c.is_ascii_alphanumeric())?
            .0;
        let (name, after) = text.split_at(end);
        if name.is_empty() {
            return None;
        }
        let mut quote = None;
        for (i, c) in after.char_indices().take(LONGEST_TAG) {
            match (quote, c) {
                (None, '"' | '\'') => quote = Some(c),
                (Some(open), c) if c == open => quote = None,
                (None, '>') => {
                    return Some(Self {
                        name,
                        attributes: &after[..i],
                        length: end + i + 1,
                    });
                }
                _ => {}
            }
        }
        None
    }

    fn attribute(&self, name: &str) -> Option<Cow<'a, str>> {
        let mut rest = self.attributes;
        loop {
            rest = rest.trim_start_matches(|c: char| c.is_whitespace() || c == '/');
            let end = rest.find(|c: char| c == '=' || c.is_whitespace())?;
            let (key, after) = rest.split_at(end);
            let value = after.trim_start().strip_prefix('=').map(str::trim_start);
            let Some(value) = value else {
                rest = after;
                continue;
            };
            let (value, after) = match value.chars().next()? {
                quote @ ('"' | '\'') => value[1..].split_once(quote)?,
                _ => value.split_at(value.find(char::is_whitespace).unwrap_or(value.len())),
            };
            if key.eq_ignore_ascii_case(name) {
                return Some(unescape(value));
            }
            rest = after;
        }
    }
}

/// The text of a piece of markup.
fn plain(html: &str) -> String {
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(start) = rest.find('<') {
        text.push_str(&rest[..start]);
        rest = rest[start..]
            .find('>')
            .map_or("", |end| &rest[start + end + 1..]);
    }
    text.push_str(rest);
    unescape(&text).into_owned()
}

/// Escapes a text so that it can stand in HTML, in content or attribute.
pub(super) fn escape(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        match c {
            '&' => html.push_str("&amp;"),
            '<' => html.push_str("&lt;"),
            '>' => html.push_str("&gt;"),
            '"' => html.push_str("&quot;"),
            c => html.push(c),
        }
    }
    html
}

/// Undoes the character references that stand in names: numbers and the common words. What is
/// no reference stays as it is.
pub(super) fn unescape(html: &str) -> Cow<'_, str> {
    if !html.contains('&') {
        return Cow::Borrowed(html);
    }
    let mut text = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(start) = rest.find('&') {
        text.push_str(&rest[..start]);
        rest = &rest[start..];
        // The longest reference that is known has ten characters.
        let end = rest.bytes().take(12).position(|b| b == b';');
        match end.and_then(|end| Some((reference(&rest[1..end])?, end))) {
            Some((c, end)) => {
                text.push(c);
                rest = &rest[end + 1..];
            }
            None => {
                text.push('&');
                rest = &rest[1..];
            }
        }
    }
    text.push_str(rest);
    Cow::Owned(text)
}

fn reference(name: &str) -> Option<char> {
    if let Some(number) = name.strip_prefix('#') {
        let code = match number.strip_prefix(['x', 'X']) {
            Some(hex) => u32::from_str_radix(hex, 16).ok()?,
            None => number.parse().ok()?,
        };
        return char::from_u32(code);
    }
    Some(match name {
        "lt" => '<',
        "gt" => '>',
        "quot" => '"',
        "apos" => '\'',
        "nbsp" => '\u{a0}',
        "amp" => '&',
        _ => return None,
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn at(id: &str, text: &str) -> Marker<'static> {
        Marker::At {
            id: Cow::Owned(id.to_owned()),
            text: text.to_owned(),
        }
    }

    #[test]
    fn markers_are_found_in_every_spelling() {
        let html = r#"a <at id="0">Ada &amp; <b>Bo</b></at> <AT class='x' ID='1'>C</AT><attachment id="x-1"></attachment><img src="a>b"><p>"#;
        assert_eq!(
            find(html),
            [
                at("0", "Ada & Bo"),
                at("1", "C"),
                Marker::Attachment { id: "x-1".into() },
                Marker::Markup
            ]
        );
    }

    #[test]
    fn what_only_looks_like_a_marker_is_none() {
        assert_eq!(
            find("1 < 2, <attribute id=\"1\">, &lt;at id=\"0\"&gt;, <at id=\"0\""),
            []
        );
    }

    #[test]
    fn numbers_of_characters_are_read_and_comments_hold_no_markers() {
        let html = "<!-- <at id=\"9\">x</at> --><at id=\"0\">Ren&#233; &#x26; Zo&euml;</at>";
        assert_eq!(find(html), [at("0", "Ren\u{e9} & Zo&euml;")]);
    }

    #[test]
    fn hostile_repetition_takes_no_more_than_its_length() {
        for piece in ["<at id=0>", "<a ", "<a \"", "&#", "</at>", "<!--"] {
            let _ = find(&piece.repeat(200_000));
        }
    }

    #[test]
    fn references_to_hosted_contents_are_found() {
        let text = r#"<img src="../hostedContents/1/$value"> {\"url\":\"../hostedContents/2/$value\"} ../hostedContents/x"#;
        assert_eq!(hosted_references(text), ["1", "2"]);
    }

    proptest! {
        #[test]
        fn an_escaped_text_is_no_marker_and_comes_back(text in ".*") {
            let html = escape(&text);
            prop_assert_eq!(find(&html), []);
            let marked = format!("<at id=\"7\">{html}</at>");
            prop_assert_eq!(find(&marked), [at("7", &text)]);
        }

        #[test]
        fn hostile_markup_does_no_harm(html in "[<>/=\"' a-z&;.$0-9é]*") {
            let _ = find(&html);
            let _ = hosted_references(&html);
        }
    }
}
