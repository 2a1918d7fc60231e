//! Between HTTP/1.1 and its socket: sends a response twice, or stops at a byte.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    sync::{
        Mutex, MutexGuard, PoisonError,
        atomic::{AtomicBool, Ordering},
    },
    task::{Context, Poll, ready},
};

use tokio::{
    io::{AsyncRead, AsyncWrite, ReadBuf},
    sync::Notify,
};

use crate::engine::server::control::{Control, Ending};

/// What happens to the bytes of the response that is sent now.
#[derive(Debug)]
pub(crate) enum Order {
    /// So many bytes are sent, then the connection is reset.
    Stop { left: u64 },
    /// They are kept, and sent again; then `at` is how far that is.
    Repeat { kept: Vec<u8>, at: Option<usize> },
}

/// The order of a connection, and how far its bytes are.
#[derive(Debug, Default)]
pub(crate) struct Wire {
    /// Bytes were handed to the socket, and not all of them are out.
    is_busy: AtomicBool,
    quiet: Notify,
    /// Whether there is an order; avoids the lock if not.
    has_order: AtomicBool,
    order: Mutex<Option<Order>>,
    /// The connection has got all of the response.
    has_ended: AtomicBool,
}

impl Wire {
    fn order(&self) -> MutexGuard<'_, Option<Order>> {
        self.order.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Waits until earlier bytes are out, then puts the next response under the order.
    pub(crate) async fn command(&self, order: Order) {
        // Lets the connection write what it holds back, such as `100 Continue`.
        tokio::task::yield_now().await;
        loop {
            let quiet = self.quiet.notified();
            if !self.is_busy.load(Ordering::Acquire) {
                break;
            }
            quiet.await;
        }
        self.has_ended.store(false, Ordering::Release);
        *self.order() = Some(order);
        self.has_order.store(true, Ordering::Release);
    }

    /// Marks that the connection has got all of the response.
    pub(crate) fn end_response(&self) {
        self.has_ended.store(true, Ordering::Release);
    }
}

/// A stream of bytes under the orders of `control`.
#[derive(Debug)]
pub(crate) struct Http1Io<S> {
    inner: S,
    control: Control,
}

impl<S> Http1Io<S> {
    pub(crate) const fn new(inner: S, control: Control) -> Self {
        Self { inner, control }
    }

    pub(crate) fn into_inner(self) -> S {
        self.inner
    }
}

impl<S: AsyncWrite + Unpin> Http1Io<S> {
    /// Everything that may be sent is out: the connection ends, and this never returns.
    fn poll_reset<T>(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        ready!(Pin::new(&mut self.inner).poll_flush(cx))?;
        self.control.end(Ending::Reset);
        Poll::Pending
    }

    /// Carries out what remains of an order once the whole response was written.
    fn poll_rest(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        let wire = self.control.wire();
        let has_ended = wire.has_ended.load(Ordering::Acquire);
        let mut order = wire.order();
        match &mut *order {
            Some(Order::Stop { left }) if has_ended || *left == 0 => {
                drop(order);
                return self.poll_reset(cx);
            }
            Some(Order::Repeat { kept, at }) if has_ended || at.is_some() => {
                let at = at.get_or_insert(0);
                while *at < kept.len() {
                    let rest = &kept[*at..];
                    let sent = ready!(Pin::new(&mut self.inner).poll_write(cx, rest))?;
                    if sent == 0 {
                        return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
                    }
                    *at += sent;
                }
                *order = None;
                wire.has_order.store(false, Ordering::Release);
            }
            _ => {}
        }
        Poll::Ready(Ok(()))
    }

    fn poll_write_ordered(&mut self, cx: &mut Context<'_>, buf: &[u8]) -> Poll<io::Result<usize>> {
        let mut order = self.control.wire().order();
        match &mut *order {
            Some(Order::Stop { left: 0 }) => {
                drop(order);
                self.poll_reset(cx)
            }
            Some(Order::Stop { left }) => {
                let most = usize::try_from(*left).unwrap_or(usize::MAX).min(buf.len());
                let sent = ready!(Pin::new(&mut self.inner).poll_write(cx, &buf[..most]))?;
                *left -= sent as u64;
                Poll::Ready(Ok(sent))
            }
            Some(Order::Repeat { at: Some(_), .. }) => {
                // The next response must not come between.
                drop(order);
                ready!(self.poll_rest(cx))?;
                Pin::new(&mut self.inner).poll_write(cx, buf)
            }
            Some(Order::Repeat { kept, .. }) => {
                let sent = ready!(Pin::new(&mut self.inner).poll_write(cx, buf))?;
                kept.extend_from_slice(&buf[..sent]);
                Poll::Ready(Ok(sent))
            }
            None => Pin::new(&mut self.inner).poll_write(cx, buf),
        }
    }

    fn has_order(&self) -> bool {
        self.control.wire().has_order.load(Ordering::Acquire)
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Http1Io<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        Pin::new(&mut self.inner).poll_read(cx, buf)
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Http1Io<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        self.control.wire().is_busy.store(true, Ordering::Release);
        if self.has_order() {
            return self.poll_write_ordered(cx, buf);
        }
        Pin::new(&mut self.inner).poll_write(cx, buf)
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if self.has_order() {
            let first = bufs.iter().find(|buf| !buf.is_empty());
            return self.poll_write(cx, first.map_or(&[][..], |buf| buf));
        }
        self.control.wire().is_busy.store(true, Ordering::Release);
        Pin::new(&mut self.inner).poll_write_vectored(cx, bufs)
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        if self.has_order() {
            ready!(self.poll_rest(cx))?;
        }
        ready!(Pin::new(&mut self.inner).poll_flush(cx))?;
        let wire = self.control.wire();
        wire.is_busy.store(false, Ordering::Release);
        wire.quiet.notify_waiters();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_flush(cx))?;
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
