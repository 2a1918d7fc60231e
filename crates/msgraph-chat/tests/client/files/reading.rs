//! Drives that are read: the bytes on the wire, and the emulator.

use ms_messenger_core::{ErrorKind, FileUpload, StaticToken};
use ms_messenger_emulator::{Emulator, FaultAction, Platform};
use ms_messenger_testkit::{HttpDouble, ReceivedRequest, Reply};
use msgraph_chat::{
    DriveItemHandle, FileMessage, GraphChatClient,
    models::{DriveType, LinkKind, LinkScope},
};
use serde_json::json;

use crate::files::drive::SECRET;

const FOLDER: &str = "Microsoft Teams Chat Files";

fn client(base: &str, token: &str) -> GraphChatClient {
    let client = GraphChatClient::builder(StaticToken::new(token)).with_base_url(base);
    client.build().unwrap()
}

fn of_user(emulator: &Emulator, n: usize) -> GraphChatClient {
    let graph = &emulator.seed().graph;
    client(&graph.base, &graph.users[n].token)
}

/// Sends a file to the seeded chat; returns its item.
async fn send(client: &GraphChatClient, emulator: &Emulator, name: &str) -> DriveItemHandle {
    let message = FileMessage::new("x").with_file(FileUpload::bytes(name, *b"Hello"));
    let chat = client.chat(emulator.seed().graph.chat_id.as_str());
    let outcome = chat.send_files(message).await;
    client.drive().at(FOLDER).at(&outcome.files[0].name)
}

#[tokio::test]
async fn a_drive_is_read_listed_and_downloaded() {
    let emulator = Emulator::start().await.unwrap();
    let alice = of_user(&emulator, 0);
    let file = send(&alice, &emulator, "50% #3.txt").await;
    let info = alice.drive().get().await.unwrap();
    assert_eq!(info.drive_type, Some(DriveType::Business));
    let own = emulator.seed().graph.users[0].id.as_str();
    let owner = info.owner.unwrap().user.unwrap();
    assert_eq!(owner.id.as_deref(), Some(own));
    assert_eq!(info.quota.unwrap().used, Some(5));
    let item = file.get().await.unwrap();
    assert_eq!((item.size, item.is_folder()), (Some(5), false));
    assert!(
        item.web_dav_url
            .as_deref()
            .unwrap()
            .contains("50%25%20%233")
    );
    assert!(item.last_modified_date_time.is_some());

    // The same file by the ids of drive and item, and by the user.
    let id = item.id.clone().unwrap();
    for drive in [
        alice.drive_by_id(item.drive_id().unwrap()),
        alice.drive_of(own),
        alice.drive_of("alice@contoso.test"),
    ] {
        assert_eq!(drive.item(&id).get().await.unwrap(), item);
        let bytes = drive.item(&id).download().await.unwrap();
        assert_eq!(bytes.content_type(), Some("text/plain"));
        assert_eq!(bytes.bytes(5).await.unwrap(), &b"Hello"[..]);
    }
    let too_long = file.download().await.unwrap().bytes(4).await.unwrap_err();
    assert_eq!(too_long.kind(), ErrorKind::Protocol);
    assert_eq!(too_long.platform(), Some("msgraph-chat"));

    let page = alice
        .drive()
        .root()
        .children()
        .next_page()
        .await
        .unwrap()
        .unwrap();
    let folder = &page[0];
    assert_eq!(
        (folder.name.as_deref(), folder.is_folder()),
        (Some(FOLDER), true)
    );
    assert_eq!(folder.folder.as_ref().unwrap().child_count, Some(1));
    let mut files = alice.drive().item(folder.id.clone().unwrap()).children();
    assert_eq!(files.next_page().await.unwrap().unwrap()[0].id, item.id);
    let error = alice.drive().at(FOLDER).download().await.unwrap_err();
    assert_eq!(error.status(), Some(400), "{error}");
}

