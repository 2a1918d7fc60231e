//! What to do when it is unknown whether a message was sent.
//!
//! The emulator stores a message and then closes the connection without a response, so the client
//! reports the delivery as unknown. Settling asks the platform, here or in another process, and never
//! sends. On a platform with idempotency keys a retry resolves it.
//!
//! ```sh
//! cargo run -p examples --example certainty
//! ```

use std::time::Duration;

use ms_messenger::{acs_chat::AcsChatClient, acs_messages::AcsMessagesBuilder, prelude::*};
use ms_messenger_emulator::{Emulator, FaultAction, FaultRule, Faults, Platform, When};

#[tokio::main]
async fn main() -> examples::Result {
    let emulator = Emulator::start().await?;
    let world = emulator.seed().acs.clone();
    // The first two sends on each platform are stored, but their responses are lost.
    let lost = |platform| {
        FaultRule::new(FaultAction::Close {
            when: When::AfterStore,
        })
        .with_platform(platform)
        .with_operation("send")
        .with_nth([1, 2])
    };
    let faults = Faults::new()
        .with_rule(lost(Platform::ACS_CHAT))
        .with_rule(lost(Platform::ACS_MESSAGES));
    emulator.set_faults(faults);

    without_a_key(
        &emulator,
        &world.endpoint,
        &world.users[0].token,
        &world.thread_id,
    )
    .await?;
    in_one_call(
        &emulator,
        &world.endpoint,
        &world.users[0].token,
        &world.thread_id,
    )
    .await?;
    with_a_key(&emulator, &world.connection_string, &world.conversation_id).await
}

/// ACS Chat removes no duplicates, so nothing is retried automatically. The client writes an id into
/// each message instead, by which the message can be found.
async fn without_a_key(
    emulator: &Emulator,
    endpoint: &str,
    token: &str,
    thread: &str,
) -> examples::Result {
    let chat = AcsChatClient::builder(endpoint, StaticToken::new(token))
        .with_client_message_ids(true)
        .build()?;
    let request = SendRequest::new(Target::conversation(thread), Message::text("Pay 40 crowns"));
    let error = chat.send(&request).await.err();
    let error = error.ok_or("the response should have been lost")?;
    println!("without a key: {error}");
    match error.delivery() {
        // Proven: send it again.
        Delivery::NotSent => println!("  it was not sent"),
        // Proven: do not send it again, only its id is lost.
        Delivery::Sent => println!("  it was sent"),
        // Keep the evidence with the request, and settle: now, later, or in another process.
        _ => {
            let evidence = Evidence::of(&error).ok_or("the error says when the send began")?;
            let journal = serde_json::to_string(&evidence)?;
            println!("  it may have been sent; the evidence: {journal}");
            settle_later(endpoint, token, &request, &journal).await?;
        }
    }
    println!(
        "  the ledger says: stored {} time(s)\n",
        stored(emulator, Platform::ACS_CHAT)
    );
    Ok(())
}

/// Another process, which has only the request and the evidence. Nothing is sent.
async fn settle_later(
    endpoint: &str,
    token: &str,
    request: &SendRequest,
    journal: &str,
) -> examples::Result {
    let chat = AcsChatClient::builder(endpoint, StaticToken::new(token)).build()?;
    match chat.settle(request, &Evidence::from_json(journal)?).await {
        Settled::Found(receipt) => println!("  it was sent, as {:?}", receipt.message_id),
        Settled::NotFound => println!("  it was not sent and will not be: send it again"),
        Settled::NotYet(when) => println!("  ask again at {when:?}"),
        Settled::CannotTell(why) => println!("  it stays unknown: {why}"),
        _ => println!("  a verdict of a later version"),
    }
    Ok(())
}

/// The same in one call, which returns the receipt although the response was lost.
async fn in_one_call(
    emulator: &Emulator,
    endpoint: &str,
    token: &str,
    thread: &str,
) -> examples::Result {
    let chat = AcsChatClient::builder(endpoint, StaticToken::new(token))
        .with_client_message_ids(true)
        .build()?;
    let request = SendRequest::new(Target::conversation(thread), Message::text("Pay 50 crowns"))
        // Ends the send in time with its evidence; dropping the future would lose it.
        .with_timeout(Duration::from_secs(10));
    let receipt = chat.send_settled(&request).await?;
    println!("send_settled: posted as {:?}", receipt.message_id);
    println!(
        "  the ledger says: stored {} time(s) in all\n",
        stored(emulator, Platform::ACS_CHAT)
    );
    Ok(())
}

/// ACS Advanced Messaging removes duplicates, so a retry gets the lost response.
async fn with_a_key(emulator: &Emulator, connection: &str, conversation: &str) -> examples::Result {
    let messages = AcsMessagesBuilder::from_connection_string(connection)?.build()?;
    let request = SendRequest::new(
        Target::conversation(conversation),
        Message::text("Pay 40 crowns"),
    )
    .with_idempotency(IdempotencyKey::random());
    let receipt = messages.send(&request).await?;
    println!(
        "with a key: {} as {:?}",
        receipt.acceptance, receipt.message_id
    );
    println!(
        "  the ledger says: stored {} time(s)",
        stored(emulator, Platform::ACS_MESSAGES)
    );
    Ok(())
}

fn stored(emulator: &Emulator, platform: Platform) -> usize {
    let rows = emulator.messages();
    rows.iter().filter(|row| row.platform == platform).count()
}
