//! The headers `Content-Range` and `Range`.

/// The bytes `first` to `last` of `total`.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) struct ContentRange {
    pub(crate) first: u64,
    pub(crate) last: u64,
    pub(crate) total: u64,
}

impl ContentRange {
    /// Reads `bytes 0-25/128`; `None` unless the range is one of the whole.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (unit, rest) = text.trim().split_once(' ')?;
        let (range, total) = rest.trim().split_once('/')?;
        let (first, last) = range.split_once('-')?;
        let range = Self {
            first: number(first)?,
            last: number(last)?,
            total: number(total)?,
        };
        let is_sound = range.first <= range.last && range.last < range.total;
        (unit.eq_ignore_ascii_case("bytes") && is_sound).then_some(range)
    }

    /// How many bytes it has.
    pub(crate) const fn len(&self) -> u64 {
        self.last - self.first + 1
    }

    /// Whether it is the end of the whole.
    pub(crate) const fn is_last(&self) -> bool {
        self.last + 1 == self.total
    }
}

/// What a `Range` header asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Wanted {
    /// Everything: no range, or one that is not understood.
    All,
    /// From the first to the last of these bytes.
    Part(usize, usize),
    /// A range outside the content.
    Outside,
}

/// Reads `bytes=a-b`, `bytes=a-` or `bytes=-n` for a content of that size.
pub(crate) fn wanted(header: Option<&str>, size: usize) -> Wanted {
    let range = header.and_then(|header| header.trim().strip_prefix("bytes="));
    let Some((first, last)) = range.and_then(|range| range.split_once('-')) else {
        return Wanted::All;
    };
    let at = |text: &str| number(text).map(|n| usize::try_from(n).unwrap_or(usize::MAX));
    match (at(first), at(last)) {
        (Some(first), _) if first >= size => Wanted::Outside,
        (Some(first), Some(last)) if first <= last => Wanted::Part(first, last.min(size - 1)),
        (Some(first), None) if last.is_empty() => Wanted::Part(first, size - 1),
        (None, Some(0)) if first.is_empty() => Wanted::Outside,
        (None, Some(_)) if first.is_empty() && size == 0 => Wanted::Outside,
        (None, Some(n)) if first.is_empty() => Wanted::Part(size.saturating_sub(n), size - 1),
        _ => Wanted::All,
    }
}

/// Digits and nothing else, no sign.
fn number(text: &str) -> Option<u64> {
    let is_number = text.bytes().all(|byte| byte.is_ascii_digit());
    text.parse().ok().filter(|_| is_number)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_content_range_is_read_whole_or_not_at_all() {
        let range = ContentRange::parse("bytes 101-127/128").unwrap();
        assert_eq!((range.len(), range.is_last()), (27, true));
        for text in [
            "",
            "bytes",
            "bytes 0-1",
            "bytes 0-1/*",
            "bytes */2",
            "bytes 1-0/2",
            "bytes 0-2/2",
            "bytes +0-1/2",
            "bytes -1-1/2",
            "bytes 0-1/99999999999999999999",
            "bytes 18446744073709551615-18446744073709551615/18446744073709551615",
            "octets 0-1/2",
            "bytes 0-1/2, bytes 2-3/4",
        ] {
            assert_eq!(ContentRange::parse(text), None, "{text}");
        }
    }

    #[test]
    fn a_range_of_a_download_stays_within_the_content() {
        for (header, expected) in [
            (None, Wanted::All),
            (Some("bytes=0-0"), Wanted::Part(0, 0)),
            (Some("bytes=3-"), Wanted::Part(3, 9)),
            (Some("bytes=3-99"), Wanted::Part(3, 9)),
            (Some("bytes=-4"), Wanted::Part(6, 9)),
            (Some("bytes=-40"), Wanted::Part(0, 9)),
            (Some("bytes=10-"), Wanted::Outside),
            (Some("bytes=-0"), Wanted::Outside),
            (Some("bytes=5-3"), Wanted::All),
            (Some("bytes=0-1,3-4"), Wanted::All),
            (Some("lines=1-2"), Wanted::All),
        ] {
            assert_eq!(wanted(header, 10), expected, "{header:?}");
        }
        assert_eq!(wanted(Some("bytes=0-"), 0), Wanted::Outside);
        assert_eq!(wanted(Some("bytes=-1"), 0), Wanted::Outside);
    }

    proptest::proptest! {
        #[test]
        fn hostile_ranges_do_not_panic(text in ".{0,60}", size in 0_usize..5) {
            let _ = ContentRange::parse(&text);
            let _ = wanted(Some(&text), size);
        }
    }
}
