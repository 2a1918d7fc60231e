//! Teams through Microsoft Graph.

use futures_util::TryStreamExt as _;
use ms_messenger::{
    StaticToken,
    msgraph_chat::{
        FileMessage, FileUpload, GraphChatClient, InlineImage, MessageHandle, NewChatMessage,
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
