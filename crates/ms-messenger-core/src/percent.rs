//! Percent-encoding of ids that were copied from a link.

use url::form_urlencoded;

/// Returns the decoded id if `text` is the percent-encoded form of a thread (`19:…`), a user
/// (`8:…`) or a principal name. Other ids may contain a `%` of their own.
pub(crate) fn encoded(text: &str) -> Option<String> {
    let decoded = text.contains('%').then(|| decoded(text))?;
    let has_number = || {
        let (number, rest) = decoded.split_once(':')?;
        let digits = !number.is_empty() && number.bytes().all(|b| b.is_ascii_digit());
        (digits && !rest.is_empty()).then_some(())
    };
    let gains = |c: char| decoded.contains(c) && !text.contains(c);
    let is_clean = !decoded.contains(|c: char| c.is_control() || c.is_whitespace());
    (is_clean && ((gains(':') && has_number().is_some()) || gains('@'))).then_some(decoded)
}

/// Returns `text` with its percent escapes decoded.
pub(crate) fn decoded(text: &str) -> String {
    let lone = text
        .replace('+', "%2B")
        .replace('&', "%26")
        .replace('=', "%3D");
    let mut pairs = form_urlencoded::parse(lone.as_bytes());
    pairs
        .next()
        .map_or_else(String::new, |(name, _)| name.into_owned())
}
