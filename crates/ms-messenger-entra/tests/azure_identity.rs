//! Credentials of `azure_core` as token providers.
#![cfg(feature = "azure-identity")]
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::{
    error::Error as _,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use azure_core::{
    credentials::{AccessToken, TokenCredential, TokenRequestOptions},
    error::ErrorKind as AzureKind,
};
use ms_messenger_core::{CachedTokenProvider, Delivery, ErrorKind, TokenProvider, TokenRequest};
use ms_messenger_entra::{AzureCredential, AzureCredentialError};

type Answer = fn() -> azure_core::Result<AccessToken>;

#[derive(Debug)]
struct Credential {
    response: Answer,
    asked: Mutex<Vec<Vec<String>>>,
}

#[async_trait::async_trait]
impl TokenCredential for Credential {
    async fn get_token(
        &self,
        scopes: &[&str],
        _: Option<TokenRequestOptions<'_>>,
    ) -> azure_core::Result<AccessToken> {
        let scopes = scopes.iter().map(ToString::to_string).collect();
        self.asked.lock().unwrap().push(scopes);
        (self.response)()
    }
}

fn credential(response: Answer) -> (AzureCredential, Arc<Credential>) {
    let credential = Arc::new(Credential {
        response,
        asked: Mutex::default(),
    });
    let dynamic: Arc<dyn TokenCredential> = Arc::clone(&credential) as _;
    (AzureCredential::new(dynamic), credential)
}

fn good() -> azure_core::Result<AccessToken> {
    let end = SystemTime::now() + Duration::from_secs(3600);
    Ok(AccessToken::new("hunter2", end.into()))
}

const SCOPES: [&str; 1] = ["https://communication.azure.com/.default"];
const REQUEST: TokenRequest<'static> = TokenRequest::new(&SCOPES);

#[tokio::test]
async fn a_token_comes_with_its_end_and_is_kept_by_the_cache() {
    let (provider, credential) = credential(good);
    let provider = CachedTokenProvider::new(provider);
    for _ in 0..2 {
        let token = provider.token(&REQUEST).await.unwrap();
        assert_eq!(token.secret(), "hunter2");
        let left = token
            .expires_at()
            .unwrap()
            .duration_since(SystemTime::now());
        assert!((3590..=3600).contains(&left.unwrap().as_secs()));
    }
    assert_eq!(*credential.asked.lock().unwrap(), [SCOPES]);
    assert!(!format!("{provider:?}").contains("hunter2"));
}

#[tokio::test]
async fn a_refused_token_and_a_claims_challenge_are_ends() {
    let (provider, credential) = credential(good);
    let refused = provider.token(&REQUEST).await.unwrap();
    let error = provider.token(&REQUEST.with_rejected(&refused)).await;
    assert_eq!(error.unwrap_err().kind(), ErrorKind::Unauthenticated);
    let error = provider
        .token(&REQUEST.with_claims("{}"))
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert!(error.message().contains("claims challenge"), "{error}");
    assert_eq!(credential.asked.lock().unwrap().len(), 2);
}

#[tokio::test]
async fn an_error_keeps_its_text_in_one_line_and_its_kind() {
    let cases: [(Answer, ErrorKind); 2] = [
        (
            || {
                Err(azure_core::Error::with_message(
                    AzureKind::Credential,
                    "no\nidentity here",
                ))
            },
            ErrorKind::Unauthenticated,
        ),
        (
            || {
                Err(azure_core::Error::with_message(
                    AzureKind::Io,
                    "no\nidentity here",
                ))
            },
            ErrorKind::Connect,
        ),
    ];
    for (response, kind) in cases {
        let (provider, _) = credential(response);
        let error = provider.token(&REQUEST).await.unwrap_err();
        assert_eq!(error.kind(), kind);
        assert_eq!(error.delivery(), Delivery::NotSent);
        let said: &AzureCredentialError = error.source().unwrap().downcast_ref().unwrap();
        assert_eq!(said.text, "no identity here");
    }
}
