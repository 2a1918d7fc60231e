//! The credential of the signed-in user.

use std::{fmt, sync::Arc};

use async_trait::async_trait;
use ms_messenger_core::{AccessToken, Result, TokenProvider};
use secrecy::SecretString;

/// The credential of the user who signs in. `Debug` shows its kind only.
///
/// UCWA knows users only: a bot is a user account of its own.
///
/// ```
/// use ucwa::UcwaCredential;
///
/// let credential = UcwaCredential::password("CONTOSO\\bot", "hunter2");
/// assert_eq!(format!("{credential:?}"), "Password");
/// ```
#[derive(Clone)]
pub struct UcwaCredential(Kind);

#[derive(Clone)]
pub(crate) enum Kind {
    /// The grant `password`.
    Password {
        username: String,
        password: SecretString,
    },
    /// The grant `urn:microsoft.rtc:anonmeeting`.
    AnonymousMeeting {
        conference_key: SecretString,
        conference_uri: String,
    },
    /// The grant `urn:microsoft.rtc:windows`.
    Integrated(Arc<dyn IntegratedSignIn>),
    Token(Arc<dyn TokenProvider>),
}

impl UcwaCredential {
    /// A user name, as a UPN or `DOMAIN\user`, and a password.
    pub fn password(username: impl Into<String>, password: impl Into<SecretString>) -> Self {
        Self(Kind::Password {
            username: username.into(),
            password: password.into(),
        })
    }

    /// A guest of one meeting. `conference_key` is the id at the end of the join address;
    /// `conference_uri` has the form `sip:<org>@<domain>;gruu;opaque=app:conf:focus:id:<ID>`.
    /// ```
    /// use ucwa::UcwaCredential;
    ///
    /// let credential = UcwaCredential::anonymous_meeting(
    ///     "G03W98W4",
    ///     "sip:alice@contoso.com;gruu;opaque=app:conf:focus:id:G03W98W4",
    /// );
    /// assert_eq!(format!("{credential:?}"), "AnonymousMeeting");
    /// ```
    pub fn anonymous_meeting(
        conference_key: impl Into<SecretString>,
        conference_uri: impl Into<String>,
    ) -> Self {
        Self(Kind::AnonymousMeeting {
            conference_key: conference_key.into(),
            conference_uri: conference_uri.into(),
        })
    }

    /// The user who is signed in to Windows, by an implementation of [`IntegratedSignIn`].
    pub fn integrated(sign_in: impl IntegratedSignIn) -> Self {
        Self(Kind::Integrated(Arc::new(sign_in)))
    }

    /// Tokens of Entra ID, in a hybrid topology. The scope is `https://HOST/.default` of the host
    /// that is about to be called: each host needs a token of its own. The tokens are cached.
    /// ```
    /// use ms_messenger_core::StaticToken;
    /// use ucwa::UcwaCredential;
    ///
    /// let credential = UcwaCredential::token(StaticToken::new("eyJ0eXAi…"));
    /// assert_eq!(format!("{credential:?}"), "Token");
    /// ```
    pub fn token(provider: impl TokenProvider) -> Self {
        Self(Kind::Token(Arc::new(provider)))
    }

    pub(crate) fn kind(&self) -> &Kind {
        &self.0
    }
}

impl fmt::Debug for UcwaCredential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match &self.0 {
            Kind::Password { .. } => "Password",
            Kind::AnonymousMeeting { .. } => "AnonymousMeeting",
            Kind::Integrated(_) => "Integrated",
            Kind::Token(_) => "Token",
        })
    }
}

/// Gets web tickets by integrated Windows sign-in (Negotiate or NTLM). This crate has no
/// implementation, because it needs the security library of the platform.
///
/// ```
/// use ms_messenger_core::{AccessToken, Result, async_trait};
/// use ucwa::{UcwaCredential, IntegratedSignIn};
///
/// #[derive(Debug)]
/// struct Kerberos;
///
/// #[async_trait]
/// impl IntegratedSignIn for Kerberos {
///     async fn ticket(&self, token_endpoint: &str) -> Result<AccessToken> {
///         // POST with Negotiate, by the library of the platform.
///         # let _ = token_endpoint;
///         Ok(AccessToken::new("cwt=…"))
///     }
/// }
///
/// let credential = UcwaCredential::integrated(Kerberos);
/// ```
#[async_trait]
pub trait IntegratedSignIn: fmt::Debug + Send + Sync + 'static {
    /// Posts `grant_type=urn:microsoft.rtc:windows` to `token_endpoint`, responds to its
    /// Negotiate challenge and returns the web ticket (`cwt=…`).
    ///
    /// # Errors
    ///
    /// Whatever prevents it from getting one.
    async fn ticket(&self, token_endpoint: &str) -> Result<AccessToken>;
}
