//! Media that were received.

use ms_messenger_core::{ErrorKind, Problems, Result};
use ms_messenger_http::{Call, Download, HeaderValue, check_id, encode_path_segment, header};

use crate::{AcsMessagesClient, error::PLATFORM, operations::MEDIA_GET};

impl AcsMessagesClient {
    /// Downloads media that a user sent, by the id in the event of the message:
    /// `GET /messages/streams/{id}`. Source: "Stream Operations - Get Media", 2024-08-30.
    ///
    /// Nothing is held in memory unless it is asked for:
    /// [`Download::bytes`] and [`Download::write_to`] take the most bytes that they read.
    ///
    /// ```
    /// use acs_messages::AcsMessagesBuilder;
    /// use ms_messenger_core::ErrorKind;
    /// use ms_messenger_emulator::Emulator;
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// let acs = &emulator.seed().acs;
    /// let client = AcsMessagesBuilder::from_connection_string(&acs.connection_string)?.build()?;
    ///
    /// let error = match client.media("0f0eb78e-a576-1dfc-b414-0f0756de3338").await {
    ///     Ok(media) => {
    ///         println!("{:?}", media.content_type());
    ///         let mut file = tokio::io::sink();
    ///         media.write_to(&mut file, 100_000_000).await?;
    ///         return Ok(());
    ///     }
    ///     Err(error) => error,
    /// };
    /// assert_eq!(error.kind(), ErrorKind::NotFound);
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `InvalidRequest` before any I/O for an empty id; `NotFound` (the service keeps media for a
    /// limited time), and the other errors of the service.
    pub async fn media(&self, id: impl AsRef<str>) -> Result<Download> {
        let id = id.as_ref();
        let mut problems = Problems::for_platform(PLATFORM);
        check_id(id, "media", &mut problems);
        problems.into_result(ErrorKind::InvalidRequest)?;
        let version = self.inner().version_of_notifications();
        let path = format!(
            "/messages/streams/{}?api-version={version}",
            encode_path_segment(id)
        );
        let any = HeaderValue::from_static("application/octet-stream");
        let call = Call::of(&MEDIA_GET, path).with_header(header::ACCEPT, any);
        self.pipeline().download(call).await
    }
}
