//! A sign-in of another process.

use std::{
    collections::HashMap,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use mockito::{Mock, Server, ServerGuard};
use ms_messenger_core::{
    AccessToken, CachedTokenProvider, Error, ErrorKind, Result, TokenProvider, TokenRequest,
};
use ms_messenger_entra::{SignIn, StoreLock, StoredSignIn, TokenErrorCode, TokenStore};
use secrecy::ExposeSecret;

use crate::support::{self, Held, SCOPES, application, device_endpoint, exactly, ok, token_error};

/// A store in memory whose lock is one for all its clones, as that of other processes is.
#[derive(Clone, Debug, Default)]
struct MemoryStore(Arc<Memory>);

#[derive(Debug, Default)]
struct Memory {
    kept: Mutex<HashMap<String, SignIn>>,
    lock: Arc<Mutex<bool>>,
    is_full: Mutex<bool>,
}

#[derive(Debug)]
struct Unlock(Arc<Mutex<bool>>);

impl Drop for Unlock {
    fn drop(&mut self) {
        *self.0.lock().unwrap() = false;
    }
}

impl TokenStore for MemoryStore {
    fn load(&self, name: &str) -> Result<Option<SignIn>> {
        Ok(self.0.kept.lock().unwrap().get(name).cloned())
    }

    fn save(&self, name: &str, sign_in: &SignIn) -> Result<()> {
        if *self.0.is_full.lock().unwrap() {
            return Err(Error::new(ErrorKind::Config, "full"));
        }
        let mut kept = self.0.kept.lock().unwrap();
        kept.insert(name.to_owned(), sign_in.clone());
        Ok(())
    }

    fn remove(&self, name: &str) -> Result<bool> {
        Ok(self.0.kept.lock().unwrap().remove(name).is_some())
    }

    fn try_lock(&self, _: &str) -> Result<Option<StoreLock>> {
        let mut lock = self.0.lock.lock().unwrap();
        if std::mem::replace(&mut *lock, true) {
            return Ok(None);
        }
        let unlock = Unlock(Arc::clone(&self.0.lock));
        Ok(Some(StoreLock::new(unlock)))
    }
}

const OLD: &str = "T0";

/// Signs in for real, then makes the token one of `life` seconds that came `age` seconds ago.
async fn signed_in(server: &mut ServerGuard, age: u64, life: u64) -> MemoryStore {
    let devices = device_endpoint(server).await;
    let form = [
        ("grant_type", "urn:ietf:params:oauth:grant-type:device_code"),
        ("client_id", "the-client"),
        ("device_code", "DEVICE"),
    ];
    let token = ok(exactly(server, &form), OLD, Some("R0"))
        .create_async()
        .await;
    let flow = application(server).device_code(|_| {}).unwrap();
    let flow = flow.with_sleep(|_| async {});
    let mut sign_in = flow.sign_in(&TokenRequest::new(&SCOPES)).await.unwrap();
    devices.remove_async().await;
    token.remove_async().await;
    sign_in.renewed_at = SystemTime::now() - Duration::from_secs(age);
    let end = sign_in.renewed_at + Duration::from_secs(life);
    sign_in.access_token = AccessToken::new(OLD).with_expires_at(end);
    let store = MemoryStore::default();
    store.save("bot", &sign_in).unwrap();
    store
}

fn renewal(server: &mut ServerGuard, spent: &str, token: &str, next: Option<&str>) -> Mock {
    ok(support::renewal(server, spent), token, next)
}

fn kept(store: &MemoryStore) -> (String, String) {
    let sign_in = store.load("bot").unwrap().unwrap();
    let refresh = sign_in.refresh_token.unwrap();
    (
        sign_in.access_token.secret().to_owned(),
        refresh.expose_secret().to_owned(),
    )
}

const REQUEST: TokenRequest<'static> = TokenRequest::new(&SCOPES);

#[tokio::test]
async fn a_token_that_serves_is_used_as_it_is() {
    let mut server = Server::new_async().await;
    let store = signed_in(&mut server, 0, 3600).await;
    // No endpoint is left.
    let provider = StoredSignIn::new(store, "bot");
    assert_eq!(provider.token(&REQUEST).await.unwrap().secret(), OLD);
    let own = TokenRequest::new(&["https://graph.microsoft.com/.default"]);
    assert_eq!(provider.token(&own).await.unwrap().secret(), OLD);
}

#[tokio::test]
async fn a_token_is_renewed_five_minutes_early_or_at_half_of_a_short_life() {
    for (age, life) in [(3310, 3600), (60, 100), (10_000, 3600)] {
        let mut server = Server::new_async().await;
        let store = signed_in(&mut server, age, life).await;
        renewal(&mut server, "R0", "T1", Some("R1"))
            .create_async()
            .await;
        let provider = StoredSignIn::new(store.clone(), "bot");
        assert_eq!(provider.token(&REQUEST).await.unwrap().secret(), "T1");
        assert_eq!(kept(&store), ("T1".into(), "R1".into()), "{age} {life}");
    }
}

#[tokio::test]
async fn many_processes_that_need_a_token_at_once_fetch_one() {
    let mut server = Server::new_async().await;
    let store = signed_in(&mut server, 10_000, 3600).await;
    let mock = renewal(&mut server, "R0", "T1", Some("R1")).expect(1);
    let mock = mock.create_async().await;
    let asked: Vec<_> = (0..8)
        .map(|_| {
            // As many providers as there would be processes.
            let provider = StoredSignIn::new(store.clone(), "bot");
            tokio::spawn(async move { provider.token(&REQUEST).await })
        })
        .collect();
    for token in asked {
        assert_eq!(token.await.unwrap().unwrap().secret(), "T1");
    }
    mock.assert_async().await;
}

#[tokio::test]
async fn a_rejected_token_is_renewed_unless_that_was_done_already() {
    let mut server = Server::new_async().await;
    let store = signed_in(&mut server, 0, 3600).await;
    let mock = renewal(&mut server, "R0", "T1", None).expect(1);
    let mock = mock.create_async().await;
    let old = AccessToken::new(OLD);
    for _ in 0..2 {
        let provider = StoredSignIn::new(store.clone(), "bot");
        let token = provider.token(&REQUEST.with_rejected(&old)).await.unwrap();
        assert_eq!(token.secret(), "T1");
    }
    // Entra ID gave no next one, so the old one stays.
    assert_eq!(kept(&store), ("T1".into(), "R0".into()));
    mock.assert_async().await;
}

#[tokio::test]
async fn a_claims_challenge_causes_a_renewal() {
    let mut server = Server::new_async().await;
    let store = signed_in(&mut server, 0, 3600).await;
    let scope = format!("{} offline_access", SCOPES[0]);
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", "the-client"),
        ("refresh_token", "R0"),
        ("scope", &scope),
        (
            "claims",
            r#"{"access_token":{"nbf":{"value":"1"},"xms_cc":{"values":["cp1"]}}}"#,
        ),
    ];
    ok(exactly(&mut server, &form), "T1", None)
        .create_async()
        .await;
    let provider = StoredSignIn::new(store, "bot").with_claims_challenges(true);
    let challenged = REQUEST.with_claims(r#"{"access_token":{"nbf":{"value":"1"}}}"#);
    assert_eq!(provider.token(&challenged).await.unwrap().secret(), "T1");
}

#[tokio::test]
async fn a_token_of_other_scopes_is_fetched_for_them() {
    let mut server = Server::new_async().await;
    let store = signed_in(&mut server, 0, 3600).await;
    let form = [
        ("grant_type", "refresh_token"),
        ("client_id", "the-client"),
        ("refresh_token", "R0"),
        (
            "scope",
            "https://communication.azure.com/.default offline_access",
        ),
    ];
    ok(exactly(&mut server, &form), "T1", Some("R1"))
        .create_async()
        .await;
    let provider = StoredSignIn::new(store.clone(), "bot");
    let other = ["https://communication.azure.com/.default"];
    let token = provider.token(&TokenRequest::new(&other)).await.unwrap();
    assert_eq!(token.secret(), "T1");
    // The sign-in stays what it is, but for the rotation.
    assert_eq!(kept(&store), (OLD.into(), "R1".into()));
}

async fn refuse(server: &mut ServerGuard, status: usize, code: &str) {
    server
        .mock("POST", "/contoso.com/oauth2/v2.0/token")
        .with_status(status)
        .with_body(format!(
            r#"{{"error":"{code}","error_description":"AADSTS1 R0"}}"#
        ))
        .create_async()
        .await;
}

#[tokio::test]
async fn a_revoked_sign_in_says_what_to_do_and_is_kept() {
    let mut server = Server::new_async().await;
    let store = signed_in(&mut server, 10_000, 3600).await;
    refuse(&mut server, 400, "invalid_grant").await;
    let provider = StoredSignIn::new(store.clone(), "bot");
    let error = provider.token(&REQUEST).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert_eq!(
        error.message(),
        "the sign-in `bot` is no longer valid: sign in again"
    );
    assert_eq!(error.code(), Some("invalid_grant"));
    let source = std::error::Error::source(&error).unwrap();
    let cause = source.downcast_ref::<Error>().unwrap();
    assert_eq!(token_error(cause).error, TokenErrorCode::InvalidGrant);
    assert!(!format!("{error:?}").contains("R0"));
    assert_eq!(kept(&store).1, "R0");
}

#[tokio::test]
async fn a_failing_renewal_is_forgiven_while_the_old_token_lives() {
    let mut server = Server::new_async().await;
    let store = signed_in(&mut server, 3500, 3600).await;
    refuse(&mut server, 503, "temporarily_unavailable").await;
    let provider = StoredSignIn::new(store.clone(), "bot");
    assert_eq!(provider.token(&REQUEST).await.unwrap().secret(), OLD);
    let dead = signed_in(&mut server, 3700, 3600).await;
    refuse(&mut server, 503, "temporarily_unavailable").await;
    let provider = StoredSignIn::new(dead, "bot");
    let error = provider.token(&REQUEST).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Service);
}

