//! The messages of the demonstration.

use std::{sync::Arc, time::Duration};

use ms_messenger::{
    Evidence, IdempotencyKey, Importance, Message, MessageId, Messenger as _, Result, RetryPolicy,
    SendRequest, SharedMessenger, StaticToken, Target, Template,
    acs_chat::AcsChatClient,
    acs_messages::AcsMessagesBuilder,
    http::{HttpClient, HttpOptions, HttpVersions, Proxy},
    msgraph_chat::GraphChatClient,
    ucwa::{self, UcwaSession},
};
use ms_messenger_emulator::{Emulator, Seed};

use crate::{
    connect::sign_out,
    demo::report::{Claim, Row},
    text,
};

/// A message of the demonstration.
struct Planned<'a> {
    messenger: &'a SharedMessenger,
    /// Its kind, as the table names it.
    what: &'static str,
    to: &'a Target,
    message: Message,
    reply_to: Option<MessageId>,
}

impl<'a> Planned<'a> {
    /// Returns a message that replies to no other.
    const fn new(
        messenger: &'a SharedMessenger,
        what: &'static str,
        to: &'a Target,
        message: Message,
    ) -> Self {
        Self {
            messenger,
            what,
            to,
            message,
            reply_to: None,
        }
    }
}

/// The four messengers and their targets.
#[derive(Debug)]
pub(crate) struct Scenario {
    skype: UcwaSession,
    bob: Target,
    acs_messages: SharedMessenger,
    acs_chat: SharedMessenger,
    teams: SharedMessenger,
    conversation: Target,
    thread: Target,
    channel: Target,
    chat: Target,
    phone: Target,
}

impl Scenario {
    /// Builds clients for the seeded world of an emulator.
    ///
    /// # Errors
    ///
    /// When a client cannot be built, or the sign-in fails.
    pub(crate) async fn new(world: &Seed) -> Result<Self, Box<dyn std::error::Error>> {
        let options = HttpOptions::default()
            .with_proxy(Proxy::None)
            .with_versions(HttpVersions::Http1);
        let http = HttpClient::new(&options)?;
        let longest = Duration::from_millis(20);
        let retry = RetryPolicy::default().with_backoff(longest, longest);
        let (acs, graph) = (&world.acs, &world.graph);
        let alice = acs.users.first().ok_or(text::demo::NO_USERS)?;

        let acs_messages = AcsMessagesBuilder::from_connection_string(&acs.connection_string)?
            .with_channel_registration_id(&acs.channel_registration_id)
            .with_http_client(http.clone())
            .with_retry_policy(retry.clone())
            .build()?;
        let token = StaticToken::new(alice.token.as_str());
        let acs_chat = AcsChatClient::builder(&acs.endpoint, token)
            .with_http_client(http.clone())
            .with_retry_policy(retry.clone())
            .build()?;
        let teams = GraphChatClient::builder(StaticToken::new(graph.token.as_str()))
            .with_base_url(&graph.base)
            .with_http_client(http.clone())
            .with_retry_policy(retry.clone())
            .build()?;
        let [caller, callee, ..] = world.ucwa.users.as_slice() else {
            return Err(text::demo::TOO_FEW_USERS.into());
        };
        let credential = ucwa::UcwaCredential::password(&caller.username, caller.password.as_str());
        let skype = UcwaSession::builder(&caller.sip, credential)
            .with_discovery_url(&world.ucwa.discover)
            .with_http_client(http)
            .with_retry_policy(retry)
            .sign_in()
            .await?;
        Ok(Self {
            skype,
            bob: Target::sip(&callee.sip)?,
            acs_messages: Arc::new(acs_messages),
            acs_chat: Arc::new(acs_chat),
            teams: Arc::new(teams),
            conversation: Target::conversation(acs.conversation_id.as_str()),
            thread: Target::conversation(acs.thread_id.as_str()),
            channel: Target::channel(graph.team_id.as_str(), graph.channel_id.as_str()),
            chat: Target::conversation(graph.chat_id.as_str()),
            phone: Target::phone("+14255550123")?,
        })
    }

