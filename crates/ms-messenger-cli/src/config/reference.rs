//! Secrets by reference: the configuration file says where a secret is, and never what it is.

use std::{
    fmt, fs,
    path::{Path, PathBuf},
};

use ms_messenger::SecretString;

use super::keyring;
use crate::{
    environment::{Environment, variable},
    files::{self, unreadable},
    text,
};

/// Where a secret is.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Reference {
    /// In this variable of the environment
    Variable(String),
    /// In this file
    File(PathBuf),
    /// In the keyring of the operating system, under the service `msm` and this name
    Keyring(String),
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Variable(name) => write!(f, "env:{name}"),
            Self::File(path) => write!(f, "file:{}", path.display()),
            Self::Keyring(name) => write!(f, "keyring:{name}"),
        }
    }
}

impl Reference {
    /// Reads a reference. A path is relative to `folder`, and `~/` is the home of the user.
    ///
    /// # Errors
    ///
    /// The rule that the text violates; it does not repeat the text, which may be a secret.
    pub(crate) fn parse(text: &str, folder: &Path) -> Result<Self, &'static str> {
        let (scheme, rest) = text.split_once(':').ok_or(text::config::REFERENCE)?;
        let rest = rest.trim();
        match scheme.trim() {
            "env" if is_name(rest) => Ok(Self::Variable(rest.to_owned())),
            "env" => Err(text::config::NO_VARIABLE),
            "file" if rest.is_empty() => Err(text::config::NO_PATH),
            "file" => Ok(Self::File(path(rest, folder))),
            "keyring" if rest.is_empty() => Err(text::config::NO_NAME),
            "keyring" => Ok(Self::Keyring(rest.to_owned())),
            _ => Err(text::config::REFERENCE),
        }
    }

    /// Returns the secret.
    ///
    /// # Errors
    ///
    /// Why there is none.
    pub(crate) fn resolve(&self, env: Environment<'_>) -> Result<SecretString, String> {
        match self {
            Self::Variable(name) => match variable(env, name) {
                Some(value) => Ok(value.into()),
                None => Err(text::config::not_set(name)),
            },
            Self::File(path) => read(path),
            Self::Keyring(name) => keyring::read(name),
        }
    }

    /// Returns what other users of the machine can do with the file: an error if they can change
    /// it, and what to do if they can read it.
    ///
    /// # Errors
    ///
    /// That they can change it.
    pub(crate) fn exposure(&self) -> Result<Option<String>, String> {
        match self {
            Self::File(path) => exposure(path),
            _ => Ok(None),
        }
    }
}

/// Returns whether it can be the name of a variable.
fn is_name(text: &str) -> bool {
    let is_letter = |c: char| c.is_ascii_alphanumeric() || c == '_';
    !text.is_empty()
        && !text.starts_with(|c: char| c.is_ascii_digit())
        && text.chars().all(is_letter)
}

/// Returns the path that a reference names.
fn path(text: &str, folder: &Path) -> PathBuf {
    match text.strip_prefix("~/") {
        Some(rest) => match etcetera::home_dir() {
            Ok(home) => home.join(rest),
            Err(_) => folder.join(text),
        },
        None => folder.join(text),
    }
}

/// Reads the one line of a file.
fn read(path: &Path) -> Result<SecretString, String> {
    let named = |rule: String| format!("{}: {rule}", path.display());
    match files::text(path, files::SETTING) {
        Ok(text) if text.trim().is_empty() => Err(named(text::files::EMPTY.to_owned())),
        Ok(text) => Ok(text.trim().into()),
        Err(error) => Err(named(unreadable(&error))),
    }
}

#[cfg(unix)]
fn exposure(path: &Path) -> Result<Option<String>, String> {
    use std::os::unix::fs::PermissionsExt as _;

    // A file that is missing is reported by what reads it.
    let Ok(metadata) = fs::metadata(path) else {
        return Ok(None);
    };
    let mode = metadata.permissions().mode() & 0o777;
    let file = path.display();
    if mode & 0o022 != 0 {
        return Err(text::config::changeable(file, mode));
    }
    let is_read = mode & 0o044 != 0;
    Ok(is_read.then(|| text::config::readable(file, mode)))
}

#[cfg(not(unix))]
fn exposure(_path: &Path) -> Result<Option<String>, String> {
    Ok(None)
}

#[cfg(test)]
mod tests {
    use ms_messenger::ExposeSecret as _;

    use super::*;

    #[test]
    fn a_secret_itself_is_rejected_without_being_repeated() {
        for text in [
            "hunter2",
            "endpoint=https://a.test;accesskey=hunter2",
            "https://hunter2",
            "env:",
            "env:hunter 2",
            "env:2hunter",
            "file: ",
            "keyring:",
            "",
        ] {
            let rule = Reference::parse(text, Path::new("/")).unwrap_err();
            assert!(!rule.contains("hunter"), "{rule}");
        }
    }

    #[test]
    fn a_reference_is_resolved() {
        let folder = tempfile::tempdir().unwrap();
        fs::write(folder.path().join("key"), " abc\n").unwrap();
        fs::write(folder.path().join("empty"), "\n").unwrap();
        let env = |name: &str| (name == "KEY").then(|| "def ".to_owned());
        let resolve = |text: &str| {
            let reference = Reference::parse(text, folder.path()).unwrap();
            let secret = reference.resolve(&env);
            secret.map(|secret| secret.expose_secret().to_owned())
        };
        assert_eq!(resolve("file:key").as_deref(), Ok("abc"));
        assert_eq!(resolve("env:KEY").as_deref(), Ok("def"));
        assert_eq!(
            resolve("env:NONE").unwrap_err(),
            "the variable NONE is not set"
        );
        assert!(
            resolve("file:none")
                .unwrap_err()
                .ends_with(": no such file")
        );
        assert!(resolve("file:empty").unwrap_err().ends_with("is empty"));
    }

    #[cfg(unix)]
    #[test]
    fn a_file_that_others_can_read_or_change_is_found() {
        use std::os::unix::fs::PermissionsExt as _;

        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        fs::write(&file, "abc").unwrap();
        let reference = Reference::File(file.clone());
        let with = |mode| {
            fs::set_permissions(&file, fs::Permissions::from_mode(mode)).unwrap();
            reference.exposure()
        };
        assert_eq!(with(0o600), Ok(None));
        assert_eq!(with(0o400), Ok(None));
        assert!(
            with(0o640)
                .unwrap()
                .unwrap()
                .contains("can read it (mode 640)")
        );
        assert!(
            with(0o666)
                .unwrap_err()
                .contains("can change it (mode 666)")
        );
    }
}
