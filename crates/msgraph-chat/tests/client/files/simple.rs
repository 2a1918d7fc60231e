//! Small files, in one request.

use ms_messenger_core::{FileUpload, Uuid};
use msgraph_chat::{FileMessage, ReaderAccess, Remains, UploadOptions};
use serde_json::json;

use crate::files::drive::{CHANNEL, CHAT, Drive, TEAM, guid_of, id_of};

const KEY: Uuid = Uuid::from_u128(0x9f1e_5b1f_0a5e_4f5b_8a43_a8d9_93a5_7a7f);

fn report() -> FileUpload {
    FileUpload::bytes("report #3?.txt".replace('?', ""), *b"Hello")
        .with_content_type("text/plain")
        .with_key(KEY)
}

#[tokio::test]
async fn a_file_goes_to_a_chat_in_four_steps() {
    let drive = Drive::start().await;
    let message = FileMessage::new("See 1 < 2 ").with_file(report());
    let outcome = drive.client().chat(CHAT).send_files(message).await;

    assert_eq!(drive.steps(), ["members", "put", "look", "invite", "send"]);
    let [file] = outcome.files.as_slice() else {
        unreachable!()
    };
    let name = file.name.clone();
    assert!(
        name.starts_with("report #3 (") && name.ends_with(").txt"),
        "{name}"
    );
    assert!(file.uploaded && file.granted && file.remains == Remains::Yes);
    assert_eq!(outcome.remaining().count(), 1);

    let put = drive.request("put");
    let encoded = name.replace(' ', "%20").replace('#', "%23");
    let encoded = encoded.replace('(', "%28").replace(')', "%29");
    assert_eq!(
        put.target,
        format!(
            "/me/drive/root:/Microsoft%20Teams%20Chat%20Files/{encoded}:/content\
             ?@microsoft.graph.conflictBehavior=fail"
        )
    );
    assert_eq!(put.body, b"Hello");
    assert_eq!(put.header("content-type"), Some("text/plain"));
    let invite = drive.request("invite");
    assert!(
        invite.target == format!("/me/drive/items/{}/invite", id_of(&name)),
        "{}",
        invite.target
    );
    assert_eq!(
        invite.json(),
        json!({"recipients": [{"objectId": "aaaa"}, {"email": "guest@example.org"}],
            "requireSignIn": true, "sendInvitation": false, "roles": ["read"]})
    );
    let guid = guid_of(&name);
    let sent = drive.request("send");
    assert_eq!(sent.target, format!("/chats/{CHAT}/messages"));
    assert_eq!(
        sent.json(),
        json!({
            "body": {"contentType": "html",
                "content": format!("See 1 &lt; 2 <attachment id=\"{guid}\"></attachment>")},
            "attachments": [{"id": guid, "contentType": "reference",
                "contentUrl": format!("https://contoso.sharepoint.com/{}", name.len()),
                "name": "report #3.txt"}],
        })
    );
    assert_eq!(outcome.into_result().unwrap().id.as_str(), "7");
}

#[tokio::test]
async fn a_file_goes_to_the_folder_of_a_channel_and_nothing_is_granted() {
    let drive = Drive::start().await;
    let channel = drive.client().channel(TEAM, CHANNEL);
    let outcome = channel
        .send_files(FileMessage::new("x").with_file(report()))
        .await;
    assert!(outcome.is_sent());
    assert_eq!(drive.steps(), ["folder", "put", "look", "send"]);
    let folder = drive.request("folder").target;
    assert_eq!(
        folder,
        format!("/teams/{TEAM}/channels/{CHANNEL}/filesFolder")
    );
    let put = drive.request("put").target;
    assert!(
        put.starts_with("/drives/b%21team/items/01FOLDER:/report"),
        "{put}"
    );
    assert!(!outcome.files[0].granted);

    let reply = FileMessage::new("y").with_file(report().with_key(Uuid::nil()));
    assert!(channel.reply_files("5", reply).await.is_sent());
    let requests = drive.double.requests();
    let path = &requests.last().unwrap().target;
    assert_eq!(
        *path,
        format!("/teams/{TEAM}/channels/{CHANNEL}/messages/5/replies")
    );
}

#[tokio::test]
async fn the_missing_folder_of_chats_is_created_once() {
    let drive = Drive::start().await;
    drive.without_folder();
    let options = UploadOptions::default().with_access(ReaderAccess::Nobody);
    let message = FileMessage::new("x")
        .with_file(report())
        .with_options(options);
    assert!(
        drive
            .client()
            .chat(CHAT)
            .send_files(message)
            .await
            .is_sent()
    );
    assert_eq!(drive.steps(), ["put", "create", "put", "look", "send"]);
    assert_eq!(
        drive.request("create").json(),
        json!({"name": "Microsoft Teams Chat Files", "folder": {},
            "@microsoft.graph.conflictBehavior": "fail"})
    );
}

#[tokio::test]
async fn a_second_send_with_the_key_finds_the_file() {
    let drive = Drive::start().await;
    let chat = drive.client().chat(CHAT);
    let message = FileMessage::new("x").with_file(report());
    assert!(chat.send_files(message.clone()).await.is_sent());
    assert!(chat.send_files(message).await.is_sent());
    assert_eq!(drive.files().len(), 1);
    // The second send asked for the same name, and looked what is there.
    assert_eq!(drive.count("put"), 2);
    assert_eq!(drive.count("look"), 2);
}

#[tokio::test]
async fn a_file_of_others_is_neither_replaced_nor_attached() {
    let drive = Drive::start().await;
    let chat = drive.client().chat(CHAT);
    let message = FileMessage::new("x").with_file(report());
    let first = chat.send_files(message.clone()).await.files[0].name.clone();
    drive.put(&first, b"Other");
    drive.with_hash("AAAAAAAAAAAAAAAAAAAAAAAAAAA=");
    // Of the same size, and with another hash.
    let outcome = chat.send_files(message).await;
    assert!(outcome.is_sent(), "{outcome:?} {:?}", drive.steps());
    let second = &outcome.files[0].name;
    assert_ne!(*second, first);
    assert_eq!(drive.files().len(), 2);
    let stored = |name: &str| {
        drive
            .files()
            .into_iter()
            .find(|(it, _)| it == name)
            .unwrap()
            .1
    };
    assert_eq!(stored(&first), b"Other");
    assert_eq!(stored(second), b"Hello");
}

#[tokio::test]
async fn several_files_have_names_and_attachments_of_their_own() {
    let drive = Drive::start().await;
    let message = FileMessage::new("x")
        .with_file(report())
        .with_file(report());
    let outcome = drive.client().chat(CHAT).send_files(message).await;
    assert!(outcome.is_sent());
    assert_ne!(outcome.files[0].name, outcome.files[1].name);
    let sent = drive.request("send").json();
    assert_eq!(sent["attachments"].as_array().unwrap().len(), 2);
    assert_ne!(sent["attachments"][0]["id"], sent["attachments"][1]["id"]);
    assert_eq!(drive.count("invite"), 2);
}
