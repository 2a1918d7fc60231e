//! Configuration of a stored sign-in by the environment variables that `msm` reads.

use std::sync::Arc;

use ms_messenger_core::{Error, ErrorKind, Result};
use ms_messenger_http::Variables;

use super::{
    file::FileTokenStore,
    key::{LENGTH, StoreKey},
    token_store::TokenStore,
};
use crate::stored_sign_in::StoredSignIn;

/// The default name of a sign-in.
const DEFAULT: &str = "default";

impl StoredSignIn {
    /// Returns the sign-in that `msm login` stored, as the variables of this process name it:
    ///
    /// * `MSM_STATE_DIR`: the folder of the sign-ins;
    /// * `MSM_STORE_KEY`: their key, 32 bytes in base64; or `MSM_STORE_KEY_FILE`: the file of the
    ///   key; with neither, the key in the keyring (feature `keyring`);
    /// * `MSM_PROFILE`: the name of the sign-in, `default` if it is not set.
    ///
    /// Nothing is read from the folder yet.
    ///
    /// # Errors
    ///
    /// `Config` that names every variable that is missing or invalid, and no value.
    pub fn from_env() -> Result<Self> {
        let mut variables = Variables::from_process();
        let sign_in = Self::from_variables(&mut variables);
        variables.into_result()?;
        sign_in.ok_or_else(|| Error::new(ErrorKind::Config, "the environment names no sign-in"))
    }

    /// Returns whether `variables` name a stored sign-in: whether `MSM_STATE_DIR` has a value.
    pub fn is_in(variables: &Variables<'_>) -> bool {
        variables.optional("MSM_STATE_DIR").is_some()
    }

    /// As [`from_env`](Self::from_env), from `variables`; problems are added to them.
    ///
    /// ```
    /// use ms_messenger_entra::StoredSignIn;
    /// use ms_messenger_http::Variables;
    ///
    /// let read = |name: &str| match name {
    ///     "MSM_STATE_DIR" => Some("/var/lib/bot".to_owned()),
    ///     "MSM_STORE_KEY_FILE" => Some("/run/secrets/store.key".to_owned()),
    ///     _ => None,
    /// };
    /// let mut variables = Variables::new(&read);
    /// assert!(StoredSignIn::from_variables(&mut variables).is_some());
    /// ```
    pub fn from_variables(variables: &mut Variables<'_>) -> Option<Self> {
        let Some(folder) = variables.optional("MSM_STATE_DIR") else {
            variables.missing("MSM_STATE_DIR", "the folder of the sign-ins of `msm login`");
            return None;
        };
        let store = store(&folder, variables);
        let name = variables.optional("MSM_PROFILE");
        let name = name.unwrap_or_else(|| DEFAULT.to_owned());
        if let Err(error) = FileTokenStore::with_key_file(&folder, "").path(&name) {
            variables.refuse("MSM_PROFILE", error.message());
            return None;
        }
        Some(Self::new(store?, name).with_claims_challenges(true))
    }
}

fn store(folder: &str, variables: &mut Variables<'_>) -> Option<Arc<dyn TokenStore>> {
    if let Some(key) = variables.optional("MSM_STORE_KEY") {
        let Ok(key) = StoreKey::parse(&key) else {
            let rule = format!("must be {LENGTH} bytes in base64");
            variables.refuse("MSM_STORE_KEY", &rule);
            return None;
        };
        return Some(Arc::new(FileTokenStore::new(folder, key)));
    }
    if let Some(file) = variables.optional("MSM_STORE_KEY_FILE") {
        return Some(Arc::new(FileTokenStore::with_key_file(folder, file)));
    }
    without_key(folder, variables)
}

/// The store without a given key: its key is in the keyring, as that of `msm`.
#[cfg(feature = "keyring")]
fn without_key(folder: &str, variables: &mut Variables<'_>) -> Option<Arc<dyn TokenStore>> {
    match super::keyring::KeyringTokenStore::new("msm", folder) {
        Ok(store) => Some(Arc::new(store)),
        Err(error) => {
            let what = format!("the file of the key, since {}", error.message());
            variables.missing("MSM_STORE_KEY_FILE", &what);
            None
        }
    }
}

#[cfg(not(feature = "keyring"))]
fn without_key(_folder: &str, variables: &mut Variables<'_>) -> Option<Arc<dyn TokenStore>> {
    let what = "the file of the key of the sign-ins, or set MSM_STORE_KEY";
    variables.missing("MSM_STORE_KEY_FILE", what);
    None
}

#[cfg(test)]
mod tests {
    use super::*;

    const FOLDER: (&str, &str) = ("MSM_STATE_DIR", "/no/such/folder");
    const FILE: (&str, &str) = ("MSM_STORE_KEY_FILE", "/no/such/file");
    const KEY: (&str, &str) = (
        "MSM_STORE_KEY",
        "AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA=",
    );

    fn read(set: &[(&str, &str)]) -> Result<Option<StoredSignIn>> {
        let read = |name: &str| {
            let found = set.iter().find(|(known, _)| *known == name);
            found.map(|(_, value)| (*value).to_owned())
        };
        let mut variables = Variables::new(&read);
        assert_eq!(StoredSignIn::is_in(&variables), set.contains(&FOLDER));
        let sign_in = StoredSignIn::from_variables(&mut variables);
        variables.into_result()?;
        Ok(sign_in)
    }

    #[test]
    fn a_folder_and_a_key_are_enough_and_the_name_is_taken() {
        for key in [FILE, KEY] {
            let shown = format!("{:?}", read(&[FOLDER, key]).unwrap().unwrap());
            assert!(shown.contains("/no/such/folder"), "{shown}");
            assert!(shown.contains("\"default\""), "{shown}");
            let named = read(&[FOLDER, key, ("MSM_PROFILE", "bot")]).unwrap();
            assert!(format!("{:?}", named.unwrap()).contains("\"bot\""));
        }
    }

    #[test]
    fn what_is_missing_or_unusable_is_named_without_a_value() {
        let bad_key = ("MSM_STORE_KEY", "hunter2");
        let bad_name = ("MSM_PROFILE", "../hunter2");
        for (set, named) in [
            (&[][..], &["MSM_STATE_DIR"][..]),
            (&[FOLDER, bad_key], &["MSM_STORE_KEY"]),
            (&[FOLDER, FILE, bad_name], &["MSM_PROFILE"]),
            (
                &[FOLDER, bad_key, bad_name],
                &["MSM_STORE_KEY", "MSM_PROFILE"],
            ),
        ] {
            let error = read(set).unwrap_err();
            let fields: Vec<&str> = error.problems().iter().map(|p| p.field.as_str()).collect();
            assert_eq!(fields, named);
            assert!(!format!("{error:?}").contains("hunter2"), "{error:?}");
        }
    }

    #[cfg(not(feature = "keyring"))]
    #[test]
    fn without_a_keyring_a_key_must_be_given() {
        let error = read(&[FOLDER]).unwrap_err();
        assert_eq!(error.problems()[0].field, "MSM_STORE_KEY_FILE");
    }
}
