//! A recording of a second emulator, played by the first, driven from outside.

use std::{
    fs,
    sync::{Arc, Mutex},
};

use ms_messenger_emulator::{Emulator, Recorder, Recording, RecordingError};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    outside::Outside,
    record::{Folder, in_front},
};

/// What the clients of these tests do.
async fn talk(out: &Outside) -> (Value, Value) {
    assert_eq!(out.chat("hello").await.status(), 201);
    let message = json!({"body": {"content": "hello", "contentType": "text"}});
    let (status, sent) = out.graph(&out.graph_chat(), &message).await;
    assert_eq!(status, 201, "{sent}");
    let path = format!("{}/{}", out.graph_chat(), sent["id"].as_str().unwrap());
    let read = out.graph_get(&path).await;
    (sent, read)
}

/// A recording of that.
async fn record(folder: &Folder) {
    let service = Emulator::start().await.unwrap();
    let builder = Recorder::builder(service.http_url(), folder.file());
    let (out, recorder) = in_front(builder, service).await;
    talk(&out).await;
    assert_eq!(recorder.shutdown().await.recorded, 3);
}

async fn play(folder: &Folder) -> Outside {
    let recording = Recording::read(folder.file()).unwrap();
    let builder = Emulator::builder().with_replay(recording);
    Outside::of(builder.start().await.unwrap())
}

/// Writes the recording again, exchange `n` changed.
fn edit(folder: &Folder, n: usize, change: impl Fn(&mut Value)) {
    let mut lines = folder.lines();
    change(&mut lines[n]);
    let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
    fs::write(folder.file(), lines.join("\n") + "\n").unwrap();
}

/// The report, its differences as `AT: RECORDED/OURS`.
async fn report(out: &Outside) -> (Value, Vec<String>) {
    let report: Value = out.get("/_emulator/replay").await.json().await.unwrap();
    let all = report["differences"].as_array().unwrap();
    let line = |it: &Value| {
        let text = |name: &str| it[name].as_str().unwrap().to_owned();
        format!(
            "{} {}: {}: {}/{}",
            text("method"),
            text("path"),
            text("at"),
            text("recorded"),
            text("ours")
        )
    };
    let all = all.iter().map(line).collect();
    (report, all)
}

#[tokio::test]
async fn a_recording_responds_and_a_like_emulator_has_no_difference() {
    let folder = Folder::new();
    record(&folder).await;
    edit(&folder, 2, |line| {
        line["response"]["body"]["json"]["importance"] = json!("urgent")
    });
    let recorded = folder.lines()[2]["response"]["body"]["json"].clone();
    let out = play(&folder).await;
    let (sent, read) = talk(&out).await;
    assert_eq!(
        sent["importance"], "urgent",
        "the client gets the recording"
    );
    assert_eq!(sent["createdDateTime"], recorded["createdDateTime"]);
    let stored = out.emulator.messages();
    assert_eq!(
        sent["id"],
        stored[1].message_id.as_str(),
        "what was removed is filled in"
    );
    assert_eq!(sent["body"]["content"], "hello");
    assert_eq!(
        sent["from"]["user"]["id"],
        out.emulator.seed().graph.users[0].id.as_str()
    );
    assert_eq!(sent["chatId"], out.emulator.seed().graph.chat_id.as_str());
    let context = sent["@odata.context"].as_str().unwrap();
    assert!(context.starts_with(&out.base), "{context}");
    assert_eq!(read["id"], sent["id"]);
    let (report, differences) = report(&out).await;
    assert_eq!(differences, [""; 0]);
    for (name, count) in [
        ("exchanges", 3),
        ("replayed", 3),
        ("left", 0),
        ("unmatched", 0),
    ] {
        assert_eq!(report[name], count, "{name}");
    }
    assert_eq!(stored.len(), 2, "the services did the same work beside it");
}

#[tokio::test]
async fn what_no_exchange_is_left_for_is_served_and_counted() {
    let folder = Folder::new();
    record(&folder).await;
    let out = play(&folder).await;
    let created = folder.lines()[2]["response"]["body"]["json"]["createdDateTime"].clone();
    assert_eq!(talk(&out).await.0["createdDateTime"], created);
    let (sent, read) = talk(&out).await;
    assert_ne!(sent["createdDateTime"], created);
    assert_eq!(read["body"]["content"], "hello");
    assert_eq!(report(&out).await.0["unmatched"], 3);
    let reset = out.post("/_emulator/reset").send().await.unwrap();
    assert_eq!(reset.status(), 204);
    assert_eq!(
        talk(&out).await.0["createdDateTime"],
        created,
        "a reset begins again"
    );
    assert_eq!(report(&out).await.0["unmatched"], 0);
}

