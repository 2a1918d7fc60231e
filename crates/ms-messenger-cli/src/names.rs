//! Names of targets: `@ops` is the target `ops` of the configuration file.

use std::sync::OnceLock;

use crate::{config::Targets, text, typo::suggestion};

/// The named targets of the process; unset when there is no configuration file.
static TARGETS: OnceLock<Targets> = OnceLock::new();

/// Sets the named targets, once.
pub(crate) fn set(targets: Targets) {
    // `main` is the only caller.
    let _ = TARGETS.set(targets);
}

/// Returns the target of a name without its `@`.
///
/// # Errors
///
/// That there is none, with the name that may be meant.
pub(crate) fn named(name: &str) -> Result<&'static str, String> {
    let Some(targets) = TARGETS.get() else {
        return Err(text::compose::NO_NAMES.to_owned());
    };
    match targets.get(name) {
        Some(target) => Ok(&target.text),
        None => {
            let known = targets.keys().map(String::as_str);
            let meant = suggestion(name, known, "@");
            Err(text::compose::unknown_name(&meant))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn without_a_file_a_name_is_explained() {
        let error = named("ops").unwrap_err();
        assert!(error.contains("msm config path"), "{error}");
    }
}
