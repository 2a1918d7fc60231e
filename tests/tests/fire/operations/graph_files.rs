//! The operations that put files beside messages: steps of one call, which is struck at each.

use ms_messenger::{
    FileUpload, Result,
    http::Method,
    msgraph_chat::{FileMessage, GraphChatClient, Remains, UploadOptions},
};
use serde_json::{Value, json};

use super::{
    admin::admin,
    driver::{Act, Driver, See},
    fact::done,
    graph::Graph,
    graph_messages::{channel, chat},
    reading::read_all,
};

/// Two pieces of a session.
const PIECES: usize = 10 * 327_680 + 5;

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
    let request = |client: &GraphChatClient, path| client.request(Method::GET, path);
    Box::pin(async move { read_all(&it, request, &["/chats/{chat}/messages"]).await })
};

/// A rule that refuses or loses requests on the way to the step that is struck.
pub(crate) fn leading(operation: &str, action: Value) -> Value {
    json!({"match": {"platform": "msgraph-chat", "operation": operation}, "action": action, "times": 1})
}

pub(crate) fn drivers() -> Vec<Driver<GraphChatClient>> {
    let step = |name, act, operation| {
        Driver::change(name, act)
            .seen_by(MESSAGES)
            .striking(operation)
            .of_send()
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
        .striking("drive.folder")
        .of_send(),
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
        .of_send()
        .led_by(leading("send", refused.clone())),
        Driver::unseen("drive.session.cancel", |it: Graph| {
            Box::pin(async move {
                let error = to_chat(it.clone(), PIECES).await.unwrap_err();
                let drives = admin(Method::GET, &it.id("origin"), "drives", Value::Null).await;
                let mut drives = drives.as_array().unwrap().iter();
                if drives.all(|drive| drive["sessions"] == 0) {
                    Ok(format!("{:?}", error.delivery()))
                } else {
                    Err(error)
                }
            })
        })
        .striking("drive.session.cancel")
        .of_send()
        .led_by(leading("drive.session.piece", refused)),
    ]
}
