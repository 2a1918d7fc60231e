//! The sign-ins that `msm login` stores.

use std::{error::Error as _, path::PathBuf, sync::Arc};

use clap::Args;
use ms_messenger::{
    Error, ErrorKind, Result,
    entra::{FileTokenStore, SignIn, StoreError, StoreKey, StoredSignIn, TokenStore},
};

use crate::{
    environment::{Environment, variable},
    state,
};

const SIGN_IN: &str = "Stored sign-in";
/// Name of the sign-in when none is given.
const DEFAULT: &str = "default";

/// Options that say where sign-ins are stored.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct StoreArgs {
    /// Name of the sign-in; by default `default` [env: MSM_PROFILE]
    #[arg(long, value_name = "NAME", help_heading = SIGN_IN)]
    pub(crate) profile: Option<String>,
    /// Folder of the sign-ins; by default in the state folder of the user [env: MSM_STATE_DIR]
    #[arg(long, value_name = "FOLDER", help_heading = SIGN_IN)]
    pub(crate) state_dir: Option<PathBuf>,
    /// File with their encryption key, created by the first sign-in [env: MSM_STORE_KEY_FILE; MSM_STORE_KEY holds the key itself]
    #[arg(long, value_name = "FILE", help_heading = SIGN_IN)]
    pub(crate) store_key_file: Option<PathBuf>,
}

impl StoreArgs {
    /// Returns the folder in which this program keeps its state.
    ///
    /// # Errors
    ///
    /// As [`state::state_dir`].
    pub(crate) fn state_dir(&self, env: Environment<'_>) -> Result<PathBuf> {
        state::state_dir(self.state_dir.as_deref(), env)
    }
}

/// Where one sign-in is stored, whether it exists or not.
pub(crate) struct Location {
    name: String,
    folder: PathBuf,
    /// The file of the sign-in.
    pub(crate) path: PathBuf,
}

impl Location {
    /// Finds the location that options and environment name.
    ///
    /// # Errors
    ///
    /// `Config` when the name cannot be used, or the user has no folders.
    pub(crate) fn find(args: &StoreArgs, env: Environment<'_>) -> Result<Self> {
        let name = args.profile.clone();
        let name = name.or_else(|| variable(env, "MSM_PROFILE"));
        let name = name.unwrap_or_else(|| DEFAULT.to_owned());
        let folder = args.state_dir(env)?;
        // The path does not depend on the key.
        let path = FileTokenStore::with_key_file(&folder, "").path(&name)?;
        Ok(Self { name, folder, path })
    }
}

/// A stored sign-in that can be read and replaced. It may not exist yet.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    pub(crate) name: String,
    /// The file of the sign-in.
    pub(crate) path: PathBuf,
    pub(crate) store: Arc<dyn TokenStore>,
}

impl Profile {
    /// Opens the store that options and environment name, else that of the user. Creates nothing.
    ///
    /// # Errors
    ///
    /// `Config` when the name or the key cannot be used, or the user has no folders.
    pub(crate) fn open(args: &StoreArgs, env: Environment<'_>) -> Result<Self> {
        let location = Location::find(args, env)?;
        let folder = location.folder;
        let named = args.store_key_file.clone();
        let store: Arc<dyn TokenStore> = if let Some(file) = named {
            Arc::new(FileTokenStore::with_key_file(folder, file))
        } else if let Some(key) = variable(env, "MSM_STORE_KEY") {
            let rule = "MSM_STORE_KEY: must be 32 bytes in base64";
            let key = StoreKey::parse(&key);
            let key = key.map_err(|_| Error::new(ErrorKind::Config, rule))?;
            Arc::new(FileTokenStore::new(folder, key))
        } else if let Some(file) = variable(env, "MSM_STORE_KEY_FILE") {
            Arc::new(FileTokenStore::with_key_file(folder, file))
        } else {
            default_store(folder)?
        };
        Ok(Self {
            name: location.name,
            path: location.path,
            store,
        })
    }

    /// Returns the provider of its tokens.
    pub(crate) fn stored(&self) -> StoredSignIn {
        StoredSignIn::new(Arc::clone(&self.store), self.name.clone()).with_claims_challenges()
    }

    /// Reads the sign-in.
    ///
    /// # Errors
    ///
    /// `Unauthenticated` when there is none; what the store reports.
    pub(crate) fn load(&self) -> Result<SignIn> {
        let loaded = self.store.load(&self.name);
        let loaded = loaded.map_err(|error| self.unreadable(error))?;
        loaded.ok_or_else(|| self.not_signed_in())
    }

    /// Adds to the error of a sign-in that cannot be read what to do about it.
    pub(crate) fn unreadable(&self, error: Error) -> Error {
        let source = error.source();
        if !source.is_some_and(|source| source.is::<StoreError>()) {
            return error;
        }
        let (what, login) = (error.message(), self.command("login --set-aside"));
        let logout = self.command("logout --set-aside");
        let text = format!("{what}; to rename it, run {logout}, or {login} to sign in as well");
        Error::new(ErrorKind::Config, text)
    }

    /// Renames the file that cannot be read, or that of its key, so that nothing is lost.
    /// Returns the new names.
    ///
    /// # Errors
    ///
    /// As [`StoredSignIn::set_aside`].
    pub(crate) async fn set_aside(&self) -> Result<Vec<String>> {
        self.stored().set_aside().await
    }

    fn not_signed_in(&self) -> Error {
        let text = format!(
            "no user is signed in as `{}`: run {}",
            self.name,
            self.command("login")
        );
        Error::new(ErrorKind::Unauthenticated, text)
    }

    /// The error of a sign-in that can no longer be renewed.
    pub(crate) fn expired(&self) -> Error {
        let text = format!(
            "the sign-in `{}` has expired or was revoked: run {}",
            self.name,
            self.command("login")
        );
        Error::new(ErrorKind::Unauthenticated, text)
    }

    fn command(&self, words: &str) -> String {
        match self.name.as_str() {
            DEFAULT => format!("`msm {words}`"),
            name => format!("`msm {words} --profile {name}`"),
        }
    }
}

/// The store for a user who names no key: its key is in the keyring.
#[cfg(feature = "keyring")]
fn default_store(folder: PathBuf) -> Result<Arc<dyn TokenStore>> {
    let store = ms_messenger::entra::KeyringTokenStore::new(state::FOLDER, folder)?;
    Ok(Arc::new(store))
}

/// The store for a user who names no key: its key is in a file of the user.
#[cfg(not(feature = "keyring"))]
fn default_store(folder: PathBuf) -> Result<Arc<dyn TokenStore>> {
    let key = state::config_dir()?.join("store.key");
    Ok(Arc::new(FileTokenStore::with_key_file(folder, key)))
}
