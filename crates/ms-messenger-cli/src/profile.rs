//! The sign-ins that `msm login` stores.

use std::{
    error::Error as _,
    path::{Path, PathBuf},
    sync::Arc,
};

use clap::Args;
#[cfg(feature = "keyring")]
use ms_messenger::entra::KeyringTokenStore;
use ms_messenger::{
    Error, ErrorKind, ExposeSecret as _, Problem, Result, SecretString,
    entra::{FileTokenStore, SignIn, StoreError, StoreKey, StoredSignIn, TokenStore},
};

use crate::{
    args::{without_headed, written},
    environment::{Environment, variable},
    files, state, text,
};

/// Name of the profile when none is given.
pub(crate) const DEFAULT: &str = "default";

// Options that say which profile is used, and where sign-ins are stored. A doc comment would become
// the description of the command, as of every struct of options.
#[derive(Args, Clone, Debug, Default, PartialEq, Eq)]
#[command(mut_args = without_headed)]
pub(crate) struct StoreArgs {
    /// Profile of the configuration file, and the sign-in of its name; by default `default` [env: MSM_PROFILE]
    #[arg(long, value_name = "NAME", help_heading = text::sign_in::PROFILE)]
    pub(crate) profile: Option<String>,
    /// Configuration file; `msm config path` prints the default [env: MSM_CONFIG]
    #[arg(long, value_name = "FILE", help_heading = text::sign_in::PROFILE)]
    pub(crate) config: Option<PathBuf>,
    /// Folder of the sign-ins; by default in the state folder of the user [env: MSM_STATE_DIR]
    #[arg(long, value_name = "FOLDER", value_parser = written::folder(), help_heading = text::sign_in::STORED)]
    pub(crate) state_dir: Option<PathBuf>,
    /// File with their encryption key, created by the first sign-in [env: MSM_STORE_KEY_FILE; MSM_STORE_KEY holds the key itself]
    #[arg(long, value_name = "FILE", value_parser = written::file(), help_heading = text::sign_in::STORED)]
    pub(crate) store_key_file: Option<PathBuf>,
}

impl StoreArgs {
    /// Returns whether the folder of the sign-ins or their key is named.
    pub(crate) fn names_a_store(&self) -> bool {
        self.state_dir.is_some() || self.store_key_file.is_some()
    }

    /// Returns the folder in which this program keeps its state.
    ///
    /// # Errors
    ///
    /// As [`state::state_dir`].
    pub(crate) fn state_dir(&self, env: Environment<'_>) -> Result<PathBuf> {
        state::state_dir(self.state_dir.as_deref(), env)
    }
}

/// Returns the name of the profile.
pub(crate) fn name(args: &StoreArgs, env: Environment<'_>) -> String {
    let name = args.profile.clone();
    let name = name.or_else(|| variable(env, "MSM_PROFILE"));
    name.unwrap_or_else(|| DEFAULT.to_owned())
}

/// Where one sign-in is stored, whether it exists or not.
#[derive(Clone, Debug)]
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
        let name = name(args, env);
        let folder = args.state_dir(env)?;
        // The path does not depend on the key.
        let path = FileTokenStore::with_key_file(&folder, "").path(&name);
        let path = path.map_err(|error| {
            let given = match &args.profile {
                Some(_) => "--profile",
                None => "MSM_PROFILE",
            };
            let rule = error.message().split_once(": ");
            let rule = rule.map_or(error.message(), |(_, rule)| rule);
            Problem::new(given, rule).into_error(error.kind())
        })?;
        Ok(Self { name, folder, path })
    }
}

/// A stored sign-in that can be read and replaced. It may not exist yet.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    pub(crate) name: String,
    /// The folder of the sign-ins.
    folder: PathBuf,
    /// The file of the sign-in.
    pub(crate) path: PathBuf,
    key: KeySource,
    /// The store that holds it.
    pub(crate) store: Arc<dyn TokenStore>,
}

/// Where the encryption key of the sign-ins is.
#[derive(Clone, Debug)]
enum KeySource {
    /// In this variable
    Value(SecretString),
    /// In this file
    File(PathBuf),
    /// In the keyring of the operating system
    #[cfg(feature = "keyring")]
    Keyring,
}

impl KeySource {
    /// Finds the source that options and environment name, else that of the user.
    fn find(args: &StoreArgs, env: Environment<'_>) -> Result<Self> {
        if let Some(file) = &args.store_key_file {
            return Ok(Self::File(file.clone()));
        }
        if let Some(key) = variable(env, "MSM_STORE_KEY") {
            return Ok(Self::Value(key.into()));
        }
        match variable(env, "MSM_STORE_KEY_FILE") {
            Some(file) => Ok(Self::File(file.into())),
            None => Self::default_source(),
        }
    }

    #[cfg(feature = "keyring")]
    fn default_source() -> Result<Self> {
        Ok(Self::Keyring)
    }

