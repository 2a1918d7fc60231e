//! Upload sessions, status by status.

use std::io::Write as _;

use crate::outside::{
    Outside,
    files::{STEP, asks, bytes, code},
    graph::ALICE,
};
use ms_messenger_emulator::{Emulator, FaultAction, GraphFault, Platform, When};
use serde_json::{Value, json};

async fn status_of(out: &Outside, url: &str) -> (u16, Value) {
    Outside::ask(out.client.get(url)).await
}

#[tokio::test]
async fn pieces_in_order_make_a_file() {
    let out = Outside::start().await;
    let whole = bytes(2 * STEP + 7);
    let body = json!({"item": {"@microsoft.graph.conflictBehavior": "fail", "name": "a.bin",
        "fileSize": whole.len()}, "deferCommit": false});
    let (_, session) = out.asked_session("a.bin", body).await;
    assert_eq!(session["nextExpectedRanges"], json!(["0-"]));
    let url = session["uploadUrl"].as_str().unwrap();
    assert!(
        url.starts_with(&format!("{}/_api/v2.0/", out.base)),
        "{url}"
    );
    assert!(url.contains("&tempauth="), "{url}");
    let (status, answer) = out.put_piece(url, &whole, 0, STEP).await;
    assert_eq!(
        (status, &answer["nextExpectedRanges"]),
        (202, &json!([format!("{STEP}-")]))
    );
    assert!(answer["expirationDateTime"].is_string());
    assert_eq!(
        out.file("a.bin").await.0,
        404,
        "nothing is there before the end"
    );
    assert_eq!(out.put_piece(url, &whole, STEP, 2 * STEP).await.0, 202);
    let (status, item) = out.put_piece(url, &whole, 2 * STEP, whole.len()).await;
    assert_eq!((status, &item["size"]), (201, &json!(whole.len())));
    let content = "/v1.0/me/drive/root:/a.bin:/content";
    assert_eq!(out.read_file(ALICE, content).await.1, whole);
    // A completed session is gone.
    let (status, error) = out.put_piece(url, &whole, 2 * STEP, whole.len()).await;
    assert_eq!((status, code(&error)), (404, "itemNotFound"));
    assert_eq!(status_of(&out, url).await.0, 404);
}

#[tokio::test]
async fn a_piece_out_of_order_or_repeated_is_416_and_the_status_says_what_is_wanted() {
    let out = Outside::start().await;
    let whole = bytes(3 * STEP);
    let url = out.session("a", asks("fail")).await;
    let (status, error) = out.put_piece(&url, &whole, STEP, 2 * STEP).await;
    assert_eq!((status, code(&error)), (416, "invalidRange"));
    assert_eq!(out.put_piece(&url, &whole, 0, STEP).await.0, 202);
    let (status, error) = out.put_piece(&url, &whole, 0, STEP).await;
    assert_eq!((status, code(&error)), (416, "invalidRange"));
    assert_eq!(out.put_piece(&url, &whole, 0, 2 * STEP).await.0, 416);
    let (status, now) = status_of(&out, &url).await;
    assert_eq!(
        (status, &now["nextExpectedRanges"]),
        (200, &json!([format!("{STEP}-")]))
    );
    assert_eq!(out.put_piece(&url, &whole, STEP, 3 * STEP).await.0, 201);
}

