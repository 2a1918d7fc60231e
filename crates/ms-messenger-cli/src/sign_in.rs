//! A stored sign-in as the credential of Teams.

use ms_messenger::{Error, Result, SecretString, Url, entra::SignIn, msgraph_chat::Cloud};

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
            Err(_) if !args.names_a_store() && !state::has_user_folders() => return Ok(None),
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
        let mut clouds = Cloud::ALL.iter().copied();
        Ok(clouds.find(|cloud| {
            let belongs = |scope: &String| {
                let rest = scope.strip_prefix(cloud.graph_root);
                rest.is_some_and(|rest| rest.starts_with('/'))
            };
            scopes.iter().any(belongs)
        }))
    }

    /// Returns the variables that a client of Graph reads for this sign-in.
    ///
    /// # Errors
    ///
    /// `Config` when a path is not UTF-8, as no variable can hold it.
    pub(crate) fn variables(&self) -> Result<Vec<(&'static str, SecretString)>> {
        let mut variables = self.profile.variables()?;
        if let Ok(Some(cloud)) = self.cloud() {
            variables.push(("MSGRAPH_CLOUD", cloud.name.into()));
        }
        if let Ok(sign_in) = &self.loaded
            && is_emulator(&sign_in.authority)
        {
            // Its tokens are worth nothing elsewhere.
            let authority = sign_in.authority.trim_end_matches('/');
            variables.push(("MSGRAPH_BASE_URL", format!("{authority}/v1.0").into()));
        }
        let user = self.loaded.as_ref().ok().and_then(|sign_in| {
            let user = sign_in.user_id.as_deref();
            user.or(sign_in.user.as_deref())
        });
        variables.extend(user.map(|user| ("MSGRAPH_USER", user.into())));
        Ok(variables)
    }
}

/// Returns whether an authority is an emulator: no other has an address on loopback without TLS.
fn is_emulator(authority: &str) -> bool {
    let Ok(address) = Url::parse(authority) else {
        return false;
    };
    let is_loopback = matches!(
        address.host_str(),
        Some("127.0.0.1" | "localhost" | "[::1]")
    );
    address.scheme() == "http" && is_loopback
}