    #[cfg(not(feature = "keyring"))]
    fn default_source() -> Result<Self> {
        Ok(Self::File(state::config_dir()?.join("store.key")))
    }

    /// Opens the store in `folder`, encrypted with this key.
    fn open(&self, folder: &Path) -> Result<Arc<dyn TokenStore>> {
        Ok(match self {
            Self::Value(key) => {
                let rule = text::sign_in::STORE_KEY;
                let key = StoreKey::parse(key.expose_secret());
                let key = key.map_err(|_| Error::new(ErrorKind::Config, rule))?;
                Arc::new(FileTokenStore::new(folder, key))
            }
            Self::File(file) => Arc::new(FileTokenStore::with_key_file(folder, file)),
            #[cfg(feature = "keyring")]
            Self::Keyring => Arc::new(KeyringTokenStore::new(state::FOLDER, folder)?),
        })
    }
}

impl Profile {
    /// Opens the store that options and environment name, else that of the user. Creates nothing.
    ///
    /// # Errors
    ///
    /// `Config` when the name or the key cannot be used, or the user has no folders.
    pub(crate) fn open(args: &StoreArgs, env: Environment<'_>) -> Result<Self> {
        let location = Location::find(args, env)?;
        let key = KeySource::find(args, env)?;
        let store = key.open(&location.folder)?;
        Ok(Self {
            name: location.name,
            folder: location.folder,
            path: location.path,
            key,
            store,
        })
    }

    /// Returns the variables by which a client finds this sign-in.
    ///
    /// # Errors
    ///
    /// `Config` when a path is not UTF-8, as no variable can hold it.
    pub(crate) fn variables(&self) -> Result<Vec<(&'static str, SecretString)>> {
        let mut variables = vec![
            ("MSM_STATE_DIR", text("MSM_STATE_DIR", &self.folder)?),
            ("MSM_PROFILE", self.name.as_str().into()),
        ];
        match &self.key {
            KeySource::Value(key) => variables.push(("MSM_STORE_KEY", key.clone())),
            KeySource::File(file) => {
                let file = text("MSM_STORE_KEY_FILE", file)?;
                variables.push(("MSM_STORE_KEY_FILE", file));
            }
            #[cfg(feature = "keyring")]
            KeySource::Keyring => {}
        }
        Ok(variables)
    }

    /// Returns the provider of its tokens.
    pub(crate) fn stored(&self) -> StoredSignIn {
        StoredSignIn::new(Arc::clone(&self.store), self.name.clone()).with_claims_challenges(true)
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

    /// Checks that a sign-in can be stored, before a user signs in for nothing. Makes the folders.
    ///
    /// # Errors
    ///
    /// `Config` with the folder that cannot be written to.
    pub(crate) fn check_writable(&self) -> Result<()> {
        let key = match &self.key {
            KeySource::File(file) if !file.exists() => Some(file.as_path()),
            _ => None,
        };
        for file in [self.path.as_path()].into_iter().chain(key) {
            let folder = file.parent().filter(|it| !it.as_os_str().is_empty());
            let folder = folder.unwrap_or(Path::new("."));
            let written = state::make_folder(folder).and_then(|()| tempfile::tempfile_in(folder));
            written.map_err(|error| {
                let (folder, why) = (folder.display(), files::reason(&error));
                let text = text::sign_in::unwritable(folder, &why);
                Error::new(ErrorKind::Config, text)
            })?;
        }
        Ok(())
    }

    /// Adds to the error of a sign-in that cannot be read what to do about it.
    pub(crate) fn unreadable(&self, error: Error) -> Error {
        let source = error.source();
        if !source.is_some_and(|source| source.is::<StoreError>()) {
            return error;
        }
        let (what, login) = (error.message(), self.command("login --set-aside"));
        let logout = self.command("logout --set-aside");
        let text = text::sign_in::unreadable(what, &logout, &login);
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

    /// The error of a sign-in that does not exist.
    fn not_signed_in(&self) -> Error {
        let text = text::sign_in::not_signed_in(&self.name, &self.command("login"));
        Error::new(ErrorKind::Unauthenticated, text)
    }

    /// The error of a sign-in that can no longer be renewed.
    pub(crate) fn expired(&self) -> Error {
        let text = text::sign_in::expired(&self.name, &self.command("login"));
        Error::new(ErrorKind::Unauthenticated, text)
    }

    /// Returns the command of these words for this sign-in.
    pub(crate) fn command(&self, words: &str) -> String {
        match self.name.as_str() {
            DEFAULT => format!("`msm {words}`"),
            name => format!("`msm {words} --profile {name}`"),
        }
    }
}

/// Returns a path as the value of a variable.
fn text(variable: &str, path: &Path) -> Result<SecretString> {
    let text = path.to_str().map(SecretString::from);
    text.ok_or_else(|| Error::new(ErrorKind::Config, text::sign_in::not_utf8(variable)))
}
