//! The markers that a body must hold, as the service counts them.

/// The inner text of every `<at id="ID">…</at>` with that id.
pub(super) fn mentions_of(html: &str, id: i64) -> Vec<String> {
    let opening = format!("<at id=\"{id}\">");
    let mut found = Vec::new();
    for piece in html.split(&opening).skip(1) {
        let text = piece.split("</at>").next().unwrap_or_default();
        found.push(unescape(text));
    }
    found
}

/// How many `<attachment id="ID">` there are with that id.
pub(super) fn attachments_of(html: &str, id: &str) -> usize {
    html.matches(&format!("<attachment id=\"{id}\">")).count()
}

/// The ids of `../hostedContents/ID/$value`.
pub(super) fn hosted_references(text: &str) -> Vec<&str> {
    let pieces = text.split("../hostedContents/").skip(1);
    pieces
        .filter_map(|piece| Some(piece.split_once("/$value")?.0))
        .collect()
}

fn unescape(text: &str) -> String {
    text.replace("&lt;", "<")
        .replace("&gt;", ">")
        .replace("&quot;", "\"")
        .replace("&#39;", "'")
        .replace("&amp;", "&")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn markers_are_counted_by_id() {
        let html =
            "<at id=\"0\">A &amp; B</at><at id=\"1\">C</at><attachment id=\"x\"></attachment>";
        assert_eq!(mentions_of(html, 0), ["A & B"]);
        assert_eq!(mentions_of(html, 2), Vec::<String>::new());
        assert_eq!(attachments_of(html, "x"), 1);
        assert_eq!(attachments_of(html, "y"), 0);
        assert_eq!(hosted_references("a ../hostedContents/7/$value b"), ["7"]);
    }
}