#[tokio::test]
async fn a_store_that_fails_costs_nothing_while_the_provider_lives() {
    let mut server = Server::new_async().await;
    let store = signed_in(&mut server, 10_000, 3600).await;
    *store.0.is_full.lock().unwrap() = true;
    let mock = renewal(&mut server, "R0", "T1", Some("R1")).expect(1);
    let mock = mock.create_async().await;
    let provider = StoredSignIn::new(store.clone(), "bot");
    for _ in 0..2 {
        assert_eq!(provider.token(&REQUEST).await.unwrap().secret(), "T1");
    }
    mock.assert_async().await;
    assert_eq!(kept(&store), (OLD.into(), "R0".into()));
    // The rotation was kept in memory, and goes to the store when it works again.
    *store.0.is_full.lock().unwrap() = false;
    renewal(&mut server, "R1", "T2", Some("R2"))
        .create_async()
        .await;
    let refused = AccessToken::new("T1");
    let token = provider
        .token(&REQUEST.with_rejected(&refused))
        .await
        .unwrap();
    assert_eq!(token.secret(), "T2");
    assert_eq!(kept(&store), ("T2".into(), "R2".into()));
}

#[tokio::test]
async fn a_missing_sign_in_is_reported() {
    let provider = CachedTokenProvider::new(StoredSignIn::new(MemoryStore::default(), "bot"));
    let error = provider.token(&REQUEST).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert_eq!(error.message(), "there is no sign-in `bot`: sign in first");
}

