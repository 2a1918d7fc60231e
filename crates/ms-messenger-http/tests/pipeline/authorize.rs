//! A credential for each attempt, and what a 401 changes.

use std::{
    error::Error as _,
    sync::{Arc, Mutex},
    time::{Duration, SystemTime},
};

use async_trait::async_trait;
use ms_messenger_core::{
    AccessToken, Delivery, Error, ErrorKind, IdempotencyKey, Result, StaticToken, TokenProvider,
    TokenRequest,
};
use ms_messenger_http::{Bearer, Response, ServiceError, ServiceProfile};

use crate::server::{
    Act, Server,
    client::{SERVICE, options, pipeline_as, pipeline_to, read, send},
    created, status,
};

/// What a provider returns for the nth request.
type Outcomes = fn(usize) -> Result<AccessToken>;

/// Notes of each request the rejected token and the scopes.
#[derive(Clone, Debug)]
struct Provider {
    outcomes: Outcomes,
    asked: Arc<Mutex<Vec<Option<String>>>>,
}

impl Provider {
    fn new(outcomes: Outcomes) -> Self {
        let asked = Arc::default();
        Self { outcomes, asked }
    }

    fn asked(&self) -> Vec<Option<String>> {
        self.asked.lock().unwrap().clone()
    }
}

#[async_trait]
impl TokenProvider for Provider {
    async fn token(&self, request: &TokenRequest<'_>) -> Result<AccessToken> {
        assert_eq!(request.scopes, SCOPES);
        let mut asked = self.asked.lock().unwrap();
        asked.push(request.rejected.map(|token| token.secret().to_owned()));
        (self.outcomes)(asked.len())
    }
}

const SCOPES: &[&str] = &["https://contoso.test/.default"];

fn fresh(nth: usize) -> Result<AccessToken> {
    Ok(AccessToken::new(format!("token-{nth}")))
}

fn bearer(provider: &Provider) -> Bearer<Provider> {
    Bearer::new(provider.clone(), SCOPES)
}

fn credentials(server: &Server) -> Vec<String> {
    let seen = server.seen();
    let values = seen.iter().map(|it| it.header("authorization").unwrap());
    values.map(str::to_owned).collect()
}

#[tokio::test]
async fn the_provider_is_asked_before_each_attempt() {
    let server = Server::start([status(429, &[], ""), created()]).await;
    let provider = Provider::new(fresh);
    let pipeline = pipeline_as(&server, bearer(&provider));
    pipeline.call(send()).await.unwrap();
    assert_eq!(credentials(&server), ["Bearer token-1", "Bearer token-2"]);
    assert_eq!(provider.asked(), [None, None]);
}

#[tokio::test]
async fn a_refused_token_is_returned_once_and_the_call_replayed_with_another() {
    let server = Server::start([status(401, &[], ""), created()]).await;
    let provider = Provider::new(fresh);
    let pipeline = pipeline_as(&server, bearer(&provider));
    pipeline.call(send()).await.unwrap();
    assert_eq!(credentials(&server), ["Bearer token-1", "Bearer token-2"]);
    assert_eq!(provider.asked(), [None, Some("token-1".to_owned())]);
    let seen = server.seen();
    assert_eq!(seen[0].body, seen[1].body);
    let id = |index: usize| seen[index].header("client-request-id").unwrap();
    assert_eq!(id(0), id(1));
}

#[tokio::test]
async fn a_second_401_is_final() {
    let server = Server::responding(|_| status(401, &[("request-id", "r1")], "")).await;
    let provider = Provider::new(fresh);
    let error = pipeline_as(&server, bearer(&provider))
        .call(send())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!(error.status(), Some(401));
    assert_eq!(error.attempts(), 2);
    assert_eq!(server.seen().len(), 2);
}

#[tokio::test]
async fn a_401_by_a_service_whose_clock_differs_says_so() {
    let date = httpdate::fmt_http_date(SystemTime::now() - Duration::from_secs(3601));
    for (code, is_told) in [(401, true), (403, false)] {
        let date = date.clone();
        let server = Server::responding(move |_| status(code, &[("date", &date)], "denied")).await;
        let provider = Provider::new(fresh);
        let sent = pipeline_as(&server, bearer(&provider)).call(send()).await;
        let error = sent.unwrap_err();
        let text = "; the clock of this machine is 360";
        assert_eq!(error.message().contains(text), is_told, "{error}");
    }
}

#[tokio::test]
async fn a_401_after_an_uncertain_attempt_is_replayed_under_the_key_and_stays_uncertain() {
    let acts = [Act::Close, status(401, &[], ""), status(401, &[], "")];
    let server = Server::start(acts).await;
    let call = send().with_idempotency(IdempotencyKey::random());
    let error = pipeline_as(&server, bearer(&Provider::new(fresh)))
        .call(call)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert_eq!(server.seen().len(), 3);
}

