//! One request to a server, whatever its response.

use std::time::{Duration, SystemTime};

use ms_messenger_core::{AccessToken, ErrorKind, StaticToken};
use ms_messenger_http::{Bearer, Endpoint, HttpClient};

use crate::server::{Act, Server, client::options};

const RESPONSE: &str = "HTTP/1.1 401 Unauthorized\r\ndate: Tue, 01 Apr 2025 12:34:56 GMT\r\n\
    content-length: 0\r\n\r\n";

fn client() -> HttpClient {
    HttpClient::new(&options()).unwrap()
}

#[tokio::test]
async fn a_rejection_proves_that_the_server_is_there_and_shows_its_time() {
    let server = Server::start([Act::Respond(RESPONSE.into())]).await;
    let endpoint = Endpoint::parse(&server.url()).unwrap();
    let probe = client().probe(&endpoint, "/a?b=c", None).await.unwrap();
    assert_eq!(probe.status, 401);
    let date = SystemTime::UNIX_EPOCH + Duration::from_secs(1_743_510_896);
    assert_eq!(probe.date, Some(date));
    let seen = server.seen();
    assert_eq!(seen[0].line(), "GET /a?b=c HTTP/1.1");
    assert_eq!(seen[0].header("authorization"), None);
}

#[tokio::test]
async fn a_credential_is_sent_if_there_is_one() {
    let server = Server::start([Act::Respond(RESPONSE.into())]).await;
    let endpoint = Endpoint::parse(&server.url()).unwrap();
    let bearer = Bearer::new(StaticToken::new(AccessToken::new("abc")), &[]);
    client()
        .probe(&endpoint, "/a", Some(&bearer))
        .await
        .unwrap();
    let seen = server.seen();
    assert_eq!(seen[0].header("authorization"), Some("Bearer abc"));
    assert_eq!(seen.len(), 1, "a rejected token is not retried");
}

#[tokio::test]
async fn a_server_that_does_not_respond_is_an_error() {
    let server = Server::start([Act::Close]).await;
    let endpoint = Endpoint::parse(&server.url()).unwrap();
    let error = client().probe(&endpoint, "/a", None).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Transport);
}
