//! Creates a group chat in Teams, mentions a member by mail address, pins the message and finds the
//! chat again by its topic.
//!
//! ```sh
//! cargo run -p examples --example teams_group_chat
//! ```

use ms_messenger::{
    Delivery, StaticToken,
    msgraph_chat::{GraphChatClient, NewChatMessage, NewGroupChat, NewMember},
};
use ms_messenger_emulator::Emulator;

#[tokio::main]
async fn main() -> examples::Result {
    let emulator = Emulator::start().await?;
    let graph = &emulator.seed().graph;
    let client = GraphChatClient::builder(StaticToken::new(graph.token.as_str()))
        .with_base_url(&graph.base)
        .build()?;

    let members = graph.users.iter().take(3);
    let chat = NewGroupChat::new(members.map(|user| NewMember::from(user.id.as_str())))
        .with_topic("Launch on Friday");
    let chat = match client.create_group_chat(&chat).await {
        Ok(chat) => client.chat(chat.id),
        // A second call would create a second chat: the error says how to look for the first.
        Err(error) if error.delivery() == Delivery::Unknown => {
            eprintln!("{error}");
            client.find_chat("Launch on Friday").await?
        }
        Err(error) => return Err(error.into()),
    };

    let mention = client.find_mention(&graph.users[1].upn).await?;
    let message = NewChatMessage::compose()
        .mention(mention)
        .text(": are we ready?");
    let posted = chat.send(message).await?;
    chat.pin(posted.id).await?;
    chat.rename("Launch on Monday").await?;

    let found = client.find_chat("Launch on Monday").await?;
    let members = found.members().next_page().await?.unwrap_or_default();
    println!("{} has {} members", found.id(), members.len());
    Ok(())
}
