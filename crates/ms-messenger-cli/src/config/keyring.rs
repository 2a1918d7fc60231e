//! Secrets in the keyring of the operating system.

use ms_messenger::SecretString;

use crate::text;

/// Reads the secret of the service `msm` and this name.
///
/// # Errors
///
/// Why there is none. The text of the keyring is that of another program, and is not repeated.
#[cfg(feature = "keyring")]
pub(super) fn read(name: &str) -> Result<SecretString, String> {
    secret_of(keyring::Entry::new(crate::state::FOLDER, name), name)
}

/// Reports that the keyring is not built in.
///
/// # Errors
///
/// Always.
#[cfg(not(feature = "keyring"))]
pub(super) fn read(_name: &str) -> Result<SecretString, String> {
    Err(text::keyring::NOT_BUILT_IN.to_owned())
}

#[cfg(feature = "keyring")]
fn secret_of(entry: keyring::Result<keyring::Entry>, name: &str) -> Result<SecretString, String> {
    use keyring::Error;

    let secret = entry.and_then(|entry| entry.get_password());
    secret.map(SecretString::from).map_err(|error| match error {
        Error::NoDefaultStore => text::keyring::ABSENT.to_owned(),
        Error::NoStorageAccess(_) => text::keyring::LOCKED.to_owned(),
        Error::NoEntry => text::keyring::no_secret(name),
        Error::Ambiguous(_) => text::keyring::several_secrets(name),
        Error::BadEncoding(_) => text::keyring::not_utf8(name),
        _ => text::keyring::UNUSABLE.to_owned(),
    })
}

#[cfg(all(test, feature = "keyring"))]
mod tests {
    use std::sync::Arc;

    use keyring_core::{api::CredentialStoreApi as _, mock};
    use ms_messenger::ExposeSecret as _;

    use super::*;

    fn entry(store: &Arc<mock::Store>) -> keyring::Result<keyring::Entry> {
        let inner = store.build("msm", "chat", None)?;
        Ok(keyring::Entry { inner })
    }

    #[test]
    fn a_secret_is_read_from_the_keyring() {
        let store = mock::Store::new().unwrap();
        let absent = secret_of(entry(&store), "chat").unwrap_err();
        assert_eq!(
            absent,
            "the keyring has no secret of the service msm and chat"
        );
        entry(&store).unwrap().set_password("hunter2").unwrap();
        let secret = secret_of(entry(&store), "chat").unwrap();
        assert_eq!(secret.expose_secret(), "hunter2");
    }

    #[test]
    fn a_keyring_that_fails_is_a_clear_error_without_its_content() {
        let store = mock::Store::new().unwrap();
        entry(&store).unwrap().set_secret(&[0xff, 0xfe]).unwrap();
        let error = secret_of(entry(&store), "chat").unwrap_err();
        assert!(error.ends_with("is not text in UTF-8"), "{error}");
        for (failure, expected) in [
            (
                keyring::Error::NoDefaultStore,
                "this machine has no keyring",
            ),
            (
                keyring::Error::NoStorageAccess("hunter2".into()),
                "is locked",
            ),
            (
                keyring::Error::PlatformFailure("hunter2".into()),
                "cannot be used",
            ),
            (keyring::Error::Ambiguous(Vec::new()), "several"),
        ] {
            let error = secret_of(Err(failure), "chat").unwrap_err();
            assert!(error.contains(expected), "{error}");
            assert!(!error.contains("hunter2"), "{error}");
        }
    }
}
