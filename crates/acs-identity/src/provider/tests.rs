//! Time is that of tokio, which jumps when everybody sleeps.

use std::{collections::VecDeque, sync::Mutex};

use super::*;
use crate::AcsIdentityBuilder;

/// Hands out what it was given, one by one, and counts.
#[derive(Debug, Default)]
struct Script {
    responses: Mutex<VecDeque<Result<AccessToken>>>,
    calls: Mutex<usize>,
}

impl Script {
    fn new(responses: impl IntoIterator<Item = Result<AccessToken>>) -> Arc<Self> {
        Arc::new(Self {
            responses: Mutex::new(responses.into_iter().collect()),
            ..Self::default()
        })
    }

    fn calls(&self) -> usize {
        *self.calls.lock().unwrap()
    }
}

#[async_trait]
impl TokenProvider for Script {
    async fn token(&self, _request: &TokenRequest<'_>) -> Result<AccessToken> {
        *self.calls.lock().unwrap() += 1;
        // Lets the others come, so that they would all fetch if they could.
        tokio::time::sleep(Duration::from_millis(10)).await;
        let response = self.responses.lock().unwrap().pop_front();
        response.unwrap_or_else(|| Err(Error::new(ErrorKind::Service, "the script is over")))
    }
}

const BEGINNING: SystemTime = SystemTime::UNIX_EPOCH;

/// A clock that keeps pace with the runtime's time.
fn clock() -> Clock {
    let started = tokio::time::Instant::now();
    Arc::new(move || BEGINNING + Duration::from_secs(1_000_000) + started.elapsed())
}

/// A token that ends so many minutes after the beginning of the test.
fn until(minutes: f64, secret: &str) -> AccessToken {
    let end = Duration::from_secs(1_000_000) + Duration::from_secs_f64(minutes * 60.0);
    AccessToken::new(secret).with_expires_at(BEGINNING + end)
}

fn provider(script: &Arc<Script>) -> UserTokenProviderBuilder {
    let mut builder = UserTokenProvider::builder_from(Arc::clone(script));
    builder.clock = clock();
    builder
}

async fn ask(tokens: &UserTokenProvider) -> String {
    let token = tokens.token(&TokenRequest::default()).await.unwrap();
    token.secret().to_owned()
}

async fn minutes(minutes: f64) {
    tokio::time::sleep(Duration::from_secs_f64(minutes * 60.0)).await;
}

#[tokio::test(start_paused = true)]
async fn a_token_serves_until_two_minutes_are_left() {
    let script = Script::new([Ok(until(60.0, "one")), Ok(until(118.0, "two"))]);
    let tokens = provider(&script).build().unwrap();
    assert_eq!(ask(&tokens).await, "one");
    minutes(57.9).await;
    assert_eq!((ask(&tokens).await.as_str(), script.calls()), ("one", 1));
    minutes(0.1).await;
    assert_eq!((ask(&tokens).await.as_str(), script.calls()), ("two", 2));
}

#[tokio::test(start_paused = true)]
async fn one_renewal_serves_all_waiting_callers() {
    let script = Script::new([Ok(until(60.0, "one")), Ok(until(120.0, "two"))]);
    let tokens = provider(&script).build().unwrap();
    for (round, expected) in [(1, "one"), (2, "two")] {
        let asked: Vec<_> = (0..32)
            .map(|_| {
                let tokens = tokens.clone();
                tokio::spawn(async move { ask(&tokens).await })
            })
            .collect();
        for asked in asked {
            assert_eq!(asked.await.unwrap(), expected);
        }
        assert_eq!(script.calls(), round);
        minutes(61.0).await;
    }
}

