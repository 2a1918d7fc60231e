//! The operations that put files beside messages: steps of one call, which is struck at each.

use ms_messenger::{
    FileUpload, Result,
    msgraph_chat::{FileMessage, GraphChatClient, Remains, UploadOptions},
};
use serde_json::{Value, json};

use super::{
    driver::{Act, Driver, See},
    fact::done,
    graph::Graph,
    graph_messages::{channel, chat},
    reading::read_all,
};

fn message(bytes: usize) -> FileMessage {
    let file = FileUpload::bytes("report.bin", vec![7; bytes]);
    let options = UploadOptions::default().with_simple_limit(1024);
    FileMessage::new("with a file")
        .with_file(file)
        .with_options(options)
}

async fn to_chat(scene: Graph, bytes: usize) -> Result<String> {
    let outcome = chat(&scene).send_files(message(bytes)).await;
    outcome.into_result().map(done)
}

/// Sends a small file to the chat.
const SMALL: Act<GraphChatClient> = |it: Graph| Box::pin(to_chat(it, 100));
/// Sends a file that needs a session.
const LARGE: Act<GraphChatClient> = |it: Graph| Box::pin(to_chat(it, 5000));

/// What the readers see; a file may remain where the message was not sent.
const MESSAGES: See<GraphChatClient> = |it: Graph| {
    let request =
        |client: &GraphChatClient, path| client.request(ms_messenger::http::Method::GET, path);
    Box::pin(async move { read_all(&it, request, &["/chats/{chat}/messages"]).await })
};

/// A rule that refuses or loses requests on the way to the step that is struck.
fn leading(operation: &str, action: Value) -> Value {
    json!({"match": {"platform": "msgraph-chat", "operation": operation}, "action": action, "times": 1})
}

pub(crate) fn drivers() -> Vec<Driver<GraphChatClient>> {
    let step = |name, act, operation| {
        Driver::change(name, act)
            .seen_by(MESSAGES)
            .striking(operation)
    };
    let lost = json!({"kind": "close", "when": "after_store"});
    let taken = json!({"kind": "name_conflict"});
    let refused = json!({"kind": "status", "status": 403});
    vec![
        Driver::change("drive.folder", |it: Graph| {
            Box::pin(async move {
                let outcome = channel(&it).send_files(message(100)).await;
                outcome.into_result().map(done)
            })
        })
        .striking("drive.folder"),
        step("drive.create", SMALL, "drive.create"),
        step("drive.upload", SMALL, "drive.upload"),
        step("drive.item", SMALL, "drive.item").led_by(leading("drive.upload", lost.clone())),
        step("drive.invite", SMALL, "drive.invite"),
        step("drive.session.create", LARGE, "drive.session.create"),
        step("drive.session.piece", LARGE, "drive.session.piece"),
        // Another file takes the name while the bytes are under way.
        step("drive.session.commit", LARGE, "drive.session.commit")
            .led_by(leading("drive.session.piece", taken)),
        step("drive.session.get", LARGE, "drive.session.get")
            .led_by(leading("drive.session.piece", lost)),
        Driver::unseen("drive.delete", |it: Graph| {
            Box::pin(async move {
                let outcome = chat(&it).send_files(message(100)).await;
                match outcome.files[0].remains {
                    Remains::No => Ok(String::new()),
                    _ => outcome.into_result().map(done),
                }
            })
        })
        .striking("drive.delete")
        .led_by(leading("send", refused.clone())),
        Driver::unseen("drive.session.cancel", |it: Graph| {
            Box::pin(async move {
                let error = to_chat(it, 5000).await.unwrap_err();
                Ok(format!("{:?}", error.delivery()))
            })
        })
        .striking("drive.session.cancel")
        .led_by(leading("drive.session.piece", refused)),
    ]
}
