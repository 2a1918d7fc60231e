//! The operations on what drives hold.

use ms_messenger::{
    FileUpload, Result,
    http::{Download, Method},
    msgraph_chat::{
        DriveItemHandle, FileMessage, GraphChatClient,
        models::{LinkKind, LinkScope},
    },
};
use serde_json::{Value, json};

use super::{
    admin::admin,
    driver::{Driver, Later},
    fact::count,
    graph::Graph,
    graph_messages::chat,
};

const BYTES: &[u8] = b"1;817\n2;912\n";

/// A message of the user has a file.
fn with_file(scene: Graph) -> Later<Graph> {
    Box::pin(async move {
        let file = FileUpload::bytes("visits.csv", BYTES);
        let message = FileMessage::new("visits").with_file(file);
        let outcome = chat(&scene).send_files(message).await;
        let item = outcome.files[0].item.clone().unwrap();
        scene
            .with("file", item.id.unwrap())
            .with("address", item.web_dav_url.unwrap())
    })
}

fn file(scene: &Graph) -> DriveItemHandle {
    scene.client.drive().item(scene.id("file"))
}

async fn length(download: Download) -> Result<String> {
    // What was changed in the bytes is not seen.
    download.bytes(100).await.map(|_| String::new())
}

/// The links of all files.
fn links(scene: Graph) -> Later<Value> {
    Box::pin(async move {
        let files = admin(Method::GET, &scene.id("origin"), "files", Value::Null).await;
        let of_file = |file: &Value| {
            let links = file["links"].as_array().unwrap().iter();
            let links = links.map(|link| json!([link["type"], link["scope"]]));
            json!({"size": file["size"], "links": links.collect::<Vec<_>>()})
        };
        files.as_array().unwrap().iter().map(of_file).collect()
    })
}

pub(crate) fn drivers() -> Vec<Driver<GraphChatClient>> {
    fn contents(it: Graph) -> Later<Result<String>> {
        Box::pin(async move { length(file(&it).download().await?).await })
    }
    vec![
        Driver::read("drive.get", |it: Graph| {
            Box::pin(async move {
                let drive = it.client.drive().get().await;
                drive.map(|it| format!("{:?} {:?}", it.drive_type, it.name))
            })
        }),
        Driver::read("drive.list", |it: Graph| {
            Box::pin(async move {
                let folder = it.client.drive().at("Microsoft Teams Chat Files");
                folder.children().next_page().await.map(count)
            })
        })
        .after(with_file),
        Driver::read("drive.content", contents)
            .after(with_file)
            .striking("drive.content"),
        Driver::read("drive.download", contents)
            .after(with_file)
            .striking("drive.download"),
        Driver::change("drive.link", |it: Graph| {
            Box::pin(async move {
                let file = file(&it);
                let link = file.create_link(LinkKind::View, LinkScope::Organization);
                link.await.map(|it| format!("{:?}", it.kind))
            })
        })
        .seen_by(links)
        .after(with_file),
        Driver::read("drive.share", |it: Graph| {
            Box::pin(async move {
                let found = it.client.shared_item(&it.id("address")).await;
                found.map(|it| format!("{:?}", it.size))
            })
        })
        .after(with_file),
        Driver::read("drive.share.content", |it: Graph| {
            Box::pin(async move {
                let download = it.client.download_shared(&it.id("address")).await?;
                length(download).await
            })
        })
        .after(with_file)
        .striking("drive.share.content"),
    ]
}
