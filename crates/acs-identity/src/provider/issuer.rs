//! Tokens that ACS Identity issues.

use async_trait::async_trait;
use ms_messenger_core::{
    AccessToken, Error, ErrorKind, Problems, Result, TokenProvider, TokenRequest,
};

use crate::{AcsIdentityClient, CommunicationUserId, TokenOptions};

/// Issues a token for every request.
#[derive(Debug)]
pub(super) struct Issuer {
    client: AcsIdentityClient,
    user: CommunicationUserId,
    pub(super) options: TokenOptions,
}

impl Issuer {
    pub(super) fn new(client: AcsIdentityClient, user: CommunicationUserId) -> Self {
        Self {
            client,
            user,
            options: TokenOptions::chat(),
        }
    }

    pub(super) fn find_problems(&self, problems: &mut Problems) {
        self.user.find_problems(problems);
        self.options.find_problems(problems);
    }
}

#[async_trait]
impl TokenProvider for Issuer {
    async fn token(&self, _request: &TokenRequest<'_>) -> Result<AccessToken> {
        let issued = self.client.reissue_token(&self.user, &self.options).await;
        Ok(issued.map_err(no_token)?.token)
    }
}

/// Converts an error of ACS Identity for a caller that needs a token: a missing user must not
/// look like a missing thread.
fn no_token(error: Error) -> Error {
    if error.is_transient() || error.kind() == ErrorKind::Config {
        return error;
    }
    let message = format!("ACS Identity issued no token: {}", error.message());
    let mut refused =
        Error::new(ErrorKind::Unauthenticated, message).with_attempts(error.attempts());
    if let Some(status) = error.status() {
        refused = refused.with_status(status);
    }
    if let Some(code) = error.code() {
        refused = refused.with_code(code);
    }
    if let Some(id) = error.request_id() {
        refused = refused.with_request_id(id);
    }
    refused.with_source(error)
}
