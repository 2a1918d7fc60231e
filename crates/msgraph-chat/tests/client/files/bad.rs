//! Files that cannot be sent: refused before anything is uploaded, or at least before the message.

use std::{fs, path::PathBuf};

use ms_messenger_core::{
    Attachment, ErrorKind, FileUpload, Message, Messenger as _, SendRequest, Target,
};
use ms_messenger_testkit::Reply;
use msgraph_chat::{FileMessage, UploadOptions};

use crate::files::drive::{Act, CHAT, Drive};

/// A file for this test alone, which is removed at its end.
struct Temporary(PathBuf);

impl Temporary {
    fn new(bytes: &[u8]) -> Self {
        let name = format!("msgraph-chat-{}.bin", ms_messenger_core::random_uuid());
        let path = std::env::temp_dir().join(name);
        fs::write(&path, bytes).unwrap();
        Self(path)
    }
}

impl Drop for Temporary {
    fn drop(&mut self) {
        let _ = fs::remove_file(&self.0);
    }
}

async fn refusal(drive: &Drive, file: FileUpload, options: UploadOptions) -> (ErrorKind, String) {
    let message = FileMessage::new("x").with_file(file).with_options(options);
    let outcome = drive.client().chat(CHAT).send_files(message).await;
    let error = outcome.into_result().unwrap_err();
    assert!(error.is_safe_to_resend());
    (error.kind(), error.message().to_owned())
}

#[tokio::test]
async fn a_name_or_a_type_that_cannot_be_is_refused_before_any_io() {
    let drive = Drive::start().await;
    let target = Target::conversation(CHAT);
    for (file, field) in [
        (FileUpload::bytes("a:b", *b"x"), "name"),
        (FileUpload::bytes("con", *b"x"), "name"),
        (
            FileUpload::bytes("a", *b"x").with_content_type("a\nb/c"),
            "content_type",
        ),
        (
            FileUpload::bytes("a", *b"x").with_content_type("text"),
            "content_type",
        ),
        (FileUpload::bytes("a", Vec::new()), "source"),
    ] {
        let message = Message::text("x").with_attachment(Attachment::Upload(file));
        let request = SendRequest::new(target.clone(), message);
        let error = drive.client().send(&request).await.unwrap_err();
        assert_eq!(error.kind(), ErrorKind::InvalidRequest);
        let field = format!("message.attachments[0].upload.{field}");
        assert_eq!(error.problems()[0].field, field);
        assert_eq!(
            drive.client().check(&request).unwrap_err().problems(),
            error.problems()
        );
    }
    assert!(drive.steps().is_empty());
}

#[tokio::test]
async fn a_file_that_cannot_be_read_is_empty_or_too_large_is_not_uploaded() {
    let drive = Drive::start().await;
    let (empty, large) = (Temporary::new(b""), Temporary::new(b"12345"));
    let small = || UploadOptions::default().with_max_bytes(4);
    for (file, rule) in [
        (
            FileUpload::path("/no/such/file.txt"),
            "there is no such file",
        ),
        (
            FileUpload::path(std::env::temp_dir()).with_name("x"),
            "must be a file",
        ),
        (FileUpload::path(&empty.0), "must not be empty"),
        (FileUpload::path(&large.0), "has 5 bytes, more than 4"),
    ] {
        let (kind, message) = refusal(&drive, file, small()).await;
        assert_eq!(kind, ErrorKind::InvalidRequest);
        assert_eq!(message, format!("files[0].source: {rule}"));
    }
    assert!(drive.steps().iter().all(|step| *step == "members"));
}

#[cfg(unix)]
#[tokio::test]
async fn a_pipe_is_refused_without_waiting_for_its_writer() {
    let drive = Drive::start().await;
    let pipe = Temporary::new(b"");
    fs::remove_file(&pipe.0).unwrap();
    let made = std::process::Command::new("mkfifo").arg(&pipe.0).status();
    assert!(made.unwrap().success());
    let refused = refusal(&drive, FileUpload::path(&pipe.0), UploadOptions::default()).await;
    let rule = "files[0].source: must be a file".to_owned();
    assert_eq!(refused, (ErrorKind::InvalidRequest, rule));
}

#[tokio::test]
async fn a_file_that_grows_while_it_is_uploaded_is_not_sent() {
    let drive = Drive::start().await;
    let piece = 10 * 327_680;
    let file = Temporary::new(&vec![7; 2 * piece + 1]);
    let path = file.0.clone();
    let options = UploadOptions::default().with_progress(move |progress| {
        if progress.sent == piece as u64 {
            fs::write(&path, vec![8; 2 * piece + 2]).unwrap();
        }
    });
    let (kind, message) = refusal(&drive, FileUpload::path(&file.0), options).await;
    assert_eq!(kind, ErrorKind::InvalidRequest);
    let changed = format!("source: {} changed while it was read", file.0.display());
    assert!(message.contains(&changed), "{message}");
    assert_eq!((drive.count("cancel"), drive.count("send")), (1, 0));
    assert!(drive.files().is_empty());
}

#[tokio::test]
async fn a_file_that_is_replaced_after_its_upload_is_not_sent_and_deleted() {
    let drive = Drive::start().await;
    let file = Temporary::new(b"one");
    let path = file.0.clone();
    let options = UploadOptions::default().with_progress(move |_| {
        fs::write(&path, b"another").unwrap();
    });
    let (_, message) = refusal(&drive, FileUpload::path(&file.0), options).await;
    let changed = format!("source: {} changed while it was read", file.0.display());
    assert!(message.contains(&changed), "{message}");
    assert_eq!((drive.count("delete"), drive.count("send")), (1, 0));
    assert!(drive.files().is_empty());
}

#[tokio::test]
async fn an_item_without_a_guid_or_an_address_is_not_sent() {
    for item in [
        r#"{"id":"01-x","name":"x","webUrl":"https://contoso.com"}"#,
        r#"{"id":"01-x","eTag":"\"{x\"><script>},1\"","webUrl":"https://contoso.com"}"#,
        r#"{"id":"01-x","eTag":"\"{5FF69C5F-1111-2222-3333-444455556666},1\""}"#,
        r#"{"id":"01-x","eTag":"\"{5FF69C5F-1111-2222-3333-444455556666},1\"","webUrl":"x"}"#,
    ] {
        let drive = Drive::start().await;
        drive.script("look", [Some(Act::Refuse(Reply::new(200, item)))]);
        let file = FileUpload::bytes("a.txt", *b"Hello");
        let (kind, _) = refusal(&drive, file, UploadOptions::default()).await;
        assert_eq!(kind, ErrorKind::Protocol, "{item}");
        assert_eq!(drive.count("send"), 0);
    }
}

#[tokio::test]
async fn a_local_file_is_sent_as_it_is() {
    let drive = Drive::start().await;
    let file = Temporary::new(b"from the disk");
    let message = FileMessage::new("x").with_file(FileUpload::path(&file.0));
    assert!(
        drive
            .client()
            .chat(CHAT)
            .send_files(message)
            .await
            .is_sent()
    );
    assert_eq!(drive.files()[0].1, b"from the disk");
}
