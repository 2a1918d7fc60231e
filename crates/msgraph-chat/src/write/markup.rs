//! Reads the markup of a body as a browser does: `<at>`, `<attachment>`, links, and the visible
//! text. One pass, whatever the text holds.

use html5gum::{HtmlString, StartTag, Token, Tokenizer};

/// `<at id="N">TEXT</at>`; the text without markup and character references.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct At {
    pub(super) id: String,
    pub(super) text: String,
}

/// The markup of a body, as far as a check or a comparison needs it.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct Markup {
    pub(super) ats: Vec<At>,
    /// The ids of `<attachment>`, in order.
    pub(super) attachments: Vec<String>,
    /// Whether a link has no scheme, so that it leads nowhere.
    pub(super) has_bare_link: bool,
    /// Whether the source of a picture has neither a scheme nor the form of a hosted content.
    pub(super) has_bare_picture: bool,
    /// Whether a reader sees anything.
    pub(super) is_visible: bool,
    /// The text that a reader sees: without tags, character references resolved, a line for each
    /// block and line break, a space between the cells of a table, an emoji as its own character, [`IMAGE`] for a picture, and every
    /// space an ordinary one. Nothing stands for an attachment, which is compared by its id.
    pub(crate) text: String,
}

/// Tags that show nothing of their own.
const INVISIBLE: &[&[u8]] = &[
    b"a", b"b", b"br", b"div", b"em", b"i", b"p", b"s", b"span", b"strong", b"u",
];

impl Markup {
    /// Reads the markup of `html`. What is no well-formed tag is text, and comments hold no tags.
    pub(crate) fn read(html: &str) -> Self {
        let mut markup = Self {
            text: String::with_capacity(html.len()),
            ..Self::default()
        };
        let mut open: Option<At> = None;
        for token in tokens(html) {
            match token {
                Token::StartTag(tag) => {
                    markup.open(&tag, &mut open);
                    markup.show(&tag);
                }
                Token::EndTag(tag) if *tag.name == b"at" => markup.ats.extend(open.take()),
                Token::EndTag(tag) if is_block(&tag.name) => markup.text.push('\n'),
                Token::String(text) => {
                    let text = String::from_utf8_lossy(&text);
                    markup.is_visible |= !text.trim().is_empty();
                    markup.text.push_str(&text);
                    if let Some(at) = &mut open {
                        at.text.push_str(&text);
                    }
                }
                _ => {}
            }
        }
        // A marker that is never closed has no text.
        let unclosed = open.map(|at| At {
            text: String::new(),
            ..at
        });
        markup.ats.extend(unclosed);
        if markup.text.contains(NO_BREAK_SPACE) {
            markup.text = markup.text.replace(NO_BREAK_SPACE, " ");
        }
        markup
    }

    /// The markup of a text that was escaped here, which holds no tags but line breaks.
    pub(crate) fn of_text(text: String) -> Self {
        Self {
            is_visible: !text.trim().is_empty(),
            text,
            ..Self::default()
        }
    }

    /// Adds what a reader sees of `tag`.
    fn show(&mut self, tag: &StartTag<()>) {
        match &**tag.name {
            b"br" => self.text.push('\n'),
            b"img" => self.text.push(IMAGE),
            b"emoji" | b"customemoji" => {
                self.text
                    .push_str(&attribute(tag, b"alt").unwrap_or_default());
            }
            name if is_block(name) && !self.text.is_empty() && !self.text.ends_with('\n') => {
                self.text.push('\n');
            }
            b"td" | b"th" if !self.text.is_empty() && !self.text.ends_with(char::is_whitespace) => {
                self.text.push(' ');
            }
            _ => {}
        }
    }

