//! The neutral model on top of the typed client.

use std::slice;

use async_trait::async_trait;
use ms_messenger_core::{
    Acceptance, Address, Attachment, Body, Capabilities, Capability, ConversationId, Evidence,
    Mark, MarkKind, Message, Messenger, Problem, Receipt, Result, SendRequest, Settled, Target,
};
use ms_messenger_http::Call;

use crate::{
    client::GraphChatClient,
    destination::{Destination, PostPath},
    error::PLATFORM,
    native::{native, unsupported},
    operations::CHAT_CREATE_ONE_ON_ONE,
    send::{Extras, Posted, Ready, Stored},
    write::NewChatMessage,
};

const CAPABILITIES: Capabilities = Capabilities::new(&[
    Capability::ToConversation,
    Capability::ToChannel,
    Capability::Text,
    Capability::Html,
    Capability::Native,
    Capability::AttachmentFile,
    Capability::AttachmentCard,
    Capability::AttachmentInlineImage,
    Capability::SubjectInChannel,
    Capability::Importance,
    Capability::ReplyInChannel,
    Capability::ReplyInConversation,
    Capability::Deadline,
]);

#[async_trait]
impl Messenger for GraphChatClient {
    fn platform(&self) -> &str {
        PLATFORM
    }

    /// Users are supported as recipients when the client has the id of its own user.
    fn capabilities(&self) -> Capabilities {
        match self.one_on_one() {
            Some(_) => CAPABILITIES.with(Capability::ToUser),
            None => CAPABILITIES,
        }
    }

    async fn send(&self, request: &SendRequest) -> Result<Receipt> {
        let (destination, ready, mark) = self.prepare_request(request)?;
        let mut extras = Extras {
            deadline: request.deadline(),
            conversation: None,
            mark,
        };
        let (path, conversation) = match destination {
            Destination::Channel {
                team,
                channel,
                reply_to,
            } => {
                let path = PostPath::of_channel(team, channel, reply_to);
                (path, ConversationId::new(channel.as_str()))
            }
            Destination::Chat { chat, quoted } => {
                (PostPath::of_chat(chat, quoted.is_some()), chat.clone())
            }
            Destination::Person { own, other, quoted } => {
                let chat = self.find_one_on_one(own, other, &extras.deadline).await?;
                extras.conversation = Some(chat.clone());
                (PostPath::of_chat(&chat, quoted.is_some()), chat)
            }
        };
        let stored = self.post_raw(path, ready, extras).await?;
        receipt(stored, conversation)
    }

    /// Reads every message that was posted since the send. Recognises the message by the id of an
    /// attachment that only this message has (a card, or a shared file without an id of its own);
    /// else as the one by the account that sent (the `oid` of the token) with the same visible
    /// text, subject, importance and attachments, created while the send could take effect by the
    /// clock of the service.
    ///
    /// It needs a permission to read (Chat.Read, ChannelMessage.Read.All). `NotFound` is reported
    /// only after [`with_settling_margin`](crate::GraphChatBuilder::with_settling_margin) since
    /// the last attempt. `CannotTell` for evidence that does not name the account or, for a user
    /// as the recipient, the chat, unless this client sent it; and where another message could be
    /// this one: equal texts without a receipt of this client, messages of the account and time
    /// that were edited or deleted, HTML of the account that differs, since the service rewrites
    /// HTML.
    async fn settle(&self, request: &SendRequest, evidence: &Evidence) -> Settled {
        self.look(request, evidence).await
    }
}

