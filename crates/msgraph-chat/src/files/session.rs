//! Uploads in pieces. Source: Graph, "Create an upload session".

use std::ops::ControlFlow;

use ms_messenger_core::{Delivery, Error, ErrorKind, Result};
use ms_messenger_http::{
    Bytes, Call, HeaderMap, HeaderValue, HttpRequest, Method, header, one_line, retry_after,
};
use serde::Deserialize;
use serde_json::json;

use super::{
    address::DirectAddress,
    contents::Contents,
    lane::{Lane, Patience},
    options::UploadOptions,
};
use crate::{
    error::{FULL, GraphError, PLATFORM},
    models::DriveItem,
    operations::{DRIVE_SESSION_COMMIT, DRIVE_SESSION_CREATE},
};

/// The size of every piece but the last: a multiple of 320 KiB. One piece is in memory at a time;
/// larger ones would save little of the time of an upload.
const PIECE: u64 = 10 * 327_680;

/// An upload session.
pub(super) struct Session<'a> {
    lane: Lane<'a>,
    address: DirectAddress,
    total: u64,
}

/// What the service has so far.
enum Progress {
    /// It wants the bytes from here on.
    Wants(u64),
    /// It has the whole file.
    Done(Option<Box<DriveItem>>),
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase")]
struct Created {
    upload_url: String,
}

#[derive(Deserialize)]
#[serde(rename_all = "camelCase", default)]
#[derive(Default)]
struct Status {
    next_expected_ranges: Vec<String>,
}

/// A response of the session.
struct Reply {
    status: u16,
    headers: HeaderMap,
    body: Bytes,
}

impl<'a> Session<'a> {
    /// Creates a session for a new file at `path`.
    pub(super) async fn create(
        lane: Lane<'a>,
        path: String,
        name: &str,
        total: u64,
    ) -> Result<Self> {
        let item = json!({
            "@microsoft.graph.conflictBehavior": "fail",
            "name": name,
            "fileSize": total,
        });
        let call = Call::of(&DRIVE_SESSION_CREATE, path).with_json(&json!({ "item": item }))?;
        let created: Created = lane.call(call).await?.json()?;
        let endpoint = lane.client.pipeline().endpoint();
        let address = DirectAddress::parse(&created.upload_url, endpoint)?;
        Ok(Self {
            lane,
            address,
            total,
        })
    }

    /// Uploads `contents`, one piece after the other. The delivery of an error says whether the file
    /// may be stored.
    pub(super) async fn upload(
        &self,
        contents: &mut Contents<'_>,
        options: &UploadOptions,
        file: usize,
    ) -> Result<Option<DriveItem>> {
        let mut patience = self.lane.patience();
        let mut at = 0;
        loop {
            let (piece, is_last) = match self.next_piece(contents, at).await {
                Ok(next) => next,
                Err(error) => {
                    self.cancel().await;
                    return Err(error);
                }
            };
            let put = self.put(piece.clone(), at).await;
            contents.recycle(piece);
            let progress = match put {
                Ok(progress) => progress,
                Err(error) => match self.after(error, &mut patience).await {
                    ControlFlow::Continue(progress) => progress,
                    ControlFlow::Break(error) => {
                        let error = as_of(error, is_last);
                        if error.delivery() == Delivery::NotSent {
                            self.cancel().await;
                        }
                        return Err(error);
                    }
                },
            };
            match progress {
                Progress::Done(item) => {
                    options.report(file, self.total, self.total);
                    return Ok(item.map(|item| *item));
                }
                Progress::Wants(next) if next >= self.total => return Err(doubt("unfinished")),
                Progress::Wants(next) => {
                    if next > at {
                        patience.renew();
                        options.report(file, next, self.total);
                    } else if !patience.wait(None).await? {
                        return Err(doubt("the service wants the same bytes again and again"));
                    }
                    at = next;
                }
            }
        }
    }

    /// The piece that begins at `at`, and whether it is the last one: only then the whole file was read,
    /// and must not have changed.
    async fn next_piece(&self, contents: &mut Contents<'_>, at: u64) -> Result<(Bytes, bool)> {
        let piece = contents.piece(at, PIECE).await?;
        let is_last = at + piece.len() as u64 == self.total;
        if is_last {
            contents.check_unchanged().await?;
        }
        Ok((piece, is_last))
    }

    /// What follows a piece that failed: where to go on, or why the upload ends.
    async fn after(
        &self,
        error: Error,
        patience: &mut Patience<'_>,
    ) -> ControlFlow<Error, Progress> {
        let mut error = error;
        loop {
            let is_received = error.status() == Some(416);
            if !error.is_transient() && !is_received {
                return ControlFlow::Break(error);
            }
            match patience.wait(error.retry_after()).await {
                Ok(true) => {}
                Ok(false) => return ControlFlow::Break(error),
                Err(reached) => return ControlFlow::Break(reached),
            }
            match self.status().await {
                Ok(at) => return ControlFlow::Continue(Progress::Wants(at)),
                Err(failed) => error = failed,
            }
        }
    }