#[tokio::test]
async fn a_malformed_piece_is_refused_and_leaves_the_session_as_it_was() {
    let out = Outside::start().await;
    let whole = bytes(2 * STEP);
    let url = out.session("a", asks("fail")).await;
    assert_eq!(out.put_piece(&url, &whole, 0, STEP).await.0, 202);
    let with = |range: &str, length: usize| {
        let put = out.client.put(&url).header("content-range", range);
        Outside::ask(put.body(vec![0; length]))
    };
    let (from, end) = (STEP, 2 * STEP - 1);
    for (range, length) in [
        (String::new(), 5),
        (format!("bytes {from}-{end}"), STEP),
        (format!("bytes {from}-{end}/*"), STEP),
        (format!("bytes {from}-{end}/{}", 2 * STEP), STEP - 1),
        (format!("bytes {from}-{end}/{}", 3 * STEP), STEP),
        (format!("bytes {from}-{}/{}", from + 99, 2 * STEP), 100),
        (format!("bytes {end}-{from}/{}", 2 * STEP), STEP),
        (format!("bytes {from}-{}/{}", 2 * STEP, 2 * STEP), STEP + 1),
        (
            "bytes 18446744073709551615-18446744073709551615/18446744073709551615".to_owned(),
            1,
        ),
    ] {
        let (status, error) = with(&range, length).await;
        assert_eq!((status, code(&error)), (400, "invalidRequest"), "{range}");
    }
    let none = Outside::ask(out.client.put(&url).body(vec![0; STEP])).await;
    assert_eq!(none.0, 400);
    assert_eq!(out.put_piece(&url, &whole, STEP, 2 * STEP).await.0, 201);
}

#[tokio::test]
async fn a_piece_of_60_mib_is_too_large_and_its_bytes_are_not_read() {
    let out = Outside::start().await;
    let url = out.session("a", asks("fail")).await;
    let head = |length: usize| {
        let path = url.strip_prefix(&out.base).unwrap();
        format!(
            "PUT {path} HTTP/1.1\r\nhost: x\r\ncontent-range: bytes 0-{}/{length}\r\n\
             content-length: {length}\r\n\r\n",
            length - 1
        )
    };
    let (answer, _) = out.exchange(&head(60 << 20));
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert_eq!(
        status_of(&out, &url).await.1["nextExpectedRanges"],
        json!(["0-"])
    );
}

#[tokio::test]
async fn a_piece_whose_request_is_cut_is_thrown_away() {
    let out = Outside::start().await;
    let whole = bytes(2 * STEP);
    let url = out.session("a", asks("fail")).await;
    let path = url.strip_prefix(&out.base).unwrap();
    let mut socket = out.socket();
    let head = format!(
        "PUT {path} HTTP/1.1\r\nhost: x\r\ncontent-range: bytes 0-{}/{}\r\n\
         content-length: {STEP}\r\n\r\n",
        STEP - 1,
        2 * STEP
    );
    socket.write_all(head.as_bytes()).unwrap();
    socket.write_all(&whole[..STEP / 2]).unwrap();
    drop(socket);
    assert_eq!(
        status_of(&out, &url).await.1["nextExpectedRanges"],
        json!(["0-"])
    );
    assert_eq!(out.put_piece(&url, &whole, 0, 2 * STEP).await.0, 201);
}

#[tokio::test]
async fn an_authorization_header_is_401_at_every_request_of_a_session() {
    let out = Outside::start().await;
    let url = out.session("a", asks("fail")).await;
    let token = &out.emulator.seed().graph.token;
    for method in ["PUT", "GET", "POST", "DELETE"] {
        let (status, error) = Outside::ask(out.with_token(token, method, &url)).await;
        assert_eq!((status, code(&error)), (401, "unauthenticated"), "{method}");
    }
    let (secretless, _) = url.split_once("&tempauth").unwrap();
    assert_eq!(status_of(&out, secretless).await.0, 401);
    assert_eq!(status_of(&out, &format!("{url}0")).await.0, 401);
    assert_eq!(status_of(&out, &url).await.0, 200);
}

#[tokio::test]
async fn a_session_is_cancelled_once() {
    let out = Outside::start().await;
    let whole = bytes(STEP);
    let sessions = async || {
        let drives = out.get("/_emulator/drives").await;
        let drives: Value = drives.json().await.unwrap();
        let drives = drives.as_array().unwrap().iter();
        drives.filter_map(|it| it["sessions"].as_u64()).sum::<u64>()
    };
    let url = out.session("a", asks("fail")).await;
    assert_eq!(sessions().await, 1);
    assert_eq!(
        Outside::ask(out.client.delete(&url)).await,
        (204, Value::Null)
    );
    assert_eq!(sessions().await, 0);
    assert_eq!(out.put_piece(&url, &whole, 0, STEP).await.0, 404);
    assert_eq!(Outside::ask(out.client.delete(&url)).await.0, 404);
    assert_eq!(out.file("a").await.0, 404);
}

