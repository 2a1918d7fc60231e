//! Text and addresses of the server, made safe for an error, a log or `Debug`.

use url::Url;

/// The most characters of a server's message in an error.
pub(crate) const WORDS: usize = 500;
/// The most characters of a code.
pub(crate) const CODE: usize = 100;

/// Returns `text` in one line of at most `most` characters, without control characters and
/// characters that change the reading direction.
pub(crate) fn line(text: &str, most: usize) -> String {
    let mut line = String::new();
    for (count, c) in text.trim().chars().enumerate() {
        if count == most {
            line.push('…');
            break;
        }
        line.push(if is_harmless(c) { c } else { ' ' });
    }
    line
}

fn is_harmless(c: char) -> bool {
    !c.is_control()
        && !matches!(
            c,
            '\u{200E}' | '\u{200F}' | '\u{2028}'..='\u{202E}' | '\u{2066}'..='\u{2069}' | '\u{FEFF}'
        )
}

/// Returns an address without user info, query and fragment.
pub(crate) fn address(url: &str) -> String {
    match Url::parse(url) {
        Ok(url) if url.has_host() => {
            let origin = url.origin().ascii_serialization();
            line(&format!("{origin}{}", url.path()), WORDS)
        }
        _ => "an unreadable address".to_owned(),
    }
}

/// Returns the scheme, host and port of an address.
pub(crate) fn origin(url: &str) -> String {
    match Url::parse(url) {
        Ok(url) if url.has_host() => line(&url.origin().ascii_serialization(), WORDS),
        _ => "an unreadable address".to_owned(),
    }
}

/// Returns a SIP address without password, parameters and headers: `sip:user@host`.
pub(crate) fn sip(address: &str) -> String {
    let bare = address.strip_prefix("sip:").unwrap_or(address);
    let (user, host) = bare.split_once('@').unwrap_or(("", bare));
    let user = user.split([':', ';', '?']).next().unwrap_or_default();
    let host = host.split([';', '?']).next().unwrap_or_default();
    line(&format!("sip:{user}@{host}"), WORDS)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn an_address_is_shown_without_secrets() {
        for url in [
            "https://alice:hunter2@lync.contoso.com/root?key=hunter2#hunter2",
            "alice:hunter2@lync.contoso.com",
            "mailto:hunter2@contoso.com",
            "//alice:hunter2@host",
            "https://[hunter2",
        ] {
            let shown = format!("{} {}", address(url), origin(url));
            assert!(!shown.contains("hunter2"), "{shown}");
        }
        let url = "https://a:b@lync.contoso.com:444/root?x";
        assert_eq!(address(url), "https://lync.contoso.com:444/root");
        assert_eq!(origin(url), "https://lync.contoso.com:444");
        assert_eq!(
            sip("sip:bot:hunter2@contoso.com;a=b?c=d"),
            "sip:bot@contoso.com"
        );
        assert_eq!(sip("bot@contoso.com"), "sip:bot@contoso.com");
    }

    proptest! {
        #[test]
        fn any_text_is_one_bounded_line(text in ".*", most in 0_usize..50) {
            let line = line(&text, most);
            prop_assert!(line.chars().count() <= most + 1);
            prop_assert!(line.chars().all(is_harmless));
        }
    }
}
