//! Tokens: fetched once for all who wait, renewed early, refused once.

use std::{
    collections::VecDeque,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use ms_messenger_core::{
    AccessToken, CachedTokenProvider, Delivery, Error, ErrorKind, Result, StaticToken,
    TokenProvider, TokenRequest, async_trait,
    auth::{self, CachedTokenProviderBuilder, OwnedTokenRequest, TokenFn},
};

/// Hands out what it was given, one by one, and counts.
#[derive(Debug)]
struct Script {
    responses: Mutex<VecDeque<Result<AccessToken>>>,
    calls: Mutex<Vec<String>>,
}

impl Script {
    fn new(responses: impl IntoIterator<Item = Result<AccessToken>>) -> Arc<Self> {
        Arc::new(Self {
            responses: Mutex::new(responses.into_iter().collect()),
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
        self.responses.lock().unwrap().pop_front().unwrap()
    }
}

fn lasting(secret: &str, seconds: u64) -> Result<AccessToken> {
    Ok(AccessToken::new(secret).with_expires_at(SystemTime::now() + Duration::from_secs(seconds)))
}

const ANY: TokenRequest<'static> = TokenRequest::new(&["a"]);

#[tokio::test]
async fn one_fetch_serves_all_waiting_callers() {
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
    let cached = CachedTokenProviderBuilder::new(Arc::clone(&script))
        .with_early_renewal(Duration::from_secs(60))
        .build();
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
async fn a_rejected_token_is_replaced_once_for_all_callers() {
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

    let dead = AccessToken::new("dead").with_expires_at(SystemTime::UNIX_EPOCH);
    let cached = CachedTokenProvider::new(Script::new([Ok(dead)]));
    assert_eq!(
        cached.token(&ANY).await.unwrap_err().kind(),
        ErrorKind::Unauthenticated
    );
}

#[tokio::test]
async fn a_failed_fetch_is_reported_and_the_next_call_fetches_again() {
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
    let provider = TokenFn::new(async |call: OwnedTokenRequest| {
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

/// Takes a second for each fetch, and then fails.
#[derive(Debug, Default)]
struct Down(Mutex<usize>);

#[async_trait]
impl TokenProvider for Down {
    async fn token(&self, _: &TokenRequest<'_>) -> Result<AccessToken> {
        *self.0.lock().unwrap() += 1;
        tokio::time::sleep(Duration::from_secs(1)).await;
        Err(Error::new(ErrorKind::Service, "the issuer is down")
            .with_delivery(Delivery::NotSent)
            .with_code("busy")
            .with_retry_after(Duration::from_secs(7))
            .with_source(std::io::Error::other("the cause")))
    }
}

async fn in_parallel(
    cached: &Arc<CachedTokenProvider<Arc<Down>>>,
    requests: impl IntoIterator<Item = TokenRequest<'static>>,
) -> Vec<Error> {
    let tasks: Vec<_> = requests
        .into_iter()
        .map(|request| {
            let cached = Arc::clone(cached);
            tokio::spawn(async move { cached.token(&request).await.unwrap_err() })
        })
        .collect();
    let mut errors = Vec::new();
    for task in tasks {
        errors.push(task.await.unwrap());
    }
    errors
}

#[tokio::test(start_paused = true)]
async fn callers_that_waited_for_a_failed_fetch_share_its_error() {
    let down = Arc::new(Down::default());
    let cached = Arc::new(CachedTokenProvider::new(Arc::clone(&down)));
    for round in 1..=2 {
        let began = tokio::time::Instant::now();
        let errors = in_parallel(&cached, [ANY; 20]).await;
        assert_eq!(began.elapsed().as_secs(), 1, "one wait for all");
        assert_eq!(*down.0.lock().unwrap(), round, "one fetch for all");
        for error in errors {
            assert_eq!(error.kind(), ErrorKind::Service);
            assert_eq!(error.delivery(), Delivery::NotSent);
            assert_eq!(error.message(), "the issuer is down");
            assert_eq!(error.code(), Some("busy"));
            assert_eq!(error.retry_after(), Some(Duration::from_secs(7)));
            let source = std::error::Error::source(&error).unwrap();
            assert_eq!(source.to_string(), "the cause");
        }
    }
    // A challenge is another request, with a failure of its own.
    let challenge = ANY.with_claims("{}");
    in_parallel(&cached, [ANY, ANY, challenge, challenge, ANY, challenge]).await;
    assert_eq!(*down.0.lock().unwrap(), 4);
}

#[tokio::test(start_paused = true)]
async fn a_caller_after_a_failure_fetches_again_and_a_dropped_fetch_fails_no_other() {
    let down = Arc::new(Down::default());
    let cached = Arc::new(CachedTokenProvider::new(Arc::clone(&down)));
    in_parallel(&cached, [ANY]).await;
    in_parallel(&cached, [ANY]).await;
    assert_eq!(*down.0.lock().unwrap(), 2);
    let first = tokio::spawn({
        let cached = Arc::clone(&cached);
        async move { cached.token(&ANY).await }
    });
    while *down.0.lock().unwrap() < 3 {
        tokio::task::yield_now().await;
    }
    let waits = tokio::spawn({
        let cached = Arc::clone(&cached);
        async move { cached.token(&ANY).await }
    });
    tokio::task::yield_now().await;
    first.abort();
    assert_eq!(waits.await.unwrap().unwrap_err().kind(), ErrorKind::Service);
    assert_eq!(*down.0.lock().unwrap(), 4);
}

#[tokio::test]
async fn a_token_that_no_header_can_carry_is_refused_and_not_kept() {
    for bad in [
        "",
        "a\nb",
        "a\r\nX: y",
        "a b",
        " a",
        "a\0",
        "tök",
        "a\u{7f}",
    ] {
        let script = Script::new([Ok(AccessToken::new(bad)), Ok(AccessToken::new("good"))]);
        let cached = CachedTokenProvider::new(Arc::clone(&script));
        let error = cached.token(&ANY).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert!(error.message().starts_with("the token"), "{error}");
        assert_eq!(cached.token(&ANY).await.unwrap().secret(), "good");
        assert!(StaticToken::new(bad).token(&ANY).await.is_err());
    }
    assert!(AccessToken::new("eyJ0.eXAi-_~+/=").check().is_ok());
}

#[tokio::test]
async fn any_early_renewal_and_any_expiry_can_be_set() {
    let far = SystemTime::UNIX_EPOCH + Duration::from_secs(1 << 62);
    let near = SystemTime::now() + Duration::from_secs(60);
    for early in [Duration::MAX, Duration::from_secs(1 << 60), Duration::ZERO] {
        for end in [near, far] {
            let script = Script::new([Ok(AccessToken::new("a").with_expires_at(end))]);
            let cached = CachedTokenProviderBuilder::new(script)
                .with_early_renewal(early)
                .build();
            for _ in 0..2 {
                assert_eq!(cached.token(&ANY).await.unwrap().secret(), "a");
            }
        }
    }
}

#[tokio::test]
async fn a_known_token_is_judged_as_a_fetch_judges_it() {
    let cached_token = |token: AccessToken| {
        let cache = CachedTokenProvider::new(StaticToken::new(token));
        cache.cached_token(&TokenRequest::new(&["scope"]))
    };
    assert_eq!(cached_token("t".into()).unwrap().unwrap().secret(), "t");
    let past = SystemTime::now() - Duration::from_secs(1);
    let error = cached_token(AccessToken::new("t").with_expires_at(past)).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert!(cached_token("a\nb".into()).is_err());

    let fetched = CachedTokenProvider::new(TokenFn::new(async |_| Ok("fetched".into())));
    let request = TokenRequest::new(&["scope"]);
    assert!(fetched.cached_token(&request).unwrap().is_none());
    fetched.token(&request).await.unwrap();
    assert_eq!(
        fetched.cached_token(&request).unwrap().unwrap().secret(),
        "fetched"
    );
}

#[tokio::test]
async fn a_provider_that_caches_is_not_cached_again() {
    let script = Script::new([lasting("one", 3600)]);
    assert!(!script.is_cached());
    let cached = CachedTokenProvider::new(Arc::clone(&script));
    let shared: Arc<dyn TokenProvider> = Arc::new(cached.clone());
    assert!(shared.is_cached());
    let again = auth::cached(Arc::clone(&shared));
    assert_eq!(format!("{again:?}"), format!("{cached:?}"));
    assert_eq!(again.token(&ANY).await.unwrap().secret(), "one");
    assert_eq!(cached.token(&ANY).await.unwrap().secret(), "one");
    assert_eq!(script.calls(), 1);
}

#[test]
fn an_owned_request_asks_for_the_same() {
    let token = AccessToken::new("t");
    let request = TokenRequest::new(&["a", "b"])
        .with_claims("{}")
        .with_rejected(&token);
    let owned = OwnedTokenRequest::from(&request);
    assert!(owned == request);
    assert!(owned != request.with_claims("[]"));
    assert!(owned != ANY);
}

/// A clock that keeps pace with the time of the runtime.
fn clock() -> impl Fn() -> SystemTime + Send + Sync + 'static {
    let (began, started) = (SystemTime::now(), tokio::time::Instant::now());
    move || began + started.elapsed()
}

#[tokio::test(start_paused = true)]
async fn a_timer_renews_each_set_of_scopes_and_ends_with_the_cache() {
    let script = Script::new((1..=6).map(|hour| lasting("t", hour * 3600)));
    let cached = CachedTokenProviderBuilder::new(Arc::clone(&script))
        .with_renewal_spread(0.0)
        .with_proactive_renewal(true)
        .with_clock(clock())
        .build();
    cached.token(&TokenRequest::new(&["a"])).await.unwrap();
    cached.token(&TokenRequest::new(&["b", "c"])).await.unwrap();
    tokio::time::sleep(Duration::from_secs(54 * 60)).await;
    assert_eq!(script.calls(), 2);
    tokio::time::sleep(Duration::from_secs(2 * 60)).await;
    assert_eq!(script.calls.lock().unwrap().join(","), "a,b c,a");
    tokio::time::sleep(Duration::from_secs(60 * 60)).await;
    assert_eq!(script.calls.lock().unwrap().join(","), "a,b c,a,b c");
    let clone = cached.clone();
    drop(cached);
    assert_eq!(Arc::strong_count(&script), 2);
    drop(clone);
    tokio::time::sleep(Duration::from_secs(24 * 3600)).await;
    assert_eq!((script.calls(), Arc::strong_count(&script)), (4, 1));
}

#[tokio::test(start_paused = true)]
async fn an_initial_token_is_used_until_it_is_to_be_renewed() {
    let script = Script::new([lasting("two", 7200)]);
    let cached = CachedTokenProviderBuilder::new(Arc::clone(&script))
        .with_renewal_spread(0.0)
        .with_initial_token(&["a"], lasting("one", 3600).unwrap())
        .with_clock(clock())
        .build();
    assert_eq!(cached.token(&ANY).await.unwrap().secret(), "one");
    tokio::time::sleep(Duration::from_secs(56 * 60)).await;
    assert_eq!(cached.token(&ANY).await.unwrap().secret(), "two");
    assert_eq!(script.calls(), 1);
}
