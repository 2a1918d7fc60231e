//! The place of messages: a channel, a chat, a thread, a conversation.

use ms_messenger::{
    Address, ChannelId, ConversationId, Error, ErrorKind, Problem, Result, RetryPolicy,
    SendRequest, Target,
    acs_chat::AcsChatClient,
    acs_messages::AcsMessagesClient,
    msgraph_chat::{Channel, Chat, GraphChatClient},
    ucwa::UcwaSession,
};

use crate::{
    args::CommonArgs,
    choose::choose,
    config::Settings,
    connect::{self, Client, Connection, sign_out},
    environment,
    platform::Platform,
    text,
    transport::http_options,
};

/// Where messages are, with the client that reads them.
#[derive(Debug)]
pub(crate) enum Place {
    Channel(Channel),
    Chat(Chat),
    Thread(AcsChatClient, ConversationId),
    Conversation(AcsMessagesClient, ConversationId),
    /// The user of this address, in the session of the own user.
    Peer(UcwaSession, String),
}

/// A place, and the settings with which it was found.
#[derive(Debug, Default)]
pub(crate) struct Opening {
    pub(crate) settings: Option<Settings>,
}

impl Opening {
    /// Finds the place of a target. Names are looked up.
    ///
    /// # Errors
    ///
    /// `Unsupported` for a target whose messages cannot be read; those of the settings and the
    /// service.
    pub(crate) async fn open(
        &mut self,
        args: &CommonArgs,
        target: &Target,
        retry: RetryPolicy,
    ) -> Result<Place> {
        if let Target::Person(Address::Phone(_) | Address::WhatsApp(_)) = target {
            let rule = text::read::TELEPHONE_NUMBER;
            return Err(Problem::new("TARGET", rule).into_error(ErrorKind::Unsupported));
        }
        let settings = Settings::read(&args.connection, &environment::process)?;
        let settings = &*self.settings.insert(settings);
        let request = SendRequest::new(target.clone(), "x");
        let platform = choose(args.platform, &request, settings)?;
        let options = http_options(args.timeout);
        let connection = Connection::open(platform, settings, options, retry).await?;
        match connection.client {
            Client::MsgraphChat(client) => teams_place(&client, target).await,
            Client::AcsChat(client) => Ok(Place::Thread(client, conversation(target)?)),
            Client::AcsMessages(client) => Ok(Place::Conversation(client, conversation(target)?)),
            Client::Ucwa(session) => match target {
                Target::Person(Address::Sip(sip)) => Ok(Place::Peer(session, sip.to_string())),
                _ => {
                    sign_out(&session).await;
                    Err(unsupported())
                }
            },
        }
    }

    /// Returns the client of Teams.
    ///
    /// # Errors
    ///
    /// As [`connect::msgraph_chat`]; `Config` if it is not configured.
    pub(crate) fn teams(&mut self, args: &CommonArgs) -> Result<GraphChatClient> {
        let settings = self.settings_for(args, Platform::MsgraphChat)?;
        let (options, retry) = (http_options(args.timeout), RetryPolicy::default());
        connect::msgraph_chat(settings, options, retry)
    }

    /// Reads the settings for a command that is about one platform.
    ///
    /// # Errors
    ///
    /// `Config` if the platform is not configured, or is not the one of `--platform`.
    pub(crate) fn settings_for(
        &mut self,
        args: &CommonArgs,
        platform: Platform,
    ) -> Result<&Settings> {
        if args.platform.is_some_and(|named| named != platform) {
            let rule = text::platform::must_be(platform.as_str());
            return Err(Problem::new("--platform", rule).into_error(ErrorKind::InvalidRequest));
        }
        let settings = Settings::read(&args.connection, &environment::process)?;
        let settings = &*self.settings.insert(settings);
        if settings.configures(platform) {
            Ok(settings)
        } else {
            Err(platform.not_configured())
        }
    }
}

async fn teams_place(client: &GraphChatClient, target: &Target) -> Result<Place> {
    Ok(match target {
        Target::Channel { team, channel, .. } => {
            Place::Channel(client.channel(team.clone(), channel.clone()))
        }
        Target::ChannelName { team, channel, .. } => {
            Place::Channel(client.find_channel(team, channel).await?)
        }
        Target::Conversation(id) => Place::Chat(client.chat(id.clone())),
        Target::Person(Address::User(user)) => Place::Chat(client.chat_with(user.as_str()).await?),
        _ => return Err(unsupported()),
    })
}

fn conversation(target: &Target) -> Result<ConversationId> {
    match target {
        Target::Conversation(id) => Ok(id.clone()),
        _ => Err(unsupported()),
    }
}

fn unsupported() -> Error {
    let rule = text::read::UNREADABLE_TARGET;
    Problem::new("TARGET", rule).into_error(ErrorKind::Unsupported)
}

impl Place {
    /// Returns the name of the platform.
    pub(crate) fn platform(&self) -> Platform {
        match self {
            Self::Channel(_) | Self::Chat(_) => Platform::MsgraphChat,
            Self::Thread(..) => Platform::AcsChat,
            Self::Conversation(..) => Platform::AcsMessages,
            Self::Peer(..) => Platform::Ucwa,
        }
    }

    /// Returns the id of the channel, chat, thread or conversation.
    pub(crate) fn id(&self) -> &str {
        match self {
            Self::Channel(channel) => ChannelId::as_str(channel.id()),
            Self::Chat(chat) => chat.id().as_str(),
            Self::Thread(_, id) | Self::Conversation(_, id) => id.as_str(),
            Self::Peer(_, sip) => sip,
        }
    }

    /// Signs out, if there is a session.
    pub(crate) async fn end(self) {
        if let Self::Peer(session, _) = self {
            sign_out(&session).await;
        }
    }
}
