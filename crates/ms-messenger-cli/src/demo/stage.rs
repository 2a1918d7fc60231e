//! What is sent in the demonstration.

use std::{sync::Arc, time::Duration};

use ms_messenger::{
    Evidence, IdempotencyKey, Importance, Message, MessageId, Messenger as _, Result, RetryPolicy,
    SendRequest, SharedMessenger, StaticToken, Target, Template,
    acs_chat::AcsChatClient,
    acs_messages::AcsMessagesClient,
    http::{HttpClient, HttpOptions, HttpVersions, Proxy},
    msgraph_chat::GraphChatClient,
    ucwa::{self, UcwaSession},
};
use ms_messenger_emulator::{Emulator, World};

use crate::demo::report::{Claim, Row};

/// The four messengers, and where they send to.
#[derive(Debug)]
pub(crate) struct Stage {
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

impl Stage {
    /// Clients for the seeded world of an emulator.
    pub(crate) async fn new(world: &World) -> Result<Self, Box<dyn std::error::Error>> {
        let options = HttpOptions::default()
            .with_proxy(Proxy::None)
            .with_versions(HttpVersions::Http1);
        let http = HttpClient::new(&options)?;
        let longest = Duration::from_millis(20);
        let retry = RetryPolicy::default().with_backoff(longest, longest);
        let (acs, graph) = (&world.acs, &world.graph);
        let alice = acs.users.first().ok_or("the emulator has no users")?;

        let acs_messages = AcsMessagesClient::from_connection_string(&acs.connection_string)?
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
            return Err("the emulator has too few users".into());
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

    /// One message of each sort.
    pub(crate) async fn send_everything(&self, emulator: &Emulator) -> Result<Vec<Row>> {
        let reminder = Template::new("appointment_reminder", "en_US")
            .with_body_value("Lene")
            .with_body_value("9:30");
        let post = Message::html("<b>The build is green</b>")
            .with_subject("Build 42")
            .with_importance(Importance::High);
        let (posted, first) = self
            .send(emulator, &self.teams, "post", &self.channel, post, None)
            .await?;

        let text = |text: &str| Message::text(text);
        let plan = [
            (
                &self.teams,
                "reply",
                &self.channel,
                text("Thanks, Alice"),
                posted,
            ),
            (
                &self.teams,
                "chat",
                &self.chat,
                text("Lunch at noon?"),
                None,
            ),
            (
                &self.acs_chat,
                "html",
                &self.thread,
                Message::html("<i>Your agent is typing</i>"),
                None,
            ),
            (
                &self.acs_messages,
                "text",
                &self.conversation,
                text("How can we help?"),
                None,
            ),
            (
                &self.acs_messages,
                "template",
                &self.phone,
                Message::template(reminder),
                None,
            ),
        ];
        let mut rows = vec![first];
        for (messenger, what, to, message, reply_to) in plan {
            let (_, row) = self
                .send(emulator, messenger, what, to, message, reply_to)
                .await?;
            rows.push(row);
        }
        let skype: SharedMessenger = Arc::new(self.skype.clone());
        let hello = text("Call me when you are back");
        let (_, row) = self
            .send(emulator, &skype, "instant message", &self.bob, hello, None)
            .await?;
        rows.push(row);
        Ok(rows)
    }

    async fn send(
        &self,
        emulator: &Emulator,
        messenger: &SharedMessenger,
        what: &'static str,
        to: &Target,
        message: Message,
        reply_to: Option<MessageId>,
    ) -> Result<(Option<MessageId>, Row)> {
        let mut request = SendRequest::new(to.clone(), message);
        request.reply_to = reply_to;
        let receipt = messenger.send(&request).await?;
        let row = Row::new(
            messenger.platform(),
            what,
            to,
            &receipt,
            &emulator.messages(),
        );
        Ok((receipt.message_id, row))
    }

    /// Ends what was begun.
    pub(crate) async fn end(self) {
        self.skype.sign_out().await;
    }

    /// Graph has no key by which it removes duplicates: the error must not claim to know.
    pub(crate) async fn lose_an_answer_without_a_key(&self, emulator: &Emulator) -> Result<Claim> {
        let text = "Please pay invoice 7";
        let request = SendRequest::new(self.chat.clone(), Message::text(text));
        let outcome = self.teams.send(&request).await;
        let what = "no key: not repeated";
        let platform = self.teams.platform();
        let claim = Claim::new(platform, what, &outcome, text, &emulator.messages());
        // What is unknown can be asked. That sends nothing.
        let evidence = outcome.as_ref().err().and_then(Evidence::of);
        Ok(match evidence {
            Some(evidence) => claim.settled(&self.teams.settle(&request, &evidence).await),
            None => claim,
        })
    }

    /// ACS Advanced Messaging removes duplicates by key, so that the lost response is asked for again.
    pub(crate) async fn lose_an_answer_with_a_key(&self, emulator: &Emulator) -> Result<Claim> {
        let text = "Please pay invoice 8";
        let request = SendRequest::new(self.conversation.clone(), Message::text(text))
            .with_idempotency(IdempotencyKey::random());
        let outcome = self.acs_messages.send(&request).await;
        let what = "with a key: repeated";
        Ok(Claim::new(
            self.acs_messages.platform(),
            what,
            &outcome,
            text,
            &emulator.messages(),
        ))
    }
}
