//! Names of emoji, and the tags of emoji in HTML.

/// The title that the service shows for an emoji: `Hundred points`; `None` for an unknown one.
pub(crate) fn title(emoji: &str) -> Option<String> {
    let name = emojis::get(emoji)?.name();
    let mut letters = name.chars();
    let first = letters.next()?.to_uppercase();
    Some(first.chain(letters).collect())
}
