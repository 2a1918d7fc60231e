//! Names of emoji, and the tags of emoji in HTML.

use std::sync::LazyLock;

use crate::services::graph::messages::markup::attribute;

/// The emoji of Unicode with their names, in the order of their bytes. A text, because the tables of
/// the crate `emojis`, which it is compared with, are five times as large in a program.
static NAMES: LazyLock<Vec<(&str, &str)>> = LazyLock::new(|| {
    let lines = include_str!("emoji.txt").lines();
    lines.filter_map(|line| line.split_once(' ')).collect()
});

/// The name of an emoji, with or without the mark that asks for a picture.
fn name(emoji: &str) -> Option<&'static str> {
    let find = |emoji: &str| {
        let place = NAMES.binary_search_by_key(&emoji, |(known, _)| known);
        place.ok().map(|place| NAMES[place].1)
    };
    find(emoji).or_else(|| find(&emoji.replace('\u{fe0f}', "")))
}

/// The title that the service shows for an emoji: `Hundred points`; `None` for an unknown one.
pub(crate) fn title(emoji: &str) -> Option<String> {
    let mut letters = name(emoji)?.chars();
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

    #[test]
    fn the_names_are_those_of_unicode() {
        let tones = |emoji: &'static emojis::Emoji| emoji.skin_tones().into_iter().flatten();
        for emoji in emojis::iter().flat_map(|it| std::iter::once(it).chain(tones(it))) {
            assert_eq!(name(emoji.as_str()), Some(emoji.name()), "{emoji}");
        }
        for (emoji, named) in NAMES.iter() {
            assert_eq!(emojis::get(emoji).unwrap().name(), *named);
        }
        assert!(NAMES.is_sorted());
        for other in ["", "x", "1", "#", "\u{fe0f}", "👍👍"] {
            assert_eq!(name(other), None, "{other}");
        }
    }

    proptest::proptest! {
        #[test]
        fn hostile_markup_does_not_panic(html in "(<emoji|[ =\"'>a👀]|alt|id){0,20}") {
            let _ = named(&html);
        }
    }
}
