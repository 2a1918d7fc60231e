//! Files that others sent, by the address in their message. Source: Graph, "Access shared items".

use base64::{Engine as _, engine::general_purpose::URL_SAFE_NO_PAD};
use ms_messenger_core::{Result, Url};
use ms_messenger_http::Download;

use crate::{
    client::GraphChatClient,
    models::DriveItem,
    operations::{SHARE_CONTENT, SHARE_GET},
    paths::CheckedPath,
};

impl GraphChatClient {
    /// Reads the file that another user sent, by the
    /// [address](crate::models::ChatMessageAttachment::content_url) of its attachment or by a share
    /// link: `GET /shares/{address}/driveItem`. Source: "Access shared items".
    ///
    /// It needs the permission Files.Read.All. The address is sent to the service as it is, and
    /// nothing is sent to the address.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` before any I/O for what is no https address; `PermissionDenied` for a file
    /// that is not shared with the user; else the error of the service.
    pub async fn shared_item(&self, address: &str) -> Result<DriveItem> {
        self.fetch(shared(address, "").call(&SHARE_GET)).await
    }

    /// Downloads the file that another user sent, as [`shared_item`](Self::shared_item) finds it:
    /// `GET /shares/{address}/driveItem/content`.
    ///
    /// # Errors
    ///
    /// As [`shared_item`](Self::shared_item).
    ///
    /// ```
    /// use ms_messenger_core::{FileUpload, StaticToken};
    /// use ms_messenger_emulator::Emulator;
    /// use msgraph_chat::{FileMessage, GraphChatClient};
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// let graph = &emulator.seed().graph;
    /// let client = |token: &str| {
    ///     let token = StaticToken::new(token);
    ///     GraphChatClient::builder(token).with_base_url(&graph.base).build()
    /// };
    /// let (alice, bob) = (client(&graph.users[0].token)?, client(&graph.users[1].token)?);
    /// let file = FileUpload::bytes("visits.csv", *b"1;817\n");
    /// let message = FileMessage::new("The visits of March").with_file(file);
    /// alice.chat(graph.chat_id.as_str()).send_files(message).await.into_result()?;
    ///
    /// let messages = bob.chat(graph.chat_id.as_str()).messages().next_page().await?;
    /// let attachment = &messages.unwrap_or_default()[0].attachments[0];
    /// let address = attachment.content_url.as_deref().ok_or("no address")?;
    /// let file = bob.download_shared(address).await?;
    /// assert_eq!(file.bytes(1024).await?, &b"1;817\n"[..]);
    /// # Ok(())
    /// # }
    /// ```
    pub async fn download_shared(&self, address: &str) -> Result<Download> {
        let path = shared(address, "/content");
        self.follow(&SHARE_CONTENT, path).await
    }
}

/// `/shares/u!{address}/driveItem`. The service decodes the address to the letter.
fn shared(address: &str, tail: &str) -> CheckedPath {
    let is_address = Url::parse(address).is_ok_and(|url| url.scheme() == "https");
    let rule = "must be an https address, as the attachment of a message has it";
    let token = format!("/u!{}/driveItem", URL_SAFE_NO_PAD.encode(address));
    CheckedPath::new("/shares")
        .refuse_if(!is_address, "address", rule)
        .then(&token)
        .then(tail)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_address_is_encoded_to_the_letter() {
        let path = shared("https://x/a.zip", "/content").checked().unwrap();
        assert_eq!(path, "/shares/u!aHR0cHM6Ly94L2Euemlw/driveItem/content");
        for hostile in [
            "",
            "a.zip",
            "http://x/a.zip",
            "file:///etc/passwd",
            "https://",
        ] {
            assert!(shared(hostile, "").checked().is_err(), "{hostile}");
        }
    }
}
