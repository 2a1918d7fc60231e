//! The handle by which a request controls its own connection.

use std::{
    collections::VecDeque,
    sync::{
        Arc, Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
};

use tokio::sync::Notify;

use crate::{
    engine::server::{
        http1_io::{Order, Wire},
        streams::Streams,
    },
    wire::response::Response,
};

/// How a fault ends a connection.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Ending {
    /// Orderly, with FIN.
    Close,
    /// With RST.
    Reset,
}

/// The handle by which a request ends its own connection.
#[derive(Clone, Debug, Default)]
pub(crate) struct Control {
    state: Arc<ControlState>,
    is_http2: bool,
    /// The stream of the request, on HTTP/2.
    stream: Option<u32>,
    is_too_late: bool,
}

#[derive(Debug, Default)]
struct ControlState {
    ending: Mutex<Option<Ending>>,
    wake: Notify,
    services: AtomicU64,
    is_leaving: AtomicBool,
    /// Something changed for `left` or `finished`.
    change: Notify,
    /// HTTP/1.1 only.
    wire: Wire,
    /// HTTP/2 only.
    streams: Mutex<Streams>,
    /// HTTP/2 only: responses that come one request too late since one was copied.
    late: Mutex<VecDeque<Response>>,
}

/// Marks, when dropped, that the connection has got all of the response.
#[derive(Debug)]
pub(crate) struct ResponseEnd(Control);

impl Drop for ResponseEnd {
    fn drop(&mut self) {
        self.0.wire().end_response();
    }
}

impl Control {
    /// The control of a connection of HTTP/2; the default is one of HTTP/1.1.
    pub(crate) fn http2() -> Self {
        Self {
            is_http2: true,
            ..Self::default()
        }
    }

    pub(crate) const fn is_http2(&self) -> bool {
        self.is_http2
    }

    /// The control of the next request that HTTP/2 hands over.
    pub(crate) fn for_next_stream(&self) -> Self {
        let mut streams = self.streams();
        let (is_too_late, stream) = (streams.is_going_away(), streams.take());
        drop(streams);
        Self {
            stream,
            is_too_late,
            ..self.clone()
        }
    }

    /// Whether the request came after GOAWAY.
    pub(crate) const fn is_too_late(&self) -> bool {
        self.is_too_late
    }

    /// Asks for the end of the connection; the first request for it counts.
    pub(crate) fn end(&self, ending: Ending) {
        let slot = &self.state.ending;
        let mut slot = slot.lock().unwrap_or_else(PoisonError::into_inner);
        slot.get_or_insert(ending);
        drop(slot);
        self.state.wake.notify_one();
    }

    pub(crate) async fn ended(&self) -> Ending {
        loop {
            let slot = &self.state.ending;
            let ending = *slot.lock().unwrap_or_else(PoisonError::into_inner);
            match ending {
                Some(ending) => return ending,
                None => self.state.wake.notified().await,
            }
        }
    }

    /// Whether this is the connection's first request to that service; the 64th and later ones share
    /// one mark.
    pub(crate) fn is_first_of(&self, service: usize) -> bool {
        let bit = 1 << service.min(63);
        self.state.services.fetch_or(bit, Ordering::Relaxed) & bit == 0
    }

    /// HTTP/1.1: the order of the connection's bytes.
    pub(crate) fn wire(&self) -> &Wire {
        &self.state.wire
    }

    /// HTTP/2: the streams of the connection.
    pub(crate) fn streams(&self) -> MutexGuard<'_, Streams> {
        let streams = &self.state.streams;
        streams.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Resets the connection after so many bytes of the response that follows. The body of the response
    /// keeps what this gives.
    pub(crate) async fn reset_after(&self, bytes: u64) -> Option<ResponseEnd> {
        if let Some(stream) = self.stream {
            self.streams().limit(stream, bytes);
            return None;
        }
        if self.is_http2 {
            // Without its stream the response cannot be separated from others; none of it is sent.
            self.end(Ending::Reset);
            return std::future::pending().await;
        }
        self.state.wire.command(Order::Stop { left: bytes }).await;
        Some(ResponseEnd(self.clone()))
    }

    /// HTTP/1.1: sends the response that follows twice. The body of the response keeps what this gives.
    pub(crate) async fn send_twice(&self) -> Option<ResponseEnd> {
        if self.is_http2 {
            return None;
        }
        let order = Order::Repeat {
            kept: Vec::new(),
            at: None,
        };
        self.state.wire.command(order).await;
        Some(ResponseEnd(self.clone()))
    }

    /// HTTP/2: the response that the next response of the connection has. It is `own`, unless an
    /// response was copied before: from then on each response has the response before its own.
    pub(crate) fn in_turn(&self, own: Response, is_copied: bool) -> Response {
        if !self.is_http2 {
            return own;
        }
        let late = &self.state.late;
        let mut late = late.lock().unwrap_or_else(PoisonError::into_inner);
        if is_copied {
            late.push_back(own.clone());
        }
        match late.pop_front() {
            None => own,
            Some(earlier) => {
                late.push_back(own);
                earlier
            }
        }
    }

    /// HTTP/2: sends GOAWAY; open streams go on.
    pub(crate) fn leave(&self) {
        self.state.is_leaving.store(true, Ordering::Release);
        self.state.change.notify_waiters();
    }

    /// Tells the client that this request was not processed and that no other will be; on HTTP/1.1,
    /// which cannot, closes the connection.
    pub(crate) fn refuse(&self) {
        match self.stream {
            Some(stream) => {
                self.streams().refuse(stream);
                self.state.change.notify_waiters();
            }
            None => self.end(Ending::Close),
        }
    }

    /// HTTP/2: wakes the tasks that wait for a change of the streams.
    pub(crate) fn look_again(&self) {
        if self.streams().is_finished() {
            self.state.change.notify_waiters();
        }
    }

    /// Waits until a request asked to leave.
    pub(crate) async fn left(&self) {
        let is_leaving = || self.state.is_leaving.load(Ordering::Acquire);
        self.wait(is_leaving).await;
    }

    /// Waits until a request was refused and all that were taken have their responses.
    pub(crate) async fn finished(&self) {
        self.wait(|| self.streams().is_finished()).await;
    }

    async fn wait(&self, is_true: impl Fn() -> bool) {
        loop {
            let change = self.state.change.notified();
            if is_true() {
                return;
            }
            change.await;
        }
    }
}
