//! Tokens: fetched once for all who wait, renewed early, refused once.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use ms_messenger_core::{
    AccessToken, CachedTokenProvider, Error, ErrorKind, Result, StaticToken, TokenProvider,
    TokenRequest, async_trait, auth::TokenFn,
};

/// Hands out what it was given, one by one, and counts.
#[derive(Debug)]
struct Script {
    answers: Mutex<VecDeque<Result<AccessToken>>>,
    calls: Mutex<Vec<String>>,
}

impl Script {
    fn new(answers: impl IntoIterator<Item = Result<AccessToken>>) -> Arc<Self> {
        Arc::new(Self {
            answers: Mutex::new(answers.into_iter().collect()),
            calls: Mutex::default(),
        })
    }

    fn calls(&self) -> usize {
        self.calls.lock().unwrap().len()
    }
}

#[async_trait]
impl TokenProvider for Script {
    async fn token(&self, request: &TokenRequest<'_>) -> Result<AccessToken> {
        self.calls.lock().unwrap().push(request.scopes.join(" "));
        // Lets the others come, so that they would all fetch if they could.
        tokio::task::yield_now().await;
        self.answers.lock().unwrap().pop_front().unwrap()
    }
}

fn lasting(secret: &str, seconds: u64) -> Result<AccessToken> {
    Ok(AccessToken::new(secret).with_expiry(SystemTime::now() + Duration::from_secs(seconds)))
}

const ANY: TokenRequest<'static> = TokenRequest::new(&["a"]);

#[tokio::test]
async fn one_fetch_serves_all_who_wait() {
    let script = Script::new([lasting("one", 3600)]);
    let cached = Arc::new(CachedTokenProvider::new(Arc::clone(&script)));
    let tasks: Vec<_> = (0..32)
        .map(|_| {
            let cached = Arc::clone(&cached);
            tokio::spawn(async move { cached.token(&ANY).await.unwrap().secret().to_owned() })
        })
        .collect();
    for task in tasks {
        assert_eq!(task.await.unwrap(), "one");
    }
    assert_eq!(script.calls(), 1);
}

#[tokio::test]
async fn each_set_of_scopes_has_its_token_whatever_their_order() {
    let script = Script::new([lasting("ab", 3600), lasting("c", 3600)]);
    let cached = CachedTokenProvider::new(Arc::clone(&script));
    for (scopes, secret) in [(["a", "b"], "ab"), (["b", "a"], "ab"), (["c", "c"], "c")] {
        let token = cached.token(&TokenRequest::new(&scopes)).await.unwrap();
        assert_eq!(token.secret(), secret);
    }
    assert_eq!(script.calls(), 2);
}

#[tokio::test]
async fn a_token_about_to_expire_is_renewed_and_a_renewal_that_did_not_help_does_not_loop() {
    let script = Script::new([
        lasting("old", 100),
        lasting("new", 120),
        lasting("newer", 3600),
    ]);
    let cached =
        CachedTokenProvider::new(Arc::clone(&script)).with_early_renewal(Duration::from_secs(60));
    assert_eq!(cached.token(&ANY).await.unwrap().secret(), "old");
    assert_eq!(cached.token(&ANY).await.unwrap().secret(), "old");
    let cached = CachedTokenProvider::new(Arc::clone(&script));
    // Both tokens are within the five minutes; half of what is left has to pass first.
    for _ in 0..10 {
        assert_eq!(cached.token(&ANY).await.unwrap().secret(), "new");
    }
    assert_eq!(script.calls(), 2);
}

#[tokio::test]
async fn a_refused_token_is_fetched_anew_once_for_everybody() {
    let script = Script::new([lasting("bad", 3600), lasting("good", 3600)]);
    let cached = CachedTokenProvider::new(Arc::clone(&script));
    let bad = cached.token(&ANY).await.unwrap();
    for _ in 0..3 {
        let token = cached.token(&ANY.with_rejected(&bad)).await.unwrap();
        assert_eq!(token.secret(), "good");
    }
    assert_eq!(script.calls(), 2);
}

#[tokio::test]
async fn a_provider_that_has_nothing_but_the_refused_token_says_so() {
    let script = Script::new([lasting("bad", 3600), lasting("bad", 3600)]);
    let cached = CachedTokenProvider::new(script);
    let bad = cached.token(&ANY).await.unwrap();
    let error = cached.token(&ANY.with_rejected(&bad)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    let only = StaticToken::new("bad");
    let error = only.token(&ANY.with_rejected(&bad)).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert_eq!(only.token(&ANY).await.unwrap().secret(), "bad");
}

#[tokio::test]
async fn a_claims_challenge_always_fetches_and_an_expired_token_is_refused() {
    let script = Script::new([lasting("a", 3600), lasting("b", 3600)]);
    let cached = CachedTokenProvider::new(Arc::clone(&script));
    cached.token(&ANY).await.unwrap();
    assert_eq!(
        cached.token(&ANY.with_claims("{}")).await.unwrap().secret(),
        "b"
    );
    assert_eq!(cached.token(&ANY).await.unwrap().secret(), "b");

    let dead = AccessToken::new("dead").with_expiry(SystemTime::UNIX_EPOCH);
    let cached = CachedTokenProvider::new(Script::new([Ok(dead)]));
    assert_eq!(
        cached.token(&ANY).await.unwrap_err().kind(),
        ErrorKind::Unauthenticated
    );
}

#[tokio::test]
async fn a_failed_fetch_is_told_and_the_next_call_tries_again() {
    let failure = Error::new(ErrorKind::Timeout, "the issuer is slow");
    let script = Script::new([Err(failure), lasting("late", 3600)]);
    let cached = CachedTokenProvider::new(script);
    assert_eq!(
        cached.token(&ANY).await.unwrap_err().kind(),
        ErrorKind::Timeout
    );
    assert_eq!(cached.token(&ANY).await.unwrap().secret(), "late");
}

#[tokio::test]
async fn a_closure_gets_what_was_asked_for_and_nothing_secret_is_printed() {
    let provider = TokenFn::new(async |call: ms_messenger_core::auth::TokenCall| {
        Ok(AccessToken::new(format!(
            "hunter2-{}",
            call.scopes.join("+")
        )))
    });
    let cached = CachedTokenProvider::new(provider);
    let token = cached.token(&TokenRequest::new(&["x", "y"])).await.unwrap();
    assert_eq!(token.secret(), "hunter2-x+y");
    let request = ANY.with_rejected(&token);
    assert!(
        !format!(
            "{token:?}{cached:?}{request:?}{:?}",
            StaticToken::new("hunter2")
        )
        .contains("hunter2")
    );
}
