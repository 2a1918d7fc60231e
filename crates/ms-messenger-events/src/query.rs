//! The query of an address.

use std::borrow::Cow;

use url::form_urlencoded;

/// Returns the decoded value of the first parameter called `name`.
pub(crate) fn value<'a>(query: &'a str, name: &str) -> Option<Cow<'a, str>> {
    let mut pairs = form_urlencoded::parse(query.as_bytes());
    pairs.find_map(|(found, value)| (found == name).then_some(value))
}

#[cfg(test)]
mod tests {
    use super::value;

    #[test]
    fn a_value_is_decoded_and_the_first_one_counts() {
        let query = "k=1&validationToken=Validation%3a+a%20b&k=2&&=&x";
        assert_eq!(value(query, "k").as_deref(), Some("1"));
        let token = value(query, "validationToken");
        assert_eq!(token.as_deref(), Some("Validation: a b"));
        assert_eq!(value(query, "x").as_deref(), Some(""));
        assert_eq!(value(query, "y"), None);
    }

    #[test]
    fn hostile_escapes_stay_text() {
        assert_eq!(value("a=%ff%zz%", "a").as_deref(), Some("\u{fffd}%zz%"));
    }
}
