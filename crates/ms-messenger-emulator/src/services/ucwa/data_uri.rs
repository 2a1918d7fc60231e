//! Messages as data URIs.

use base64::{
    Engine as _,
    engine::general_purpose::{STANDARD, STANDARD_NO_PAD},
};
use percent_encoding::{NON_ALPHANUMERIC, percent_decode_str, utf8_percent_encode};

use crate::services::ucwa::model::Body;

/// Writes a body as the service does: percent-encoded, blanks as `+`, a line end after plain text.
pub(super) fn write(body: &Body) -> String {
    let (kind, text) = if body.is_html {
        ("html", body.text.clone())
    } else {
        ("plain", format!("{}\r\n", body.text))
    };
    let encoded = utf8_percent_encode(&text, NON_ALPHANUMERIC)
        .to_string()
        .replace("%20", "+");
    format!("data:text/{kind};charset=utf-8,{encoded}")
}

/// Reads the first message of an invitation: Base64 or percent-encoded.
pub(super) fn read(uri: &str) -> Option<Body> {
    let rest = uri.strip_prefix("data:")?;
    let (head, data) = rest.split_once(',')?;
    let mut parts = head.split(';').map(str::trim);
    let is_html = match parts.next()?.to_ascii_lowercase().as_str() {
        "text/html" => true,
        "" | "text/plain" => false,
        _ => return None,
    };
    let text = if parts.any(|part| part.eq_ignore_ascii_case("base64")) {
        let plain = percent_decode_str(data).decode_utf8().ok()?;
        let bytes = STANDARD
            .decode(plain.as_bytes())
            .or_else(|_| STANDARD_NO_PAD.decode(plain.as_bytes()));
        String::from_utf8(bytes.ok()?).ok()?
    } else {
        let blanks = data.replace('+', " ");
        percent_decode_str(&blanks).decode_utf8().ok()?.into_owned()
    };
    Some(Body { is_html, text })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn both_encodings_are_read() {
        let plain = |text: &str| Body {
            is_html: false,
            text: text.to_owned(),
        };
        assert_eq!(read("data:text/plain;base64,SGkh"), Some(plain("Hi!")));
        assert_eq!(
            read("data:text/plain;charset=utf8,Hi+you%21"),
            Some(plain("Hi you!"))
        );
        assert_eq!(read("data:,x"), Some(plain("x")));
        assert!(read("data:text/html,%3Cb%3E").unwrap().is_html);
        for bad in [
            "",
            "http://x",
            "data:image/png,x",
            "data:text/plain",
            "data:text/plain;base64,%%",
        ] {
            assert_eq!(read(bad), None, "{bad}");
        }
    }

    proptest::proptest! {
        #[test]
        fn what_is_written_is_read_back(text in ".*", is_html: bool) {
            let body = Body { is_html, text };
            let mut back = read(&write(&body)).unwrap();
            if !is_html {
                back.text.truncate(back.text.len() - 2);
            }
            proptest::prop_assert_eq!(back, body);
        }
    }
}
