//! Hears what changes in a Teams chat without a public address, and goes on after a restart.
//!
//! ```sh
//! cargo run -p examples --example teams_watch
//! ```

use std::time::Duration;

use ms_messenger::{StaticToken, msgraph_chat::GraphChatClient};
use ms_messenger_emulator::Emulator;

#[tokio::main]
async fn main() -> examples::Result {
    let emulator = Emulator::start().await?;
    let graph = &emulator.seed().graph;
    let client = GraphChatClient::builder(StaticToken::new(graph.token.as_str()))
        .with_base_url(&graph.base)
        .build()?;
    let channel = client.channel(graph.team_id.as_str(), graph.channel_id.as_str());

    channel.send("before the restart").await?;
    let mut changes = channel.changes();
    while let Some(page) = changes.next_page().await? {
        for message in page {
            println!("{:?}", message.body.and_then(|body| body.content));
        }
    }
    // The token is all that a restart needs; it is a text.
    let token = changes.token().ok_or("the list has no end")?.to_string();

    channel.send("while nobody was looking").await?;
    let mut watch = channel
        .watch()
        .with_interval(Duration::from_secs(1))
        .with_token(token.parse()?);
    for message in watch.next().await? {
        println!("{:?}", message.body.and_then(|body| body.content));
    }
    Ok(())
}