#[tokio::test]
async fn a_new_sign_in_waits_for_a_renewal_under_way_and_takes_its_place() {
    let mut server = Server::new_async().await;
    let store = signed_in(&mut server, 0, 3600).await;
    let newer = store.load("bot").unwrap().unwrap();
    let under_way = store.try_lock("bot").unwrap().unwrap();
    let provider = StoredSignIn::new(store.clone(), "bot");
    let kept = tokio::spawn({
        let provider = provider.clone();
        async move { provider.keep(newer).await }
    });
    // Long enough to be done, if it did not wait.
    tokio::time::sleep(Duration::from_millis(60)).await;
    assert!(!kept.is_finished());
    drop(under_way);
    kept.await.unwrap().unwrap();
    assert!(provider.forget().await.unwrap());
    assert!(!provider.forget().await.unwrap());
    let error = provider.token(&REQUEST).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
}

#[tokio::test]
async fn a_dropped_call_does_not_lose_the_next_refresh_token() {
    let mut server = Server::new_async().await;
    let store = signed_in(&mut server, 10_000, 3600).await;
    let next = serde_json::json!({"token_type": "Bearer", "expires_in": 3599,
        "access_token": "T1", "refresh_token": "R1"});
    let held = Held::responding(support::renewal(&mut server, "R0"), 200, &next).await;
    let provider = StoredSignIn::new(store.clone(), "bot");
    let caller = tokio::spawn({
        let provider = provider.clone();
        async move { provider.token(&REQUEST).await }
    });
    held.reached().await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    held.release();
    // The next caller waits for what the dropped one began.
    assert_eq!(provider.token(&REQUEST).await.unwrap().secret(), "T1");
    assert_eq!(kept(&store), ("T1".into(), "R1".into()));
}