#[tokio::test]
async fn long_folders_are_listed_page_by_page() {
    let emulator = Emulator::start().await.unwrap();
    let alice = of_user(&emulator, 0);
    for n in 0..3 {
        send(&alice, &emulator, &format!("{n}.txt")).await;
    }
    let path = "/me/drive/root:/Microsoft%20Teams%20Chat%20Files:/children?$top=2";
    let mut pages = alice
        .request(msgraph_chat::Method::GET, path)
        .pages::<msgraph_chat::models::DriveItem>();
    assert_eq!(pages.next_page().await.unwrap().unwrap().len(), 2);
    assert_eq!(pages.next_page().await.unwrap().unwrap().len(), 1);
    let whole = alice.drive().at(FOLDER).children().next_page().await;
    assert_eq!(whole.unwrap().unwrap().len(), 3);
}

#[tokio::test]
async fn files_of_others_are_read_where_they_are_shared() {
    let emulator = Emulator::start().await.unwrap();
    let (alice, bob) = (of_user(&emulator, 0), of_user(&emulator, 1));
    let file = send(&alice, &emulator, "a.txt").await;
    let address = file.get().await.unwrap().web_dav_url.unwrap();
    let item = bob.shared_item(&address).await.unwrap();
    assert_eq!(item.size, Some(5));
    let bytes = bob.download_shared(&address).await.unwrap();
    assert_eq!(bytes.bytes(5).await.unwrap(), &b"Hello"[..]);
    let error = bob.drive_of("alice@contoso.test").root().get().await;
    let error = error.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied, "{error}");

    // A link opens it; the second call returns the same one.
    let link = file
        .create_link(LinkKind::View, LinkScope::Organization)
        .await;
    let link = link.unwrap();
    let again = file
        .create_link(LinkKind::View, LinkScope::Organization)
        .await;
    assert_eq!(again.unwrap(), link);
    assert_eq!(
        (link.kind.clone(), link.scope.clone()),
        (Some(LinkKind::View), Some(LinkScope::Organization))
    );
    assert!(!format!("{link:?}").contains("https"));
    assert_eq!(bob.shared_item(&link.web_url).await.unwrap().id, item.id);
}

#[tokio::test]
async fn a_download_is_retried_like_a_read() {
    let emulator = Emulator::start().await.unwrap();
    let alice = of_user(&emulator, 0);
    let file = send(&alice, &emulator, "a.txt").await;
    for operation in ["drive.content", "drive.download"] {
        let busy = FaultAction::status(503).with_header("retry-after", "0");
        emulator
            .fail_next(Platform::MSGRAPH_CHAT, operation, busy)
            .unwrap();
        let bytes = file.download().await.unwrap().bytes(5).await.unwrap();
        assert_eq!(bytes, &b"Hello"[..], "{operation}");
    }
}

async fn scripted(
    reply: impl Fn(&ReceivedRequest) -> Reply + Send + Sync + 'static,
) -> (HttpDouble, GraphChatClient) {
    let double = HttpDouble::start(reply).await.unwrap();
    let client = client(double.url(), "hunter3");
    (double, client)
}

#[tokio::test]
async fn no_token_goes_to_the_address_of_a_download() {
    let (contents, _) = scripted(|_| Reply::new(200, "Hello")).await;
    let address = format!("{}/download?{SECRET}", contents.url());
    let (graph, client) =
        scripted(move |_| Reply::new(302, "").with_header("location", &address)).await;
    let file = client.drive_by_id("b!x/y").item("01A").at("ä b:c/d%20.txt");
    let bytes = file.download().await.unwrap().bytes(10).await.unwrap();
    assert_eq!(bytes, &b"Hello"[..]);
    let asked = &graph.requests()[0];
    assert_eq!(
        asked.target,
        "/drives/b%21x%2Fy/items/01A:/%C3%A4%20b%3Ac/d%2520.txt:/content"
    );
    assert_eq!(asked.header("authorization"), Some("Bearer hunter3"));
    let fetched = &contents.requests()[0];
    assert_eq!(fetched.target, format!("/download?{SECRET}"));
    assert_eq!(fetched.header("authorization"), None);
}

