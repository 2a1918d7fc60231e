//! Reads of the messages of a conversation.

use std::sync::Arc;

use ms_messenger_core::{Delivery, Error, MessageId, Result};

use crate::{
    application::Application,
    conversation::UcwaConversation,
    conversation_message::{ConversationMessage, Direction},
    data_uri,
    error::{PLATFORM, protocol},
    message::Format,
    operations::MESSAGE_GET,
    resource::Resource,
    sender::Sender,
    state::key,
};

impl UcwaConversation {
    /// Returns what was said in it while the session saw it, oldest first: the messages that the
    /// event channel brought, and those of this user that were not refused. The server has no list
    /// of them. The newest 200 are kept, and 4 MiB of text in all conversations together.
    ///
    /// ```
    /// use ms_messenger_core::SipUri;
    /// use ms_messenger_emulator::Emulator;
    /// use ucwa::{UcwaCredential, UcwaSession};
    ///
    /// # #[tokio::main]
    /// # async fn main() -> Result<(), Box<dyn std::error::Error>> {
    /// let emulator = Emulator::start().await?;
    /// let user = &emulator.seed().ucwa.users[0];
    /// let credential = UcwaCredential::password(&user.username, user.password.as_str());
    /// let session = UcwaSession::builder(&user.sip, credential)
    ///     .with_discovery_url(&emulator.seed().ucwa.discover)
    ///     .sign_in()
    ///     .await?;
    ///
    /// let lene: SipUri = "sip:lene@fabrikam.test".parse()?;
    /// let sent = session.send(lene, "Build 42 is green").await.into_result()?;
    /// let history = session.conversation(sent.conversation).history()?;
    /// assert_eq!(history[0].text.as_deref(), Some("Build 42 is green"));
    /// assert_eq!(history[0].id, sent.message_id);
    /// # session.sign_out().await?;
    /// # Ok(())
    /// # }
    /// ```
    ///
    /// # Errors
    ///
    /// `NotFound` if the conversation has ended: its history has ended with it.
    pub fn history(&self) -> Result<Vec<ConversationMessage>> {
        self.known()?;
        let inner = self.session.inner();
        Ok(inner.conversations.state().recall(self.key()))
    }

    /// Reads a message of it from the server, which returns the text of received messages only: that
    /// of an own message is taken from the history.
    ///
    /// # Errors
    ///
    /// `InvalidRequest` before any I/O for an id that is not of a message of this conversation;
    /// `NotFound` if the conversation has ended or the server has no such message; otherwise the
    /// error of the server.
    pub async fn message(&self, id: impl Into<MessageId>) -> Result<ConversationMessage> {
        self.known()?;
        let inner = self.session.inner();
        let application = inner.application.get();
        let path = self.path_of(&application, &id.into())?;
        let message = inner.read(&application, &MESSAGE_GET, &path).await?;
        let direction = message.short_text("direction").map(Direction::from);
        let direction = direction.ok_or_else(|| protocol("the response is not a message"))?;
        let known = self.known()?;
        let said = inner.conversations.state().recall(self.key());
        let mut said = said.into_iter();
        let id = Some(path.as_str().into());
        let said = said.find(|said| said.id == id);
        let is_own = direction == Direction::Outgoing;
        let mut read = ConversationMessage {
            id,
            from: if is_own {
                Sender::new(inner.config.sip.clone(), None)
            } else {
                known.sender_of(&message)
            },
            direction,
            format: Format::Plain,
            text: None,
            at: message.time("timeStamp"),
            delivery: delivery(&message, is_own),
        };
        match (text(&message), said) {
            (Some(data), _) => (read.format, read.text) = (Format::of(&data), Some(data.text)),
            (None, Some(said)) => {
                (read.format, read.text) = (said.format, said.text);
                if read.delivery == Delivery::Unknown {
                    read.delivery = said.delivery;
                }
            }
            (None, None) => {}
        }
        Ok(read)
    }

    /// The path of a message. It must lie below this conversation: any other read could be one of
    /// the event channel, which would take its events away.
    fn path_of(&self, application: &Arc<Application>, id: &MessageId) -> Result<String> {
        let rule = "must be the id of a message of this conversation";
        let invalid = || Error::invalid("id", rule).with_platform(PLATFORM);
        let path = application.path(id.as_str()).map_err(|_| invalid())?;
        let path = key(&path);
        let below = path.strip_prefix(self.key());
        if below.is_some_and(|below| below.len() > 1 && below.starts_with('/')) {
            Ok(path.to_owned())
        } else {
            Err(invalid())
        }
    }
}

fn text(message: &Resource) -> Option<data_uri::Data> {
    let mut uris = ["htmlMessage", "plainMessage"].iter();
    data_uri::decode(uris.find_map(|rel| message.href(rel))?)
}

/// Only success is a verdict: servers name other states without a meaning.
fn delivery(message: &Resource, is_own: bool) -> Delivery {
    if !is_own || message.short_text("status") == Some("Succeeded") {
        Delivery::Sent
    } else {
        Delivery::Unknown
    }
}
