//! Users of Entra ID, and the ACS tokens that they get for theirs.

use std::sync::Arc;

use async_trait::async_trait;
use ms_messenger_core::{AccessToken, Result, TokenProvider, TokenRequest};
use ms_messenger_http::{Bearer, Call, Pipeline};

use crate::{
    AcsIdentityClient, CommunicationUserId, UserToken,
    models::CreateIdentityResult,
    operations::{
        ENTRA_SCOPES, TEAMS_PHONE_SCOPES, TOKEN_EXCHANGE_ENTRA, TOKEN_EXCHANGE_TEAMS_PHONE,
    },
};

/// The only version that exchanges the token of any user.
const ENTRA_VERSION: &str = "2025-03-02-preview";
/// The first version that exchanges tokens of Teams Phone.
const TEAMS_PHONE_VERSION: &str = "2025-06-30";

/// A user of Entra ID, whose tokens are exchanged for ACS tokens. As a
/// [`TokenProvider`](ms_messenger_core::TokenProvider) it exchanges a token for every request:
/// give it to [`UserTokenProvider::builder_from`](crate::UserTokenProvider::builder_from), which
/// keeps tokens until they expire.
///
/// ```
/// use acs_chat::{AcsChatClient, SendChatMessageRequest};
/// use acs_identity::{AcsIdentityBuilder, UserTokenProvider};
/// use ms_messenger_core::StaticToken;
/// use ms_messenger_emulator::Emulator;
///
/// # #[tokio::main]
/// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
/// let emulator = Emulator::start().await?;
/// let acs = &emulator.seed().acs;
/// let identity = AcsIdentityBuilder::from_connection_string(&acs.connection_string)?.build()?;
///
/// // In an application: a provider of `ms-messenger-entra`, which signs the user in.
/// let signed_in = StaticToken::new(emulator.seed().graph.users[0].token.as_str());
/// let tokens = UserTokenProvider::builder_from(identity.entra_user(signed_in)).build()?;
/// let chat = AcsChatClient::builder(&acs.endpoint, tokens).build()?;
/// chat.thread(acs.thread_id.as_str()).send(&SendChatMessageRequest::text("hello")).await?;
/// # Ok(())
/// # }
/// ```
#[derive(Clone, Debug)]
pub struct EntraUser {
    client: AcsIdentityClient,
    entra: Pipeline,
    teams_phone: Pipeline,
}

impl AcsIdentityClient {
    /// Returns a handle to the user of Entra ID whose tokens `tokens` provides. The service is not
    /// called. Exchanges are authorised by these tokens, not by the credential of the client.
    pub fn entra_user(&self, tokens: impl TokenProvider) -> EntraUser {
        let tokens: Arc<dyn TokenProvider> = Arc::new(tokens);
        let pipeline = |scopes| {
            let bearer = Bearer::new(Arc::clone(&tokens), scopes);
            self.pipeline().clone().with_authorize(bearer)
        };
        EntraUser {
            client: self.clone(),
            entra: pipeline(ENTRA_SCOPES),
            teams_phone: pipeline(TEAMS_PHONE_SCOPES),
        }
    }
}

impl EntraUser {
    /// Exchanges a token of the user, with the scope
    /// `https://communication.azure.com/clients/.default`, for one of an ACS user, which is the same
    /// one every time: `POST /access/entra/:exchangeAccessToken`, 2025-03-02-preview.
    ///
    /// Not retried automatically when it is unknown whether it was executed; doing so is as
    /// harmless as with [`issue_token`](AcsIdentityClient::issue_token).
    ///
    /// # Errors
    ///
    /// `Unauthenticated` when the service rejects the user's token, `PermissionDenied`, and the
    /// other errors of the service.
    pub async fn exchange_token(&self) -> Result<ExchangedToken> {
        let path = format!("/access/entra/:exchangeAccessToken?api-version={ENTRA_VERSION}");
        let call = Call::of(&TOKEN_EXCHANGE_ENTRA, path);
        self.exchange(&self.entra, call).await
    }

    /// Exchanges a token of the user, with the scope
    /// `https://auth.msft.communication.azure.com/.default`, for one of Teams Phone: `POST
    /// /access/teamsExtension/:exchangeAccessToken`, since 2025-06-30. The user needs an
    /// [assignment](AcsIdentityClient::put_teams_phone_assignment).
    ///
    /// Not retried automatically when it is unknown whether it was executed; doing so is as
    /// harmless as with [`issue_token`](AcsIdentityClient::issue_token).
    ///
    /// # Errors
    ///
    /// `Unsupported` before any I/O in an earlier version; `PermissionDenied` for a user without an
    /// assignment; then as [`exchange_token`](Self::exchange_token).
    pub async fn exchange_teams_phone_token(&self) -> Result<ExchangedToken> {
        self.client.check_since(TEAMS_PHONE_VERSION)?;
        let path = self
            .client
            .path("/access/teamsExtension/:exchangeAccessToken");
        let call = Call::of(&TOKEN_EXCHANGE_TEAMS_PHONE, path);
        self.exchange(&self.teams_phone, call).await
    }

    async fn exchange(&self, pipeline: &Pipeline, call: Call) -> Result<ExchangedToken> {
        let response = pipeline.call(call.with_json_bytes("{}")).await?;
        response.expect_status(200)?;
        let result: CreateIdentityResult = response.json()?;
        let token = result.access_token.and_then(|token| token.into_token());
        match token {
            Some(token) if !result.identity.id.as_str().is_empty() => Ok(ExchangedToken {
                id: result.identity.id,
                token,
                request_id: response.request_id().map(str::to_owned),
            }),
            _ => Err(response.unusable("the response has no user or no token")),
        }
    }
}

#[async_trait]
impl TokenProvider for EntraUser {
    /// Exchanges a token ([`exchange_token`](EntraUser::exchange_token)), once more when it is
    /// unknown whether that was executed. The scopes of the request are ignored.
    async fn token(&self, _: &TokenRequest<'_>) -> Result<AccessToken> {
        let path = format!("/access/entra/:exchangeAccessToken?api-version={ENTRA_VERSION}");
        // A token of any attempt will do.
        let call = Call::of(&TOKEN_EXCHANGE_ENTRA, path).without_message();
        Ok(self.exchange(&self.entra, call).await?.token.token)
    }
}

/// The ACS user of a user of Entra ID, with a token.
#[derive(Clone, Debug, PartialEq)]
#[non_exhaustive]
pub struct ExchangedToken {
    /// The ACS user.
    pub id: CommunicationUserId,
    /// Its token.
    pub token: UserToken,
    /// The id that the service gave the request (`MS-CV`).
    pub request_id: Option<String>,
}
