//! Teams through Microsoft Graph.

use futures_util::TryStreamExt as _;
use ms_messenger::{
    StaticToken,
    msgraph_chat::{
        BatchPart, Channel, FileMessage, FileUpload, GraphChatClient, InlineImage, MessageHandle,
        MessageQuery, NewChatMessage, NewGroupChat,
    },
};
use serde_json::{Value, json};

use crate::fields::{Fields, Result, unknown};

const MAX_CONTENT: usize = 1 << 20;

/// A client of the user with the token `as`, of the first seeded user without it.
fn client(world: &Fields, call: &Fields) -> Result<GraphChatClient> {
    let token = match call.optional("as") {
        Some(token) => token,
        None => world.text("/graph/token")?,
    };
    let builder = GraphChatClient::builder(StaticToken::new(token));
    Ok(builder.with_base_url(world.text("/graph/base")?).build()?)
}

pub(crate) async fn perform(world: &Fields, operation: &str, call: &Fields) -> Result<Value> {
    let client = client(world, call)?;
    let chat = client.chat(world.text("/graph/chat_id")?);
    match operation {
        "post" | "reply" | "posts" => {
            let team = world.text("/graph/team_id")?;
            let channel = client.channel(team, world.text("/graph/channel_id")?);
            in_channel(channel, operation, call).await
        }
        "group" | "chats" | "batch" => across_chats(&client, operation, call).await,
        "send" => {
            let message = NewChatMessage::text(call.text("text")?);
            Ok(json!(chat.send(message).await?.id))
        }
        "image" => {
            let bytes = call.text("text")?.as_bytes().to_vec();
            let image = InlineImage::new("image/png", bytes);
            let message = NewChatMessage::compose().inline_image(&image).build();
            Ok(json!(chat.send(message).await?.id))
        }
        "file" => {
            let file = FileUpload::bytes(call.text("name")?, call.text("text")?.as_bytes());
            let message = FileMessage::new("a file").with_file(file);
            Ok(json!(chat.send_files(message).await.into_result()?.id))
        }
        operation => of_message(chat.message(call.text("message")?), operation, call).await,
    }
}

async fn across_chats(client: &GraphChatClient, operation: &str, call: &Fields) -> Result<Value> {
    match operation {
        "group" => {
            let members = call.list("members");
            let members: Result<Vec<_>> = members.iter().map(|it| it.text("id")).collect();
            let group = NewGroupChat::new(members?).with_topic(call.text("topic")?);
            Ok(json!(client.create_group_chat(&group).await?.id))
        }
        "chats" => {
            let chats: Vec<_> = client.chats().into_stream().try_collect().await?;
            Ok(serde_json::to_value(chats)?)
        }
        _ => {
            let mut parts = Vec::new();
            for part in call.list("parts") {
                parts.push(BatchPart::to_chat(part.text("chat")?, part.text("text")?));
            }
            let mut ids = Vec::new();
            for outcome in client.run_batch(parts).await? {
                ids.push(outcome?.posted().map(|it| it.id.to_string()));
            }
            Ok(json!(ids))
        }
    }
}

async fn in_channel(channel: Channel, operation: &str, call: &Fields) -> Result<Value> {
    let id = match operation {
        "post" => channel.send(call.text("text")?).await?.id,
        "reply" => {
            let to = call.text("message")?;
            channel.reply(to, call.text("text")?).await?.id
        }
        _ => {
            let query = MessageQuery::new().with_replies(true);
            let posts = channel.messages_with(&query).into_stream();
            let posts: Vec<_> = posts.try_collect().await?;
            return Ok(serde_json::to_value(posts)?);
        }
    };
    Ok(json!(id))
}

async fn of_message(message: MessageHandle, operation: &str, call: &Fields) -> Result<Value> {
    match operation {
        "get" => return Ok(serde_json::to_value(message.get().await?)?),
        "edit" => {
            let changed = NewChatMessage::text(call.text("text")?);
            message.edit(changed).await?;
        }
        "delete" => message.delete().await?,
        "undelete" => message.undo_delete().await?,
        "react" => message.react(call.text("emoji")?).await?,
        "unreact" => message.unreact(call.text("emoji")?).await?,
        "hosted" => {
            let contents: Vec<_> = message
                .hosted_contents()
                .into_stream()
                .try_collect()
                .await?;
            let mut all = Vec::new();
            for content in contents {
                let id = content.id.ok_or("a hosted content without an id")?;
                let download = message.download(&id).await?;
                all.push(download.bytes(MAX_CONTENT).await?.to_vec());
            }
            return Ok(json!(all));
        }
        operation => return Err(unknown(operation)),
    }
    Ok(Value::Null)
}