#[tokio::test]
async fn an_edited_recording_differs_in_exactly_what_was_edited() {
    let folder = Folder::new();
    record(&folder).await;
    edit(&folder, 1, |line| line["response"]["status"] = json!(200));
    edit(&folder, 2, |line| {
        let body = &mut line["response"]["body"]["json"];
        body["newMember"] = json!(true);
        body.as_object_mut().unwrap().remove("webUrl");
        body["importance"] = json!(7);
    });
    edit(&folder, 3, |line| {
        let headers = line["response"]["headers"].as_array_mut().unwrap();
        headers.push(json!(["retry-after", "1"]));
        line["response"]["body"]["json"]["createdDateTime"] = json!("yesterday");
    });
    let found = Arc::new(Mutex::new(Vec::new()));
    let keep = Arc::clone(&found);
    let recording = Recording::read(folder.file()).unwrap();
    let recording = recording.with_listener(move |it| keep.lock().unwrap().push(it.to_string()));
    let emulator = Emulator::builder()
        .with_replay(recording)
        .start()
        .await
        .unwrap();
    let out = Outside::of(emulator);
    assert_eq!(
        out.chat("hello").await.status(),
        200,
        "the client gets the recorded status"
    );
    let message = json!({"body": {"content": "hello"}});
    let (_, sent) = out.graph(&out.graph_chat(), &message).await;
    assert_eq!(sent["importance"], 7);
    let path = format!("{}/{}", out.graph_chat(), sent["id"].as_str().unwrap());
    out.graph_get(&path).await;
    let (report, differences) = report(&out).await;
    let (chat, read) = (
        "POST /v1.0/chats/{id}/messages",
        "GET /v1.0/chats/{id}/messages/{id}",
    );
    let expected = [
        "POST /chat/threads/{id}/messages: status: 200/201".to_owned(),
        format!("{chat}: $.importance: number/word"),
        format!("{chat}: $.newMember: boolean/absent"),
        format!("{chat}: $.webUrl: absent/null"),
        format!("{read}: header retry-after: present/absent"),
        format!("{read}: $.createdDateTime: string/date"),
    ];
    assert_eq!(differences, expected);
    assert_eq!(report["differences"][1]["exchange"], 2);
    let heard = found.lock().unwrap().clone();
    assert_eq!(heard.len(), expected.len());
    assert_eq!(
        heard[0],
        "POST /chat/threads/{id}/messages: status: recorded 200, ours 201"
    );
}

#[tokio::test]
async fn a_difference_is_reported_once_and_counted() {
    let folder = Folder::new();
    record(&folder).await;
    let mut lines = folder.lines();
    for n in 0..3 {
        let mut again = lines[1].clone();
        again["n"] = json!(4 + n);
        again["response"]["status"] = json!(202);
        lines.push(again);
    }
    let lines: Vec<String> = lines.iter().map(Value::to_string).collect();
    fs::write(folder.file(), lines.join("\n") + "\n").unwrap();
    let out = play(&folder).await;
    for _ in 0..4 {
        out.chat("hello").await;
    }
    let (report, differences) = report(&out).await;
    assert_eq!(differences.len(), 1, "{differences:?}");
    assert_eq!(report["differences"][0]["count"], 3);
}

#[tokio::test]
async fn a_path_that_the_emulator_does_not_know_is_a_difference() {
    let folder = Folder::new();
    record(&folder).await;
    edit(&folder, 1, |line| {
        line["request"]["method"] = json!("GET");
        line["request"]["path"] = json!("/v1.0/communications/onlineMeetings");
        line["response"]["status"] = json!(200);
    });
    let out = play(&folder).await;
    let token = out.emulator.seed().graph.token.clone();
    let target = "/v1.0/communications/onlineMeetings";
    let (status, _) = out.bear(&token, Method::GET, target, Value::Null).await;
    assert_eq!(status, 200);
    let (_, differences) = report(&out).await;
    let first = differences.first().map(String::as_str);
    assert_eq!(first, Some("GET /v1.0/{id}/{id}: status: 200/404"));
}

