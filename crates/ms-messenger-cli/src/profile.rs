//! The sign-ins that `msm login` keeps.

use std::{
    error::Error as _,
    fs, io,
    path::{Path, PathBuf},
    sync::Arc,
};

use async_trait::async_trait;
use etcetera::BaseStrategy;
use ms_messenger::{
    AccessToken, Error, ErrorKind, Result, TokenProvider, TokenRequest,
    entra::{FileTokenStore, SignIn, StoreError, StoreKey, StoredSignIn, TokenStore},
    msgraph_chat::Cloud,
};

use crate::{args::StoreArgs, config::Environment};

/// The name of a sign-in that nobody named.
const DEFAULT: &str = "default";
/// The folder of this program in those of a user.
const FOLDER: &str = "msm";

/// Where one sign-in is kept, if there is one.
struct Place {
    name: String,
    folder: PathBuf,
    /// The file of the sign-in.
    path: PathBuf,
}

impl Place {
    fn of(args: &StoreArgs, env: Environment<'_>) -> Result<Self> {
        let name = args.profile.clone();
        let name = name.or_else(|| variable(env, "MSM_PROFILE"));
        let name = name.unwrap_or_else(|| DEFAULT.to_owned());
        let folder = state_dir(args, env)?;
        // Of no matter which key: it names no file.
        let path = FileTokenStore::with_key_file(&folder, "").path(&name)?;
        Ok(Self { name, folder, path })
    }
}

/// The folder in which this program keeps what lasts.
///
/// # Errors
///
/// `Config` when the user has no folders and names none.
pub(crate) fn state_dir(args: &StoreArgs, env: Environment<'_>) -> Result<PathBuf> {
    let named = args.state_dir.clone();
    match named.or_else(|| variable(env, "MSM_STATE_DIR").map(PathBuf::from)) {
        Some(folder) => Ok(folder),
        None => state_folder(),
    }
}

/// Makes a folder for its owner alone, where there is none.
pub(crate) fn make_folder(folder: &Path) -> io::Result<()> {
    let mut builder = fs::DirBuilder::new();
    builder.recursive(true);
    #[cfg(unix)]
    std::os::unix::fs::DirBuilderExt::mode(&mut builder, 0o700);
    builder.create(folder)
}

fn variable(env: Environment<'_>, name: &str) -> Option<String> {
    let value = env(name)?;
    let value = value.trim();
    (!value.is_empty()).then(|| value.to_owned())
}

/// A sign-in that can be read and written. There need be none yet.
#[derive(Clone, Debug)]
pub(crate) struct Profile {
    pub(crate) name: String,
    /// The file of the sign-in.
    pub(crate) path: PathBuf,
    pub(crate) store: Arc<dyn TokenStore>,
}

impl Profile {
    /// Where options and environment say; else in the folders of the user. Nothing is made yet.
    ///
    /// # Errors
    ///
    /// `Config` when the name or the key cannot be used, or the user has no folders.
    pub(crate) fn open(args: &StoreArgs, env: Environment<'_>) -> Result<Self> {
        let place = Place::of(args, env)?;
        let folder = place.folder;
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
            usual_store(folder)?
        };
        Ok(Self {
            name: place.name,
            path: place.path,
            store,
        })
    }

    /// The provider of its tokens.
    pub(crate) fn stored(&self) -> StoredSignIn {
        StoredSignIn::new(Arc::clone(&self.store), self.name.clone()).with_claims_challenges()
    }

    /// Who signed in here.
    ///
    /// # Errors
    ///
    /// `Unauthenticated` when nobody did; what the store says.
    pub(crate) fn load(&self) -> Result<SignIn> {
        let loaded = self.store.load(&self.name);
        let loaded = loaded.map_err(|error| self.unreadable(error))?;
        loaded.ok_or_else(|| self.nobody())
    }

    /// What can be done about a sign-in that cannot be read.
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

    /// Renames what cannot be read, the key too if that is it, so that nothing is lost.
    /// Answers the new names.
    ///
    /// # Errors
    ///
    /// As [`StoredSignIn::set_aside`].
    pub(crate) async fn set_aside(&self) -> Result<Vec<String>> {
        self.stored().set_aside().await
    }

    pub(crate) fn nobody(&self) -> Error {
        let text = format!(
            "nobody is signed in as `{}`: run {}",
            self.name,
            self.login()
        );
        Error::new(ErrorKind::Unauthenticated, text)
    }

    pub(crate) fn over(&self) -> Error {
        let text = format!("the sign-in `{}` is over: run {}", self.name, self.login());
        Error::new(ErrorKind::Unauthenticated, text)
    }

    /// What to type to sign in here.
    fn login(&self) -> String {
        self.command("login")
    }

    fn command(&self, words: &str) -> String {
        match self.name.as_str() {
            DEFAULT => format!("`msm {words}`"),
            name => format!("`msm {words} --profile {name}`"),
        }
    }
}

