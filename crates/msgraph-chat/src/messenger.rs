//! The neutral model on top of the typed client.

use std::slice;

use async_trait::async_trait;
use ms_messenger_core::{
    Address, Attachment, Body, Capabilities, Capability, ChannelId, ConversationId, Evidence, Mark,
    MarkKind, Message, Messenger, Problem, Receipt, Result, SendRequest, Settled, Target, TeamId,
    Uuid,
};
use ms_messenger_http::{Call, Operation, Preview};

use crate::{
    client::GraphChatClient,
    destination::{Destination, PostPath},
    error::PLATFORM,
    files::{FilePlace, Pending, WithFiles, check},
    native::{native, unsupported},
    operations::{
        CHANNEL_LIST, CHAT_CREATE_ONE_ON_ONE, CHAT_MEMBER_LIST, DRIVE_FOLDER, DRIVE_INVITE,
        DRIVE_UPLOAD, TEAM_LIST,
    },
    send::{Extras, Ready},
    write::NewChatMessage,
};

const CAPABILITIES: Capabilities = Capabilities::new(&[
    Capability::ToConversation,
    Capability::ToChannel,
    Capability::ToChannelName,
    Capability::ToUser,
    Capability::Text,
    Capability::Html,
    Capability::Native,
    Capability::AttachmentFile,
    Capability::AttachmentCard,
    Capability::AttachmentInlineImage,
    Capability::AttachmentPath,
    Capability::AttachmentBytes,
    Capability::SubjectInChannel,
    Capability::Importance,
    Capability::ReplyInChannel,
    Capability::ReplyInConversation,
    Capability::Deadline,
    Capability::Journal,
]);

