//! Markdown as HTML, and as the text for platforms without HTML.

use ms_messenger::Problem;
use pulldown_cmark::{
    CodeBlockKind, CowStr, Event, HeadingLevel, Options, Parser, Tag, TagEnd, html,
};

use crate::text;

/// A text in Markdown, in the forms that platforms take.
#[derive(Debug)]
pub(super) struct Rendered {
    pub(super) html: String,
    /// The same without HTML.
    pub(super) text: String,
    /// What a reader does not see as it was meant.
    pub(super) warnings: Vec<Problem>,
}

/// Renders CommonMark with tables, strikethrough and task lists.
pub(super) fn render(markdown: &str) -> Rendered {
    let options =
        Options::ENABLE_TABLES | Options::ENABLE_STRIKETHROUGH | Options::ENABLE_TASKLISTS;
    let mut lost = Lost::default();
    let events: Vec<Event<'_>> = Parser::new_ext(markdown, options)
        .map(|event| lost.replace(event))
        .collect();
    let text = plain(&events);
    let mut out = String::with_capacity(markdown.len() * 3 / 2);
    html::push_html(&mut out, events.into_iter());
    Rendered {
        html: out.trim_end().to_owned(),
        text,
        warnings: lost.warnings(),
    }
}

/// What no platform shows.
#[derive(Debug, Default)]
struct Lost {
    has_html: bool,
    has_image: bool,
    has_low_heading: bool,
}

impl Lost {
    /// Replaces what would not be shown by what is.
    fn replace<'a>(&mut self, event: Event<'a>) -> Event<'a> {
        match event {
            // A log that holds `<` is no HTML; whoever means HTML has --html.
            Event::Html(html) | Event::InlineHtml(html) => {
                self.has_html = true;
                Event::Text(html)
            }
            Event::Start(Tag::HtmlBlock) => Event::Start(Tag::Paragraph),
            Event::End(TagEnd::HtmlBlock) => Event::End(TagEnd::Paragraph),
            // A form element is removed from a message.
            Event::TaskListMarker(is_done) => {
                let mark = if is_done { "☑ " } else { "☐ " };
                Event::Text(CowStr::Borrowed(mark))
            }
            Event::Start(Tag::Image { .. }) => {
                self.has_image = true;
                event
            }
            Event::Start(Tag::Heading { level, .. }) => {
                self.has_low_heading |= level > HeadingLevel::H3;
                event
            }
            other => other,
        }
    }

    fn warnings(&self) -> Vec<Problem> {
        let rules = [
            (self.has_html, text::compose::MARKDOWN_HTML),
            (self.has_image, text::compose::MARKDOWN_PICTURES),
            (self.has_low_heading, text::compose::MARKDOWN_LOW_HEADINGS),
        ];
        let found = rules.into_iter().filter(|(is_there, _)| *is_there);
        found
            .map(|(_, rule)| Problem::new("markdown", rule))
            .collect()
    }
}

