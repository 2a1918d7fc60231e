//! Names of emoji, and the tags of emoji in HTML.

use crate::services::graph::messages::markup::attribute;

/// The title that the service shows for an emoji: `Hundred points`; `None` for an unknown one.
pub(crate) fn title(emoji: &str) -> Option<String> {
    let name = emojis::get(emoji)?.name();
    let mut letters = name.chars();
    let first = letters.next()?.to_uppercase();
    Some(first.chain(letters).collect())
}

/// The HTML in which each `<emoji alt="…">` without an id has its id and title.
pub(crate) fn named(html: &str) -> String {
    const OPEN: &str = "<emoji";
    let mut named = String::with_capacity(html.len());
    let mut rest = html;
    while let Some(start) = rest.find(OPEN) {
        let (before, tag) = rest.split_at(start + OPEN.len());
        named.push_str(before);
        let attributes = &tag[..tag.find('>').unwrap_or(0)];
        named.push_str(&attributes_named(attributes).unwrap_or_else(|| attributes.to_owned()));
        rest = &tag[attributes.len()..];
    }
    named + rest
}

fn attributes_named(attributes: &str) -> Option<String> {
    if !attributes.starts_with(char::is_whitespace) || attribute(attributes, "id").is_some() {
        return None;
    }
    let alt = attribute(attributes, "alt")?;
    let title = title(alt)?;
    let id: String = title.chars().filter(char::is_ascii_alphanumeric).collect();
    Some(format!(
        " id=\"{}\" alt=\"{alt}\" title=\"{title}\"",
        id.to_ascii_lowercase()
    ))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn only_known_emoji_without_an_id_are_named() {
        let clouds = "\u{1F636}\u{200D}\u{1F32B}\u{FE0F}";
        let html = format!("<p><emoji alt=\"{clouds}\"></emoji></p>");
        let expected = format!(
            "<p><emoji id=\"faceinclouds\" alt=\"{clouds}\" title=\"Face in clouds\"></emoji></p>"
        );
        assert_eq!(named(&html), expected);
        for same in [
            expected.as_str(),
            "<emoji alt=\"x\">",
            "<emojis alt=\"👀\">",
            "<emoji alt=\"👀\"",
            "<emoji>",
        ] {
            assert_eq!(named(same), same);
        }
    }

    proptest::proptest! {
        #[test]
        fn hostile_markup_does_not_panic(html in "(<emoji|[ =\"'>a👀]|alt|id){0,20}") {
            let _ = named(&html);
        }
    }
}