    /// Stores the bytes that the session has as the file `name` at `path`: for an upload whose own
    /// name was taken meanwhile. The delivery of an error says whether the file may be stored.
    pub(super) async fn commit(&self, path: String, name: &str) -> Result<Option<DriveItem>> {
        let item = json!({
            "name": name,
            "@microsoft.graph.conflictBehavior": "fail",
            "@microsoft.graph.sourceUrl": self.address.url().as_str(),
        });
        let call = Call::of(&DRIVE_SESSION_COMMIT, path).with_json(&item)?;
        match self.lane.call(call).await {
            Ok(response) => Ok(response.json().ok()),
            Err(error) => Err(of_commit(error)),
        }
    }

    async fn put(&self, piece: Bytes, at: u64) -> Result<Progress> {
        let end = at + piece.len() as u64 - 1;
        let range = format!("bytes {at}-{end}/{}", self.total);
        let range = HeaderValue::try_from(range).map_err(|_| doubt("a range is no header"))?;
        let mut request = HttpRequest::new(Method::PUT, self.address.url(), piece);
        request.headers.insert(header::CONTENT_RANGE, range);
        let reply = self.exchange(request).await?;
        match reply.status {
            202 => Ok(Progress::Wants(self.next(&reply, end + 1)?)),
            200 | 201 => Ok(Progress::Done(serde_json::from_slice(&reply.body).ok())),
            _ => Err(refused(&reply)),
        }
    }

    /// The first byte that the service does not have.
    async fn status(&self) -> Result<u64> {
        let request = HttpRequest::new(Method::GET, self.address.url(), Bytes::new());
        let reply = self.exchange(request).await?;
        match reply.status {
            200 => self.next(&reply, self.total),
            _ => Err(refused(&reply)),
        }
    }

    fn next(&self, reply: &Reply, otherwise: u64) -> Result<u64> {
        let status: Status = serde_json::from_slice(&reply.body).unwrap_or_default();
        let Some(range) = status.next_expected_ranges.first() else {
            return Ok(otherwise);
        };
        let first = range.split('-').next().unwrap_or_default();
        let next = first.trim().parse().ok().filter(|it| *it <= self.total);
        next.ok_or_else(|| doubt("the service wants bytes that the file does not have"))
    }

    /// Ends the session, whose file is not wanted any more. Without that it expires.
    pub(super) async fn cancel(&self) {
        let mut patience = self.lane.patience();
        loop {
            let request = HttpRequest::new(Method::DELETE, self.address.url(), Bytes::new());
            let error = match self.exchange(request).await {
                Ok(reply) if reply.status < 300 => return,
                Ok(reply) => refused(&reply),
                Err(error) => error,
            };
            let may_repeat = error.is_transient();
            if !may_repeat || !matches!(patience.wait(error.retry_after()).await, Ok(true)) {
                return;
            }
        }
    }

    /// One request to the address of the session, without any credential.
    async fn exchange(&self, request: HttpRequest) -> Result<Reply> {
        let exchange = self.lane.client.http().exchange(request);
        let response = match self.lane.deadline.limit(exchange).await {
            Ok(response) => response,
            Err(reached) => Err(reached.into_error()),
        };
        let response = response.map_err(|error| error.with_platform(PLATFORM))?;
        let (head, body) = response.into_parts();
        Ok(Reply {
            status: head.status.as_u16(),
            headers: head.headers,
            body,
        })
    }
}

/// A failure that leaves it open whether the file is stored.
fn doubt(message: &'static str) -> Error {
    Error::new(ErrorKind::Protocol, message)
        .with_delivery(Delivery::Unknown)
        .with_platform(PLATFORM)
}

/// An error of a piece before the last one leaves no file, except where the session is gone: an
/// earlier attempt may have completed it.
fn as_of(error: Error, is_last: bool) -> Error {
    let is_gone = matches!(error.status(), Some(401 | 404 | 409 | 410));
    let delivery = if is_last || is_gone {
        Delivery::Unknown
    } else {
        Delivery::NotSent
    };
    error.with_delivery(delivery)
}

/// The error of a commit: a session that is gone may have been committed by an earlier attempt.
fn of_commit(error: Error) -> Error {
    match error.status() {
        Some(404 | 409 | 410) => error.with_delivery(Delivery::Unknown),
        _ => error,
    }
}

fn refused(reply: &Reply) -> Error {
    let (kind, message) = match reply.status {
        401 => (ErrorKind::Unauthenticated, "the upload address has expired"),
        403 => (
            ErrorKind::PermissionDenied,
            "the service refuses the upload",
        ),
        404 | 410 => (
            ErrorKind::NotFound,
            "the upload session has ended or expired",
        ),
        409 => (ErrorKind::Conflict, "the name of the file is taken"),
        416 => (ErrorKind::Conflict, "the service has that piece already"),
        429 => (ErrorKind::RateLimited, "the service throttles the upload"),
        507 => (ErrorKind::Conflict, FULL),
        500..=599 => (ErrorKind::Service, "the service failed during the upload"),
        400..=499 => (ErrorKind::InvalidRequest, "the service rejects the upload"),
        _ => (
            ErrorKind::Protocol,
            "the service gave an unexpected response",
        ),
    };
    let said = GraphError::read(&reply.body);
    let mut error = Error::new(kind, message)
        .with_delivery(Delivery::Unknown)
        .with_status(reply.status)
        .with_platform(PLATFORM);
    if let Some(code) = &said.code {
        error = error.with_code(one_line(code));
    }
    if let Some(wait) = retry_after(&reply.headers) {
        error = error.with_retry_after(wait);
    }
    error
}
