//! A body that is read as it arrives.

use std::{fmt, time::Duration};

use bytes::{Bytes, BytesMut};
use ms_messenger_core::{Delivery, Error, ErrorKind, Result};
use tokio::{
    io::{AsyncWrite, AsyncWriteExt as _},
    time::timeout,
};

use crate::{Proxy, failure::failure};

/// The body of a successful response, which is read as it arrives and never held whole unless the
/// caller [asks for it](Self::bytes).
///
/// ```no_run
/// use ms_messenger_http::{Call, Pipeline};
///
/// # async fn run(pipeline: &Pipeline) -> ms_messenger_core::Result<()> {
/// let mut picture = pipeline.download(Call::get("picture", "/pictures/7")).await?;
/// println!("{:?}, {:?} bytes", picture.content_type(), picture.content_length());
/// let mut bytes = 0;
/// while let Some(chunk) = picture.chunk().await? {
///     bytes += chunk.len();
/// }
/// # Ok(())
/// # }
/// ```
#[must_use = "nothing of the body is read until it is asked for"]
pub struct Download {
    response: reqwest::Response,
    proxy: Proxy,
    /// The longest wait for the next piece.
    idle: Duration,
    platform: Option<&'static str>,
    read: u64,
}

impl Download {
    pub(crate) fn new(response: reqwest::Response, proxy: Proxy, idle: Duration) -> Self {
        Self {
            response,
            proxy,
            idle,
            platform: None,
            read: 0,
        }
    }

    /// Sets the platform that its errors name.
    pub fn with_platform(mut self, platform: &'static str) -> Self {
        self.platform = Some(platform);
        self
    }

    /// The media type, as the service wrote it.
    #[must_use]
    pub fn content_type(&self) -> Option<&str> {
        self.header("content-type")
    }

    /// The number of bytes, if the service announced it.
    #[must_use]
    pub fn content_length(&self) -> Option<u64> {
        self.response.content_length()
    }

    /// The value of the header `name`, if the response has it and it is readable.
    #[must_use]
    pub fn header(&self, name: &str) -> Option<&str> {
        self.response.headers().get(name)?.to_str().ok()
    }

    /// Reads the next piece; `None` at the end.
    ///
    /// # Errors
    ///
    /// `Timeout` when no piece arrives within the time-out of an attempt, `Transport` when the
    /// connection breaks before the end.
    pub async fn chunk(&mut self) -> Result<Option<Bytes>> {
        let chunk = match timeout(self.idle, self.response.chunk()).await {
            Ok(Ok(chunk)) => chunk,
            Ok(Err(error)) => return Err(self.finish(failure(&error, &self.proxy))),
            Err(_) => {
                let rule = "no more of the body arrived in time";
                return Err(self.finish(Error::new(ErrorKind::Timeout, rule)));
            }
        };
        self.read += chunk.as_ref().map_or(0, |chunk| chunk.len() as u64);
        Ok(chunk)
    }

    /// Reads the rest into memory, at most `max` bytes.
    ///
    /// # Errors
    ///
    /// `Protocol` when there are more bytes; as [`chunk`](Self::chunk).
    pub async fn bytes(mut self, max: usize) -> Result<Bytes> {
        self.check_announced(max as u64)?;
        let mut bytes = BytesMut::new();
        while let Some(chunk) = self.chunk().await? {
            self.check_read(max as u64)?;
            bytes.extend_from_slice(&chunk);
        }
        Ok(bytes.freeze())
    }

    /// Writes the rest to `writer`, at most `max` bytes, and returns how many there were. What was
    /// written before an error stays written.
    ///
    /// # Errors
    ///
    /// `Protocol` when there are more bytes, `Other` when the writer fails; as
    /// [`chunk`](Self::chunk).
    pub async fn write_to(
        mut self,
        writer: &mut (impl AsyncWrite + Unpin + ?Sized),
        max: u64,
    ) -> Result<u64> {
        self.check_announced(max)?;
        let mut written = 0;
        let unwritable = |error| {
            Error::new(ErrorKind::Other, "what was read could not be written").with_source(error)
        };
        while let Some(chunk) = self.chunk().await? {
            self.check_read(max)?;
            let outcome = writer.write_all(&chunk).await;
            outcome.map_err(|error| self.finish(unwritable(error)))?;
            written += chunk.len() as u64;
        }
        let outcome = writer.flush().await;
        outcome.map_err(|error| self.finish(unwritable(error)))?;
        Ok(written)
    }

    fn check_announced(&self, max: u64) -> Result<()> {
        let left = self.content_length().unwrap_or_default();
        self.check(left <= max, max)
    }

    fn check_read(&self, max: u64) -> Result<()> {
        self.check(self.read <= max, max)
    }

    fn check(&self, is_small: bool, max: u64) -> Result<()> {
        if is_small {
            return Ok(());
        }
        let rule = format!("the body has more than {max} bytes");
        Err(self.finish(Error::new(ErrorKind::Protocol, rule)))
    }

    /// A read has sent nothing.
    fn finish(&self, error: Error) -> Error {
        let error = error.with_delivery(Delivery::NotSent);
        match self.platform {
            Some(platform) => error.with_platform(platform),
            None => error,
        }
    }
}

impl fmt::Debug for Download {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Download")
            .field("content_type", &self.content_type())
            .field("content_length", &self.content_length())
            .field("bytes_read", &self.read)
            .finish_non_exhaustive()
    }
}
