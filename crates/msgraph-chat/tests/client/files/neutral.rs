//! Files in neutral messages.

use std::time::Duration;

use ms_messenger_core::{
    Attachment, Capability, Card, CardKind, Delivery, ErrorKind, Evidence, InlineImage, Message,
    Messenger as _, SendRequest, Settled, Target,
};
use ms_messenger_testkit::Reply;
use serde_json::json;

use crate::files::drive::{Act, CHANNEL, CHAT, Drive, TEAM, guid_of};

fn request(to: Target) -> SendRequest {
    let message = Message::text("The report")
        .with_attachment(Attachment::InlineImage(InlineImage::new(
            "image/png",
            *b"png",
        )))
        .with_attachment(Attachment::bytes("a.txt", *b"Hello"))
        .with_attachment(Attachment::Card(Card::new(
            CardKind::Adaptive,
            json!({"type": "AdaptiveCard", "version": "1.4"}),
        )));
    SendRequest::new(to, message)
}

#[tokio::test]
async fn a_file_is_attached_where_it_stands() {
    for to in [Target::conversation(CHAT), Target::channel(TEAM, CHANNEL)] {
        let drive = Drive::start().await;
        let receipt = drive.client().send(&request(to)).await.unwrap();
        assert_eq!(receipt.message_id.unwrap().as_str(), "7");
        let sent = drive.request("send").json();
        let (name, _) = &drive.files()[0];
        assert_eq!(sent["attachments"][0]["id"], guid_of(name));
        assert_eq!(sent["attachments"][0]["name"], "a.txt");
        let content = sent["body"]["content"].as_str().unwrap();
        let card = sent["attachments"][1]["id"].as_str().unwrap();
        let expected = format!(
            "The report<img src=\"../hostedContents/1/$value\"><attachment id=\"{}\"></attachment>\
             <attachment id=\"{card}\"></attachment>",
            guid_of(name)
        );
        assert_eq!(content, expected);
    }
}

#[tokio::test]
async fn an_unknown_message_is_found_by_the_guid_of_its_file() {
    for (act, is_there) in [
        (Act::Lose(Reply::close()), true),
        (Act::Refuse(Reply::close()), false),
    ] {
        let drive = Drive::start().await;
        let client = drive.client();
        drive.script("send", [Some(act)]);
        let request = request(Target::conversation(CHAT));
        let error = client.send(&request).await.unwrap_err();
        assert_eq!(error.delivery(), Delivery::Unknown);
        let evidence = Evidence::of(&error).unwrap();
        assert_eq!(
            evidence.mark.as_ref().unwrap().value,
            guid_of(&drive.files()[0].0)
        );
        // Settling uploads nothing and sends nothing, in another process too.
        let settled = drive.client().settle(&request, &evidence).await;
        assert_eq!(
            matches!(settled, Settled::Found(_)),
            is_there,
            "{settled:?}"
        );
        assert_eq!((drive.count("put"), drive.count("send")), (1, 1));
        assert_eq!(drive.files().len(), 1);
    }
}

#[tokio::test]
async fn the_error_says_what_remains() {
    let drive = Drive::start().await;
    drive.script("send", [Some(Act::Refuse(Reply::new(403, "")))]);
    let request = request(Target::conversation(CHAT));
    let error = drive.client().send(&request).await.unwrap_err();
    assert!(error.is_safe_to_resend());
    assert!(
        error.message().ends_with("no uploaded file remains"),
        "{error}"
    );
    assert!(drive.files().is_empty());
}

#[tokio::test]
async fn a_timeout_during_the_upload_sends_nothing() {
    let drive = Drive::start().await;
    drive.script("put", [Some(Act::Refuse(Reply::silence()))]);
    let request = request(Target::conversation(CHAT)).with_timeout(Duration::from_millis(300));
    let error = drive.client().send(&request).await.unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Timeout);
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert_eq!(drive.count("send"), 0);
}

#[tokio::test]
async fn paths_can_be_refused() {
    let drive = Drive::start().await;
    let client = drive.client();
    let capabilities = client.capabilities();
    assert!(capabilities.supports(Capability::AttachmentPath));
    let message = Message::text("x").with_attachment(Attachment::file("/etc/passwd"));
    let request = SendRequest::new(Target::conversation(CHAT), message);
    let without = capabilities.without(Capability::AttachmentPath);
    let error = without.check(client.platform(), &request).unwrap_err();
    assert_eq!(error.kind(), ErrorKind::Unsupported);
}