#[tokio::test]
async fn a_session_expires_by_the_services_clock_and_each_piece_moves_its_end() {
    let out = Outside::start().await;
    let whole = bytes(2 * STEP);
    let url = out.session("a", asks("fail")).await;
    out.emulator.set_clock_offset(6 * 86_400).unwrap();
    assert_eq!(out.put_piece(&url, &whole, 0, STEP).await.0, 202);
    out.emulator.set_clock_offset(12 * 86_400).unwrap();
    assert_eq!(status_of(&out, &url).await.0, 200);
    out.emulator.set_clock_offset(14 * 86_400).unwrap();
    let (status, error) = out.put_piece(&url, &whole, STEP, 2 * STEP).await;
    assert_eq!((status, code(&error)), (404, "itemNotFound"));
}

#[tokio::test]
async fn a_name_that_was_taken_meanwhile_is_409_and_the_bytes_go_under_another() {
    let out = Outside::start().await;
    let whole = bytes(STEP + 1);
    let url = out.session("a.bin", asks("fail")).await;
    assert_eq!(out.put_piece(&url, &whole, 0, STEP).await.0, 202);
    out.put_file("a.bin", "mine").await;
    let (status, error) = out.put_piece(&url, &whole, STEP, STEP + 1).await;
    assert_eq!((status, code(&error)), (409, "nameAlreadyExists"));
    assert_eq!(
        status_of(&out, &url).await.1["nextExpectedRanges"],
        json!([])
    );
    let commit = |path: &str, body: Value| {
        let path = format!("/v1.0/me/drive/root:/{path}");
        Outside::ask(out.of_user(ALICE, "PUT", &path).json(&body))
    };
    let again = json!({"@microsoft.graph.sourceUrl": url});
    assert_eq!(commit("a.bin", again.clone()).await.0, 409);
    let other = json!({"name": "b.bin", "@microsoft.graph.conflictBehavior": "rename",
        "@microsoft.graph.sourceUrl": url});
    let (status, item) = commit("a.bin", other.clone()).await;
    assert_eq!((status, &item["name"]), (201, &json!("b.bin")));
    let content = "/v1.0/me/drive/root:/b.bin:/content";
    assert_eq!(out.read_file(ALICE, content).await.1, whole);
    let kept = "/v1.0/me/drive/root:/a.bin:/content";
    assert_eq!(out.read_file(ALICE, kept).await.1, b"mine");
    assert_eq!(commit("c.bin", other).await.0, 404, "the session is gone");
    for source in [
        json!(null),
        json!(7),
        json!("https://a.test/x"),
        json!("x/uploadSession?guid=1"),
    ] {
        let body = json!({"@microsoft.graph.sourceUrl": source});
        let status = commit("c.bin", body).await.0;
        assert!([400, 404].contains(&status), "{source}: {status}");
    }
}

#[tokio::test]
async fn a_session_commits_into_a_folder_by_name_only_when_it_is_complete() {
    let out = Outside::start().await;
    let whole = bytes(STEP);
    let url = out.session("a", asks("fail")).await;
    let body = json!({"name": "b", "@microsoft.graph.sourceUrl": url});
    let commit = || Outside::ask(out.of_user(ALICE, "PUT", "/v1.0/me/drive/root").json(&body));
    assert_eq!(commit().await.0, 400);
    out.put_file("a", "x").await;
    assert_eq!(out.put_piece(&url, &whole, 0, STEP).await.0, 409);
    assert_eq!(commit().await.0, 201);
    assert_eq!(out.file("b").await.1["size"], STEP);
}

