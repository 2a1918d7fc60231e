//! The text of a service within a sentence.

/// Returns a text without the full stop at its end, so that more can follow in the same line. An
/// ellipsis stays.
///
/// ```
/// use ms_messenger_core::clause;
///
/// let message = "The request was throttled.";
/// let text = format!("{}; it is retried later", clause(message));
/// assert_eq!(text, "The request was throttled; it is retried later");
/// assert_eq!(clause("no response in time"), "no response in time");
/// assert_eq!(clause("and so on..."), "and so on...");
/// ```
pub fn clause(text: &str) -> &str {
    let text = text.trim_end();
    match text.strip_suffix('.') {
        Some(rest) if !rest.ends_with('.') => rest.trim_end(),
        _ => text,
    }
}
