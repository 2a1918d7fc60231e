//! What is wrong with content that is read: a file, standard input, or a part of them.

use super::foreign;

pub(crate) const EMPTY: &str = "is empty";
pub(crate) const MISSING: &str = "is missing";
/// What a parser expects.
pub(crate) const OBJECT: &str = "an object";
pub(crate) const NOT_AN_OBJECT: &str = "must be a JSON object";
/// A file to upload is a pipe, a socket or a device.
pub(crate) const NOT_A_REGULAR_FILE: &str = "is not a regular file: only those are uploaded";

pub(crate) fn not_json(error: &serde_json::Error) -> String {
    let (line, column) = (error.line(), error.column());
    if error.is_eof() && (line, column) == (1, 0) {
        return EMPTY.to_owned();
    }
    let rule = if error.to_string().starts_with(foreign::TOO_DEEP_FOR_JSON) {
        "is nested too deeply: at most 127 levels of arrays and objects"
    } else {
        "is not JSON"
    };
    format!("{rule} (line {line} column {column})")
}

/// What is wrong with a text that is not TOML, in the words of its parser.
pub(crate) fn not_toml(said: &str) -> &str {
    match said {
        foreign::TOO_DEEP_FOR_TOML => "is nested too deeply: at most 80 levels",
        said => said,
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_text_that_is_nested_too_deeply_is_not_said_to_be_another_format() {
        let nested = |levels: usize| "[".repeat(levels) + &"]".repeat(levels);
        let json = |levels| serde_json::from_str::<serde_json::Value>(&nested(levels));
        assert!(json(127).is_ok());
        assert_eq!(
            not_json(&json(128).unwrap_err()),
            "is nested too deeply: at most 127 levels of arrays and objects (line 1 column 128)"
        );
        let said = not_json(&serde_json::from_str::<u8>("hunter2").unwrap_err());
        assert_eq!(said, "is not JSON (line 1 column 1)");
        let said = not_json(&serde_json::from_str::<u8>("").unwrap_err());
        assert_eq!(said, "is empty");
        let toml = |levels| {
            let text = format!("a = {}", nested(levels));
            let (_, errors) = toml::de::DeTable::parse_recoverable(&text);
            let said: Vec<String> = errors
                .iter()
                .map(|error| not_toml(error.message()).to_owned())
                .collect();
            said
        };
        assert_eq!(toml(80), [""; 0]);
        assert_eq!(toml(81), ["is nested too deeply: at most 80 levels"]);
    }
}
