//! ACS Chat.

use futures_util::TryStreamExt as _;
use ms_messenger::{
    StaticToken,
    acs_chat::{
        AcsChatClient, ChatMessage, ChatParticipant, ChatThread, CreateChatThreadRequest,
        SendChatMessageRequest, UpdateChatMessageRequest, UpdateChatThreadRequest,
    },
};
use serde_json::{Value, json};

use crate::fields::{Fields, Result, unknown};

/// A client of the user with the token `as`, of the first seeded user without it.
fn client(world: &Fields, call: &Fields) -> Result<AcsChatClient> {
    let token = match call.optional("as") {
        Some(token) => token,
        None => world.text("/acs/users/0/token")?,
    };
    let endpoint = world.text("/acs/endpoint")?;
    Ok(AcsChatClient::builder(endpoint, StaticToken::new(token)).build()?)
}

fn participants(call: &Fields) -> Result<Vec<ChatParticipant>> {
    let one = |it: &Fields| {
        let participant = ChatParticipant::new(it.text("id")?);
        Ok(match it.optional("name") {
            Some(name) => participant.with_display_name(name),
            None => participant,
        })
    };
    call.list("participants").iter().map(one).collect()
}

pub(crate) async fn perform(world: &Fields, operation: &str, call: &Fields) -> Result<Value> {
    let client = client(world, call)?;
    match operation {
        "create" => {
            let mut request = CreateChatThreadRequest::new(call.text("topic")?);
            for participant in participants(call)? {
                request = request.with_participant(participant);
            }
            let made = client.create_thread(&request).await?;
            let rejected = made.rejected.iter().map(|it| &it.target);
            Ok(json!({"id": made.thread.id, "rejected": rejected.collect::<Vec<_>>()}))
        }
        "threads" => {
            let threads: Vec<_> = client.threads().into_stream().try_collect().await?;
            let threads = threads
                .iter()
                .map(|it| json!({"id": it.id, "topic": it.topic}));
            Ok(threads.collect())
        }
        operation => in_thread(client.thread(call.text("thread")?), operation, call).await,
    }
}

async fn in_thread(thread: ChatThread, operation: &str, call: &Fields) -> Result<Value> {
    match operation {
        "read" => return read(&thread).await,
        "topic" => {
            let change = UpdateChatThreadRequest::default().with_topic(call.text("topic")?);
            thread.update(&change).await?;
        }
        "send" => {
            let mut request = match call.optional("html") {
                Some(html) => SendChatMessageRequest::html(html),
                None => SendChatMessageRequest::text(call.text("text")?),
            };
            for entry in call.list("metadata") {
                request = request.with_metadata(entry.text("name")?, entry.text("value")?);
            }
            return Ok(json!(thread.send(&request).await?.id));
        }
        "edit" => {
            let change = UpdateChatMessageRequest::content(call.text("text")?);
            thread
                .update_message(call.text("message")?, &change)
                .await?;
        }
        "delete" => thread.delete_message(call.text("message")?).await?,
        "receipt" => thread.send_read_receipt(call.text("message")?).await?,
        "add" => {
            let added = thread.add_participants(participants(call)?).await?;
            let rejected = added.rejected.iter().map(|it| it.target.as_str());
            return Ok(rejected.collect());
        }
        "remove" => thread.remove_participant(call.text("participant")?).await?,
        operation => return Err(unknown(operation)),
    }
    Ok(Value::Null)
}

/// Everything that can be read of a thread.
async fn read(thread: &ChatThread) -> Result<Value> {
    let topic = thread.get().await?.topic;
    let participants: Vec<_> = thread.participants().into_stream().try_collect().await?;
    let messages: Vec<_> = thread.messages().into_stream().try_collect().await?;
    let receipts: Vec<_> = thread.read_receipts().into_stream().try_collect().await?;
    let participants = participants
        .iter()
        .map(|it| json!({"id": it.identifier.raw_id, "name": it.display_name}));
    let receipts = receipts
        .iter()
        .map(|it| json!({"reader": it.reader.raw_id, "message": it.message_id}));
    Ok(json!({
        "topic": topic,
        "participants": participants.collect::<Vec<_>>(),
        "messages": messages.iter().filter(|it| it.text().is_some()).map(shown).collect::<Vec<_>>(),
        "receipts": receipts.collect::<Vec<_>>(),
    }))
}

fn shown(message: &ChatMessage) -> Value {
    json!({
        "id": message.id,
        "text": message.text(),
        "sender": message.sender.as_ref().map(|it| &it.raw_id),
        "name": message.sender_display_name,
        "is_edited": message.edited_on.is_some(),
        "is_deleted": message.is_deleted(),
        "metadata": message.metadata,
    })
}
