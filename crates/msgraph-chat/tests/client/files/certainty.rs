//! Lost responses and refusals of each step: nothing is uploaded or sent twice, and what remains is
//! said.

use ms_messenger_core::{Delivery, ErrorKind, FileUpload};
use ms_messenger_testkit::Reply;
use msgraph_chat::{FileMessage, FilesOutcome, Remains, UploadOptions};
use serde_json::json;

use crate::files::drive::{Act, CHAT, Drive};

async fn send(drive: &Drive, options: UploadOptions) -> FilesOutcome {
    let file = FileUpload::bytes("a.txt", *b"Hello");
    let message = FileMessage::new("x").with_file(file).with_options(options);
    drive.client().chat(CHAT).send_files(message).await
}

fn refused(status: u16) -> Option<Act> {
    let body = json!({"error": {"code": "accessDenied", "message": "No access."}});
    Some(Act::Refuse(Reply::json(status, &body)))
}

#[tokio::test]
async fn an_upload_without_a_response_is_looked_up_and_not_repeated() {
    for reply in [Reply::close(), Reply::new(500, ""), Reply::new(504, "")] {
        let drive = Drive::start().await;
        drive.script("put", [Some(Act::Lose(reply))]);
        let outcome = send(&drive, UploadOptions::default()).await;
        assert!(outcome.is_sent(), "{outcome:?}");
        assert_eq!(drive.steps(), ["members", "put", "look", "invite", "send"]);
        assert_eq!((drive.files().len(), drive.messages().len()), (1, 1));
    }
}

#[tokio::test]
async fn an_upload_that_was_not_stored_is_repeated_under_the_same_name() {
    let drive = Drive::start().await;
    drive.script("put", [Some(Act::Refuse(Reply::close()))]);
    let outcome = send(&drive, UploadOptions::default()).await;
    assert!(outcome.is_sent(), "{outcome:?}");
    let requests = drive.double.requests();
    let puts: Vec<_> = requests.iter().filter(|it| it.method == "PUT").collect();
    assert_eq!(puts.len(), 2);
    assert_eq!(puts[0].target, puts[1].target);
    assert_eq!((drive.files().len(), drive.messages().len()), (1, 1));
}

#[tokio::test]
async fn an_upload_that_stays_in_doubt_is_said_to_and_nothing_is_sent() {
    let drive = Drive::start().await;
    drive.script("put", [Some(Act::Lose(Reply::close()))]);
    drive.script("look", (0..8).map(|_| Some(Act::Refuse(Reply::close()))));
    let outcome = send(&drive, UploadOptions::default()).await;
    assert_eq!(outcome.files[0].remains, Remains::Unknown);
    assert_eq!(outcome.remaining().count(), 1);
    assert_eq!(drive.count("put"), 1);
    let error = outcome.into_result().unwrap_err();
    assert_eq!(error.delivery(), Delivery::NotSent);
    assert!(error.message().contains("may be in the drive"), "{error}");
    assert!(drive.messages().is_empty());
}

#[tokio::test]
async fn a_refused_step_ends_the_send_and_the_file_is_deleted() {
    for (step, status, steps) in [
        ("members", 403, &["members"][..]),
        ("put", 403, &["members", "put"][..]),
        (
            "invite",
            403,
            &["members", "put", "look", "invite", "delete"][..],
        ),
        (
            "send",
            403,
            &["members", "put", "look", "invite", "send", "delete"][..],
        ),
        (
            "send",
            413,
            &["members", "put", "look", "invite", "send", "delete"][..],
        ),
    ] {
        let drive = Drive::start().await;
        drive.script(step, [refused(status)]);
        let outcome = send(&drive, UploadOptions::default()).await;
        assert_eq!(drive.steps(), steps, "{step}");
        assert_eq!(outcome.files[0].remains, Remains::No, "{step}");
        let error = outcome.into_result().unwrap_err();
        assert_eq!(error.delivery(), Delivery::NotSent, "{step}");
        assert_eq!(error.status(), Some(status));
        assert_eq!(error.operation(), None, "{error}");
        assert_eq!((drive.files().len(), drive.messages().len()), (0, 0));
    }
}

