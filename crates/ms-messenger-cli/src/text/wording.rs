//! Texts of the library in terms of this program: options and variables, not methods.

use std::borrow::Cow;

/// Clauses that name a method or its caller, and what stands here instead.
const CLAUSES: [(&str, &str); 7] = [
    // A signal does it here.
    ("the caller cancelled the send", "interrupted"),
    (
        "; trust is given by the system's store, by the file that SSL_CERT_FILE names, or by \
         HttpOptions::with_extra_roots",
        "",
    ),
    (
        "; a test double with constant ids needs HttpOptions::with_foreign_response_check",
        "",
    ),
    (
        " (ACS_CHANNEL_REGISTRATION_ID): set with_channel_registration_id",
        ": set ACS_CHANNEL_REGISTRATION_ID",
    ),
    (
        ": set up the client with_client_message_ids before sending",
        ", by which it could be recognised",
    ),
    (
        "; if that is intended, trust it with with_trusted_domain",
        "; if that is intended, set UCWA_TRUSTED_DOMAIN to its domain",
    ),
    (
        "the user is not available yet: call receive first",
        "the user is not available yet",
    ),
];

/// Returns a text of the library as users of this program can follow it. Texts of services stay as
/// they are.
pub(crate) fn in_own_terms(text: &str) -> Cow<'_, str> {
    let mut clauses = CLAUSES.iter();
    match clauses.find(|(clause, _)| text.contains(clause)) {
        Some((clause, own)) => text.replace(clause, own).into(),
        None => text.into(),
    }
}

#[cfg(test)]
mod tests {
    use std::{fs, path::Path};

    use super::{super::literals, *};

    /// The libraries whose texts this program prints. Those that have no texts of their own for
    /// users, or that it does not use, are not among them.
    const LIBRARIES: [&str; 9] = [
        "ms-messenger-core",
        "ms-messenger-http",
        "ms-messenger-entra",
        "acs-messages",
        "acs-chat",
        "msgraph-chat",
        "ucwa",
        "ms-messenger-outbox",
        "ms-messenger-events",
    ];

    /// Whether a text names something of the library: a method or a path.
    fn names_code(text: &str) -> bool {
        let words = text.split(|c: char| !c.is_alphanumeric() && !matches!(c, '_' | ':'));
        let is_path = |word: &str| {
            let parts = word.split_once("::");
            parts.is_some_and(|(of, what)| !of.is_empty() && what.starts_with(char::is_alphabetic))
        };
        let is_code = |word: &str| {
            (word.starts_with("with_") && word.len() > 5)
                || word.ends_with("Builder")
                || is_path(word)
        };
        words.into_iter().any(is_code) || text.contains("call receive")
    }

    fn sources(folder: &Path, found: &mut Vec<std::path::PathBuf>) {
        for entry in fs::read_dir(folder).unwrap() {
            let path = entry.unwrap().path();
            // What the table of operations says is for programmers alone.
            let name = path.file_stem().unwrap().to_string_lossy().into_owned();
            if matches!(
                name.as_str(),
                "operations" | "tests" | "conformance" | "postgres" | "sqlite"
            ) {
                continue;
            }
            if path.is_dir() {
                sources(&path, found);
            } else if path.extension().is_some_and(|it| it == "rs") {
                found.push(path);
            }
        }
    }

    #[test]
    fn no_text_of_the_library_advises_to_call_a_method() {
        let crates = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/.."));
        let mut all = Vec::new();
        for library in LIBRARIES {
            sources(&crates.join(library).join("src"), &mut all);
        }
        assert!(all.len() > 200, "{}", all.len());
        let mut reworded = 0;
        for path in all {
            for text in literals::of(&fs::read_to_string(&path).unwrap()) {
                let text = text.value;
                // A text of several words, and no code.
                if text.split(' ').count() < 4
                    || text.contains(['{', '\n']) && text.contains(';') && text.contains("let ")
                {
                    continue;
                }
                let own = in_own_terms(&text);
                reworded += usize::from(own != text);
                assert!(!names_code(&own), "{}: {own}", path.display());
            }
        }
        // Each clause is one of the library.
        assert_eq!(reworded, CLAUSES.len());
    }

    #[test]
    fn the_text_of_a_service_stays_as_it_is() {
        let text = "BadRequest: Invalid value: use with_foo; see Foo::bar";
        assert_eq!(in_own_terms(text), text);
    }
}
