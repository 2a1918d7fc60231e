//! A stored sign-in as the credential of Teams.

use async_trait::async_trait;
use ms_messenger::{
    AccessToken, Error, ErrorKind, Result, TokenProvider, TokenRequest,
    entra::{SignIn, StoredSignIn},
    msgraph_chat::Cloud,
};

use crate::{
    environment::Environment,
    profile::{Location, Profile, StoreArgs},
    state,
};

/// A signed-in user.
#[derive(Debug)]
pub(crate) struct SignedIn {
    pub(crate) profile: Profile,
    loaded: Result<SignIn>,
}

impl SignedIn {
    /// Finds the stored sign-in, readable or not; `None` when there is none, or no folder for one.
    ///
    /// # Errors
    ///
    /// `Config` when what options or environment name cannot be used.
    pub(crate) fn find(args: &StoreArgs, env: Environment<'_>) -> Result<Option<Self>> {
        let location = match Location::find(args, env) {
            Ok(location) => location,
            // A user without a home folder has no sign-in, but what was named must be usable.
            Err(_) if *args == StoreArgs::default() && !state::has_user_folders() => {
                return Ok(None);
            }
            Err(error) => return Err(error),
        };
        // The key is needed only when there is something to open.
        if !location.path.exists() {
            return Ok(None);
        }
        let profile = Profile::open(args, env)?;
        let loaded = profile.load();
        Ok(Some(Self { profile, loaded }))
    }

    /// Returns the sign-in.
    ///
    /// # Errors
    ///
    /// What prevented it from being read.
    pub(crate) fn sign_in(&self) -> Result<&SignIn> {
        self.loaded
            .as_ref()
            .map_err(|error| Error::new(error.kind(), error.message().to_owned()))
    }

    /// Returns the cloud of the sign-in; `None` when it is not a known one.
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
            let belongs = |scope: &String| {
                let rest = scope.strip_prefix(cloud.graph_root);
                rest.is_some_and(|rest| rest.starts_with('/'))
            };
            scopes.iter().any(belongs)
        }))
    }

    /// Returns the provider of its tokens.
    pub(crate) fn provider(&self) -> ProfileTokenProvider {
        ProfileTokenProvider {
            stored: self.profile.stored(),
            profile: self.profile.clone(),
        }
    }
}

/// Tokens of a stored sign-in. Its errors name the command that signs in again.
#[derive(Debug)]
pub(crate) struct ProfileTokenProvider {
    stored: StoredSignIn,
    profile: Profile,
}

#[async_trait]
impl TokenProvider for ProfileTokenProvider {
    async fn token(&self, request: &TokenRequest<'_>) -> Result<AccessToken> {
        let token = self.stored.token(request).await;
        token.map_err(|error| {
            if error.kind() != ErrorKind::Unauthenticated {
                return error;
            }
            let code = error.code().map(str::to_owned);
            let expired = self.profile.expired().with_source(error);
            match code {
                Some(code) => expired.with_code(code),
                None => expired,
            }
        })
    }
}
