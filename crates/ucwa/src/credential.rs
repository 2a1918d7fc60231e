//! Who signs in, and how.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use ms_messenger_core::{AccessToken, Result, TokenProvider};
use secrecy::SecretString;

/// How the user proves who they are. Cannot be printed.
///
/// UCWA knows users only: a bot is a user account of its own.
#[derive(Clone)]
#[non_exhaustive]
pub enum Credential {
    /// User name (UPN or `DOMAIN\user`) and password: the grant `password`.
    Password {
        /// The user name.
        username: String,
        /// The password.
        password: SecretString,
    },
    /// A guest of one meeting: the grant `urn:microsoft.rtc:anonmeeting`.
    AnonymousMeeting {
        /// The id at the end of the address to join by.
        conference_key: SecretString,
        /// `sip:<org>@<domain>;gruu;opaque=app:conf:focus:id:<ID>`.
        conference_uri: String,
    },
    /// The user who is signed in to Windows: the grant `urn:microsoft.rtc:windows`. Without an
    /// implementation, sign-in answers `Unsupported`.
    Integrated(Option<Arc<dyn IntegratedSignIn>>),
    /// Tokens of Entra ID, in a hybrid topology. The scope asked for is `https://HOST/.default`
    /// of the host that is about to be called: each host wants a token of its own.
    Token(Arc<dyn TokenProvider>),
}

impl Credential {
    /// User name (UPN or `DOMAIN\user`) and password.
    pub fn password(username: impl Into<String>, password: impl Into<SecretString>) -> Self {
        Self::Password {
            username: username.into(),
            password: password.into(),
        }
    }

    /// A guest of the meeting `conference_uri` with the key `conference_key`.
    pub fn anonymous_meeting(
        conference_key: impl Into<SecretString>,
        conference_uri: impl Into<String>,
    ) -> Self {
        Self::AnonymousMeeting {
            conference_key: conference_key.into(),
            conference_uri: conference_uri.into(),
        }
    }

    /// The user who is signed in to Windows, through `sign_in`.
    pub fn integrated(sign_in: impl IntegratedSignIn) -> Self {
        Self::Integrated(Some(Arc::new(sign_in)))
    }

    /// Tokens of Entra ID, in a hybrid topology.
    pub fn token(provider: impl TokenProvider) -> Self {
        Self::Token(Arc::new(provider))
    }
}

impl fmt::Debug for Credential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            Self::Password { .. } => "Password",
            Self::AnonymousMeeting { .. } => "AnonymousMeeting",
            Self::Integrated(_) => "Integrated",
            Self::Token(_) => "Token",
        })
    }
}

/// Gets web tickets by integrated Windows sign-in (Negotiate or NTLM). This crate has no
/// implementation: it needs the security library of the platform.
#[async_trait]
pub trait IntegratedSignIn: fmt::Debug + Send + Sync + 'static {
    /// Posts `grant_type=urn:microsoft.rtc:windows` to `token_endpoint`, answers its Negotiate
    /// challenge and returns the web ticket (`cwt=…`).
    ///
    /// # Errors
    ///
    /// Whatever keeps it from getting one.
    async fn ticket(&self, token_endpoint: &str) -> Result<AccessToken>;
}
