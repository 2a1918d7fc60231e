//! Uploads whose name is taken meanwhile: committed under another name, without their bytes.

use ms_messenger_core::{FileUpload, StaticToken};
use ms_messenger_emulator::{Emulator, FaultAction, FaultRule, Faults, GraphFault, Platform};
use ms_messenger_testkit::Reply;
use msgraph_chat::{FileMessage, FilesOutcome, GraphChatClient};
use serde_json::json;

use crate::files::drive::{Act, CHAT, Drive, SECRET};

const PIECE: usize = 10 * 327_680;

fn bytes() -> Vec<u8> {
    vec![7; 2 * PIECE + 5]
}

fn message() -> FileMessage {
    FileMessage::new("x").with_file(FileUpload::bytes("large.bin", bytes()))
}

async fn send(drive: &Drive) -> FilesOutcome {
    // Another file takes the name while the last piece is under way.
    let taken = json!({"error": {"code": "nameAlreadyExists"}});
    drive.script(
        "piece",
        [None, None, Some(Act::Conflict(Reply::json(409, &taken)))],
    );
    drive.client().chat(CHAT).send_files(message()).await
}

fn sizes(drive: &Drive) -> Vec<usize> {
    let mut sizes: Vec<usize> = drive.files().iter().map(|(_, it)| it.len()).collect();
    sizes.sort_unstable();
    sizes
}

#[tokio::test]
async fn the_bytes_are_not_sent_again() {
    let drive = Drive::start().await;
    let outcome = send(&drive).await;
    assert!(outcome.is_sent(), "{outcome:?}");
    assert_eq!((drive.count("session"), drive.count("piece")), (1, 3));
    assert_eq!(drive.count("commit"), 1);
    let commit = drive.request("commit");
    let name = outcome.files[0].name.as_str();
    let source = format!("{}/session?{SECRET}", drive.double.url());
    assert_eq!(
        commit.json(),
        json!({"name": name, "@microsoft.graph.conflictBehavior": "fail",
            "@microsoft.graph.sourceUrl": source})
    );
    assert!(commit.header("authorization").is_some());
    assert!(commit.target.ends_with(".bin:"), "{}", commit.target);
    assert_eq!(sizes(&drive), [3, bytes().len()]);
    assert!(drive.files().iter().any(|(stored, _)| stored == name));
    assert!(!format!("{outcome:?}").contains("hunter2"));
}

#[tokio::test]
async fn a_commit_without_a_response_is_looked_up() {
    for (act, commits) in [
        (Act::Lose(Reply::close()), 1),
        (Act::Lose(Reply::new(504, "")), 1),
        (Act::Refuse(Reply::close()), 2),
    ] {
        let drive = Drive::start().await;
        drive.script("commit", [Some(act)]);
        let outcome = send(&drive).await;
        assert!(outcome.is_sent(), "{outcome:?}");
        assert_eq!(drive.count("piece"), 3);
        assert_eq!(drive.count("commit"), commits);
        assert_eq!(sizes(&drive), [3, bytes().len()]);
        assert_eq!(drive.messages().len(), 1);
    }
}

#[tokio::test]
async fn the_bytes_are_sent_again_where_the_session_is_gone_or_the_service_refuses() {
    for status in [400, 403, 404, 410] {
        let drive = Drive::start().await;
        let error = json!({"error": {"code": "x", "message": "No."}});
        drive.script("commit", [Some(Act::Refuse(Reply::json(status, &error)))]);
        let outcome = send(&drive).await;
        assert!(outcome.is_sent(), "{status}: {outcome:?}");
        assert_eq!((drive.count("session"), drive.count("piece")), (2, 6));
        assert_eq!(sizes(&drive), [3, bytes().len()], "{status}");
        assert_eq!(drive.messages().len(), 1);
    }
}

#[tokio::test]
async fn a_name_that_is_taken_again_leads_to_the_next_one() {
    let drive = Drive::start().await;
    let taken = json!({"error": {"code": "nameAlreadyExists"}});
    drive.script("commit", [Some(Act::Conflict(Reply::json(409, &taken)))]);
    let outcome = send(&drive).await;
    assert!(outcome.is_sent(), "{outcome:?}");
    assert_eq!((drive.count("piece"), drive.count("commit")), (3, 2));
    assert_eq!(sizes(&drive), [3, 3, bytes().len()]);
}

#[tokio::test]
async fn names_that_are_all_taken_end_the_upload_and_the_session() {
    let drive = Drive::start().await;
    let taken = || {
        let body = json!({"error": {"code": "nameAlreadyExists"}});
        Some(Act::Conflict(Reply::json(409, &body)))
    };
    drive.script("commit", [taken(), taken()]);
    let error = send(&drive).await.into_result().unwrap_err();
    assert!(error.is_safe_to_resend(), "{error}");
    assert_eq!((drive.count("commit"), drive.count("cancel")), (2, 1));
    assert_eq!(drive.count("send"), 0);
}

#[tokio::test]
async fn the_emulator_commits_what_the_client_commits() {
    let emulator = Emulator::start().await.unwrap();
    let graph = &emulator.seed().graph;
    let last = FaultRule::new(GraphFault::NameConflict.into())
        .with_platform(Platform::MSGRAPH_CHAT)
        .with_operation("drive.session.piece")
        .with_nth([3]);
    // The first attempt finds no folder; there is no other session for bytes that are sent again.
    let again = FaultRule::new(FaultAction::status(507))
        .with_operation("drive.session.create")
        .with_nth([3]);
    emulator.set_faults(Faults::new().with_rule(last).with_rule(again));
    let client = GraphChatClient::builder(StaticToken::new(graph.token.as_str()));
    let client = client.with_base_url(&graph.base).build().unwrap();
    let outcome = client
        .chat(graph.chat_id.as_str())
        .send_files(message())
        .await;
    assert!(outcome.is_sent(), "{outcome:?}");
    let files = emulator.files();
    let own = files
        .iter()
        .find(|it| it.name == outcome.files[0].name)
        .unwrap();
    assert_eq!(own.size, bytes().len() as u64);
    assert!(own.messages[0].denied.is_empty());
    assert_eq!(files.len(), 2, "the other one has the first name");
}
