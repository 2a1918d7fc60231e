//! What to do when it is unknown whether a message went out.
//!
//! The emulator stores a message and then closes the connection without an answer: the client
//! cannot know, and says so. On a platform with idempotency keys the same happens unnoticed.
//!
//! ```sh
//! cargo run -p examples --example certainty
//! ```

use ms_messenger::{acs_chat::AcsChatClient, acs_messages::AcsMessagesClient, prelude::*};
use ms_messenger_emulator::{Emulator, FaultAction, FaultRule, Faults, Platform, When};

#[tokio::main]
async fn main() -> examples::Result {
    let emulator = Emulator::start().await?;
    let world = emulator.world().acs.clone();
    // The first send on each platform is stored, but its answer is lost.
    let lost = |platform| {
        FaultRule::new(FaultAction::Close {
            when: When::AfterStore,
        })
        .with_platform(platform)
        .with_operation("send")
        .with_nth([1])
    };
    let faults = Faults::new()
        .with_rule(lost(Platform::AcsChat))
        .with_rule(lost(Platform::AcsMessages));
    emulator.set_faults(faults);

    without_a_key(
        &emulator,
        &world.endpoint,
        &world.users[0].token,
        &world.thread_id,
    )
    .await?;
    with_a_key(&emulator, &world.connection_string, &world.conversation_id).await
}

/// ACS Chat removes no duplicates, so nothing is repeated by itself.
async fn without_a_key(
    emulator: &Emulator,
    endpoint: &str,
    token: &str,
    thread: &str,
) -> examples::Result {
    let chat = AcsChatClient::builder(endpoint, StaticToken::new(token)).build()?;
    let outcome = chat
        .send_text(Target::conversation(thread), "Pay 40 crowns")
        .await;
    let error = outcome.err().ok_or("the answer should have been lost")?;
    println!("without a key: {error}");
    match error.delivery() {
        // Proven: send it again.
        Delivery::NotSent => println!("  nothing is out"),
        // Proven: do not send it again, only its id is lost.
        Delivery::Sent => println!("  it is out"),
        // Look before you send again: the error keeps when the attempt began.
        _ => println!(
            "  it may be out since {:?}; ask the thread, or a person",
            error.began_at()
        ),
    }
    println!(
        "  the ledger says: stored {} time(s)\n",
        stored(emulator, Platform::AcsChat)
    );
    Ok(())
}

/// ACS Advanced Messaging removes duplicates, so the lost answer is fetched by repeating.
async fn with_a_key(emulator: &Emulator, connection: &str, conversation: &str) -> examples::Result {
    let messages = AcsMessagesClient::from_connection_string(connection)?.build()?;
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
        stored(emulator, Platform::AcsMessages)
    );
    Ok(())
}

fn stored(emulator: &Emulator, platform: Platform) -> usize {
    let rows = emulator.messages();
    rows.iter().filter(|row| row.platform == platform).count()
}