/// Writes the text without HTML: a line for each block, lists with their marks, links with their
/// addresses.
fn plain(events: &[Event<'_>]) -> String {
    let mut plain = Plain::default();
    events.iter().for_each(|event| plain.add(event));
    plain.out.trim_end().to_owned()
}

#[derive(Debug, Default)]
struct Plain {
    out: String,
    /// The next number of each open list, `None` for one without numbers.
    lists: Vec<Option<u64>>,
    /// The addresses of the open links.
    links: Vec<String>,
}

impl Plain {
    fn add(&mut self, event: &Event<'_>) {
        match event {
            Event::Text(text) | Event::Code(text) => self.out.push_str(text),
            Event::SoftBreak | Event::HardBreak => self.out.push('\n'),
            Event::Rule => self.block("---"),
            Event::Start(tag) => self.start(tag),
            Event::End(end) => self.end(*end),
            _ => {}
        }
    }

    fn start(&mut self, tag: &Tag<'_>) {
        match tag {
            Tag::List(first) => {
                self.lists.push(*first);
                self.line();
            }
            Tag::Item => self.item(),
            Tag::Link { dest_url, .. } | Tag::Image { dest_url, .. } => {
                self.links.push(dest_url.to_string());
            }
            Tag::CodeBlock(CodeBlockKind::Fenced(_) | CodeBlockKind::Indented) => self.line(),
            _ => {}
        }
    }

    fn end(&mut self, end: TagEnd) {
        match end {
            TagEnd::Paragraph | TagEnd::Heading(_) | TagEnd::CodeBlock if self.lists.is_empty() => {
                self.line();
                self.out.push('\n');
            }
            TagEnd::Paragraph | TagEnd::Item | TagEnd::TableRow | TagEnd::TableHead => self.line(),
            TagEnd::TableCell => self.out.push('\t'),
            TagEnd::Table => self.out.push('\n'),
            TagEnd::List(_) => {
                self.lists.pop();
                if self.lists.is_empty() {
                    self.out.push('\n');
                }
            }
            TagEnd::Link | TagEnd::Image => self.link(),
            _ => {}
        }
    }

    fn item(&mut self) {
        self.line();
        let depth = self.lists.len().saturating_sub(1);
        self.out.push_str(&"  ".repeat(depth));
        match self.lists.last_mut() {
            Some(Some(number)) => {
                self.out.push_str(&format!("{number}. "));
                *number += 1;
            }
            _ => self.out.push_str("- "),
        }
    }

    /// Adds the address, unless it is what is shown.
    fn link(&mut self) {
        let Some(address) = self.links.pop() else {
            return;
        };
        if !self.out.ends_with(&address) {
            self.out.push_str(&format!(" ({address})"));
        }
    }

    fn block(&mut self, text: &str) {
        self.line();
        self.out.push_str(text);
        self.out.push_str("\n\n");
    }

    /// Begins a new line, unless one has begun.
    fn line(&mut self) {
        let trimmed = self.out.trim_end_matches('\t').len();
        self.out.truncate(trimmed);
        if !self.out.is_empty() && !self.out.ends_with('\n') {
            self.out.push('\n');
        }
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn blocks_become_html_and_lines() {
        let markdown = "# Build\n\nThe **build** is [red](https://a.test/1):\n\n1. one\n2. two\n   - x\n\n```\nlet a < b;\n```\n";
        let rendered = render(markdown);
        assert_eq!(
            rendered.html,
            "<h1>Build</h1>\n<p>The <strong>build</strong> is <a href=\"https://a.test/1\">red</a>:</p>\n\
             <ol>\n<li>one</li>\n<li>two\n<ul>\n<li>x</li>\n</ul>\n</li>\n</ol>\n\
             <pre><code>let a &lt; b;\n</code></pre>"
        );
        assert_eq!(
            rendered.text,
            "Build\n\nThe build is red (https://a.test/1):\n\n1. one\n2. two\n  - x\n\nlet a < b;"
        );
        assert!(rendered.warnings.is_empty());
    }

    #[test]
    fn what_is_not_shown_is_said_and_html_is_text() {
        let rendered = render(
            "<script>x</script>\n\na <b>c</b>\n\n#### low\n\n- [x] done\n\n![p](https://a/b.png)",
        );
        assert!(!rendered.html.contains("<script"), "{}", rendered.html);
        assert!(!rendered.html.contains("<b>"), "{}", rendered.html);
        assert!(rendered.html.contains("☑ done"), "{}", rendered.html);
        assert_eq!(rendered.warnings.len(), 3);
    }

    #[test]
    fn a_marker_of_a_mention_stays() {
        let rendered = render("**Look**, @{lene_k@contoso.com}!");
        assert!(rendered.html.contains("@{lene_k@contoso.com}"));
        assert!(rendered.text.contains("@{lene_k@contoso.com}"));
    }

    proptest! {
        #[test]
        fn hostile_markdown_is_rendered(markdown in "[ -~\n#*_`>\\[\\]()|<]{0,80}") {
            let rendered = render(&markdown);
            prop_assert!(!rendered.html.contains("<script"));
        }
    }
}