#[tokio::test]
async fn a_file_is_kept_where_the_caller_wants_it_or_deleting_it_fails() {
    let drive = Drive::start().await;
    drive.script("send", [refused(403)]);
    let keep = UploadOptions::default().with_keep_unsent(true);
    let outcome = send(&drive, keep).await;
    assert_eq!(drive.count("delete"), 0);
    assert_eq!(outcome.files[0].remains, Remains::Yes);
    let error = outcome.into_result().unwrap_err();
    assert!(
        error.message().contains("uploaded files remain: item 01"),
        "{error}"
    );

    let drive = Drive::start().await;
    drive.script("send", [refused(403)]);
    drive.script("delete", [refused(423)]);
    let outcome = send(&drive, UploadOptions::default()).await;
    assert_eq!(outcome.files[0].remains, Remains::Yes);
    assert_eq!(drive.files().len(), 1);
}

#[tokio::test]
async fn a_message_of_which_it_is_unknown_keeps_its_file() {
    for act in [
        Act::Lose(Reply::close()),
        Act::Refuse(Reply::close()),
        Act::Lose(Reply::new(504, "")),
    ] {
        let drive = Drive::start().await;
        drive.script("send", [Some(act)]);
        let outcome = send(&drive, UploadOptions::default()).await;
        assert_eq!((drive.count("send"), drive.count("delete")), (1, 0));
        assert_eq!(outcome.files[0].remains, Remains::Yes);
        let error = outcome.into_result().unwrap_err();
        assert_eq!(error.delivery(), Delivery::Unknown);
        assert!(error.evidence().unwrap().mark.is_some());
    }
}

#[tokio::test]
async fn a_member_without_access_ends_the_send() {
    let drive = Drive::start().await;
    let partly = json!({"value": [{"id": "p"}, {"error": {"code": "invalidRequest"}}]});
    drive.script("invite", [Some(Act::Refuse(Reply::json(200, &partly)))]);
    let error = send(&drive, UploadOptions::default())
        .await
        .into_result()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::PermissionDenied);
    assert!(error.message().contains("1 of 2 members"), "{error}");
    assert_eq!((drive.files().len(), drive.messages().len()), (0, 0));
}

#[tokio::test]
async fn a_file_of_an_earlier_send_is_never_deleted() {
    let drive = Drive::start().await;
    let file = FileUpload::bytes("a.txt", *b"Hello").with_key(ms_messenger_core::Uuid::nil());
    let message = || FileMessage::new("x").with_file(file.clone());
    let chat = drive.client().chat(CHAT);
    drive.script("send", [Some(Act::Lose(Reply::close())), refused(403)]);
    let first = chat.send_files(message()).await.into_result().unwrap_err();
    assert_eq!(first.delivery(), Delivery::Unknown);
    let second = chat.send_files(message()).await;
    assert_eq!(second.files[0].remains, Remains::Yes);
    assert!(second.into_result().unwrap_err().is_safe_to_resend());
    // The first message refers to it.
    assert_eq!((drive.files().len(), drive.messages().len()), (1, 1));
}

#[tokio::test]
async fn a_hidden_drive_and_a_full_one_are_explained() {
    let drive = Drive::start().await;
    let hidden = json!({"error": {"code": "itemNotFound", "message": "Item does not exist"}});
    let hidden = || Some(Act::Refuse(Reply::json(404, &hidden)));
    drive.script("put", [hidden(), hidden()]);
    drive.script("create", [hidden()]);
    let error = send(&drive, UploadOptions::default())
        .await
        .into_result()
        .unwrap_err();
    assert_eq!(error.kind(), ErrorKind::NotFound);
    assert!(error.message().contains("Files.ReadWrite"), "{error}");

    let drive = Drive::start().await;
    drive.script("put", [refused(507)]);
    let error = send(&drive, UploadOptions::default())
        .await
        .into_result()
        .unwrap_err();
    assert!(error.message().contains("no room"), "{error}");
    assert!(error.is_safe_to_resend());
    assert_eq!(drive.count("put"), 1);
}