/// The folders of this user, as the operating system has them.
fn user_folders() -> Result<impl BaseStrategy> {
    etcetera::choose_base_strategy().map_err(|_| {
        let rule = "MSM_STATE_DIR: must be set, because this user has no home folder";
        Error::new(ErrorKind::Config, rule)
    })
}

/// Where programs keep what is of this machine alone.
fn state_folder() -> Result<PathBuf> {
    let folders = user_folders()?;
    let folder = folders.state_dir().unwrap_or_else(|| folders.data_dir());
    Ok(folder.join(FOLDER))
}

/// The store of a user who set no key: under a key in the keyring.
#[cfg(feature = "keyring")]
fn usual_store(folder: PathBuf) -> Result<Arc<dyn TokenStore>> {
    let store = ms_messenger::entra::KeyringTokenStore::new(FOLDER, folder)?;
    Ok(Arc::new(store))
}

/// The store of a user who set no key: under one in a file of theirs.
#[cfg(not(feature = "keyring"))]
fn usual_store(folder: PathBuf) -> Result<Arc<dyn TokenStore>> {
    let key = user_folders()?.config_dir().join(FOLDER).join("store.key");
    Ok(Arc::new(FileTokenStore::with_key_file(folder, key)))
}

/// A user who signed in, as a credential.
#[derive(Debug)]
pub(crate) struct SignedIn {
    pub(crate) profile: Profile,
    loaded: Result<SignIn>,
}

impl SignedIn {
    /// The sign-in that is kept, readable or not; `None` when there is none, or no place for one.
    pub(crate) fn find(args: &StoreArgs, env: Environment<'_>) -> Result<Option<Self>> {
        let place = match Place::of(args, env) {
            Ok(place) => place,
            // Who has no home has no sign-in. What was named must be usable.
            Err(_) if *args == StoreArgs::default() && user_folders().is_err() => return Ok(None),
            Err(error) => return Err(error),
        };
        // The key is looked for only where there is something to open.
        if !place.path.exists() {
            return Ok(None);
        }
        let profile = Profile::open(args, env)?;
        let loaded = profile.load();
        Ok(Some(Self { profile, loaded }))
    }

    /// Who it is.
    ///
    /// # Errors
    ///
    /// What kept the sign-in from being read.
    pub(crate) fn sign_in(&self) -> Result<&SignIn> {
        self.loaded
            .as_ref()
            .map_err(|error| Error::new(error.kind(), error.message().to_owned()))
    }

    /// The cloud that they signed in to; `None` when it is none of those that are known.
    ///
    /// # Errors
    ///
    /// As [`Self::sign_in`].
    pub(crate) fn cloud(&self) -> Result<Option<Cloud>> {
        let scopes = &self.sign_in()?.scopes;
        let clouds = [
            Cloud::GLOBAL,
            Cloud::US_GOV_L4,
            Cloud::US_GOV_L5,
            Cloud::CHINA,
        ];
        Ok(clouds.into_iter().find(|cloud| {
            let of_it = |scope: &String| {
                let rest = scope.strip_prefix(cloud.graph_root);
                rest.is_some_and(|rest| rest.starts_with('/'))
            };
            scopes.iter().any(of_it)
        }))
    }

    /// Their tokens.
    pub(crate) fn provider(&self) -> Instructive {
        Instructive {
            stored: self.profile.stored(),
            profile: self.profile.clone(),
        }
    }
}

/// Tokens of a sign-in, whose errors say what to type.
#[derive(Debug)]
pub(crate) struct Instructive {
    stored: StoredSignIn,
    profile: Profile,
}

#[async_trait]
impl TokenProvider for Instructive {
    async fn token(&self, request: &TokenRequest<'_>) -> Result<AccessToken> {
        let asked = self.stored.token(request).await;
        asked.map_err(|error| {
            if error.kind() != ErrorKind::Unauthenticated {
                return error;
            }
            let code = error.code().map(str::to_owned);
            let over = self.profile.over().with_source(error);
            match code {
                Some(code) => over.with_code(code),
                None => over,
            }
        })
    }
}