/// Reads `CODE: words`, and takes an expired token from a 403.
const SPEAKING: ServiceProfile = SERVICE
    .with_error_reader(|response: &Response| {
        let body = std::str::from_utf8(response.body()).unwrap();
        let (code, words) = body.split_once(": ").unwrap();
        ServiceError::new(Some(code.to_owned()), Some(words.to_owned()))
    })
    .with_classifier(|response: &Response| {
        let is_expired = response.status() == 403 && response.body().starts_with(b"Expired");
        is_expired.then_some((ErrorKind::Unauthenticated, Delivery::NotSent))
    });

#[tokio::test]
async fn without_another_token_the_error_is_the_refusal_of_the_service() {
    for (code, body) in [(401, "Invalid: audience"), (403, "Expired: no information")] {
        let refused = status(code, &[("request-id", "r1")], body);
        let server = Server::start([refused, created()]).await;
        let token = Bearer::new(StaticToken::new("only"), SCOPES);
        let pipeline = pipeline_to(&SPEAKING, &server.url(), &options(), token);
        let error = pipeline.call(send()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthenticated);
        assert_eq!(error.status(), Some(code));
        assert_eq!(error.request_id(), Some("r1"));
        let said = format!("{}: {}", error.code().unwrap(), error.message());
        assert_eq!(said, body);
        assert_eq!(error.delivery(), Delivery::NotSent);
        assert_eq!(error.attempts(), 1);
        let cause = error.source().unwrap().downcast_ref::<Error>().unwrap();
        assert_eq!(cause.kind(), ErrorKind::Unauthenticated);
        assert_eq!(cause.status(), None, "the provider's own error");
        assert_eq!(credentials(&server), ["Bearer only"]);
    }
}

#[tokio::test]
async fn a_provider_that_fails_to_renew_is_the_cause_and_an_uncertainty_stays() {
    let refused = status(401, &[("request-id", "r1")], "Invalid: audience");
    let server = Server::start([Act::Close, refused]).await;
    let provider = Provider::new(|nth| match nth {
        1 | 2 => fresh(nth),
        _ => Err(Error::new(ErrorKind::Connect, "issuer")),
    });
    let call = send().with_idempotency(IdempotencyKey::random());
    let pipeline = pipeline_to(&SPEAKING, &server.url(), &options(), bearer(&provider));
    let error = pipeline.call(call).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert_eq!(error.code(), Some("Invalid"));
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert_eq!(error.attempts(), 2);
    let cause = error.source().unwrap().downcast_ref::<Error>().unwrap();
    assert_eq!(cause.message(), "issuer");
}

#[tokio::test]
async fn a_refusal_by_another_status_is_replayed_with_another_token() {
    let acts = [status(403, &[], "Expired: no information"), created()];
    let server = Server::start(acts).await;
    let provider = Provider::new(fresh);
    let pipeline = pipeline_to(&SPEAKING, &server.url(), &options(), bearer(&provider));
    pipeline.call(send()).await.unwrap();
    assert_eq!(credentials(&server), ["Bearer token-1", "Bearer token-2"]);
}

#[tokio::test]
async fn a_provider_that_fails_first_leaves_the_network_alone() {
    for (outcomes, kind) in [
        (
            (|_| Err(Error::new(ErrorKind::Timeout, "issuer"))) as Outcomes,
            ErrorKind::Timeout,
        ),
        (
            |_| Err(Error::new(ErrorKind::Unauthenticated, "gone")),
            ErrorKind::Unauthenticated,
        ),
        (|_| Ok(AccessToken::new("with\nnewline")), ErrorKind::Config),
    ] {
        let server = Server::start([]).await;
        let error = pipeline_as(&server, bearer(&Provider::new(outcomes)))
            .call(send())
            .await
            .unwrap_err();
        assert_eq!(error.kind(), kind);
        assert_eq!(error.delivery(), Delivery::NotSent);
        assert_eq!(error.attempts(), 0);
        assert_eq!(error.platform(), Some("test"));
        assert_eq!(server.connections(), 0);
    }
}

#[tokio::test]
async fn a_provider_that_fails_later_does_not_hide_an_uncertainty() {
    let server = Server::start([Act::Close]).await;
    let provider = Provider::new(|nth| match nth {
        1 => fresh(1),
        _ => Err(Error::new(ErrorKind::Connect, "issuer")),
    });
    let call = send().with_idempotency(IdempotencyKey::random());
    let error = pipeline_as(&server, bearer(&provider))
        .call(call)
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Connect);
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert_eq!(error.attempts(), 1);
}

#[tokio::test]
async fn a_provider_that_fails_after_a_renewal_is_reported_as_such() {
    let server = Server::start([status(401, &[], ""), status(429, &[], "")]).await;
    let provider = Provider::new(|nth| match nth {
        1 | 2 => fresh(nth),
        _ => Err(Error::new(ErrorKind::Timeout, "issuer")),
    });
    let error = pipeline_as(&server, bearer(&provider))
        .call(send())
        .await
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(error.status(), None);
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!(error.attempts(), 2);
}