/// What callers who all wait for one renewal get.
async fn of_many(provider: &StoredSignIn, held: Held) -> Vec<Result<AccessToken>> {
    let callers: Vec<_> = (0..20)
        .map(|_| {
            let provider = provider.clone();
            tokio::spawn(async move { provider.token(&REQUEST).await })
        })
        .collect();
    // On the one thread of this test all have begun by now.
    held.reached().await;
    held.release();
    let mut outcomes = vec![];
    for caller in callers {
        outcomes.push(caller.await.unwrap());
    }
    outcomes
}

#[tokio::test]
async fn callers_that_wait_share_one_renewal() {
    let mut server = Server::new_async().await;
    let store = signed_in(&mut server, 10_000, 3600).await;
    let next = serde_json::json!({"token_type": "Bearer", "expires_in": 3599,
        "access_token": "T1", "refresh_token": "R1"});
    let held = Held::responding(support::renewal(&mut server, "R0"), 200, &next).await;
    let provider = StoredSignIn::new(store.clone(), "bot");
    for token in of_many(&provider, held).await {
        assert_eq!(token.unwrap().secret(), "T1");
    }
    assert_eq!(kept(&store), ("T1".into(), "R1".into()));
}

#[tokio::test]
async fn callers_that_wait_share_one_failure_and_the_next_one_asks_again() {
    let mut server = Server::new_async().await;
    let store = signed_in(&mut server, 10_000, 3600).await;
    let busy = serde_json::json!({"error": "temporarily_unavailable"});
    // A second request would be held for ever.
    let held = Held::responding(support::renewal(&mut server, "R0"), 503, &busy).await;
    let provider = StoredSignIn::new(store.clone(), "bot");
    let outcomes = of_many(&provider, held).await;
    assert_eq!(outcomes.len(), 20);
    for error in outcomes.into_iter().map(Result::unwrap_err) {
        assert_eq!(error.kind(), ErrorKind::Service);
    }
    renewal(&mut server, "R0", "T1", None).create_async().await;
    assert_eq!(provider.token(&REQUEST).await.unwrap().secret(), "T1");
}