    fn open(&mut self, tag: &StartTag<()>, open: &mut Option<At>) {
        self.is_visible |= !INVISIBLE.contains(&&**tag.name);
        match &**tag.name {
            // One within another is a part of its text.
            b"at" if open.is_none() => {
                *open = Some(At {
                    id: attribute(tag, b"id").unwrap_or_default(),
                    text: String::new(),
                });
            }
            b"attachment" => {
                let id = attribute(tag, b"id");
                self.attachments.push(id.unwrap_or_default());
            }
            b"a" => {
                let link = attribute(tag, b"href");
                self.has_bare_link |= link.is_some_and(|link| is_bare(&link));
            }
            b"img" => {
                let source = attribute(tag, b"src").filter(|src| !src.starts_with(HOSTED));
                self.has_bare_picture |= source.is_some_and(|src| is_bare(&src));
            }
            _ => {}
        }
    }
}

fn tokens(html: &str) -> impl Iterator<Item = Token> + '_ {
    // Reading from memory does not fail.
    Tokenizer::new(html).filter_map(Result::ok)
}

fn attribute(tag: &StartTag<()>, name: &[u8]) -> Option<String> {
    let value: &HtmlString = tag.attributes.get(name)?;
    Some(String::from_utf8_lossy(value).into_owned())
}

/// Whether `link` has no scheme, so that it leads nowhere out of a message.
pub(super) fn is_bare(link: &str) -> bool {
    let link = link.trim();
    if link.is_empty() || link.starts_with('#') {
        return false;
    }
    let Some((scheme, rest)) = link.split_once(':') else {
        return true;
    };
    let is_port = rest.starts_with(|c: char| c.is_ascii_digit()) && scheme == "localhost";
    let mut characters = scheme.chars();
    let is_scheme = characters.next().is_some_and(|c| c.is_ascii_alphabetic())
        && characters.all(|c| c.is_ascii_alphanumeric() || matches!(c, '+' | '-'));
    !is_scheme || is_port
}

const HOSTED: &str = "../hostedContents/";

/// The temporary ids that `text` refers to as `../hostedContents/ID/$value`.
pub(super) fn hosted_references(text: &str) -> impl Iterator<Item = &str> {
    text.split(HOSTED).skip(1).filter_map(|rest| {
        // An id holds none of these: whatever does is another thing.
        let end = rest.find(['/', '"', '\'', '<', '>', ' ', '\\'])?;
        let (id, after) = rest.split_at(end);
        after.starts_with("/$value").then_some(id)
    })
}

/// What stands for a picture in a visible text.
pub(crate) const IMAGE: char = '\u{fffc}';

const NO_BREAK_SPACE: char = '\u{a0}';

fn is_block(name: &[u8]) -> bool {
    matches!(
        name,
        b"p" | b"div"
            | b"li"
            | b"tr"
            | b"pre"
            | b"blockquote"
            | b"h1"
            | b"h2"
            | b"h3"
            | b"h4"
            | b"h5"
            | b"h6"
    )
}

/// A text with one space for all white space between two words, and none at either end: what
/// the service changes of it is not compared.
pub(crate) fn one_spaced(text: &str) -> impl Iterator<Item = char> {
    text.split_whitespace().enumerate().flat_map(|(i, word)| {
        let space = (i > 0).then_some(' ');
        space.into_iter().chain(word.chars())
    })
}

/// Escapes a text so that it can stand in HTML, in content or attribute.
pub(super) fn escape(text: &str) -> String {
    let mut html = String::with_capacity(text.len());
    for c in text.chars() {
        push_escaped(&mut html, c);
    }
    html
}

