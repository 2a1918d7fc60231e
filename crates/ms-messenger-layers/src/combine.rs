//! The capabilities of several messengers.

use ms_messenger_core::{Capabilities, Capability};

/// What at least one supports; the longest text.
pub(crate) fn union(all: impl Iterator<Item = Capabilities>) -> Capabilities {
    let mut all = all.peekable();
    let mut limit = all.peek().and_then(|first| first.max_text_chars);
    let mut union = Capabilities::none();
    for one in all {
        union = one.iter().fold(union, Capabilities::with);
        limit = limit.zip(one.max_text_chars).map(|(a, b)| a.max(b));
    }
    union.max_text_chars = limit;
    union
}

/// What every one supports; the shortest text.
pub(crate) fn intersection(all: impl Iterator<Item = Capabilities>) -> Capabilities {
    let everything: Capabilities = Capability::ALL.iter().copied().collect();
    let mut is_empty = true;
    let common = all.fold(everything, |common, one| {
        is_empty = false;
        let limits = [common.max_text_chars, one.max_text_chars];
        let both = common.iter().filter(|it| one.supports(*it));
        let mut both: Capabilities = both.collect();
        both.max_text_chars = limits.into_iter().flatten().min();
        both
    });
    if is_empty {
        Capabilities::none()
    } else {
        common
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const TEXT: Capabilities = Capabilities::new(&[Capability::Text, Capability::ToPhone]);
    const HTML: Capabilities = Capabilities::new(&[Capability::Html, Capability::ToPhone]);

    #[test]
    fn a_union_has_the_longest_text_and_an_intersection_the_shortest() {
        let (short, long) = (TEXT.with_max_text_chars(10), HTML.with_max_text_chars(20));
        let all = union([short, long].into_iter());
        assert_eq!(all, TEXT.with(Capability::Html).with_max_text_chars(20));
        let both = intersection([short, long].into_iter());
        let phone = Capabilities::new(&[Capability::ToPhone]);
        assert_eq!(both, phone.with_max_text_chars(10));
        assert_eq!(union([short, HTML].into_iter()).max_text_chars, None);
        assert_eq!(union([HTML, short].into_iter()).max_text_chars, None);
        let both = intersection([HTML, short].into_iter());
        assert_eq!(both.max_text_chars, Some(10));
    }

    #[test]
    fn nothing_supports_nothing() {
        assert_eq!(intersection([].into_iter()), Capabilities::none());
        assert_eq!(union([].into_iter()), Capabilities::none());
    }
}
