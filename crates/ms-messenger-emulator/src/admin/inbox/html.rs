//! HTML of messages, made harmless.

use std::{borrow::Cow, collections::HashSet, sync::LazyLock};

use ammonia::{Builder, UrlRelative};
use serde_json::Value;

use crate::{admin::inbox::media, engine::inspect::Part};

/// Longer HTML is shown as its source.
const LONGEST: usize = 256 * 1024;

/// What messages may be made of. `at` is a mention, `emoji` a picture in letters.
const TAGS: [&str; 44] = [
    "a",
    "at",
    "b",
    "blockquote",
    "br",
    "caption",
    "code",
    "codeblock",
    "dd",
    "del",
    "div",
    "dl",
    "dt",
    "em",
    "emoji",
    "h1",
    "h2",
    "h3",
    "h4",
    "h5",
    "h6",
    "hr",
    "i",
    "img",
    "ins",
    "li",
    "ol",
    "p",
    "pre",
    "q",
    "s",
    "small",
    "span",
    "strike",
    "strong",
    "sub",
    "sup",
    "table",
    "tbody",
    "td",
    "th",
    "thead",
    "tr",
    "u",
];

static CLEANER: LazyLock<Builder<'static>> = LazyLock::new(|| {
    let mut cleaner = Builder::empty();
    cleaner
        .tags(TAGS.into_iter().chain(["ul"]).collect())
        .clean_content_tags(["script", "style", "title", "noscript", "template"].into())
        .generic_attributes(HashSet::new())
        .tag_attributes(
            [
                ("a", ["href"].into()),
                ("at", ["id"].into()),
                ("emoji", ["alt"].into()),
                ("img", ["src", "alt"].into()),
                ("ol", ["start"].into()),
                ("td", ["colspan", "rowspan"].into()),
                ("th", ["colspan", "rowspan"].into()),
            ]
            .into(),
        )
        .url_schemes(["http", "https", "mailto", "cid"].into())
        // They would lead to the emulator itself.
        .url_relative(UrlRelative::Deny)
        .link_rel(Some("noopener noreferrer nofollow"))
        .set_tag_attribute_value("a", "target", "_blank")
        .attribute_filter(attribute);
    cleaner
});

/// Links lead outside, pictures come from the emulator.
fn attribute<'u>(tag: &str, name: &str, value: &'u str) -> Option<Cow<'u, str>> {
    let is_media = value
        .get(..4)
        .is_some_and(|scheme| scheme.eq_ignore_ascii_case("cid:"));
    match (tag, name) {
        ("img", "src") => is_media.then_some(value.into()),
        ("a", "href") => (!is_media).then_some(value.into()),
        _ => Some(value.into()),
    }
}

/// The HTML without anything that could run, load or hide; pictures have the addresses of the
/// message's media.
pub(super) fn sanitised(html: &str, media: &media::Place<'_>) -> String {
    let clean = CLEANER.clean(html).to_string();
    media.with_addresses(&clean)
}

/// Longer text is cut where many messages are listed, in characters.
const LONGEST_IN_LIST: usize = 10_000;

/// How much of a text is shown.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Extent {
    Whole,
    /// The beginning; the part then has the length of the whole as `cut`.
    Beginning,
}

/// The part as it leaves the emulator.
pub(super) fn harmless(part: Part, media: &media::Place<'_>, extent: Extent) -> Value {
    let part = match part {
        Part::Html { html } if html.len() > LONGEST => Part::Text { text: html },
        Part::Html { html } => Part::Html {
            html: sanitised(&html, media),
        },
        other => other,
    };
    let mut cut = None;
    let part = match part {
        Part::Text { text } if extent == Extent::Beginning => {
            let end = text.char_indices().nth(LONGEST_IN_LIST);
            cut = end.map(|_| text.chars().count());
            let end = end.map_or(text.len(), |(end, _)| end);
            let text = text[..end].to_owned();
            Part::Text { text }
        }
        other => other,
    };
    let mut value = serde_json::to_value(part).unwrap_or_default();
    if let Some(cut) = cut {
        value["cut"] = cut.into();
    }
    for member in ["media", "card"] {
        if !value[member].is_null() {
            media.point(&mut value[member], member == "media");
        }
    }
    value
}

