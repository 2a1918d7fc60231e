//! What a call reads of its response: the whole body, or its head only.

use std::{future::Future, time::Duration};

use bytes::Bytes;
use http::HeaderMap;
use ms_messenger_core::{Delivery, Error, Result};
use tokio::time::timeout;

use crate::{
    Download, HttpClient, HttpRequest, Response, classify, client::Head, failure::timed_out,
    options::FOR_EVER,
};

/// What a call reads of a response. `Send` is promised, so that the future of a call is, too.
pub(crate) trait Body: Sized + Send {
    /// Sends a request and reads the head of its response.
    fn begin(
        http: &HttpClient,
        request: HttpRequest,
        is_named: bool,
    ) -> impl Future<Output = Result<Head<'_>>> + Send;

    /// A success, or what its status proves.
    fn read(
        response: Response,
        head: Head<'_>,
        expected: &'static [u16],
    ) -> impl Future<Output = Result<Self, (Error, HeaderMap)>> + Send;
}

impl Body for Response {
    async fn begin(http: &HttpClient, request: HttpRequest, is_named: bool) -> Result<Head<'_>> {
        http.begin(request, is_named).await
    }

    async fn read(
        response: Response,
        head: Head<'_>,
        expected: &'static [u16],
    ) -> Result<Self, (Error, HeaderMap)> {
        judge(response, head.body().await, expected)
    }
}

/// A response whose body is still to come.
pub(crate) struct Streamed {
    pub(crate) response: Response,
    pub(crate) download: Download,
}

impl Body for Streamed {
    async fn begin(
        http: &HttpClient,
        mut request: HttpRequest,
        is_named: bool,
    ) -> Result<Head<'_>> {
        let limit: Duration = request.timeout.unwrap_or(http.timeout());
        // The time-out of the request would include the body, and its length is unknown here.
        request.timeout = Some(FOR_EVER);
        let url = request.url.clone();
        let begun = timeout(limit, http.begin(request, is_named)).await;
        begun.unwrap_or_else(|_| Err(timed_out(&url)))
    }

    async fn read(
        response: Response,
        head: Head<'_>,
        expected: &'static [u16],
    ) -> Result<Self, (Error, HeaderMap)> {
        if is_success(&response, expected) {
            let mut download = head.into_download(response.headers.clone());
            download = download.with_platform(response.service.name);
            return Ok(Self { response, download });
        }
        let body = head.body().await;
        Err(error_of(response, body))
    }
}

fn is_success(response: &Response, expected: &[u16]) -> bool {
    let status = response.status;
    (200..300).contains(&status) || expected.contains(&status)
}

fn judge(
    mut response: Response,
    body: Result<Bytes>,
    expected: &[u16],
) -> Result<Response, (Error, HeaderMap)> {
    if !is_success(&response, expected) {
        return Err(error_of(response, body));
    }
    match body {
        Ok(body) => {
            response.body = body;
            Ok(response)
        }
        Err(cut) => {
            let error = classify::with_request_id(cut, &response)
                .with_status(response.status)
                .with_delivery(Delivery::Sent);
            Err((error, response.headers))
        }
    }
}

/// An error body that cannot be read takes nothing from what the status proves.
fn error_of(mut response: Response, body: Result<Bytes>) -> (Error, HeaderMap) {
    response.body = body.unwrap_or_default();
    (classify::error_of(&response), response.headers)
}