#[tokio::test]
async fn a_deferred_file_appears_with_its_commit() {
    let out = Outside::start().await;
    let whole = bytes(STEP);
    let url = out.session("a", json!({"deferCommit": true})).await;
    assert_eq!(
        Outside::ask(out.client.post(&url)).await.0,
        400,
        "no bytes yet"
    );
    let (status, answer) = out.put_piece(&url, &whole, 0, STEP).await;
    assert_eq!((status, &answer["nextExpectedRanges"]), (202, &json!([])));
    assert_eq!(out.file("a").await.0, 404);
    let (status, item) = Outside::ask(out.client.post(&url)).await;
    assert_eq!((status, &item["size"]), (201, &json!(STEP)));
    assert_eq!(out.file("a").await.0, 200);
    assert_eq!(Outside::ask(out.client.post(&url)).await.0, 404);
}

#[tokio::test]
async fn the_request_for_a_session_is_judged() {
    let out = Outside::of(
        Emulator::builder()
            .with_drive_quota(1_000_000)
            .start()
            .await
            .unwrap(),
    );
    let (_, taken) = out.put_file("taken", "x").await;
    let (status, error) = out.asked_session("taken", json!({})).await;
    assert_eq!((status, code(&error)), (409, "nameAlreadyExists"));
    let size = |size: Value| json!({"item": {"fileSize": size}});
    let (status, error) = out.asked_session("a", size(json!(1_000_000))).await;
    assert_eq!((status, code(&error)), (507, "quotaLimitReached"));
    for body in [
        size(json!(0)),
        size(json!("1")),
        json!({"item": {"name": "other"}}),
        json!({"deferCommit": 1}),
        asks("maybe"),
        json!({"item": {"@microsoft.graph.conflictBehavior": 1}}),
    ] {
        let (status, error) = out.asked_session("a", body.clone()).await;
        assert_eq!((status, code(&error)), (400, "invalidRequest"), "{body}");
    }
    let path = "/v1.0/me/drive/root:/taken:/createUploadSession";
    let with = |etag: &str| {
        let request = out.of_user(ALICE, "POST", path).header("if-match", etag);
        Outside::ask(request.json(&asks("replace")))
    };
    let (status, error) = with("\"{other},1\"").await;
    assert_eq!((status, code(&error)), (412, "resourceModified"));
    assert_eq!(with(taken["eTag"].as_str().unwrap()).await.0, 200);
    let bare = "/v1.0/me/drive/root:/b:/createUploadSession";
    assert_eq!(Outside::ask(out.of_user(ALICE, "POST", bare)).await.0, 200);
    assert_eq!(out.asked_session("none/a", json!({})).await.0, 404);
}

#[tokio::test]
async fn a_replacing_session_and_one_of_a_file_by_id_return_200() {
    let out = Outside::start().await;
    let whole = bytes(STEP);
    let (_, item) = out.put_file("a", "x").await;
    let url = out.session("a", asks("replace")).await;
    let (status, replaced) = out.put_piece(&url, &whole, 0, STEP).await;
    assert_eq!((status, &replaced["id"]), (200, &item["id"]));
    let path = format!(
        "/v1.0/me/drive/items/{}/createUploadSession",
        item["id"].as_str().unwrap()
    );
    let (_, session) = Outside::ask(out.of_user(ALICE, "POST", &path)).await;
    let url = session["uploadUrl"].as_str().unwrap();
    assert_eq!(out.put_piece(url, &whole, 0, STEP).await.0, 200);
    let url = out.session("a", asks("rename")).await;
    let (status, renamed) = out.put_piece(&url, &whole, 0, STEP).await;
    assert_eq!((status, &renamed["name"]), (201, &json!("a 1")));
}