    /// Sends one message of each kind.
    ///
    /// # Errors
    ///
    /// The error of the first send that fails.
    pub(crate) async fn send_everything(&self, emulator: &Emulator) -> Result<Vec<Row>> {
        let (what, html) = text::demo::POST;
        let post = Message::html(html)
            .with_subject(text::demo::POST_SUBJECT)
            .with_importance(Importance::High);
        let (posted, row) = self
            .send(
                emulator,
                Planned::new(&self.teams, what, &self.channel, post),
            )
            .await?;
        let mut rows = vec![row];
        for planned in self.plan(posted) {
            rows.push(self.send(emulator, planned).await?.1);
        }
        let skype: SharedMessenger = Arc::new(self.skype.clone());
        let (what, hello) = text::demo::INSTANT_MESSAGE;
        let hello = Planned::new(&skype, what, &self.bob, Message::text(hello));
        rows.push(self.send(emulator, hello).await?.1);
        Ok(rows)
    }

    /// Returns the sends after the post in the channel, over HTTP.
    fn plan(&self, posted: Option<MessageId>) -> [Planned<'_>; 5] {
        let reminder = Template::new("appointment_reminder", "en_US")
            .with_body_value("Lene")
            .with_body_value("9:30");
        let plain = |messenger, (what, text): (&'static str, &str), to| {
            Planned::new(messenger, what, to, Message::text(text))
        };
        let (html, typing) = text::demo::HTML;
        let typing = Message::html(typing);
        let (template, reminder) = (text::demo::TEMPLATE, Message::template(reminder));
        [
            Planned {
                reply_to: posted,
                ..plain(&self.teams, text::demo::REPLY, &self.channel)
            },
            plain(&self.teams, text::demo::CHAT, &self.chat),
            Planned::new(&self.acs_chat, html, &self.thread, typing),
            plain(&self.acs_messages, text::demo::TEXT, &self.conversation),
            Planned::new(&self.acs_messages, template, &self.phone, reminder),
        ]
    }

    async fn send(
        &self,
        emulator: &Emulator,
        planned: Planned<'_>,
    ) -> Result<(Option<MessageId>, Row)> {
        let Planned {
            messenger,
            what,
            to,
            ..
        } = planned;
        let mut request = SendRequest::new(to.clone(), planned.message);
        request.reply_to = planned.reply_to;
        let receipt = messenger.send(&request).await?;
        let ledger = emulator.messages();
        let row = Row::new(messenger.platform(), what, to, &receipt, &ledger);
        Ok((receipt.message_id, row))
    }

    /// Signs out.
    pub(crate) async fn end(self) {
        sign_out(&self.skype).await;
    }

    /// Loses the response of Graph, which cannot deduplicate: the delivery is unknown until settled.
    pub(crate) async fn lose_response_without_key(&self, emulator: &Emulator) -> Result<Claim> {
        let (what, text) = text::demo::WITHOUT_KEY;
        let request = SendRequest::new(self.chat.clone(), Message::text(text));
        let outcome = self.teams.send(&request).await;
        let platform = self.teams.platform();
        let claim = Claim::new(platform, what, &outcome, text, &emulator.messages());
        // Settling asks the platform and sends nothing.
        let evidence = outcome.as_ref().err().and_then(Evidence::of);
        Ok(match evidence {
            Some(evidence) => claim.settled(&self.teams.settle(&request, &evidence).await),
            None => claim,
        })
    }

    /// Loses the response of ACS Advanced Messaging, which deduplicates by key: the client retries.
    pub(crate) async fn lose_response_with_key(&self, emulator: &Emulator) -> Result<Claim> {
        let (what, text) = text::demo::WITH_KEY;
        let request = SendRequest::new(self.conversation.clone(), Message::text(text))
            .with_idempotency(IdempotencyKey::random());
        let outcome = self.acs_messages.send(&request).await;
        Ok(Claim::new(
            self.acs_messages.platform(),
            what,
            &outcome,
            text,
            &emulator.messages(),
        ))
    }
}
