//! A Teams message with a mention, a card and an inline picture, and a reply to it.
//!
//! ```sh
//! cargo run -p examples --example teams_channel
//! MSGRAPH_TOKEN=… cargo run -p examples --example teams_channel -- channel:TEAM/CHANNEL
//! ```

use ms_messenger::{
    InlineImage, Target,
    msgraph_chat::{Mention, NewChatMessage, models::ChatMessageAttachment},
};
use serde_json::json;

/// A red dot, one pixel wide.
const DOT: &[u8] = &[
    0x89, b'P', b'N', b'G', 0x0d, 0x0a, 0x1a, 0x0a, 0, 0, 0, 0x0d, b'I', b'H', b'D', b'R', 0, 0, 0,
    1, 0, 0, 0, 1, 8, 2, 0, 0, 0, 0x90, 0x77, 0x53, 0xde, 0, 0, 0, 0x0c, b'I', b'D', b'A', b'T', 8,
    0xd7, 0x63, 0xf8, 0xcf, 0xc0, 0, 0, 3, 1, 1, 0, 0x18, 0xdd, 0x8d, 0xb0, 0, 0, 0, 0, b'I', b'E',
    b'N', b'D', 0xae, 0x42, 0x60, 0x82,
];

#[tokio::main]
async fn main() -> examples::Result {
    let stage = examples::teams().await?;
    let Target::Channel { team, channel, .. } = &stage.target else {
        return Err("this example sends to a channel: channel:TEAM/CHANNEL".into());
    };
    let channel = stage.client.channel(team.clone(), channel.clone());

    // One call adds both the marker in the body and the object that it refers to.
    let message = NewChatMessage::compose()
        .subject("Build 4711")
        .mention(Mention::team(team.as_str(), "Everybody here"))
        .text(": the build is red ")
        .emoji("🚨")
        .inline_image(&InlineImage::new("image/png", DOT).with_alt("a red dot"))
        .attach(ChatMessageAttachment::adaptive_card(json!({
            "type": "AdaptiveCard",
            "version": "1.4",
            "body": [{"type": "TextBlock", "text": "3 of 812 tests failed", "weight": "Bolder"}],
            "actions": [{"type": "Action.OpenUrl", "title": "Log", "url": "https://ci.contoso.com/4711"}],
        })));
    let posted = channel.send(message).await?;
    let link = posted.message()?.web_url.unwrap_or_default();
    println!("posted as {}: {link}", posted.id);

    let reply = channel.reply(posted.id, "I am on it.").await?;
    println!("replied as {}", reply.id);
    stage.print_ledger();
    Ok(())
}
