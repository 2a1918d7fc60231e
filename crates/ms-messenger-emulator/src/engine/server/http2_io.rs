//! Between HTTP/2 and its socket: follows the frames, adds some, and stops at a byte.

use std::{
    io::{self, IoSlice},
    pin::Pin,
    task::{Context, Poll, ready},
};

use tokio::io::{AsyncRead, AsyncWrite, ReadBuf};

use crate::engine::server::control::{Control, Ending};

/// A byte stream that `control` can inspect frame by frame and add frames to.
#[derive(Debug)]
pub(crate) struct Http2Io<S> {
    inner: S,
    control: Control,
}

impl<S: AsyncWrite + Unpin> Http2Io<S> {
    pub(crate) const fn new(inner: S, control: Control) -> Self {
        Self { inner, control }
    }

    /// Sends what faults have to say, if this is the place for it.
    fn poll_notice(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        loop {
            let mut streams = self.control.streams();
            let Some(notice) = streams.notice() else {
                return Poll::Ready(Ok(()));
            };
            let sent = Pin::new(&mut self.inner).poll_write(cx, notice.as_slices().0);
            let sent = ready!(sent)?;
            if sent == 0 {
                return Poll::Ready(Err(io::ErrorKind::WriteZero.into()));
            }
            notice.drain(..sent);
        }
    }

    /// Everything that may be sent is out: the connection ends, and this never returns.
    fn poll_reset<T>(&mut self, cx: &mut Context<'_>) -> Poll<io::Result<T>> {
        ready!(Pin::new(&mut self.inner).poll_flush(cx))?;
        self.control.end(Ending::Reset);
        Poll::Pending
    }
}

impl<S: AsyncRead + Unpin> AsyncRead for Http2Io<S> {
    fn poll_read(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &mut ReadBuf<'_>,
    ) -> Poll<io::Result<()>> {
        let before = buf.filled().len();
        ready!(Pin::new(&mut self.inner).poll_read(cx, buf))?;
        self.control.streams().received(&buf.filled()[before..]);
        Poll::Ready(Ok(()))
    }
}

impl<S: AsyncWrite + Unpin> AsyncWrite for Http2Io<S> {
    fn poll_write(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        buf: &[u8],
    ) -> Poll<io::Result<usize>> {
        ready!(self.poll_notice(cx))?;
        let most = self.control.streams().allowed(buf);
        if most == 0 && !buf.is_empty() {
            return self.poll_reset(cx);
        }
        let sent = ready!(Pin::new(&mut self.inner).poll_write(cx, &buf[..most]))?;
        self.control.streams().sent(&buf[..sent]);
        Poll::Ready(Ok(sent))
    }

    fn poll_write_vectored(
        mut self: Pin<&mut Self>,
        cx: &mut Context<'_>,
        bufs: &[IoSlice<'_>],
    ) -> Poll<io::Result<usize>> {
        if !self.control.streams().is_plain() {
            let first = bufs.iter().find(|buf| !buf.is_empty());
            return self.poll_write(cx, first.map_or(&[][..], |buf| buf));
        }
        let sent = ready!(Pin::new(&mut self.inner).poll_write_vectored(cx, bufs))?;
        let mut left = sent;
        let mut streams = self.control.streams();
        for buf in bufs {
            let part = left.min(buf.len());
            streams.sent(&buf[..part]);
            left -= part;
        }
        drop(streams);
        Poll::Ready(Ok(sent))
    }

    fn is_write_vectored(&self) -> bool {
        self.inner.is_write_vectored()
    }

    fn poll_flush(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.poll_notice(cx))?;
        ready!(Pin::new(&mut self.inner).poll_flush(cx))?;
        if self.control.streams().is_at_limit() {
            return self.poll_reset(cx);
        }
        self.control.look_again();
        Poll::Ready(Ok(()))
    }

    fn poll_shutdown(mut self: Pin<&mut Self>, cx: &mut Context<'_>) -> Poll<io::Result<()>> {
        ready!(self.as_mut().poll_flush(cx))?;
        Pin::new(&mut self.inner).poll_shutdown(cx)
    }
}
