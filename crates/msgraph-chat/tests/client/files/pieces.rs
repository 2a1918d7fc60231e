//! Large files, in pieces.

use std::sync::{Arc, Mutex};

use ms_messenger_core::FileUpload;
use ms_messenger_testkit::Reply;
use msgraph_chat::{FileMessage, FilesOutcome, UploadOptions};
use serde_json::json;

use crate::files::drive::{Act, CHANNEL, Drive, SECRET, TEAM};

const PIECE: usize = 10 * 327_680;

fn bytes() -> Vec<u8> {
    let mut bytes = b"bytes of a large file ".repeat(2 * PIECE / 22 + 2);
    bytes.truncate(2 * PIECE + 5);
    bytes
}

async fn send(drive: &Drive, options: UploadOptions) -> FilesOutcome {
    let file = FileUpload::bytes("large.bin", bytes());
    let message = FileMessage::new("x").with_file(file).with_options(options);
    let channel = drive.client().channel(TEAM, CHANNEL);
    channel.send_files(message).await
}

fn ranges(drive: &Drive) -> Vec<String> {
    let requests = drive.double.requests();
    let pieces = requests
        .iter()
        .filter(|it| crate::files::drive::step(it) == "piece");
    pieces
        .map(|it| it.header("content-range").unwrap().to_owned())
        .collect()
}

const FIRST: &str = "bytes 0-3276799/6553605";
const SECOND: &str = "bytes 3276800-6553599/6553605";
const LAST: &str = "bytes 6553600-6553604/6553605";

fn stored_once(drive: &Drive) {
    let files = drive.files();
    assert_eq!(files.len(), 1);
    assert!(files[0].1 == bytes());
    assert_eq!(drive.messages().len(), 1);
}

#[tokio::test]
async fn pieces_are_sent_in_order_without_a_credential() {
    let drive = Drive::start().await;
    let seen = Arc::new(Mutex::new(Vec::new()));
    let noted = Arc::clone(&seen);
    let options = UploadOptions::default().with_progress(move |progress| {
        noted.lock().unwrap().push((progress.sent, progress.total));
    });
    let outcome = send(&drive, options).await;
    assert!(outcome.is_sent(), "{outcome:?}");
    assert_eq!(ranges(&drive), [FIRST, SECOND, LAST]);
    let total = bytes().len() as u64;
    assert_eq!(
        *seen.lock().unwrap(),
        [(3_276_800, total), (6_553_600, total), (total, total)]
    );
    let session = drive.request("session");
    assert_eq!(
        session.json(),
        json!({"item": {"@microsoft.graph.conflictBehavior": "fail",
            "name": outcome.files[0].name, "fileSize": total}})
    );
    for request in drive.double.requests() {
        let is_secret = request.target.contains(SECRET);
        assert_eq!(is_secret, request.header("authorization").is_none());
    }
    stored_once(&drive);
}

#[tokio::test]
async fn a_piece_without_a_response_is_continued_from_where_the_service_is() {
    for (act, status) in [
        (Act::Refuse(Reply::close()), 1),
        (Act::Lose(Reply::close()), 1),
        (Act::Lose(Reply::new(500, "")), 1),
        (
            Act::Refuse(Reply::new(503, "").with_header("retry-after", "0")),
            1,
        ),
        (
            Act::Refuse(Reply::new(429, "").with_header("retry-after", "0")),
            1,
        ),
        (Act::Refuse(Reply::new(416, "")), 1),
    ] {
        let drive = Drive::start().await;
        drive.script("piece", [None, Some(act)]);
        let outcome = send(&drive, UploadOptions::default()).await;
        assert!(outcome.is_sent(), "{outcome:?}");
        assert_eq!(drive.count("status"), status);
        assert_eq!(drive.count("session"), 1);
        stored_once(&drive);
    }
}

#[tokio::test]
async fn a_lost_last_piece_is_looked_up_and_not_sent_again() {
    let drive = Drive::start().await;
    drive.script("piece", [None, None, Some(Act::Lose(Reply::close()))]);
    let outcome = send(&drive, UploadOptions::default()).await;
    assert!(outcome.is_sent(), "{outcome:?}");
    assert_eq!(ranges(&drive), [FIRST, SECOND, LAST]);
    assert_eq!(drive.steps()[5..], ["status", "look", "send"]);
    stored_once(&drive);
}

