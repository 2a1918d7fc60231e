//! A pipeline for each host, with the web ticket of that host.

use std::sync::Arc;

use async_trait::async_trait;
use ms_messenger_core::{
    AccessToken, CachedTokenProvider, ErrorKind, Result, RetryPolicy, TokenProvider as _,
    TokenRequest,
};
use ms_messenger_http::{Authorize, HttpRequest, Pipeline, RejectedToken};

use crate::{
    credential::UcwaCredential,
    ticket::{Challenged, TicketIssuer},
    web::Web,
};

/// The hosts of one user's deployment. A clone shares the tickets.
#[derive(Clone, Debug)]
pub(crate) struct Hosts {
    web: Web,
    tickets: Arc<CachedTokenProvider<TicketIssuer>>,
    challenged: Challenged,
}

impl Hosts {
    pub(crate) fn new(web: Web, credential: UcwaCredential) -> Self {
        let challenged = Challenged::default();
        let issuer = TicketIssuer::new(web.clone(), credential, challenged.clone());
        Self {
            web,
            tickets: Arc::new(CachedTokenProvider::new(issuer)),
            challenged,
        }
    }

    pub(crate) fn web(&self) -> &Web {
        &self.web
    }

    /// Returns a pipeline to the host of `url` with its ticket, and the path of `url` there.
    pub(crate) fn signed_in(&self, url: &str) -> Result<(Pipeline, String)> {
        let address = self.web.address(url)?;
        self.challenged.remember(&address);
        let ticket = Ticket {
            tickets: Arc::clone(&self.tickets),
            origin: address.origin.clone(),
        };
        Ok((self.web.pipeline(&address.origin, ticket)?, address.path))
    }
}

/// The ticket of one host.
#[derive(Debug)]
struct Ticket {
    tickets: Arc<CachedTokenProvider<TicketIssuer>>,
    origin: String,
}

#[async_trait]
impl Authorize for Ticket {
    async fn authorize(
        &self,
        outgoing: &mut HttpRequest,
        rejected: Option<&RejectedToken>,
    ) -> Result<Option<AccessToken>> {
        let scopes = [self.origin.as_str()];
        let mut request = TokenRequest::new(&scopes);
        request.rejected = rejected.map(|it| &it.token);
        let token = self.tickets.token(&request).await?;
        outgoing.set_bearer(&token)?;
        Ok(Some(token))
    }
}

/// A retry policy that leaves every retry to the caller.
pub(crate) fn no_retry() -> RetryPolicy {
    RetryPolicy::default().with_max_attempts(1)
}

/// Whether an error that came several times in a row proves that the discovered address is out of
/// date. Source: "RootURL": 403, 502, repeated connection errors, and nothing else.
pub(crate) fn is_stale(error: &ms_messenger_core::Error) -> bool {
    matches!(error.status(), Some(403 | 502)) || error.kind() == ErrorKind::Connect
}
