//! Downloads of attachments.

use ms_messenger_core::{Error, Result};
use ms_messenger_http::{Call, Download};

use crate::{AcsChatClient, ChatAttachment, error::PLATFORM, operations::ATTACHMENT_GET};

impl AcsChatClient {
    /// Downloads an attachment of a message that was read, as images of Teams have it: the address
    /// in its `url`, with the token of the caller.
    ///
    /// The token is sent to the service of this client only. A file that lies elsewhere, as in
    /// SharePoint, is refused.
    ///
    /// ```no_run
    /// use acs_chat::AcsChatClient;
    ///
    /// # async fn run(client: AcsChatClient) -> Result<(), Box<dyn std::error::Error>> {
    /// let message = client.thread("19:meeting_7@thread.v2").message("1593107077690").await?;
    /// for image in &message.attachments {
    ///     let bytes = client.download(image).await?.bytes(10_000_000).await?;
    ///     println!("{:?}: {} bytes", image.name, bytes.len());
    /// }
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `InvalidRequest` before any I/O when it has no address, or one of another origin;
    /// `NotFound`, `PermissionDenied` and the other errors of the service.
    pub async fn download(&self, attachment: &ChatAttachment) -> Result<Download> {
        self.download_from("url", attachment.url.as_deref()).await
    }

    /// Downloads the preview of an attachment: as [`download`](Self::download), from its
    /// `preview_url`.
    ///
    /// # Errors
    ///
    /// As [`download`](Self::download).
    pub async fn download_preview(&self, attachment: &ChatAttachment) -> Result<Download> {
        let address = attachment.preview_url.as_deref();
        self.download_from("preview_url", address).await
    }

    async fn download_from(&self, field: &str, address: Option<&str>) -> Result<Download> {
        let refused = |rule: &str| Error::invalid(field, rule.to_owned()).with_platform(PLATFORM);
        let address = address.ok_or_else(|| refused("the attachment has no address"))?;
        let path = self.pipeline().endpoint().follow_path(address);
        let path = path.map_err(|_| refused("must be an address of the service of this client"))?;
        self.pipeline()
            .download(Call::of(&ATTACHMENT_GET, path))
            .await
    }
}
