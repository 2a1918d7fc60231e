//! Reads the last messages of a Teams channel, answers the newest, edits the answer, and reacts.
//!
//! ```sh
//! cargo run -p examples --example teams_read_and_answer
//! MSGRAPH_TOKEN=… cargo run -p examples --example teams_read_and_answer -- channel:TEAM/CHANNEL
//! ```

use ms_messenger::{Target, msgraph_chat::MessageQuery};

#[tokio::main]
async fn main() -> examples::Result {
    let stage = examples::teams().await?;
    let Target::Channel { team, channel, .. } = &stage.target else {
        return Err("this example reads a channel: channel:TEAM/CHANNEL".into());
    };
    let channel = stage.client.channel(team.clone(), channel.clone());
    if stage.emulator.is_some() {
        channel.send("Is anybody there?").await?;
    }

    // One page is enough; `into_stream` would read on.
    let mut pages = channel.messages_with(&MessageQuery::new().with_page_size(5));
    let newest = pages.next_page().await?.unwrap_or_default();
    for message in &newest {
        let body = message.body.as_ref().and_then(|it| it.content.as_deref());
        println!(
            "{}: {}",
            message.id.as_deref().unwrap_or("?"),
            body.unwrap_or_default()
        );
    }
    let Some(id) = newest.first().and_then(|message| message.id.as_deref()) else {
        return Err("the channel has no messages yet".into());
    };

    let answer = channel.reply(id, "Yes, until noon.").await?;
    channel
        .reply_message(id, answer.id)
        .edit("Yes, until three.")
        .await?;
    channel.message(id).react("👍").await?;
    println!("answered, corrected the answer, and reacted");
    stage.print_ledger();
    Ok(())
}
