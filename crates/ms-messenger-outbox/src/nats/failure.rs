//! The errors of the client as errors of the outbox.

use std::error::Error as _;

use async_nats::jetstream::{
    ErrorCode,
    context::{
        GetStreamError, GetStreamErrorKind, PublishError, PublishErrorKind, RequestError,
        RequestErrorKind,
    },
    stream::{RawMessageError, RawMessageErrorKind},
};

use crate::error::{OutboxError, OutboxErrorKind};

type JetStreamError = async_nats::jetstream::Error;

/// The codes of a stream, an account or a server that has no room.
const FULL: &[ErrorCode] = &[
    ErrorCode::ACCOUNT_RESOURCES_EXCEEDED,
    ErrorCode::INSUFFICIENT_RESOURCES,
    ErrorCode::MEMORY_RESOURCES_EXCEEDED,
    ErrorCode::STORAGE_RESOURCES_EXCEEDED,
    ErrorCode::STREAM_STORE_FAILED,
    ErrorCode::STREAM_MAX_STREAM_BYTES_EXCEEDED,
];

pub(super) fn unavailable(text: &'static str) -> OutboxError {
    OutboxError::new(OutboxErrorKind::Unavailable, text)
}

pub(super) fn silent() -> OutboxError {
    unavailable("the NATS server does not respond")
}

pub(super) fn disabled() -> OutboxError {
    unavailable("JetStream is disabled on the NATS server, or has not started yet")
}

pub(super) fn damaged(text: &'static str) -> OutboxError {
    OutboxError::new(OutboxErrorKind::Damaged, text)
}

pub(super) fn no_outbox(why: &str) -> OutboxError {
    let text = format!("{why}: the server holds no outbox of that name");
    OutboxError::new(OutboxErrorKind::NoOutbox, text)
}

/// Whether there is no such stream.
pub(super) fn is_missing(error: &GetStreamError) -> bool {
    matches!(error.kind(), GetStreamErrorKind::JetStream(error)
        if error.error_code() == ErrorCode::STREAM_NOT_FOUND)
}

/// The error of looking for a stream. A missing one is none.
pub(super) fn of_get(error: GetStreamError) -> OutboxError {
    if let GetStreamErrorKind::JetStream(error) = error.kind() {
        return of_jetstream(&error);
    }
    let request = error.source().and_then(|it| it.downcast_ref());
    match request.map(RequestError::kind) {
        Some(RequestErrorKind::NoResponders) => disabled().with_source(error),
        _ => silent().with_source(error),
    }
}

/// The error of a write. A write at a wrong revision is none.
pub(super) fn of_write(error: PublishError) -> OutboxError {
    match error.kind() {
        PublishErrorKind::MaxPayloadExceeded => too_large(),
        PublishErrorKind::StreamNotFound => disabled().with_source(error),
        PublishErrorKind::Other => {
            let code = error.source().and_then(|it| it.downcast_ref());
            match code.map(of_jetstream) {
                Some(known) => known,
                None => silent().with_source(error),
            }
        }
        _ => silent().with_source(error),
    }
}

/// The error of a read. A missing entry is none.
pub(super) fn of_read(error: RawMessageError) -> OutboxError {
    match error.kind() {
        RawMessageErrorKind::JetStream(error) => of_jetstream(&error),
        _ => silent().with_source(error),
    }
}

/// The error that JetStream responds with.
pub(super) fn of_jetstream(error: &JetStreamError) -> OutboxError {
    let code = error.error_code();
    if FULL.contains(&code) {
        let text = "the storage of JetStream, or the quota of the bucket, is full: make room; \
                    what is stored stays";
        return OutboxError::new(OutboxErrorKind::Full, text).with_source(error.clone());
    }
    if code == ErrorCode::JETSTREAM_NOT_ENABLED_FOR_ACCOUNT {
        let text = "JetStream is not enabled for the account";
        return unavailable(text).with_source(error.clone());
    }
    if code == ErrorCode::JETSTREAM_NOT_ENABLED {
        return disabled().with_source(error.clone());
    }
    let text = "JetStream refuses the request";
    let kind = if error.code() == 503 {
        OutboxErrorKind::Unavailable
    } else {
        OutboxErrorKind::Store
    };
    OutboxError::new(kind, text).with_source(error.clone())
}

pub(super) fn too_large() -> OutboxError {
    let text = "the message is larger than the `max_payload` of the NATS server";
    OutboxError::new(OutboxErrorKind::Invalid, text)
}
