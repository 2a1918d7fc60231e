//! A recorder in front of a second emulator, driven from outside.

use std::{fs, path::PathBuf, time::SystemTime};

use ms_messenger_emulator::{Emulator, RecordError, Recorder, RecorderBuilder};
use serde_json::{Value, json};

use crate::outside::{Outside, client};

/// A folder that is removed in the end.
pub(crate) struct Folder(pub(crate) PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        let name = format!("recording-{}-{}", std::process::id(), fastrand::u64(..));
        let folder = std::env::temp_dir().join(name);
        fs::create_dir_all(&folder).unwrap();
        Self(folder)
    }

    pub(crate) fn file(&self) -> PathBuf {
        self.0.join("recording.jsonl")
    }

    pub(crate) fn lines(&self) -> Vec<Value> {
        let text = fs::read_to_string(self.file()).unwrap();
        text.lines()
            .map(|line| serde_json::from_str(line).unwrap())
            .collect()
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A client of the recorder: it has the seed of the emulator behind it.
pub(crate) async fn in_front(builder: RecorderBuilder, service: Emulator) -> (Outside, Recorder) {
    let recorder = builder.start().await.unwrap();
    let mut out = Outside::of(service);
    recorder.http_url().clone_into(&mut out.base);
    (out, recorder)
}

/// Everything that must not be in a file of the seeded world.
pub(crate) fn assert_nobody_is_in(text: &str, out: &Outside, texts: &[&str]) {
    let seed = out.emulator.seed();
    let mut secrets = vec![
        seed.acs.access_key.clone(),
        seed.acs.thread_id.clone(),
        seed.graph.token.clone(),
        seed.graph.chat_id.clone(),
        seed.graph.team_id.clone(),
    ];
    secrets.extend(
        seed.acs
            .users
            .iter()
            .flat_map(|user| [user.id.clone(), user.token.clone()]),
    );
    secrets.extend(seed.graph.users.iter().map(|user| user.id.clone()));
    secrets.extend(texts.iter().map(|text| (*text).to_owned()));
    for secret in secrets {
        assert!(!text.contains(&secret), "{secret} in {text}");
    }
}

#[tokio::test]
async fn each_exchange_is_a_line_without_secrets_and_people() {
    let folder = Folder::new();
    let service = Emulator::start().await.unwrap();
    let connection = service.ready_line()["acs"]["connection_string"].clone();
    let builder = Recorder::builder(service.http_url(), folder.file())
        .with_connection_string(connection.as_str().unwrap());
    let (out, recorder) = in_front(builder, service).await;

    assert_eq!(out.chat("the harbour at nine").await.status(), 201);
    let message = json!({"body": {"content": "<b>the harbour at ten</b>", "contentType": "html"}});
    let (status, sent) = out.graph(&out.graph_chat(), &message).await;
    assert_eq!(status, 201);
    let path = format!("{}/{}", out.graph_chat(), sent["id"].as_str().unwrap());
    assert_eq!(out.graph_get(&path).await["id"], sent["id"]);
    let body = out.notification(&json!({"kind": "text", "content": "the harbour at eleven"}));
    let target = "/messages/notifications:send?api-version=2024-08-30";
    let signed = out.signed(SystemTime::now(), target, &body.to_string());
    assert_eq!(Outside::ask(signed).await.0, 202);

    let text = fs::read_to_string(folder.file()).unwrap();
    assert_nobody_is_in(
        &text,
        &out,
        &["harbour", "14255550123", sent["id"].as_str().unwrap()],
    );
    let lines = folder.lines();
    assert_eq!(lines[0]["ms_messenger_recording"], 1);
    assert_eq!(lines[0]["upstream"], "loopback");
    let (chat, posted, read, notified) = (&lines[1], &lines[2], &lines[3], &lines[4]);
    assert_eq!(
        (&chat["n"], &chat["response"]["status"]),
        (&json!(1), &json!(201))
    );
    assert_eq!(
        chat["request"]["query"],
        json!([["api-version", "2025-03-15"]])
    );
    assert_eq!(
        posted["request"]["body"]["json"]["body"]["contentType"],
        "html"
    );
    let headers = posted["request"]["headers"].as_array().unwrap();
    assert!(
        headers.contains(&json!(["authorization", null])),
        "{headers:?}"
    );
    assert!(
        headers.contains(&json!(["content-type", "application/json"])),
        "{headers:?}"
    );
    let id = posted["response"]["body"]["json"]["id"].as_str().unwrap();
    assert!(
        read["request"]["path"].as_str().unwrap().ends_with(id),
        "{read}"
    );
    assert_eq!(read["response"]["body"]["json"]["messageType"], "message");
    assert_eq!(notified["response"]["status"], 202);
    assert_eq!(notified["request"]["path"], "/messages/notifications:send");
    let counts = recorder.shutdown().await;
    assert_eq!(
        (counts.recorded, counts.failed, counts.unwritten),
        (4, 0, 0)
    );
    assert_eq!(out.emulator.messages().len(), 3);
}

#[cfg(unix)]
#[tokio::test]
async fn the_file_is_its_owners_and_no_second_recorder_takes_it() {
    use std::os::unix::fs::PermissionsExt as _;

    let folder = Folder::new();
    let service = Emulator::start().await.unwrap();
    let builder = || Recorder::builder(service.http_url(), folder.file());
    let _first = builder().start().await.unwrap();
    let mode = fs::metadata(folder.file()).unwrap().permissions().mode();
    assert_eq!(mode & 0o777, 0o600);
    let second = builder().start().await;
    assert!(
        matches!(second, Err(RecordError::Exists { .. })),
        "{second:?}"
    );
    let nowhere = Recorder::builder(service.http_url(), folder.0.join("no/where"));
    assert!(matches!(
        nowhere.start().await,
        Err(RecordError::File { .. })
    ));
}

#[tokio::test]
async fn a_signature_of_another_key_is_not_made_right() {
    let folder = Folder::new();
    let service = Emulator::start().await.unwrap();
    let key = "b3RoZXIga2V5IG90aGVyIGtleSBvdGhlciBrZXk=";
    let connection = format!("endpoint={};accesskey={key}", service.http_url());
    let builder = Recorder::builder("real", folder.file()).with_connection_string(connection);
    let (out, recorder) = in_front(builder, service).await;
    let target = "/messages/notifications:send?api-version=2024-08-30";
    let body = out.notification(&json!({"kind": "text", "content": "hello"}));
    let signed = out.signed(SystemTime::now(), target, &body.to_string());
    assert_eq!(Outside::ask(signed).await.0, 401);
    assert_eq!(recorder.shutdown().await.recorded, 1);
    assert!(!fs::read_to_string(folder.file()).unwrap().contains(key));
}

#[tokio::test]
async fn https_is_verified_on_both_sides() {
    let folder = Folder::new();
    let builder = Emulator::builder().with_https_address(([127, 0, 0, 1], 0).into());
    let service = builder.start().await.unwrap();
    let url = service.https_url().unwrap().to_owned();
    let ca = service.ca_pem().unwrap().to_owned();

    let distrusting = Recorder::builder(url.as_str(), folder.0.join("distrusting.jsonl"));
    let (out, recorder) = in_front(distrusting, service).await;
    assert_eq!(out.chat("hello").await.status(), 502);
    assert_eq!(recorder.counts().failed, 1);

    let trusting = Recorder::builder(url, folder.file())
        .with_upstream_ca(ca)
        .with_https_address(([127, 0, 0, 1], 0).into());
    let recorder = trusting.start().await.unwrap();
    let root = reqwest::Certificate::from_pem(recorder.ca_pem().unwrap().as_bytes()).unwrap();
    let https = reqwest::Client::builder()
        .tls_certs_only([root])
        .build()
        .unwrap();
    let target = format!("{}{}", recorder.https_url().unwrap(), out.thread_path());
    let request = https.post(target).bearer_auth(out.chat_token());
    let sent = request
        .json(&json!({"content": "hello", "type": "text"}))
        .send()
        .await
        .unwrap();
    assert_eq!(sent.status(), 201);
    assert_eq!(recorder.counts().recorded, 1);
    assert_eq!(out.emulator.messages().len(), 1);
}

#[tokio::test]
async fn a_service_that_is_down_is_a_502_and_no_line() {
    let folder = Folder::new();
    let free = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let url = format!("http://{}", free.local_addr().unwrap());
    drop(free);
    let recorder = Recorder::builder(url, folder.file()).start().await.unwrap();
    let request = client().get(format!("{}/v1.0/me", recorder.http_url()));
    let (status, body) = Outside::ask(request).await;
    assert_eq!((status, &body["error"]["code"]), (502, &json!("Recorder")));
    assert_eq!(recorder.counts().failed, 1);
    assert_eq!(folder.lines().len(), 1);
}