#[tokio::test(start_paused = true)]
async fn the_old_token_serves_the_others_while_one_renews_it() {
    let script = Script::new([Ok(until(60.0, "one")), Ok(until(120.0, "two"))]);
    let tokens = provider(&script).build().unwrap();
    ask(&tokens).await;
    minutes(59.0).await;
    let (first, second) = tokio::join!(ask(&tokens), ask(&tokens));
    assert_eq!((first.as_str(), second.as_str()), ("two", "one"));
    assert_eq!(script.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn short_tokens_are_renewed_by_half_lives_and_not_in_a_loop() {
    let script = Script::new([Ok(until(1.0, "one")), Ok(until(2.0, "two"))]);
    let tokens = provider(&script).build().unwrap();
    for _ in 0..5 {
        assert_eq!(ask(&tokens).await, "one");
    }
    minutes(0.4).await;
    assert_eq!((ask(&tokens).await.as_str(), script.calls()), ("one", 1));
    minutes(0.1).await;
    assert_eq!((ask(&tokens).await.as_str(), script.calls()), ("two", 2));
}

#[tokio::test(start_paused = true)]
async fn a_failed_renewal_is_forgiven_while_the_token_lives() {
    let down = || Err(Error::new(ErrorKind::Connect, "down"));
    let script = Script::new([Ok(until(60.0, "one")), down(), down(), down()]);
    let tokens = provider(&script).build().unwrap();
    ask(&tokens).await;
    minutes(58.0).await;
    // Two minutes are left: it fails, and the next one waits for half of them.
    for _ in 0..3 {
        assert_eq!((ask(&tokens).await.as_str(), script.calls()), ("one", 2));
    }
    minutes(1.1).await;
    assert_eq!((ask(&tokens).await.as_str(), script.calls()), ("one", 3));
    minutes(1.0).await;
    let error = tokens.token(&TokenRequest::default()).await.unwrap_err();
    assert_eq!((error.kind(), script.calls()), (ErrorKind::Connect, 4));
}

#[tokio::test(start_paused = true)]
async fn a_proactive_provider_renews_with_ten_minutes_left_and_no_caller() {
    let script = Script::new([Ok(until(60.0, "one")), Ok(until(110.0, "two"))]);
    let tokens = provider(&script)
        .with_proactive_refresh(true)
        .build()
        .unwrap();
    ask(&tokens).await;
    minutes(49.9).await;
    assert_eq!(script.calls(), 1);
    minutes(0.2).await;
    assert_eq!(script.calls(), 2);
    assert_eq!(ask(&tokens).await, "two");
    // The next one comes as the first did: ten minutes before the end of the second.
    minutes(49.0).await;
    assert_eq!(script.calls(), 2);
    minutes(1.0).await;
    assert_eq!(script.calls(), 3);
}

#[tokio::test(start_paused = true)]
async fn proactive_renewals_back_off_by_half_lives_and_end_with_the_token() {
    let script = Script::new([Ok(until(8.0, "one"))]);
    let tokens = provider(&script)
        .with_proactive_refresh(true)
        .build()
        .unwrap();
    let now = clock();
    ask(&tokens).await;
    // Eight minutes are less than ten: the first renewal comes after four, then after two more …
    let mut seen = Vec::new();
    for _ in 0..20 * 60 {
        if seen
            .last()
            .is_none_or(|(calls, _)| *calls != script.calls())
        {
            let second = now().duration_since(BEGINNING).unwrap().as_secs();
            seen.push((script.calls(), second - 1_000_000));
        }
        tokio::time::sleep(Duration::from_secs(1)).await;
    }
    let times: Vec<u64> = seen.iter().skip(1).map(|(_, second)| *second).collect();
    assert_eq!(times.len(), script.calls() - 1);
    for (time, expected) in times.iter().zip([240_u64, 360, 420, 450, 465]) {
        assert!(time.abs_diff(expected) <= 2, "{times:?}");
    }
    // No pause is shorter than ten seconds, so it ends; it would run forever otherwise.
    assert!(times.len() <= 6, "{times:?}");
}

#[tokio::test(start_paused = true)]
async fn the_timer_ends_with_the_provider() {
    let script = Script::new([Ok(until(60.0, "one")), Ok(until(120.0, "two"))]);
    let tokens = provider(&script)
        .with_proactive_refresh(true)
        .build()
        .unwrap();
    ask(&tokens).await;
    let other = tokens.clone();
    drop(tokens);
    minutes(51.0).await;
    assert_eq!(script.calls(), 2, "a clone keeps it going");
    drop(other);
    minutes(120.0).await;
    assert_eq!(script.calls(), 2);
    assert_eq!(Arc::strong_count(&script), 1, "nothing holds the source");
}

#[tokio::test(start_paused = true)]
async fn an_initial_token_serves_first_and_starts_the_timer() {
    let script = Script::new([Ok(until(120.0, "two"))]);
    let tokens = provider(&script)
        .with_initial_token(until(60.0, "one"))
        .with_proactive_refresh(true)
        .build()
        .unwrap();
    assert_eq!((ask(&tokens).await.as_str(), script.calls()), ("one", 0));
    minutes(51.0).await;
    assert_eq!((ask(&tokens).await.as_str(), script.calls()), ("two", 1));

    let script = Script::new([Ok(until(60.0, "fresh"))]);
    let ended = provider(&script).with_initial_token(until(0.0, "ended"));
    assert_eq!(ask(&ended.build().unwrap()).await, "fresh");
}

#[tokio::test(start_paused = true)]
async fn a_rejected_token_is_renewed_once_for_all_callers() {
    let script = Script::new([Ok(until(60.0, "one")), Ok(until(60.0, "two"))]);
    let tokens = provider(&script).build().unwrap();
    let one = tokens.token(&TokenRequest::default()).await.unwrap();
    let asked: Vec<_> = (0..8)
        .map(|_| {
            let (tokens, one) = (tokens.clone(), one.clone());
            tokio::spawn(async move {
                let request = TokenRequest::default().with_rejected(&one);
                tokens.token(&request).await.unwrap().secret().to_owned()
            })
        })
        .collect();
    for asked in asked {
        assert_eq!(asked.await.unwrap(), "two");
    }
    assert_eq!(script.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn a_renewal_that_brings_the_refused_token_or_an_ended_one_fails() {
    let script = Script::new([Ok(until(60.0, "one")), Ok(until(60.0, "one"))]);
    let tokens = provider(&script).build().unwrap();
    let one = tokens.token(&TokenRequest::default()).await.unwrap();
    let again = tokens
        .token(&TokenRequest::default().with_rejected(&one))
        .await;
    let error = again.unwrap_err();
    assert_eq!(
        (error.kind(), script.calls()),
        (ErrorKind::Unauthenticated, 2)
    );

    let script = Script::new([Ok(until(0.0, "ended"))]);
    let tokens = provider(&script).build().unwrap();
    let error = tokens.token(&TokenRequest::default()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert!(error.message().contains("clock"), "{error}");
}

#[tokio::test(start_paused = true)]
async fn the_expiry_is_read_from_the_token_if_the_source_has_none() {
    // {"exp":1003600}, an hour after the beginning, and one of which nothing is known.
    let jwt = AccessToken::new("e30.eyJleHAiOjEwMDM2MDB9.c2ln");
    let script = Script::new([Ok(jwt), Ok(AccessToken::new("opaque"))]);
    let tokens = provider(&script).build().unwrap();
    ask(&tokens).await;
    minutes(57.0).await;
    ask(&tokens).await;
    assert_eq!(script.calls(), 1);
    minutes(1.0).await;
    assert_eq!((ask(&tokens).await.as_str(), script.calls()), ("opaque", 2));
    minutes(10_000.0).await;
    assert_eq!((ask(&tokens).await.as_str(), script.calls()), ("opaque", 2));
}

#[tokio::test(start_paused = true)]
async fn a_clock_that_is_set_back_only_moves_the_timer() {
    let script = Script::new([Ok(until(60.0, "one")), Ok(until(300.0, "two"))]);
    let mut builder = provider(&script).with_proactive_refresh(true);
    let (real, behind) = (clock(), Arc::new(Mutex::new(Duration::ZERO)));
    let lag = Arc::clone(&behind);
    builder.clock = Arc::new(move || real() - *lag.lock().unwrap());
    let tokens = builder.build().unwrap();
    ask(&tokens).await;
    *behind.lock().unwrap() = Duration::from_secs(30 * 60);
    minutes(79.0).await;
    assert_eq!(script.calls(), 1);
    minutes(2.0).await;
    assert_eq!(script.calls(), 2);
}

#[tokio::test(start_paused = true)]
async fn twenty_callers_share_one_failed_fetch() {
    let down = || {
        let error = Error::new(ErrorKind::Service, "down").with_code("busy");
        Err(error.with_delivery(ms_messenger_core::Delivery::NotSent))
    };
    let script = Script::new([down(), down()]);
    let tokens = provider(&script).build().unwrap();
    for round in 1..=2 {
        let asked: Vec<_> = (0..20)
            .map(|_| {
                let tokens = tokens.clone();
                tokio::spawn(async move { tokens.token(&TokenRequest::default()).await })
            })
            .collect();
        for asked in asked {
            let error = asked.await.unwrap().unwrap_err();
            let facts = (
                error.kind(),
                error.message(),
                error.code(),
                error.delivery(),
            );
            let not_sent = ms_messenger_core::Delivery::NotSent;
            assert_eq!(facts, (ErrorKind::Service, "down", Some("busy"), not_sent));
        }
        assert_eq!(script.calls(), round);
    }
}

#[tokio::test(start_paused = true)]
async fn a_token_that_no_header_can_carry_is_refused_and_not_kept() {
    for bad in ["", "a\nb", "a b"] {
        let script = Script::new([Ok(AccessToken::new(bad)), Ok(until(60.0, "good"))]);
        let tokens = provider(&script).build().unwrap();
        let error = tokens.token(&TokenRequest::default()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Config);
        assert_eq!(ask(&tokens).await, "good");
        let initial = provider(&script).with_initial_token(bad).build();
        assert_eq!(initial.unwrap_err().problems()[0].field, "initial_token");
    }
}

#[tokio::test(start_paused = true)]
async fn any_time_of_expiry_is_handled() {
    for seconds in [0, 1, 1 << 40, 1 << 62] {
        let end = BEGINNING + Duration::from_secs(seconds);
        let script = Script::new([Ok(AccessToken::new("a").with_expires_at(end))]);
        let tokens = provider(&script)
            .with_proactive_refresh(true)
            .build()
            .unwrap();
        let asked = tokens.token(&TokenRequest::default()).await;
        assert_eq!(asked.is_ok(), seconds > 1_000_000);
        let initial = AccessToken::new("i").with_expires_at(end);
        let given = provider(&script).with_initial_token(initial).build();
        let _ = given.unwrap().token(&TokenRequest::default()).await;
    }
}

#[tokio::test]
async fn claims_are_not_promised_and_nothing_secret_is_printed() {
    let script = Script::new([]);
    let tokens = provider(&script).with_initial_token(until(60.0, "hunter2"));
    let printed = format!("{tokens:?}");
    let tokens = tokens.build().unwrap();
    assert!(!format!("{printed}{tokens:?}").contains("hunter2"));
    let request = TokenRequest::default().with_claims("{}");
    let error = tokens.token(&request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
}

#[test]
fn unusable_settings_are_named_at_once() {
    let string = "endpoint=http://127.0.0.1:1/;accesskey=c2VjcmV0LWtleQ==";
    let client = AcsIdentityBuilder::from_connection_string(string).unwrap();
    let nothing = crate::TokenOptions::new([]).with_expires_in_minutes(1);
    let error = UserTokenProvider::builder(client.build().unwrap(), "")
        .with_token_options(nothing.clone())
        .with_initial_token("")
        .build()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Config);
    let fields: Vec<&str> = error.problems().iter().map(|p| p.field.as_str()).collect();
    assert_eq!(
        fields,
        ["user", "scopes", "expires_in_minutes", "initial_token"]
    );

    let other = UserTokenProvider::builder_from(Script::new([])).with_token_options(nothing);
    assert_eq!(other.build().unwrap_err().problems().len(), 1);
}
