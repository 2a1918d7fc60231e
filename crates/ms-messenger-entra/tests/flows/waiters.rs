//! Many callers at once: one fetch, and one failure for all who waited.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use mockito::Server;
use ms_messenger_core::{
    AccessToken, CachedTokenProvider, Error, ErrorKind, Result, TokenProvider, TokenRequest,
};
use serde_json::json;

use crate::support::{Held, SCOPES, application, device_endpoint, ok, token_error};

const REQUEST: TokenRequest<'static> = TokenRequest::new(&SCOPES);
const CALLERS: usize = 20;

/// The outcomes of callers who all wait by the time at which `ready` ends.
async fn all_of<P: TokenProvider>(
    provider: P,
    ready: impl Future<Output = ()>,
) -> Vec<Result<AccessToken>> {
    let provider = Arc::new(provider);
    let callers: Vec<_> = (0..CALLERS)
        .map(|_| {
            let provider = Arc::clone(&provider);
            tokio::spawn(async move { provider.token(&REQUEST).await })
        })
        .collect();
    // On the one thread of this test each of them has begun when this goes on.
    tokio::task::yield_now().await;
    ready.await;
    let mut outcomes = vec![];
    for caller in callers {
        outcomes.push(caller.await.unwrap());
    }
    outcomes
}

async fn once(held: Held) {
    held.reached().await;
    held.release();
}

fn failures(outcomes: Vec<Result<AccessToken>>, kind: ErrorKind) -> Vec<Error> {
    assert_eq!(outcomes.len(), CALLERS);
    let errors: Vec<Error> = outcomes.into_iter().map(Result::unwrap_err).collect();
    assert!(errors.iter().all(|it| it.kind() == kind), "{errors:?}");
    errors
}

#[tokio::test]
async fn callers_of_a_sign_in_by_code_share_one_prompt_and_its_failure() {
    let mut server = Server::new_async().await;
    let refused = json!({"error": "invalid_client"});
    let mock = server.mock("POST", "/contoso.com/oauth2/v2.0/devicecode");
    // A second request would be held for ever.
    let held = Held::responding(mock, 400, &refused).await;
    let provider = application(&server).device_code(|_| {}).unwrap();
    let outcomes = all_of(provider, once(held)).await;
    for error in failures(outcomes, ErrorKind::Config) {
        assert_eq!(error.code(), Some("invalid_client"));
    }
}

#[tokio::test]
async fn callers_of_a_cached_sign_in_by_code_share_one_prompt_and_its_token() {
    let mut server = Server::new_async().await;
    device_endpoint(&mut server).await;
    let mock = server.mock("POST", "/contoso.com/oauth2/v2.0/token");
    let mock = ok(mock, "T1", Some("R1")).expect(1).create_async().await;
    let prompts = Arc::new(AtomicUsize::new(0));
    let shown = Arc::clone(&prompts);
    let flow = application(&server).device_code(move |_| {
        shown.fetch_add(1, Ordering::SeqCst);
    });
    let flow = flow.unwrap().with_sleep(|_| async {});
    let outcomes = all_of(CachedTokenProvider::new(flow), async {}).await;
    for token in outcomes {
        assert_eq!(token.unwrap().secret(), "T1");
    }
    mock.assert_async().await;
    assert_eq!(prompts.load(Ordering::SeqCst), 1);
}

#[cfg(feature = "browser")]
#[tokio::test]
async fn callers_of_a_sign_in_by_browser_share_one_page_and_its_failure() {
    let server = Server::new_async().await;
    let pages = Arc::new(AtomicUsize::new(0));
    let opened = Arc::clone(&pages);
    let flow = application(&server).authorization_code(move |_| {
        opened.fetch_add(1, Ordering::SeqCst);
    });
    let flow = flow.unwrap().with_timeout(std::time::Duration::ZERO);
    let outcomes = all_of(flow, async {}).await;
    for error in failures(outcomes, ErrorKind::Unauthenticated) {
        assert_eq!(token_error(&error).error.as_str(), "expired_token");
    }
    assert_eq!(pages.load(Ordering::SeqCst), 1);
}