#[tokio::test]
async fn reads_are_authorised_like_sends() {
    let server = Server::start([status(401, &[], ""), status(200, &[], "[]")]).await;
    let provider = Provider::new(fresh);
    let pipeline = pipeline_as(&server, bearer(&provider));
    pipeline.call(read()).await.unwrap();
    assert_eq!(credentials(&server), ["Bearer token-1", "Bearer token-2"]);
}

#[cfg(feature = "acs")]
mod access_key {
    use ms_messenger_http::acs::AccessKey;

    use super::*;

    fn key() -> AccessKey {
        AccessKey::parse("a2V5LWZvci1hLXRlc3QtYWdhaW5zdC1hLXNvY2tldA==").unwrap()
    }

    #[tokio::test]
    async fn a_signed_call_is_not_replayed_after_a_401() {
        let server = Server::start([status(401, &[], ""), created()]).await;
        let pipeline = pipeline_as(&server, key());
        let error = pipeline.call(send()).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Unauthenticated);
        assert_eq!(error.delivery(), Delivery::NotSent);
        assert_eq!(server.seen().len(), 1);
    }

    #[tokio::test]
    async fn the_signature_is_over_the_host_and_the_bytes_that_arrive() {
        let server = Server::start([created()]).await;
        pipeline_as(&server, key()).call(send()).await.unwrap();
        let seen = &server.seen()[0];
        assert_eq!(
            seen.header("host"),
            Some(server.address.to_string().as_str())
        );
        let date = seen.header("x-ms-date").unwrap();
        let hash = seen.header("x-ms-content-sha256").unwrap();
        assert!(httpdate::parse_http_date(date).is_ok());
        assert_eq!(hash, sha256(&seen.body));
        let target = seen.line().split(' ').nth(1).unwrap();
        let text = format!("POST\n{target}\n{date};{};{hash}", server.address);
        assert_eq!(
            seen.header("authorization").unwrap(),
            format!(
                "HMAC-SHA256 SignedHeaders=x-ms-date;host;x-ms-content-sha256&Signature={}",
                hmac_sha256(b"key-for-a-test-against-a-socket", &text)
            )
        );
    }

    #[tokio::test]
    async fn each_attempt_is_signed_again() {
        let wait = status(429, &[("Retry-After", "1.1")], "");
        let server = Server::start([wait, created()]).await;
        pipeline_as(&server, key()).call(send()).await.unwrap();
        let seen = server.seen();
        assert_ne!(seen[0].header("x-ms-date"), seen[1].header("x-ms-date"));
        assert_ne!(credentials(&server)[0], credentials(&server)[1]);
        assert_eq!(seen[0].body, seen[1].body);
    }

    fn sha256(bytes: &[u8]) -> String {
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        use sha2::{Digest as _, Sha256};
        STANDARD.encode(Sha256::digest(bytes))
    }

    fn hmac_sha256(key: &[u8], text: &str) -> String {
        use base64::{Engine as _, engine::general_purpose::STANDARD};
        use hmac::{Hmac, KeyInit as _, Mac as _};
        let mut mac = Hmac::<sha2::Sha256>::new_from_slice(key).unwrap();
        mac.update(text.as_bytes());
        STANDARD.encode(mac.finalize().into_bytes())
    }
}

/// Notes the claims that each request asks for.
#[derive(Clone, Debug, Default)]
struct Claims(Arc<Mutex<Vec<Option<String>>>>);

#[async_trait]
impl TokenProvider for Claims {
    async fn token(&self, request: &TokenRequest<'_>) -> Result<AccessToken> {
        let mut asked = self.0.lock().unwrap();
        asked.push(request.claims.map(str::to_owned));
        fresh(asked.len())
    }
}

#[tokio::test]
async fn a_claims_challenge_is_handed_on_once_and_a_second_one_is_final() {
    let challenge = r#"Bearer realm="", error="insufficient_claims", claims="eyJhIjoxfQ==""#;
    let headers: &[(&str, &str)] = &[("www-authenticate", challenge)];
    let server = Server::start([
        status(429, &[], ""),
        status(401, headers, ""),
        status(401, headers, ""),
        created(),
    ])
    .await;
    let provider = Claims::default();
    let pipeline = pipeline_as(&server, Bearer::new(provider.clone(), SCOPES));
    let error = pipeline.call(send()).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unauthenticated);
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!(server.seen().len(), 3);
    let asked = provider.0.lock().unwrap().clone();
    assert_eq!(asked, [None, None, Some(r#"{"a":1}"#.to_owned())]);
}

#[tokio::test]
async fn a_refusal_without_a_challenge_asks_for_no_claims() {
    let headers: &[(&str, &str)] = &[("www-authenticate", "Bearer error=\"invalid_token\"")];
    let server = Server::start([status(401, headers, ""), created()]).await;
    let provider = Claims::default();
    let pipeline = pipeline_as(&server, Bearer::new(provider.clone(), SCOPES));
    pipeline.call(send()).await.unwrap();
    assert_eq!(*provider.0.lock().unwrap(), [None, None]);
}