#[tokio::test]
async fn an_address_of_a_download_that_is_no_https_is_not_used_and_not_shown() {
    for address in [
        format!("http://contoso.com/?{SECRET}"),
        format!("https://u:{SECRET}@contoso.com/"),
        format!("/relative?{SECRET}"),
        format!("file:///{SECRET}"),
    ] {
        let (double, client) =
            scripted(move |_| Reply::new(302, "").with_header("location", &address)).await;
        let error = client.drive().item("01A").download().await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::Protocol);
        assert!(!format!("{error}{error:?}").contains("hunter2"), "{error}");
        assert_eq!(double.requests().len(), 1);
    }
}

#[tokio::test]
async fn contents_that_come_at_once_are_taken_and_a_second_reference_is_not_followed() {
    let (double, client) = scripted(|_| Reply::new(200, "Hello")).await;
    let bytes = client.drive().item("01A").download().await.unwrap();
    assert_eq!(bytes.bytes(5).await.unwrap(), &b"Hello"[..]);
    assert_eq!(double.requests().len(), 1);

    let (contents, _) =
        scripted(|_| Reply::new(302, "").with_header("location", "https://a.test")).await;
    let address = contents.url().to_owned();
    let (_graph, client) =
        scripted(move |_| Reply::new(302, "").with_header("location", &address)).await;
    assert!(client.drive().item("01A").download().await.is_err());
    assert_eq!(contents.requests().len(), 1);
}

#[tokio::test]
async fn ids_paths_and_addresses_are_checked_before_any_request() {
    let (double, client) = scripted(|_| Reply::json(200, &json!({}))).await;
    let drive = client.drive();
    for (item, field) in [
        (drive.item(""), "item"),
        (client.drive_by_id("").root(), "drive"),
        (client.drive_of(" a").root(), "user"),
        (drive.at(""), "path"),
        (drive.at("/a"), "path"),
        (drive.at("a/../b"), "path"),
        (drive.at("a//b"), "path"),
        (drive.at("a\nb"), "path"),
    ] {
        for error in [
            item.get().await.unwrap_err(),
            item.download().await.unwrap_err(),
            item.children().next_page().await.unwrap_err(),
        ] {
            assert_eq!(error.kind(), ErrorKind::InvalidRequest);
            assert_eq!(error.problems()[0].field, field, "{error}");
        }
    }
    for address in ["", "a.txt", "http://contoso.com/a.txt"] {
        let error = client.download_shared(address).await.unwrap_err();
        assert_eq!(error.problems()[0].field, "address");
        assert!(client.shared_item(address).await.is_err());
    }
    assert!(double.requests().is_empty());
}

#[tokio::test]
async fn hostile_items_are_read_or_refused_and_show_no_address() {
    let secret = "https://contoso.sharepoint.com/download?tempauth=hunter2";
    let item = json!({"id": "01A", "name": "hunter2", "folder": null, "size": 7,
        "@microsoft.graph.downloadUrl": secret});
    let (_double, client) = scripted(move |_| Reply::json(200, &item)).await;
    let read = client.drive().item("01A").get().await.unwrap();
    assert_eq!(read.other["@microsoft.graph.downloadUrl"], secret);
    assert!(!format!("{read:?}").contains("hunter2"));
    for link in [
        json!({}),
        json!({"link": null}),
        json!({"link": {"type": "view"}}),
    ] {
        let (_double, client) = scripted(move |_| Reply::json(200, &link)).await;
        let item = client.drive().item("01A");
        let link = item.create_link(LinkKind::View, LinkScope::Users);
        assert_eq!(link.await.unwrap_err().kind(), ErrorKind::Protocol);
    }
    let (_double, client) = scripted(|_| Reply::json(200, &json!({"size": -1}))).await;
    let error = client.drive().item("01A").get().await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Protocol);
}