#[async_trait]
impl Messenger for GraphChatClient {
    fn platform(&self) -> &str {
        PLATFORM
    }

    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    async fn send(&self, request: &SendRequest) -> Result<Receipt> {
        let stand_in = stand_in(&request.to);
        let prepared = self.prepare_request(request, stand_in.as_ref().unwrap_or(&request.to))?;
        let mut extras = Extras {
            deadline: request.deadline(),
            journal: request.journal.clone(),
            ..Extras::default()
        };
        let Target::ChannelName { team, channel, .. } = &request.to else {
            return self.send_prepared(request, prepared, extras).await;
        };
        let (team, channel) = Box::pin(self.named_channel(team, channel, &extras.deadline)).await?;
        extras.conversation = Some(ConversationId::new(channel.as_str()));
        let to = Target::channel(team, channel);
        let prepared = self.prepare_request(request, &to)?;
        self.send_prepared(request, prepared, extras).await
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
    /// The part of a send that needs the ids of its place.
    async fn send_prepared(
        &self,
        request: &SendRequest,
        (destination, ready, mark): Prepared<'_>,
        mut extras: Extras,
    ) -> Result<Receipt> {
        let files = uploads(&request.message);
        extras.mark = mark;
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
                let chat = Box::pin(self.chat_of(own, other, &extras.deadline)).await?;
                extras.conversation = Some(chat.clone());
                (PostPath::of_chat(&chat, quoted.is_some()), chat)
            }
        };
        if !files.is_empty() {
            let place = match destination {
                Destination::Channel { team, channel, .. } => FilePlace::Channel(team, channel),
                _ => FilePlace::Chat(&conversation),
            };
            let with = WithFiles {
                destination,
                path,
                place,
                message: native(&request.message)?.0,
                files,
                options: self.upload_options(),
                extras,
            };
            let (_, stored) = Box::pin(self.send_with_files(with)).await;
            return stored?.receipt(self, conversation.clone());
        }
        let stored = self.post_raw(path, ready, extras).await?;
        stored.receipt(self, conversation)
    }

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
        let stand_in = stand_in(&request.to);
        let to = stand_in.as_ref().unwrap_or(&request.to);
        let (destination, ready, _) = self.prepare_request(request, to)?;
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

    /// Runs every check of [`check`](Self::check), and returns the request that a send would make,
    /// without its credential, after the calls that find its channel or chat and upload its files.
    /// The address and the id of a file that is to be uploaded are made up.
    ///
    /// # Errors
    ///
    /// As [`check`](Self::check).
    ///
    /// ```
    /// use ms_messenger_core::{SendRequest, StaticToken, Target};
    /// use msgraph_chat::GraphChatClient;
    ///
    /// let client = GraphChatClient::builder(StaticToken::new("eyJ0eXAi"))
    ///     .with_one_on_one_chats("8ea0e38b-efb3-4757-924a-5f94061cf8c2")
    ///     .build()?;
    /// let preview = client.preview(&SendRequest::new(Target::user("lene@contoso.com"), "hello"))?;
    /// assert_eq!(preview.address, "https://graph.microsoft.com/v1.0/chats/{chat-id}/messages");
    /// assert_eq!(preview.after[0].name(), "chat.create_one_on_one");
    /// # Ok::<_, ms_messenger_core::Error>(())
    /// ```
    pub fn preview(&self, request: &SendRequest) -> Result<Preview> {
        let stand_in = stand_in(&request.to);
        let to = stand_in.as_ref().unwrap_or(&request.to);
        let (destination, ready, _) = self.prepare_request(request, to)?;
        let mut after: Vec<&'static Operation> = Vec::new();
        let path = match destination {
            Destination::Channel { reply_to, .. } if stand_in.is_some() => {
                after.extend([&TEAM_LIST, &CHANNEL_LIST]);
                let (team, channel) = (TeamId::new("{team-id}"), ChannelId::new("{channel-id}"));
                PostPath::of_channel(&team, &channel, reply_to)
            }
            Destination::Channel {
                team,
                channel,
                reply_to,
            } => PostPath::of_channel(team, channel, reply_to),
            Destination::Chat { chat, quoted } => PostPath::of_chat(chat, quoted.is_some()),
            Destination::Person { quoted, .. } => {
                after.push(&CHAT_CREATE_ONE_ON_ONE);
                PostPath::of_chat(&ConversationId::new("{chat-id}"), quoted.is_some())
            }
        };
        if !uploads(&request.message).is_empty() {
            after.extend(upload_operations(destination));
        }
        let preview = self.pipeline().preview(&ready.call(path))?;
        Ok(preview.with_after(after))
    }

    /// Everything of a send before its I/O, which is all of a check.
    pub(crate) fn prepare_request<'a>(
        &'a self,
        request: &'a SendRequest,
        to: &'a Target,
    ) -> Result<Prepared<'a>> {
        self.capabilities().check(PLATFORM, request)?;
        check(&uploads(&request.message))?;
        let (message, markup) = native(&request.message)?;
        let destination = self.destination(request, to)?;
        let ready = self.prepare(destination, &message, markup)?;
        Ok((destination, ready, mark(&request.message, &message)))
    }

    fn destination<'a>(
        &'a self,
        request: &'a SendRequest,
        to: &'a Target,
    ) -> Result<Destination<'a>> {
        let reply_to = request.reply_to.as_ref();
        let quoted = reply_to.map(slice::from_ref);
        Ok(match to {
            Target::Channel { team, channel, .. } => Destination::Channel {
                team,
                channel,
                reply_to,
            },
            Target::Conversation(chat) => Destination::Chat { chat, quoted },
            Target::Person(Address::User(other)) => Destination::Person {
                own: self.one_on_one(),
                other,
                quoted,
            },
            _ => return Err(unsupported()),
        })
    }
}

/// The calls that upload a file for a message to `destination`.
fn upload_operations(destination: Destination<'_>) -> Vec<&'static Operation> {
    match destination {
        Destination::Channel { .. } => vec![&DRIVE_FOLDER, &DRIVE_UPLOAD],
        _ => vec![&CHAT_MEMBER_LIST, &DRIVE_UPLOAD, &DRIVE_INVITE],
    }
}

/// What every send has before its I/O.
type Prepared<'a> = (Destination<'a>, Ready, Option<Mark>);

/// A channel with ids that can be checked, in the place of one whose ids are not known yet.
fn stand_in(to: &Target) -> Option<Target> {
    let is_named = matches!(to, Target::ChannelName { .. });
    is_named.then(|| Target::channel(Uuid::nil().to_string(), "19:name@thread.tacv2"))
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

/// The files that are uploaded for `message`.
fn uploads(message: &Message) -> Vec<Pending<'_>> {
    // Those of a native body come first.
    let own = match &message.body {
        Body::Native { payload, .. } => payload["attachments"].as_array().map_or(0, Vec::len),
        _ => 0,
    };
    let attachments = message.attachments.iter().enumerate();
    // Inline pictures become no attachments; all others keep their order.
    let others = attachments.filter(|(_, it)| !matches!(it, Attachment::InlineImage(_)));
    let pending = others.enumerate().filter_map(|(attachment, (i, it))| {
        let Attachment::Upload(upload) = it else {
            return None;
        };
        Some(Pending {
            upload,
            field: format!("message.attachments[{i}].upload"),
            attachment: own + attachment,
        })
    });
    pending.collect()
}
