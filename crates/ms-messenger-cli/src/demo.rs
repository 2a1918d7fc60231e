//! `msm demo`: every platform against an embedded emulator, and what certainty means.

use std::{sync::Arc, time::Duration};

use ms_messenger::{
    Delivery, Error, Message, Messenger as _, Receipt, Result, RetryPolicy, SendRequest,
    SharedMessenger, StaticToken, Target, Template, acs_chat::AcsChatClient,
    acs_messages::AcsMessagesClient, msgraph_chat::GraphChatClient,
};
use ms_messenger_emulator::{Emulator, FaultAction, FaultRule, Faults, LedgerRow, When};
use serde_json::{Value, json};

use crate::{args::DemoArgs, exit::Exit, print};

type Failure = Box<dyn std::error::Error>;

/// One send, and what the ledger says of it.
struct Sent {
    what: &'static str,
    platform: String,
    outcome: Result<Receipt>,
    stored: usize,
    /// Answers that were replayed from the platform's memory of keys.
    replays: u64,
}

impl Sent {
    /// Whether what the client said holds against the ledger.
    fn is_true(&self) -> bool {
        match self.outcome.as_ref().map_err(Error::delivery) {
            Ok(_) | Err(Delivery::Sent) => self.stored == 1,
            Err(Delivery::NotSent) => self.stored == 0,
            Err(_) => self.stored <= 1,
        }
    }

    fn claim(&self) -> String {
        match &self.outcome {
            Ok(receipt) => receipt.acceptance.to_string(),
            Err(error) => error.delivery().to_string(),
        }
    }

    fn message_id(&self) -> String {
        let id = self
            .outcome
            .as_ref()
            .ok()
            .and_then(|r| r.message_id.as_ref());
        id.map(ToString::to_string).unwrap_or_default()
    }

    fn to_json(&self) -> Value {
        let outcome = match &self.outcome {
            Ok(receipt) => print::sent(&self.platform, receipt),
            Err(error) => print::failed(error),
        };
        json!({"what": self.what, "platform": self.platform, "outcome": outcome,
            "stored": self.stored, "replays": self.replays, "true": self.is_true()})
    }
}

pub(crate) async fn run(args: &DemoArgs) -> Exit {
    match demo(args).await {
        Ok(true) => Exit::Ok,
        Ok(false) => {
            eprintln!("error: what a client said does not hold against the ledger");
            Exit::Other
        }
        Err(error) => {
            eprintln!("error: {error}");
            Exit::Other
        }
    }
}

async fn demo(args: &DemoArgs) -> std::result::Result<bool, Failure> {
    let emulator = Emulator::start().await?;
    let stage = Stage::new(&emulator)?;
    let sends = stage.every_platform(&emulator).await;
    let failures = stage.failures(&emulator).await;
    let sound = sends
        .iter()
        .all(|sent| sent.outcome.is_ok() && sent.is_true())
        && failures.iter().all(Sent::is_true);
    if args.json {
        let list = |list: &[Sent]| list.iter().map(Sent::to_json).collect::<Vec<_>>();
        println!(
            "{}",
            json!({"sends": list(&sends), "failures": list(&failures), "sound": sound})
        );
    } else {
        print_people(&emulator, &sends, &failures);
    }
    emulator.shutdown().await;
    Ok(sound)
}

fn print_people(emulator: &Emulator, sends: &[Sent], failures: &[Sent]) {
    println!(
        "Three platforms, one trait, no account: an emulator of all of them runs at {}.\n",
        emulator.http_url()
    );
    let rows: Vec<Vec<String>> = sends
        .iter()
        .map(|sent| {
            let claim = match &sent.outcome {
                Ok(_) => sent.claim(),
                Err(error) => error.to_string(),
            };
            vec![
                sent.platform.clone(),
                sent.what.into(),
                claim,
                sent.message_id(),
                sent.stored.to_string(),
            ]
        })
        .collect();
    print::table(
        &[
            "platform",
            "message",
            "acceptance",
            "message id",
            "in the ledger",
        ],
        &rows,
    );

    println!("\nNow each answer is lost after the message was stored:\n");
    let rows: Vec<Vec<String>> = failures
        .iter()
        .map(|sent| {
            let attempts = sent
                .outcome
                .as_ref()
                .err()
                .map(|error| error.attempts().to_string());
            let tries = attempts.unwrap_or_else(|| (sent.replays + 1).to_string());
            vec![
                sent.platform.clone(),
                sent.what.into(),
                sent.claim(),
                tries,
                sent.stored.to_string(),
            ]
        })
        .collect();
    print::table(
        &[
            "platform",
            "message",
            "the client says",
            "tries",
            "in the ledger",
        ],
        &rows,
    );
    println!(
        "\nWithout a key nothing is repeated and the client says \"unknown\", which is the truth.\n\
         With a key (ACS Advanced Messaging) it asks again and gets its receipt; stored once.\n\
         UCWA, the fourth platform, is the next to come.\n\n\
         Next: msm send --help, msm emulator, cargo run -p examples --example quickstart"
    );
}