/// Adds one character of a text to HTML.
pub(super) fn push_escaped(html: &mut String, c: char) {
    match c {
        '&' => html.push_str("&amp;"),
        '<' => html.push_str("&lt;"),
        '>' => html.push_str("&gt;"),
        '"' => html.push_str("&quot;"),
        // A parser makes a line feed of the character itself.
        '\r' => html.push_str("&#13;"),
        c => html.push(c),
    }
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn visible(html: &str) -> String {
        Markup::read(html).text
    }

    fn ats(html: &str) -> Vec<(String, String)> {
        let ats = Markup::read(html).ats.into_iter();
        ats.map(|at| (at.id, at.text)).collect()
    }

    fn at(id: &str, text: &str) -> (String, String) {
        (id.to_owned(), text.to_owned())
    }

    #[test]
    fn markers_are_found_in_every_spelling() {
        let html = r#"a <at id="0">Ada &amp; <b>Bo</b></at> <AT class='x' ID='1'>C</AT><attachment id="x-1"></attachment><img src="a>b"><p>"#;
        assert_eq!(ats(html), [at("0", "Ada & Bo"), at("1", "C")]);
        assert_eq!(Markup::read(html).attachments, ["x-1"]);
        let apostrophe = "<b isn't <p><attachment id=1>";
        assert_eq!(Markup::read(apostrophe).attachments, ["1"]);
    }

    #[test]
    fn what_only_looks_like_a_marker_is_none() {
        let html = "1 < 2, <attribute id=\"1\">, &lt;at id=\"0\"&gt;, <at id=\"0\"";
        assert_eq!(ats(html), []);
        assert_eq!(Markup::read(html).attachments, [""; 0]);
        assert_eq!(ats("<at id=\"0\">Bob"), [at("0", "")]);
    }

    #[test]
    fn references_to_characters_are_resolved_and_comments_hold_no_markers() {
        let html = "<!-- <at id=\"9\">x</at> --><at id=\"0\">Ren&#233; &#x26; Zo&euml;</at>";
        assert_eq!(ats(html), [at("0", "Ren\u{e9} & Zo\u{eb}")]);
    }

    #[test]
    fn references_to_hosted_contents_are_found() {
        let text = r#"<img src="../hostedContents/1/$value"> {\"url\":\"../hostedContents/2/$value\"} ../hostedContents/x"#;
        assert_eq!(hosted_references(text).collect::<Vec<_>>(), ["1", "2"]);
    }

    #[test]
    fn headings_cells_and_quotes_stand_apart() {
        let html = "<h1>T</h1><table><tr><th>a</th><th>b</th></tr><tr><td>1</td><td><p>2</p></td></tr></table>\
            <blockquote>q</blockquote>x<pre>y</pre>";
        assert_eq!(visible(html).trim_end(), "T\na b\n1 \n2\n\nq\nx\ny");
        assert_eq!(visible("<td>a</td> <td>b</td>"), "a b");
    }

    #[test]
    fn links_without_a_scheme_are_bare() {
        for link in [
            "www.contoso.com",
            "contoso.com:8080/x",
            "localhost:1/",
            "//contoso.com",
            "/x",
        ] {
            assert!(is_bare(link), "{link}");
        }
        for link in [
            "https://contoso.com",
            "mailto:a@contoso.com",
            "tel:123",
            "MSTeams:/l/x",
            "",
            "#top",
        ] {
            assert!(!is_bare(link), "{link}");
        }
    }

    #[test]
    fn the_visible_text_has_no_markup() {
        assert_eq!(
            visible("<p>a&nbsp;&nbsp;&lt;b</p><at id=\"0\">Ada</at><br>c"),
            "a  <b\nAda\nc"
        );
        assert_eq!(
            visible(
                "a<p>b</p><!-- c > d -->e <emoji id=\"x\" alt=\"\u{1f440}\"></emoji><img alt=\"y\"><attachment id=\"1\"></attachment>"
            ),
            "a\nb\ne \u{1f440}\u{fffc}"
        );
        for html in ["", " ", "<p>&nbsp;</p><br>", "<div><b></b></div>"] {
            assert!(!Markup::read(html).is_visible, "{html}");
        }
        for html in ["x", "<img src=\"x\">", "<emoji alt=\"x\"></emoji>", "<hr>"] {
            assert!(Markup::read(html).is_visible, "{html}");
        }
    }

    proptest! {
        #[test]
        fn an_escaped_text_is_no_marker_and_is_read_as_it_was(text in "[^\0]*") {
            let html = escape(&text);
            prop_assert_eq!(ats(&html), []);
            let marked = format!("<at id=\"7\">{html}</at>");
            prop_assert_eq!(ats(&marked), [at("7", &text)]);
        }

        #[test]
        fn hostile_markup_does_no_harm(html in "[<>/=\"' a-z&;.$0-9é!-]*") {
            let _ = (Markup::read(&html), hosted_references(&html).count());
        }
    }
}