#[tokio::test]
async fn fault_rules_are_seen_instead_of_the_recording() {
    let folder = Folder::new();
    record(&folder).await;
    let out = play(&folder).await;
    out.faults(json!({"rules": [{"match": {"operation": "send"}, "action": {"kind": "status", "status": 503}}]})).await;
    assert_eq!(out.chat("hello").await.status(), 503);
    assert_eq!(report(&out).await.0["replayed"], 0);
}

#[tokio::test]
async fn without_a_recording_the_report_is_empty() {
    let out = Outside::start().await;
    let (report, differences) = report(&out).await;
    assert_eq!((&report["exchanges"], differences.len()), (&json!(0), 0));
    assert!(out.emulator.replay_report().is_none());
}

#[tokio::test]
async fn a_damaged_or_foreign_file_is_an_error_with_its_line_and_rule() {
    let folder = Folder::new();
    record(&folder).await;
    let text = fs::read_to_string(folder.file()).unwrap();
    let lines: Vec<&str> = text.lines().collect();
    let with = |n: usize, line: &str| {
        let mut lines = lines.clone();
        lines[n] = line;
        lines.join("\n") + "\n"
    };
    let status = lines[2].replace("\"status\":201", "\"status\":99");
    let number = lines[2].replacen("\"n\":2", "\"n\":7", 1);
    let extra = lines[2].replacen("\"n\":2", "\"n\":2,\"secret-member\":1", 1);
    let path = lines[2].replacen("\"path\":\"/", "\"path\":\"", 1);
    let method = lines[2].replacen("\"method\":\"POST\"", "\"method\":\"PO ST\"", 1);
    for (content, line, rule) in [
        (String::new(), 1, "is missing: a recording has a heading"),
        (
            "not a recording\n".to_owned(),
            1,
            "is no heading of a recording of `msm emulator record`",
        ),
        (
            "{\"messages\":[]}\n".to_owned(),
            1,
            "is no heading of a recording of `msm emulator record`",
        ),
        (
            with(0, &lines[0].replace("recording\":1", "recording\":2")),
            1,
            "ms_messenger_recording: must be 1",
        ),
        (
            text[..text.len() - 1].to_owned(),
            4,
            "is incomplete: it has no end of line",
        ),
        (with(2, "{"), 3, "is no JSON: wrong at column 1"),
        (
            with(2, &status),
            3,
            "response.status: must be from 200 to 599",
        ),
        (
            with(2, &number),
            3,
            "n: must be the number of the exchange, from 1",
        ),
        (
            with(2, &path),
            3,
            "request.path: must begin with / and be at most 8192 visible characters of ASCII",
        ),
        (
            with(2, &method),
            3,
            "request.method: must be a method of HTTP",
        ),
        (with(2, "\u{0}\u{1}"), 3, "is no JSON: wrong at column 1"),
    ] {
        fs::write(folder.file(), content).unwrap();
        let error = Recording::read(folder.file()).unwrap_err();
        let RecordingError::Line {
            line: at,
            rule: broken,
            ..
        } = &error
        else {
            panic!("{error:?}");
        };
        assert_eq!((*at, broken.as_str()), (line, rule));
    }
    fs::write(folder.file(), with(2, &extra)).unwrap();
    let error = Recording::read(folder.file()).unwrap_err().to_string();
    assert!(
        error.contains("line 3: is no exchange of a recording: wrong or missing at column "),
        "{error}"
    );
    assert!(!error.contains("secret-member"), "{error}");
    assert!(matches!(
        Recording::read(&folder.0),
        Err(RecordingError::Read { .. })
    ));
    assert!(matches!(
        Recording::read(folder.0.join("none")),
        Err(RecordingError::Read { .. })
    ));
}

#[test]
fn a_file_without_end_is_read_to_its_limit_alone() {
    let folder = Folder::new();
    let file = fs::File::create(folder.file()).unwrap();
    file.set_len(1 << 40).unwrap();
    let error = Recording::read(folder.file()).unwrap_err();
    assert!(
        error.to_string().ends_with("line 1: is longer than 32 MiB"),
        "{error}"
    );
}