#[tokio::test]
async fn bytes_under_way_count_against_the_quota() {
    let quota = u64::try_from(3 * STEP).unwrap();
    let out = Outside::of(
        Emulator::builder()
            .with_drive_quota(quota)
            .start()
            .await
            .unwrap(),
    );
    let whole = bytes(2 * STEP);
    let url = out.session("a", asks("fail")).await;
    assert_eq!(out.put_piece(&url, &whole, 0, STEP).await.0, 202);
    assert_eq!(out.put_file("b", bytes(2 * STEP + 1)).await.0, 507);
    let second = out.session("c", asks("fail")).await;
    let (status, error) = out.put_piece(&second, &bytes(2 * STEP + 1), 0, STEP).await;
    assert_eq!((status, code(&error)), (507, "quotaLimitReached"));
    assert_eq!(out.put_piece(&url, &whole, STEP, 2 * STEP).await.0, 201);
    assert_eq!(out.put_file("b", bytes(STEP)).await.0, 201);
}

#[tokio::test]
async fn faults_strike_pieces_before_and_after_they_are_stored() {
    let out = Outside::start().await;
    let whole = bytes(3 * STEP);
    let url = out.session("a", asks("fail")).await;
    let fail = |action| {
        let name = "drive.session.piece";
        out.emulator
            .fail_next(Platform::MSGRAPH_CHAT, name, action)
            .unwrap();
    };
    let wanted = async || status_of(&out, &url).await.1["nextExpectedRanges"].clone();
    fail(FaultAction::Close {
        when: When::AfterRead,
    });
    assert!(out.piece(&url, &whole, 0, STEP).send().await.is_err());
    assert_eq!(wanted().await, json!(["0-"]));
    fail(FaultAction::Reset {
        when: When::AfterStore,
    });
    assert!(out.piece(&url, &whole, 0, STEP).send().await.is_err());
    assert_eq!(wanted().await, json!([format!("{STEP}-")]));
    for status in [503, 507] {
        fail(FaultAction::status(status));
        let (got, error) = out.put_piece(&url, &whole, STEP, 2 * STEP).await;
        let expected = if status == 503 {
            "serviceNotAvailable"
        } else {
            "quotaLimitReached"
        };
        assert_eq!((got, code(&error)), (status, expected));
    }
    // The last response is lost: the file is there.
    fail(FaultAction::Close {
        when: When::AfterStore,
    });
    assert!(
        out.piece(&url, &whole, STEP, 3 * STEP)
            .send()
            .await
            .is_err()
    );
    assert_eq!(out.file("a").await.1["size"], whole.len());
    assert_eq!(status_of(&out, &url).await.0, 404);
}

#[tokio::test]
async fn a_fault_takes_the_name_at_the_last_moment() {
    let out = Outside::start().await;
    let whole = bytes(STEP);
    let url = out.session("a", asks("fail")).await;
    let conflict = json!({"rules": [{"match": {"operation": "drive.session.piece"},
        "action": {"kind": "name_conflict"}}]});
    out.faults(conflict).await;
    let (status, error) = out.put_piece(&url, &whole, 0, STEP).await;
    assert_eq!((status, code(&error)), (409, "nameAlreadyExists"));
    assert_ne!(
        out.file("a").await.1["size"],
        STEP,
        "it is another client's"
    );
    for name in ["drive.upload", "drive.session.create"] {
        let fault = GraphFault::NameConflict.into();
        out.emulator
            .fail_next(Platform::MSGRAPH_CHAT, name, fault)
            .unwrap();
    }
    let path = "/v1.0/me/drive/root:/b:/content?@microsoft.graph.conflictBehavior=fail";
    assert_eq!(
        Outside::ask(out.of_user(ALICE, "PUT", path).body("x"))
            .await
            .0,
        409
    );
    out.emulator
        .set_faults(ms_messenger_emulator::Faults::new());
    let fault = GraphFault::NameConflict.into();
    out.emulator
        .fail_next(Platform::MSGRAPH_CHAT, "drive.session.create", fault)
        .unwrap();
    let url = out.session("c", asks("fail")).await;
    assert_eq!(out.put_piece(&url, &whole, 0, STEP).await.0, 409);
}
