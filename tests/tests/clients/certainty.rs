//! What the clients say of each send, held against the emulator's ledger, for every fault that
//! it has: a receipt means stored once, "not sent" means never, "unknown" means at most once.

use std::{sync::Arc, time::Duration};

use futures_util::{StreamExt as _, stream};
use ms_messenger::{
    Delivery, Error, Message, MessengerExt as _, RetryPolicy, SendRequest, SharedMessenger,
    StaticToken, Target, acs_chat::AcsChatClient, acs_messages::AcsMessagesBuilder,
    msgraph_chat::GraphChatClient,
};
use ms_messenger_emulator::{Emulator, FaultAction, FaultRule, Faults, When};

const SENDS: usize = 60;
const SEED: u64 = 20_260_401;

fn messengers(emulator: &Emulator) -> [(SharedMessenger, Target); 3] {
    let world = emulator.seed();
    let retry = RetryPolicy::default()
        .with_max_attempts(3)
        .with_backoff(Duration::from_millis(1), Duration::from_millis(2));
    let chat = AcsChatClient::builder(
        &world.acs.endpoint,
        StaticToken::new(world.acs.users[0].token.as_str()),
    );
    let messages =
        AcsMessagesBuilder::from_connection_string(&world.acs.connection_string).unwrap();
    let teams = GraphChatClient::builder(StaticToken::new(world.graph.token.as_str()))
        .with_base_url(&world.graph.base);
    [
        (
            Arc::new(chat.with_retry_policy(retry.clone()).build().unwrap()),
            Target::conversation(world.acs.thread_id.as_str()),
        ),
        (
            Arc::new(messages.with_retry_policy(retry.clone()).build().unwrap()),
            Target::conversation(world.acs.conversation_id.as_str()),
        ),
        (
            Arc::new(teams.with_retry_policy(retry).build().unwrap()),
            Target::conversation(world.graph.chat_id.as_str()),
        ),
    ]
}

fn faults() -> Vec<FaultAction> {
    let mut faults = vec![
        FaultAction::status(429).with_header("retry-after-ms", "1"),
        FaultAction::status(503).with_header("retry-after-ms", "1"),
        FaultAction::status(500),
        FaultAction::status_after_store(504),
        FaultAction::status_after_store(409),
        FaultAction::CutBody { after_bytes: 5 },
        FaultAction::MalformedBody,
        FaultAction::Delay { ms: 1 },
    ];
    for when in [When::BeforeRead, When::AfterRead, When::AfterStore] {
        faults.push(FaultAction::Close { when });
        faults.push(FaultAction::Reset { when });
    }
    faults
}

#[tokio::test(flavor = "multi_thread")]
async fn no_client_contradicts_the_ledger() {
    println!("seed {SEED}");
    let emulator = Emulator::start().await.unwrap();
    for (messenger, target) in messengers(&emulator) {
        for action in faults() {
            emulator.reset();
            let rule = FaultRule::new(action.clone())
                .with_operation("send")
                .with_probability(0.5);
            emulator.set_faults(Faults::new().with_seed(SEED).with_rule(rule));
            let requests = (0..SENDS)
                .map(|i| SendRequest::new(target.clone(), Message::text(format!("message {i}."))));
            let sent: Vec<_> = messenger
                .send_all(stream::iter(requests), 8)
                .collect()
                .await;
            let rows = emulator.messages();
            for sent in sent {
                let text = format!("message {}.", sent.index);
                let stored = rows.iter().filter(|row| row.text == text).count();
                let claim = sent.result.as_ref().map(|_| ()).map_err(Error::delivery);
                let holds = match claim {
                    Ok(()) | Err(Delivery::Sent) => stored == 1,
                    Err(Delivery::NotSent) => stored == 0,
                    Err(_) => stored <= 1,
                };
                let platform = messenger.platform();
                assert!(
                    holds,
                    "{platform} {action:?} {text} {claim:?}: stored {stored} times; {:?}",
                    sent.result
                );
            }
            assert!(
                rows.iter().all(|row| row.duplicate_of.is_none()),
                "{action:?}"
            );
        }
    }
}