#[cfg(test)]
mod tests {
    use super::*;

    const PLACE: media::Place<'_> = media::Place {
        platform: "p",
        conversation: "c&\"",
        message: "1",
    };

    fn clean(html: &str) -> String {
        sanitised(html, &PLACE)
    }

    #[test]
    fn the_marks_of_messages_stay() {
        let html = "<p>Hi <at id=\"0\">Bob</at> <emoji alt=\"x\"></emoji><b>b</b></p>";
        assert_eq!(clean(html), html);
        let link = clean("<a href=\"https://a.test/?x=1\" onclick=\"x()\">a</a>");
        assert!(link.contains("href=\"https://a.test/?x=1\""), "{link}");
        assert!(link.contains("noopener") && !link.contains("onclick"));
        let picture = clean("<img src=\"cid:a+b=\" alt=\"x\">");
        let address = "/_emulator/inbox/media?platform=p&amp;conversation=c%26%22&amp;message=1&amp;id=a%2Bb%3D";
        assert!(picture.contains(address), "{picture}");
    }

    #[test]
    fn nothing_that_runs_or_loads_is_left() {
        for html in [
            "<script>window.pwned=1</script>",
            "<img src=x onerror=pwned()>",
            "<img src=\"https://evil.test/p.png\">",
            "<svg><script>pwned()</script></svg>",
            "<svg onload=pwned()>",
            "<a href=\"javascript:pwned()\">x</a>",
            "<a href=\" jav&#x09;ascript:pwned()\">x</a>",
            "<a href=\"data:text/html,<script>pwned()</script>\">x</a>",
            "<a href=\"/_emulator/reset\">x</a>",
            "<iframe src=\"javascript:pwned()\"></iframe>",
            "<form action=\"/_emulator/reset\"><button>x</button></form>",
            "<style>*{background:url(https://evil.test)}</style>",
            "<p style=\"position:fixed\" class=\"bubble\" id=\"app\">x</p>",
            "<math><mtext><table><mglyph><style><!--</style><img title=\"--&gt;&lt;img src=1 onerror=pwned()&gt;\">",
            "<noscript><p title=\"</noscript><img src=x onerror=pwned()>\">",
            "<base href=\"https://evil.test\"><meta http-equiv=refresh content=0>",
            "<template><img src=x onerror=pwned()></template>",
            "<at id=\"0\" onmouseover=\"pwned()\">x</at>",
            "<img src=\"cid:x\" onload=pwned() srcset=\"https://evil.test\">",
        ] {
            let clean = clean(html);
            for bad in [
                "pwned",
                "evil.test",
                "style",
                "class=",
                "<form",
                "javascript",
                "reset\"",
            ] {
                assert!(!clean.contains(bad), "{html} -> {clean}");
            }
        }
    }

    #[test]
    fn deep_and_long_html_is_bounded() {
        let deep = "<div>".repeat(20_000);
        assert!(clean(&deep).len() < 1_000_000);
        let long = "x".repeat(LONGEST + 1);
        let part = harmless(Part::Html { html: long }, &PLACE, Extent::Whole);
        assert_eq!(part["type"], "text");
    }

    #[test]
    fn a_long_text_is_cut_in_lists_between_characters() {
        let text = |length: usize| Part::Text {
            text: "é".repeat(length),
        };
        let long = harmless(text(LONGEST_IN_LIST + 1), &PLACE, Extent::Beginning);
        assert_eq!(long["cut"], LONGEST_IN_LIST + 1);
        assert_eq!(long["text"].as_str().unwrap().len(), 2 * LONGEST_IN_LIST);
        for part in [
            harmless(text(LONGEST_IN_LIST), &PLACE, Extent::Beginning),
            harmless(text(LONGEST_IN_LIST + 1), &PLACE, Extent::Whole),
        ] {
            assert!(part["cut"].is_null());
            assert!(part["text"].as_str().unwrap().len() >= 2 * LONGEST_IN_LIST);
        }
    }
}
