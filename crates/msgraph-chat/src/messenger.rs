//! The neutral model on top of the typed client.

use std::slice;

use async_trait::async_trait;
use ms_messenger_core::{
    Acceptance, Address, Attachment as Neutral, Body, Capabilities, Capability, CardKind,
    ConversationId, Error, ErrorKind, Evidence, FileReference, Importance, Mark, MarkKind, Message,
    Messenger, Problem, Receipt, Result, SendRequest, Settled, Target, UserId,
};
use ms_messenger_http::{Call, check_id};
use serde_json::Value;

use crate::{
    Attachment, Channel, Chat, GraphChatClient, NewChatMessage, Place,
    client::{Extras, Posted, Sent, ready_for_chat},
    error::PLATFORM,
    models::MessageImportance,
    ready::{Draft, Ready},
    write::read_message,
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

    /// Persons are carried when the client knows its own user.
    fn capabilities(&self) -> Capabilities {
        match self.one_on_one() {
            Some(_) => CAPABILITIES.with(Capability::ToUser),
            None => CAPABILITIES,
        }
    }

    async fn send(&self, request: &SendRequest) -> Result<Receipt> {
        let deadline = request.deadline();
        let Prepared {
            route,
            message,
            ready,
        } = self.prepare(request)?;
        let mut extras = Extras {
            mark: mark(&request.message, &message),
            deadline,
            conversation: None,
        };
        let (place, conversation) = match route {
            Route::Channel(channel, id) => (channel.place(), id),
            Route::Chat(chat) => (chat.place(), chat.id().clone()),
            Route::Person { own, other } => {
                let chat = self.find_one_on_one(own, other, &extras.deadline).await?;
                extras.conversation = Some(chat.id().clone());
                (chat.place(), chat.id().clone())
            }
        };
        let sent = self.post(&place, ready, &message, extras).await?;
        receipt(sent, conversation)
    }

    /// Reads everything that was posted since the send, and looks for the message: by the id of
    /// an attachment that this message alone has (a card, or a shared file without an id of its
    /// own), else for one by the account that sent (the `oid` of the token) with the same visible
    /// text, subject, importance and attachments that was created while the send could take
    /// effect, by the service's clock.
    ///
    /// It needs a permission to read (Chat.Read, ChannelMessage.Read.All). `NotFound` is claimed
    /// only after [`with_settling_margin`](crate::GraphChatBuilder::with_settling_margin) since
    /// the last attempt. `CannotTell` for evidence that does not name the account or, for a
    /// person, the chat, unless this client sent it; and where another message could be taken for
    /// this one: equal texts that this client does not have the receipts of, own messages of that
    /// time that were edited or deleted, own HTML that differs, since the service rewrites HTML.
    async fn settle(&self, request: &SendRequest, evidence: &Evidence) -> Settled {
        self.look(request, evidence).await
    }
}

/// The id of an attachment that was made for this message alone: that of a native body may be
/// sent any number of times, and that of a file is the file's.
fn mark(message: &Message, native: &NewChatMessage) -> Option<Mark> {
    if matches!(message.body, Body::Native { .. }) {
        return None;
    }
    let is_fresh = |attachment: &Neutral| match attachment {
        Neutral::Card(_) => true,
        Neutral::File(file) => file.id.is_none(),
        _ => false,
    };
    // Inline pictures become no attachments; all others keep their order.
    let entries = message
        .attachments
        .iter()
        .filter(|it| !matches!(it, Neutral::InlineImage(_)));
    let mut pairs = entries.zip(&native.attachments);
    let (_, entry) = pairs.find(|(attachment, _)| is_fresh(attachment))?;
    Some(Mark::new(MarkKind::AttachmentId, entry.id.as_deref()?))
}

/// A request that passed every local check.
struct Prepared<'a> {
    route: Route<'a>,
    message: NewChatMessage,
    ready: Ready,
}

/// Where a request goes.
enum Route<'a> {
    Channel(Channel, ConversationId),
    Chat(Chat),
    Person { own: &'a UserId, other: &'a UserId },
}

impl GraphChatClient {
    /// Runs every check of [`send`](Messenger::send) that needs no I/O: capabilities, ids,
    /// markers and mentions, native bodies, sizes, and the token that is at hand. A request that
    /// it refuses is refused by `send` with the same words.
    ///
    /// Returns warnings: what the service takes but a reader would miss, such as a link without
    /// a scheme.
    ///
    /// # Errors
    ///
    /// As [`send`](Messenger::send), before any I/O.
    pub fn check(&self, request: &SendRequest) -> Result<Vec<Problem>> {
        let Prepared { route, ready, .. } = self.prepare(request)?;
        let call = match &route {
            Route::Channel(channel, _) => ready.call(&channel.place()),
            Route::Chat(chat) => ready.call(&chat.place()),
            Route::Person { .. } => Call::post("chat.create", "/chats"),
        };
        self.pipeline().check(&call)?;
        Ok(ready.warnings)
    }