#[tokio::test]
async fn a_session_that_ended_is_replaced_where_the_file_is_not_there() {
    for status in [404, 401] {
        let drive = Drive::start().await;
        drive.script("piece", [None, Some(Act::Refuse(Reply::new(status, "")))]);
        let outcome = send(&drive, UploadOptions::default()).await;
        assert!(outcome.is_sent(), "{outcome:?}");
        assert_eq!(drive.count("session"), 2);
        stored_once(&drive);
    }
}

#[tokio::test]
async fn a_name_that_is_taken_meanwhile_is_looked_up() {
    let drive = Drive::start().await;
    let taken = Reply::json(409, &json!({"error": {"code": "upload_name_conflict"}}));
    drive.script("piece", [None, None, Some(Act::Lose(taken))]);
    let outcome = send(&drive, UploadOptions::default()).await;
    assert!(outcome.is_sent(), "{outcome:?}");
    assert_eq!(drive.count("session"), 1);
    stored_once(&drive);
}

#[tokio::test]
async fn a_service_that_wants_the_same_bytes_for_ever_is_given_up() {
    let drive = Drive::start().await;
    let again = || {
        let body = json!({"nextExpectedRanges": ["0-"]});
        Some(Act::Refuse(Reply::json(202, &body)))
    };
    drive.script("piece", std::iter::repeat_with(again).take(64));
    let outcome = send(&drive, UploadOptions::default()).await;
    assert!(!outcome.is_sent());
    assert!(drive.count("piece") < 20);
    assert_eq!(drive.count("send"), 0);
}

#[tokio::test]
async fn ranges_that_are_no_ranges_end_the_upload() {
    for range in ["10485766-", "-", "x", "99999999999999999999-", ""] {
        let drive = Drive::start().await;
        let body = json!({"nextExpectedRanges": [range]});
        drive.script("piece", [Some(Act::Refuse(Reply::json(202, &body)))]);
        let outcome = send(&drive, UploadOptions::default()).await;
        assert!(!outcome.is_sent(), "{range}");
        assert_eq!(drive.count("send"), 0);
    }
}

#[tokio::test]
async fn a_full_drive_ends_the_upload_and_the_session() {
    let drive = Drive::start().await;
    drive.script("piece", [None, Some(Act::Refuse(Reply::new(507, "")))]);
    let outcome = send(&drive, UploadOptions::default()).await;
    let error = outcome.into_result().unwrap_err();
    assert!(error.is_safe_to_resend());
    assert!(error.message().contains("no room"), "{error}");
    assert_eq!(drive.count("cancel"), 1);
    assert_eq!((drive.files().len(), drive.messages().len()), (0, 0));
}

#[tokio::test]
async fn the_end_of_a_session_is_retried_until_it_has_ended() {
    for (act, cancels) in [
        (Act::Refuse(Reply::close()), 2),
        (Act::Lose(Reply::close()), 2),
        (Act::Refuse(Reply::new(503, "")), 2),
        (Act::Refuse(Reply::new(404, "")), 1),
    ] {
        let drive = Drive::start().await;
        drive.script("piece", [None, Some(Act::Refuse(Reply::new(403, "")))]);
        drive.script("cancel", [Some(act)]);
        let error = send(&drive, UploadOptions::default()).await.into_result();
        assert!(error.unwrap_err().is_safe_to_resend());
        assert_eq!(drive.count("cancel"), cancels);
    }
}

#[tokio::test]
async fn an_upload_address_that_is_no_https_is_not_used_and_not_shown() {
    let drive = Drive::start().await;
    for address in [
        format!("http://contoso.com/session?{SECRET}"),
        format!("https://u:{SECRET}@contoso.com/"),
        format!("file:///{SECRET}"),
        SECRET.to_owned(),
    ] {
        let session = Reply::json(200, &json!({ "uploadUrl": address }));
        drive.script("session", [Some(Act::Refuse(session))]);
        let outcome = send(&drive, UploadOptions::default()).await;
        let text = format!("{outcome:?}");
        assert!(!text.contains("hunter2"), "{text}");
        let error = outcome.into_result().unwrap_err();
        assert!(error.is_safe_to_resend(), "{error}");
    }
    assert_eq!(drive.count("piece") + drive.count("send"), 0);
}