impl GraphChatClient {
    /// Runs every check of [`send`](Messenger::send) that needs no I/O: capabilities, ids,
    /// markers and mentions, native bodies, sizes, and the token that is at hand. `send` rejects
    /// what it rejects, with the same error.
    ///
    /// Returns warnings: what the service accepts but a reader would miss, such as a link without
    /// a scheme.
    ///
    /// # Errors
    ///
    /// As [`send`](Messenger::send), before any I/O.
    ///
    /// ```
    /// use ms_messenger_core::{Message, SendRequest, StaticToken, Target};
    /// use msgraph_chat::GraphChatClient;
    ///
    /// let client = GraphChatClient::builder(StaticToken::new("eyJ0eXAi")).build()?;
    /// let chat = Target::conversation("19:2da4c29f6d7041eca70b638b43d45437@thread.v2");
    /// let request = SendRequest::new(chat, Message::html("<a href=\"www.contoso.com\">x</a>"));
    /// let warnings = client.check(&request)?;
    /// assert_eq!(warnings[0].field, "body.content");
    /// # Ok::<_, ms_messenger_core::Error>(())
    /// ```
    pub fn check(&self, request: &SendRequest) -> Result<Vec<Problem>> {
        let (destination, ready, _) = self.prepare_request(request)?;
        let call = match destination {
            Destination::Channel {
                team,
                channel,
                reply_to,
            } => ready.call(PostPath::of_channel(team, channel, reply_to)),
            Destination::Chat { chat, quoted } => {
                ready.call(PostPath::of_chat(chat, quoted.is_some()))
            }
            Destination::Person { .. } => Call::of(&CHAT_CREATE_ONE_ON_ONE, "/chats"),
        };
        self.pipeline().check(&call)?;
        Ok(ready.warnings)
    }

    /// Everything of a send before its I/O, which is all of a check.
    pub(crate) fn prepare_request<'a>(
        &'a self,
        request: &'a SendRequest,
    ) -> Result<(Destination<'a>, Ready, Option<Mark>)> {
        self.capabilities().check(PLATFORM, request)?;
        let (message, markup) = native(&request.message)?;
        let destination = self.destination(request)?;
        let ready = self.prepare(destination, &message, markup)?;
        Ok((destination, ready, mark(&request.message, &message)))
    }

    fn destination<'a>(&'a self, request: &'a SendRequest) -> Result<Destination<'a>> {
        let reply_to = request.reply_to.as_ref();
        let quoted = reply_to.map(slice::from_ref);
        Ok(match &request.to {
            Target::Channel { team, channel, .. } => Destination::Channel {
                team,
                channel,
                reply_to,
            },
            Target::Conversation(chat) => Destination::Chat { chat, quoted },
            Target::Person(Address::User(other)) => Destination::Person {
                own: self.one_on_one().ok_or_else(unsupported)?,
                other,
                quoted,
            },
            _ => return Err(unsupported()),
        })
    }
}

/// The id of an attachment that was made for this message only. A native body may be sent several
/// times with one id, and the id of a file is that of the file.
fn mark(message: &Message, native: &NewChatMessage) -> Option<Mark> {
    if matches!(message.body, Body::Native { .. }) {
        return None;
    }
    let is_fresh = |attachment: &Attachment| match attachment {
        Attachment::Card(_) => true,
        Attachment::File(file) => file.id.is_none(),
        _ => false,
    };
    // Inline pictures become no attachments; all others keep their order.
    let entries = message
        .attachments
        .iter()
        .filter(|it| !matches!(it, Attachment::InlineImage(_)));
    let mut pairs = entries.zip(&native.attachments);
    let (_, entry) = pairs.find(|(attachment, _)| is_fresh(attachment))?;
    Some(Mark::new(MarkKind::AttachmentId, entry.id.as_deref()?))
}

fn receipt(stored: Stored<'_>, conversation: ConversationId) -> Result<Receipt> {
    let (posted, response) = stored.read(|posted: &Posted| Some(posted.id.as_str()))?;
    let mut receipt = Receipt::new(Acceptance::Posted)
        .with_message_id(posted.id)
        .with_conversation(conversation);
    receipt.accepted_at = posted
        .created_date_time
        .and_then(|time| time.to_system_time());
    receipt.request_id = response.request_id().map(str::to_owned);
    Ok(receipt)
}