    /// What `check` and `send` have in common: everything before I/O.
    fn prepare<'a>(&'a self, request: &'a SendRequest) -> Result<Prepared<'a>> {
        self.capabilities().check(PLATFORM, request)?;
        let message = native(&request.message)?;
        let reply_to = request.reply_to.as_ref();
        let quoted = reply_to.map(slice::from_ref);
        let (route, ready) = match &request.to {
            Target::Channel { team, channel, .. } => {
                let id = ConversationId::new(channel.as_str());
                let channel = self.channel(team.clone(), channel.clone());
                let ready = channel.ready(reply_to, &message)?;
                (Route::Channel(channel, id), ready)
            }
            Target::Conversation(id) => {
                let chat = self.chat(id.clone());
                let ready = chat.ready(quoted, &message)?;
                (Route::Chat(chat), ready)
            }
            Target::Person(Address::User(other)) => {
                let own = self.one_on_one().ok_or_else(unsupported)?;
                // A chat is not made for a message that cannot be sent.
                let mut draft = Draft::new(Place::Chat, &message);
                check_id(own.as_str(), "own", &mut draft.problems);
                check_id(other.as_str(), "other", &mut draft.problems);
                let ready = ready_for_chat(draft, quoted, &message, self.limits())?;
                (Route::Person { own, other }, ready)
            }
            _ => return Err(unsupported()),
        };
        Ok(Prepared {
            route,
            message,
            ready,
        })
    }
}

fn receipt(sent: Sent<'_>, conversation: ConversationId) -> Result<Receipt> {
    let (posted, response) = sent.read(|posted: &Posted| Some(posted.id.as_str()))?;
    let mut receipt = Receipt::new(Acceptance::Posted)
        .with_message_id(posted.id)
        .with_conversation(conversation);
    receipt.accepted_at = posted
        .created_date_time
        .and_then(|time| time.to_system_time());
    receipt.request_id = response.request_id().map(str::to_owned);
    Ok(receipt)
}

/// What the check of the capabilities has refused already.
fn unsupported() -> Error {
    Error::new(ErrorKind::Unsupported, "msgraph-chat does not support this").with_platform(PLATFORM)
}

pub(crate) fn native(message: &Message) -> Result<NewChatMessage> {
    let mut native = match &message.body {
        Body::Text(text) if message.attachments.is_empty() => NewChatMessage::text(text.as_str()),
        Body::Text(text) => attach(NewChatMessage::compose().text(text), message)?,
        Body::Html { html, .. } if message.attachments.is_empty() => {
            NewChatMessage::html(html.as_str())
        }
        Body::Html { html, .. } => attach(NewChatMessage::compose().html(html), message)?,
        Body::Native { payload, .. } if message.attachments.is_empty() => from_payload(payload)?,
        Body::Native { .. } => return Err(native_is_whole()),
        _ => return Err(unsupported()),
    };
    if let Some(subject) = &message.subject {
        native.subject = Some(subject.clone());
    }
    native.importance = match message.importance {
        Importance::Normal => native.importance,
        Importance::High => Some(MessageImportance::High),
        Importance::Urgent => Some(MessageImportance::Urgent),
        _ => return Err(unsupported()),
    };
    Ok(native)
}

/// Attachments follow the content, in order.
fn attach(mut compose: crate::Compose, message: &Message) -> Result<NewChatMessage> {
    for attachment in &message.attachments {
        compose = match attachment {
            Neutral::File(file) => compose.attach(reference(file)),
            Neutral::Card(card) => {
                let content = card.content.clone();
                compose.attach(match card.kind {
                    CardKind::Adaptive => Attachment::adaptive_card(content),
                    CardKind::Hero => Attachment::hero_card(content),
                    CardKind::Thumbnail => Attachment::thumbnail_card(content),
                    _ => return Err(unsupported()),
                })
            }
            Neutral::InlineImage(image) => compose.inline_image(image),
            _ => return Err(unsupported()),
        };
    }
    Ok(compose.build())
}

fn reference(file: &FileReference) -> Attachment {
    let mut attachment = Attachment::share_link(&file.url);
    if let Some(id) = &file.id {
        attachment = attachment.with_id(id.as_str());
    }
    match &file.name {
        Some(name) => attachment.with_name(name.as_str()),
        None => attachment,
    }
}

/// Where the markers of more attachments would go in a native body is not ours to say.
fn native_is_whole() -> Error {
    let rule = "a native body holds its own attachments, with their markers";
    Error::invalid("message.attachments", rule).with_platform(PLATFORM)
}

fn from_payload(payload: &Value) -> Result<NewChatMessage> {
    read_message(payload).map_err(|error| {
        let problem = error.into_problem_within("message.body.native.payload");
        let refused = problem.into_error(ErrorKind::InvalidRequest);
        refused.with_platform(PLATFORM)
    })
}