/// The three clients and where they send to.
struct Stage {
    messages: SharedMessenger,
    chat: SharedMessenger,
    teams: SharedMessenger,
    conversation: Target,
    number: Target,
    thread: Target,
    channel: Target,
    teams_chat: Target,
}

impl Stage {
    fn new(emulator: &Emulator) -> std::result::Result<Self, Failure> {
        let (acs, graph) = (&emulator.world().acs, &emulator.world().graph);
        let retry = RetryPolicy::default()
            .with_backoff(Duration::from_millis(10), Duration::from_millis(50));
        let token = acs
            .users
            .first()
            .map(|user| user.token.as_str())
            .unwrap_or_default();
        Ok(Self {
            messages: Arc::new(
                AcsMessagesClient::from_connection_string(&acs.connection_string)?
                    .with_channel_registration_id(&acs.channel_registration_id)
                    .with_retry(retry.clone())
                    .build()?,
            ),
            chat: Arc::new(
                AcsChatClient::builder(&acs.endpoint, StaticToken::new(token))
                    .with_retry(retry.clone())
                    .build()?,
            ),
            teams: Arc::new(
                GraphChatClient::builder(StaticToken::new(graph.token.as_str()))
                    .with_base_url(&graph.base)
                    .with_retry(retry)
                    .build()?,
            ),
            conversation: Target::conversation(acs.conversation_id.as_str()),
            number: Target::phone("+14255550123")?,
            thread: Target::conversation(acs.thread_id.as_str()),
            channel: Target::channel(graph.team_id.as_str(), graph.channel_id.as_str()),
            teams_chat: Target::conversation(graph.chat_id.as_str()),
        })
    }

    async fn every_platform(&self, emulator: &Emulator) -> Vec<Sent> {
        let template = Template::new("appointment_reminder", "en_US")
            .with_body_value("Lene")
            .with_body_value("9:30");
        let hello =
            |to: &Target| SendRequest::new(to.clone(), Message::text("Hello from ms-messenger"));
        let html = Message::html("<b>Hello</b> from ms-messenger");
        let mut sends = vec![
            send(
                emulator,
                &self.messages,
                "text to a conversation",
                &hello(&self.conversation),
            )
            .await,
            send(
                emulator,
                &self.messages,
                "WhatsApp template to a number",
                &SendRequest::new(self.number.clone(), Message::template(template)),
            )
            .await,
            send(
                emulator,
                &self.chat,
                "HTML to a thread",
                &SendRequest::new(self.thread.clone(), html.clone()),
            )
            .await,
        ];
        let root = send(
            emulator,
            &self.teams,
            "HTML to a channel",
            &SendRequest::new(self.channel.clone(), html.with_subject("Greeting")),
        )
        .await;
        let answer = hello(&self.channel).with_reply_to(root.message_id());
        sends.push(root);
        sends.push(send(emulator, &self.teams, "answer in the channel", &answer).await);
        sends.push(
            send(
                emulator,
                &self.teams,
                "text to a chat",
                &hello(&self.teams_chat),
            )
            .await,
        );
        sends
    }

    async fn failures(&self, emulator: &Emulator) -> Vec<Sent> {
        let lost = || {
            FaultRule::new(FaultAction::Close {
                when: When::AfterStore,
            })
            .with_operation("send")
            .with_times(1)
        };
        let mut outcomes = Vec::new();
        for (messenger, to, what) in [
            (&self.chat, &self.thread, "text without a key"),
            (&self.teams, &self.teams_chat, "text without a key"),
            (&self.messages, &self.conversation, "text with a key"),
        ] {
            emulator.set_faults(Faults::new().with_rule(lost()));
            let request = SendRequest::new(to.clone(), Message::text("Is it out?"));
            outcomes.push(send(emulator, messenger, what, &request).await);
        }
        emulator.set_faults(Faults::new());
        outcomes
    }
}

/// Sends, and reads the ledger before and after.
async fn send(
    emulator: &Emulator,
    messenger: &SharedMessenger,
    what: &'static str,
    request: &SendRequest,
) -> Sent {
    let before = emulator.messages().len();
    let outcome = messenger.send(request).await;
    let rows: Vec<LedgerRow> = emulator.messages().into_iter().skip(before).collect();
    Sent {
        what,
        platform: messenger.platform().to_owned(),
        outcome,
        stored: rows.len(),
        replays: rows.iter().map(|row| row.replays).sum(),
    }
}
