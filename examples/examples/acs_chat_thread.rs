//! A thread of ACS Chat from its creation to its end: participants, messages, receipts.
//!
//! ```sh
//! cargo run -p examples --example acs_chat_thread
//! ```

use ms_messenger::{
    StaticToken,
    acs_chat::{
        AcsChatClient, ChatParticipant, CreateChatThreadRequest, SendChatMessageRequest,
        UpdateChatMessageRequest, UpdateChatThreadRequest,
    },
};
use ms_messenger_emulator::Emulator;

#[tokio::main]
async fn main() -> examples::Result {
    let emulator = Emulator::start().await?;
    let acs = &emulator.seed().acs;
    let [own, other, ..] = acs.users.as_slice() else {
        return Err("the emulator has two users".into());
    };
    let client =
        AcsChatClient::builder(&acs.endpoint, StaticToken::new(own.token.as_str())).build()?;

    // The creation has a key of its own, so that a lost response leaves one thread and not two.
    let created = client
        .create_thread(&CreateChatThreadRequest::new("Parcel 4711"))
        .await?;
    for rejected in &created.rejected {
        println!("not added: {rejected:?}");
    }
    let thread = client.thread(created.thread.id);
    let added = thread
        .add_participants([ChatParticipant::new(other.id.as_str())])
        .await?;
    println!("{} could not be added", added.rejected.len());

    let sent = thread
        .send(&SendChatMessageRequest::text("It is on its way"))
        .await?;
    let change = UpdateChatMessageRequest::content("It has arrived");
    thread.update_message(sent.id.clone(), &change).await?;
    thread.send_read_receipt(sent.id).await?;
    thread
        .update(&UpdateChatThreadRequest::default().with_topic("Parcel 4711: done"))
        .await?;

    let messages = thread.messages().next_page().await?.unwrap_or_default();
    for message in messages {
        println!("{message:?}");
    }
    thread.delete().await?;
    Ok(())
}
