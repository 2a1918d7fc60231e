//! The text of a message as UCWA transfers it: in a `data:` URI.
//!
//! `data:text/plain;charset=utf-8,Build%2042%20is%20green`. Source: "Messaging", with the spellings
//! that servers and clients use: `+` for a space, Base64 with or without padding, a line break at
//! the end.

use base64::{
    Engine as _, alphabet,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig},
};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode, utf8_percent_encode};

/// Missing padding is accepted, as browsers do.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// The content of a `data:` URI.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Data {
    /// The media type in lower case, without parameters; `text/plain` when none is named.
    pub(crate) media_type: String,
    pub(crate) text: String,
}

/// Reads a `data:` URI: an optional media type, parameters, `;base64` or percent-encoding in
/// which, unlike RFC 2397, a `+` is a space. One line break at the end is added by the server and
/// removed.
///
/// `None` if the text is not such a URI or not UTF-8.
pub(crate) fn decode(uri: &str) -> Option<Data> {
    let (scheme, rest) = uri.split_once(':')?;
    if !scheme.eq_ignore_ascii_case("data") {
        return None;
    }
    let (head, body) = rest.split_once(',')?;
    let mut parts = head.split(';').map(str::trim);
    let media_type = match parts.next() {
        Some(media_type) if !media_type.is_empty() => media_type.to_ascii_lowercase(),
        _ => "text/plain".to_owned(),
    };
    let bytes = if parts.any(|part| part.eq_ignore_ascii_case("base64")) {
        // The URI is percent-encoded on top of Base64.
        let text: Vec<u8> = percent_decode(body.as_bytes()).collect();
        BASE64.decode(text).ok()?
    } else {
        percent_decode(body.replace('+', " ").as_bytes()).collect()
    };
    let mut text = String::from_utf8(bytes).ok()?;
    for end in ["\n", "\r"] {
        if text.ends_with(end) {
            text.truncate(text.len() - 1);
        }
    }
    Some(Data { media_type, text })
}

/// Writes a text as a `data:` URI that every known reader decodes: percent-encoded throughout, so
/// that neither `+` nor Base64 can be misread.
pub(crate) fn encode(media_type: &str, text: &str) -> String {
    format!(
        "data:{media_type};charset=utf-8,{}",
        utf8_percent_encode(text, NON_ALPHANUMERIC)
    )
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn text(uri: &str) -> Option<String> {
        decode(uri).map(|data| data.text)
    }

    #[test]
    fn all_common_spellings_are_read() {
        assert_eq!(
            text("data:text/plain;charset=utf-8,Hi+Tosh%0d%0a").as_deref(),
            Some("Hi Tosh")
        );
        assert_eq!(text("data:text/plain;base64,SGkh").as_deref(), Some("Hi!"));
        assert_eq!(text("data:text/plain;base64,SGk%3D").as_deref(), Some("Hi"));
        assert_eq!(text("data:text/plain;base64,SGk").as_deref(), Some("Hi"));
        assert_eq!(
            text("data:text/plain;charset=utf8,1%2B1").as_deref(),
            Some("1+1")
        );
        assert_eq!(text("data:,x").as_deref(), Some("x"));
        let html = decode("DATA:Text/HTML;charset=utf-8,%3Cb%3Ex%3C%2Fb%3E").unwrap();
        assert_eq!(
            (html.media_type.as_str(), html.text.as_str()),
            ("text/html", "<b>x</b>")
        );
    }

    #[test]
    fn other_text_is_not_a_data_uri() {
        for uri in [
            "",
            "data:",
            "data:text/plain",
            "http://x/,y",
            "data:;base64,!",
            "data:,%ff",
        ] {
            assert_eq!(decode(uri), None, "{uri}");
        }
    }

    proptest! {
        #[test]
        fn hostile_uris_end(uri in "(data:)?.*") {
            let _ = decode(&uri);
        }

        #[test]
        fn a_written_uri_reads_back(text in ".*[^\r\n]|") {
            let data = decode(&encode("text/plain", &text)).unwrap();
            prop_assert_eq!(data.text, text);
        }
    }
}
