//! A response that belongs to another request proves nothing of this one.

use ms_messenger_core::{Delivery, Error, ErrorKind};
use ms_messenger_http::{FOREIGN_RESPONSE, HttpOptions, HttpVersions, Pipeline, ServiceProfile};

use crate::server::{
    Act, Server,
    client::{Numbered, SERVICE, options, pipeline, pipeline_to, read, send},
    created, status,
    tls::Identity,
};

static NUMBERED: ServiceProfile = SERVICE.with_unique_request_ids(true);

fn created_for(client_request_id: &str) -> Act {
    let headers = [("client-request-id", client_request_id)];
    status(201, &headers, "{}")
}

fn assert_foreign(error: &Error) {
    assert_eq!(error.kind(), ErrorKind::Transport, "{error}");
    assert_eq!(error.delivery(), Delivery::Unknown);
    assert_eq!(error.attempts(), 1, "it may be out: it is not sent again");
    assert_eq!(error.code(), Some(FOREIGN_RESPONSE));
}

#[tokio::test]
async fn a_response_that_names_another_call_is_rejected() {
    let another = "0b5b1f64-7e4b-4a63-9d2c-0b8d7c9a5a11";
    let server = Server::start([created_for(another)]).await;
    assert_foreign(&pipeline(&server).call(send()).await.unwrap_err());
}

#[tokio::test]
async fn the_own_id_in_any_spelling_and_what_is_no_id_are_believed() {
    for spelling in [
        |id: &str| id.to_owned(),
        |id: &str| id.to_uppercase(),
        |id: &str| id.replace('-', ""),
        |_: &str| "not-an-id".to_owned(),
    ] {
        let script = move |seen: &crate::server::Seen| {
            created_for(&spelling(seen.header("client-request-id").unwrap()))
        };
        let server = Server::responding(script).await;
        pipeline(&server).call(send()).await.unwrap();
    }
}

#[tokio::test]
async fn a_read_is_retried_after_a_foreign_response() {
    let another = "0b5b1f64-7e4b-4a63-9d2c-0b8d7c9a5a11";
    let server = Server::start([created_for(another), status(200, &[], "{}")]).await;
    pipeline(&server).call(read()).await.unwrap();
}

async fn over_tls(acts: impl IntoIterator<Item = Act>) -> (Server, Pipeline) {
    over_tls_with(acts, |options| options).await
}

async fn over_tls_with(
    acts: impl IntoIterator<Item = Act>,
    set: fn(HttpOptions) -> HttpOptions,
) -> (Server, Pipeline) {
    let identity = Identity::new("127.0.0.1");
    let server = Server::start_tls(identity.acceptor(&[]), acts).await;
    let options = options()
        .with_versions(HttpVersions::Http1)
        .with_extra_roots(identity.authority.as_str());
    let pipeline = pipeline_to(
        &NUMBERED,
        &format!("https://{}", server.address),
        &set(options),
        Numbered::default(),
    );
    (server, pipeline)
}

#[tokio::test]
async fn over_tls_a_repeated_response_is_rejected() {
    // `created` has the same request id every time, as a copy of it has.
    let (_server, pipeline) = over_tls([created(), created()]).await;
    pipeline.call(send()).await.unwrap();
    let error = pipeline.call(send()).await.unwrap_err();
    assert_foreign(&error);
    let way_out = "HttpOptions::with_foreign_response_check";
    assert!(error.message().contains(way_out), "{error}");
}

#[tokio::test]
async fn a_double_that_gives_constant_ids_over_tls_is_believed_without_the_check() {
    let another = "0b5b1f64-7e4b-4a63-9d2c-0b8d7c9a5a11";
    let acts = [created(), created(), created_for(another)];
    let (_server, pipeline) = over_tls_with(acts, |it| it.with_foreign_response_check(false)).await;
    for _ in 1..=3 {
        pipeline.call(send()).await.unwrap();
    }
}

#[tokio::test]
async fn over_tls_responses_with_unique_ids_are_accepted() {
    let acts = (1..=50).map(|n| status(201, &[("request-id", &format!("r{n}"))], "{}"));
    let (_server, pipeline) = over_tls(acts).await;
    for _ in 1..=50 {
        pipeline.call(send()).await.unwrap();
    }
}

#[tokio::test]
async fn doubles_on_loopback_may_give_every_response_the_same_id() {
    let server = Server::start([created(), created()]).await;
    let pipeline = pipeline_to(&NUMBERED, &server.url(), &options(), Numbered::default());
    pipeline.call(send()).await.unwrap();
    pipeline.call(send()).await.unwrap();
}
