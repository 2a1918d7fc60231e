//! Calls that are dropped while a refresh token is spent.

use std::sync::{
    Arc,
    atomic::{AtomicUsize, Ordering},
};

use mockito::Server;
use ms_messenger_core::{TokenProvider, TokenRequest};
use secrecy::ExposeSecret;
use serde_json::json;

use crate::support::{Held, SCOPES, application, device_endpoint, ok, renewal};

const REQUEST: TokenRequest<'static> = TokenRequest::new(&SCOPES);

/// Drops a call of `provider` that has reached the endpoint, then lets the endpoint respond.
async fn drop_a_call<P: TokenProvider>(provider: &Arc<P>, held: &Held) {
    let caller = tokio::spawn({
        let provider = Arc::clone(provider);
        async move { provider.token(&REQUEST).await }
    });
    held.reached().await;
    caller.abort();
    assert!(caller.await.unwrap_err().is_cancelled());
    held.release();
}

#[tokio::test]
async fn a_refresh_token_keeps_what_a_dropped_call_brought() {
    let mut server = Server::new_async().await;
    let next = json!({"token_type": "Bearer", "access_token": "T1", "refresh_token": "R1"});
    let held = Held::responding(renewal(&mut server, "R0"), 200, &next).await;
    let after = ok(renewal(&mut server, "R1"), "T2", Some("R2")).expect(1);
    let after = after.create_async().await;
    let provider = Arc::new(application(&server).refresh_token("R0").unwrap());
    drop_a_call(&provider, &held).await;
    assert_eq!(provider.current().await.expose_secret(), "R1");
    assert_eq!(provider.token(&REQUEST).await.unwrap().secret(), "T2");
    after.assert_async().await;
}

#[tokio::test]
async fn a_sign_in_by_code_keeps_what_a_dropped_call_brought() {
    let mut server = Server::new_async().await;
    device_endpoint(&mut server).await;
    let prompts = Arc::new(AtomicUsize::new(0));
    let shown = Arc::clone(&prompts);
    let provider = application(&server)
        .device_code(move |_| {
            shown.fetch_add(1, Ordering::SeqCst);
        })
        .unwrap();
    let provider = Arc::new(provider.with_sleep(|_| async {}));
    let signed_in = ok(
        server.mock("POST", "/contoso.com/oauth2/v2.0/token"),
        "T0",
        Some("R0"),
    );
    let signed_in = signed_in.create_async().await;
    assert_eq!(provider.token(&REQUEST).await.unwrap().secret(), "T0");
    signed_in.remove_async().await;

    let next = json!({"token_type": "Bearer", "access_token": "T1", "refresh_token": "R1"});
    let held = Held::responding(renewal(&mut server, "R0"), 200, &next).await;
    let after = ok(renewal(&mut server, "R1"), "T2", Some("R2")).expect(1);
    let after = after.create_async().await;
    drop_a_call(&provider, &held).await;
    assert_eq!(provider.token(&REQUEST).await.unwrap().secret(), "T2");
    after.assert_async().await;
    assert_eq!(prompts.load(Ordering::SeqCst), 1);
}

#[tokio::test]
async fn a_dropped_prompt_is_shown_again_and_the_provider_stays_usable() {
    let mut server = Server::new_async().await;
    device_endpoint(&mut server).await;
    let (shown, mut prompts) = tokio::sync::mpsc::unbounded_channel();
    let provider = application(&server)
        .device_code(move |prompt| shown.send(prompt.user_code.clone()).unwrap())
        .unwrap();
    let provider = Arc::new(provider.with_sleep(|_| std::future::pending()));
    for _ in 0..2 {
        let caller = tokio::spawn({
            let provider = Arc::clone(&provider);
            async move { provider.token(&REQUEST).await }
        });
        assert_eq!(prompts.recv().await.unwrap(), "ABCD");
        caller.abort();
        assert!(caller.await.unwrap_err().is_cancelled());
    }
}
