//! The other end: pipelines to the scripted server, quick and without a proxy.

use std::{
    error::Error as _,
    sync::atomic::{AtomicU32, Ordering},
    time::Duration,
};

use async_trait::async_trait;
use ms_messenger_core::{AccessToken, Error, Result, RetryPolicy};
use ms_messenger_http::{
    Authorize, Bytes, Call, Endpoint, HeaderValue, HttpClient, HttpOptions, HttpRequest, Pipeline,
    Proxy, RejectedToken, ServiceProfile, header,
};

use super::Server;

pub(crate) const SERVICE: ServiceProfile = ServiceProfile::new("test")
    .with_client_request_id("client-request-id")
    .with_echoed_client_request_id(true)
    .with_request_ids(&["request-id"]);

/// Spelled with white space and beyond ASCII, so that a second serialisation would show.
pub(crate) const BODY: &str = "{ \"text\":\"hello, wörld\" }";

/// No proxy, whatever the environment says.
pub(crate) fn options() -> HttpOptions {
    HttpOptions::default().with_proxy(Proxy::None)
}

/// Four attempts without a pause between them.
pub(crate) fn quick() -> RetryPolicy {
    RetryPolicy::default().with_backoff(Duration::ZERO, Duration::ZERO)
}

pub(crate) fn pipeline(server: &Server) -> Pipeline {
    pipeline_as(server, Numbered::default())
}

pub(crate) fn pipeline_as(server: &Server, authorize: impl Authorize) -> Pipeline {
    pipeline_to(&SERVICE, &server.url(), &options(), authorize)
}

pub(crate) fn pipeline_to(
    service: &'static ServiceProfile,
    url: &str,
    options: &HttpOptions,
    authorize: impl Authorize,
) -> Pipeline {
    let http = HttpClient::new(options).unwrap();
    let endpoint = Endpoint::parse(url).unwrap();
    Pipeline::new(service, http, endpoint, authorize).with_retry_policy(quick())
}

/// A message.
pub(crate) fn send() -> Call {
    Call::post("send", "/messages?api-version=1")
        .with_json_bytes(Bytes::from_static(BODY.as_bytes()))
}

pub(crate) fn read() -> Call {
    Call::get("read", "/messages")
}

/// Another credential for each attempt: `attempt 1`, `attempt 2` …; none of them can be renewed.
#[derive(Debug, Default)]
pub(crate) struct Numbered(AtomicU32);

#[async_trait]
impl Authorize for Numbered {
    async fn authorize(
        &self,
        outgoing: &mut HttpRequest,
        _rejected: Option<&RejectedToken>,
    ) -> Result<Option<AccessToken>> {
        let number = 1 + self.0.fetch_add(1, Ordering::Relaxed);
        let value = HeaderValue::try_from(format!("attempt {number}")).unwrap();
        outgoing.headers.insert(header::AUTHORIZATION, value);
        Ok(None)
    }
}

/// Everything that an error says in any way, its sources included.
pub(crate) fn all_that_is_said(error: &Error) -> String {
    let mut text = format!("{error} {error:?} {error:#?}");
    let mut source = error.source();
    while let Some(cause) = source {
        text += &format!(" {cause} {cause:?} {cause:#?}");
        source = cause.source();
    }
    text
}
