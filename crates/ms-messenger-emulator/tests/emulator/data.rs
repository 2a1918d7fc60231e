//! The data file: the world of one start at the next one.

use std::{fs, path::PathBuf};

use ms_messenger_emulator::{Emulator, EmulatorBuilder, StartError};
use reqwest::Method;
use serde_json::{Value, json};

use crate::{
    outside::Outside,
    receiver::events::notify,
    skype::{Endpoint, text},
};

/// A folder that is removed with the test.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new(name: &str) -> Self {
        let path = std::env::temp_dir().join(format!("emulator-{name}-{}", std::process::id()));
        fs::create_dir_all(&path).unwrap();
        Self(path)
    }

    fn file(&self) -> PathBuf {
        self.0.join("world")
    }

    pub(crate) fn builder(&self) -> EmulatorBuilder {
        let builder = Emulator::builder().with_data(self.file());
        builder.with_device_interval(0)
    }

    pub(crate) async fn start(&self) -> Outside {
        Outside::of(self.builder().start().await.unwrap())
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

async fn on_chat(out: &Outside) {
    out.chat("one").await;
    let second: Value = out.chat("two").await.json().await.unwrap();
    let path = out.thread_path();
    let (path, version) = path.split_once('?').unwrap();
    let message = format!("{path}/{}?{version}", text(&second["id"]));
    let edit = out.client.patch(format!("{}{message}", out.base));
    let edit = edit.bearer_auth(out.chat_token());
    let edit = edit.header("content-type", "application/merge-patch+json");
    let edit = edit.body(json!({"content": "two, edited"}).to_string());
    assert_eq!(Outside::ask(edit).await.0, 204);
    let topic = json!({"topic": "kept"});
    let create = out
        .post(&format!("/chat/threads?{version}"))
        .bearer_auth(out.chat_token());
    assert_eq!(Outside::ask(create.json(&topic)).await.0, 201);
}

async fn on_messages(out: &Outside) {
    notify(out).await;
    let template = json!({"name": "kept", "language": "en", "text": "Hello {{1}}"});
    let (status, _) = Outside::ask(out.post("/_emulator/templates").json(&template)).await;
    assert_eq!(status, 200);
    let injected = json!({"platform": "acs-messages", "from": "+14255550199", "text": "hi"});
    out.emulator.inject(&injected).unwrap();
}

async fn on_graph(out: &Outside) {
    let body = json!({"body": {"content": "root"}});
    let (status, root) = out.graph(&out.graph_channel(), &body).await;
    assert_eq!(status, 201);
    let replies = format!("{}/{}/replies", out.graph_channel(), text(&root["id"]));
    assert_eq!(out.graph(&replies, &body).await.0, 201);
    let reaction = format!("{}/{}/setReaction", out.graph_channel(), text(&root["id"]));
    assert_eq!(
        out.graph(&reaction, &json!({"reactionType": "💘"})).await.0,
        204
    );
    let part = json!({"id": "1", "method": "POST", "url": format!("{}", out.graph_chat().trim_start_matches("/v1.0")),
        "headers": {"Content-Type": "application/json"}, "body": {"body": {"content": "in a batch"}}});
    let (status, batch) = out
        .graph("/v1.0/$batch", &json!({"requests": [part]}))
        .await;
    assert_eq!(
        (status, &batch["responses"][0]["status"]),
        (200, &json!(201))
    );
    let put = out
        .client
        .put(format!("{}/v1.0/me/drive/root:/a.txt:/content", out.base));
    let put = put
        .bearer_auth(&out.emulator.seed().graph.token)
        .body("hello");
    assert_eq!(Outside::ask(put).await.0, 201);
}

async fn on_skype(out: &Outside) {
    let mut alice = Endpoint::online(out, "alice").await;
    let conversation = alice.talk_to("sip:bob@contoso.test").await;
    alice.send(&conversation, "over Skype").await;
}

/// Signs in with a device code; returns a refresh token.
async fn sign_in(out: &Outside) -> String {
    let client = out.emulator.seed().entra.public_client_id.clone();
    let scope = "offline_access https://graph.microsoft.com/Chat.Read";
    let (_, code) = entra(
        out,
        "devicecode",
        &format!("client_id={client}&scope={scope}"),
    )
    .await;
    let grant = "urn:ietf:params:oauth:grant-type:device_code";
    let poll = format!(
        "client_id={client}&grant_type={grant}&device_code={}",
        text(&code["device_code"])
    );
    assert_eq!(
        entra(out, "token", &poll).await.0,
        400,
        "the first poll approves"
    );
    let (status, tokens) = entra(out, "token", &poll).await;
    assert_eq!(status, 200, "{tokens}");
    text(&tokens["refresh_token"])
}

async fn entra(out: &Outside, path: &str, form: &str) -> (u16, Value) {
    let tenant = &out.emulator.seed().entra.tenant;
    let request = out.post(&format!("/{tenant}/oauth2/v2.0/{path}"));
    let request = request.header("content-type", "application/x-www-form-urlencoded");
    Outside::ask(request.body(form.replace(' ', "%20"))).await
}

/// All that can be read of the world, without the address of the emulator.
async fn read(out: &Outside) -> Vec<Value> {
    let thread = out.thread_path();
    let version = thread.split_once('?').unwrap().1;
    let threads = format!("/chat/threads?{version}");
    let mut all = vec![json!(out.rows("").await)];
    for path in [thread.as_str(), &threads] {
        all.push(Outside::ask(out.read(path, out.chat_token())).await.1);
    }
    let chats = format!("{}?$expand=replies", out.graph_channel());
    for path in [
        chats.as_str(),
        &out.graph_chat(),
        "/v1.0/me/chats",
        "/v1.0/me/drive/root/children",
    ] {
        all.push(out.graph_get(path).await);
    }
    for path in ["templates", "files", "message-statuses"] {
        let response = out.get(&format!("/_emulator/{path}")).await;
        all.push(response.json().await.unwrap());
    }
    let host = out.base.trim_start_matches("http://");
    let text = json!(all).to_string().replace(host, "HOST");
    serde_json::from_str(&text).unwrap()
}

#[tokio::test]
async fn the_next_start_has_the_same_world_on_all_platforms() {
    let folder = Folder::new("same");
    let out = folder.start().await;
    on_chat(&out).await;
    on_skype(&out).await;
    on_messages(&out).await;
    on_graph(&out).await;
    let refresh = sign_in(&out).await;
    let user = out.keyed(
        Method::POST,
        "/identities?api-version=2025-06-30",
        json!({"createTokenWithScopes": ["chat"]}),
    );
    let (status, user) = user.await;
    assert_eq!(status, 201, "{user}");
    let statuses = json!({"delivered_ms": 5});
    let put = out
        .client
        .put(format!("{}/_emulator/message-statuses", out.base));
    assert_eq!(Outside::ask(put.json(&statuses)).await.0, 200);
    let first = read(&out).await;
    assert_eq!(first[0].as_array().unwrap().len(), 8, "{}", first[0]);
    out.emulator.shutdown().await;

    let out = folder.start().await;
    let second = read(&out).await;
    for (first, second) in first.iter().zip(&second) {
        // The first host is in the requests of the ledger.
        assert_eq!(without_host(first), without_host(second));
    }
    let client = &out.emulator.seed().entra.public_client_id;
    let form = format!("client_id={client}&grant_type=refresh_token&refresh_token={refresh}");
    let (status, tokens) = entra(&out, "token", &form).await;
    assert_eq!(status, 200, "{tokens}");
    let token = text(&user["accessToken"]["token"]);
    let threads = format!(
        "/chat/threads?{}",
        out.thread_path().split_once('?').unwrap().1
    );
    let create = out
        .post(&threads)
        .bearer_auth(&token)
        .json(&json!({"topic": "x"}));
    assert_eq!(
        Outside::ask(create).await.0,
        201,
        "the token is that of a known user"
    );
    let sent: Value = out.chat("three").await.json().await.unwrap();
    let list = Outside::ask(out.read(&out.thread_path(), out.chat_token()))
        .await
        .1;
    let ids: Vec<&str> = list["value"]
        .as_array()
        .unwrap()
        .iter()
        .map(|it| it["id"].as_str().unwrap())
        .collect();
    assert_eq!(
        ids.iter().filter(|id| **id == sent["id"]).count(),
        1,
        "ids continue"
    );
    let third = read(&out).await;
    drop(out);
    let out = folder.start().await;
    let fourth = read(&out).await;
    assert_eq!(without_host(&json!(third)), without_host(&json!(fourth)));
}

/// Without what names the port of the start at which a request came, and without the tokens of
/// download addresses, which count from the time of the response.
fn without_host(value: &Value) -> Value {
    const TOKEN: &str = "?tempauth=";
    let whole = value.to_string();
    let mut parts = whole.split(TOKEN);
    let mut text = parts.next().unwrap_or_default().to_owned();
    for part in parts {
        text.push_str(&part[part.find('"').unwrap()..]);
    }
    let mut plain = String::new();
    let mut rest = text.as_str();
    while let Some(at) = rest.find("127.0.0.1:") {
        let digits = &rest[at + 10..];
        let end = digits
            .find(|c: char| !c.is_ascii_digit())
            .unwrap_or(digits.len());
        plain.push_str(&rest[..at]);
        plain.push_str("HOST");
        rest = &digits[end..];
    }
    plain.push_str(rest);
    serde_json::from_str(&plain).unwrap()
}

#[tokio::test]
async fn a_reset_empties_the_file_and_the_clock_is_kept() {
    let folder = Folder::new("reset");
    let out = folder.start().await;
    out.chat("one").await;
    out.emulator.reset();
    out.chat("two").await;
    out.emulator.set_clock_offset(-3600).unwrap();
    drop(out);
    let out = folder.start().await;
    let rows = out.rows("").await;
    assert_eq!(
        (rows.len(), &rows[0]["text"], &rows[0]["seq"]),
        (1, &json!("two"), &json!(1))
    );
    let clock: Value = out.get("/_emulator/clock").await.json().await.unwrap();
    assert_eq!(clock["offset_ms"], -3_600_000);
}

#[tokio::test]
async fn a_change_is_in_the_file_soon_and_rejected_requests_are_not() {
    let folder = Folder::new("soon");
    let out = folder.start().await;
    let length = || fs::metadata(folder.file()).unwrap().len();
    let title = length();
    let refused = out.post(&out.thread_path()).bearer_auth("hunter2");
    let refused = refused.json(&json!({"content": "x"}));
    assert_eq!(Outside::ask(refused).await.0, 401);
    out.chat("kept").await;
    let soon = async {
        while length() == title {
            tokio::time::sleep(std::time::Duration::from_millis(10)).await;
        }
    };
    tokio::time::timeout(std::time::Duration::from_secs(20), soon)
        .await
        .unwrap();
    let text = String::from_utf8_lossy(&fs::read(folder.file()).unwrap()).into_owned();
    assert!(text.contains("kept") && !text.contains("hunter2"), "{text}");
    assert_eq!(out.emulator.stats()["data"]["failure"], Value::Null);
}

#[tokio::test]
async fn an_unfinished_record_is_left_out_and_other_damage_is_an_error_that_changes_nothing() {
    let folder = Folder::new("damage");
    let out = folder.start().await;
    out.chat("one").await;
    out.chat("two").await;
    drop(out);
    let whole = fs::read(folder.file()).unwrap();

    fs::write(folder.file(), &whole[..whole.len() - 1]).unwrap();
    let out = folder.start().await;
    assert_eq!(out.rows("").await.len(), 1);
    out.chat("three").await;
    drop(out);
    let out = folder.start().await;
    assert_eq!(
        out.rows("").await.len(),
        2,
        "it goes on after the last whole record"
    );
    drop(out);

    let mut damaged = whole.clone();
    let middle = whole.len() / 2;
    damaged[middle] ^= 1;
    let newer =
        String::from_utf8_lossy(&whole[..whole.iter().position(|it| *it == b'\n').unwrap() + 1]);
    let newer = newer.replace("\"version\":1", "\"version\":2");
    for (bytes, named) in [
        (damaged, "is damaged at byte"),
        (newer.into_bytes(), "newer version"),
        (b"hello\n".to_vec(), "is no data file"),
    ] {
        fs::write(folder.file(), &bytes).unwrap();
        refused(&folder, folder.builder(), named).await;
        assert_eq!(fs::read(folder.file()).unwrap(), bytes, "{named}");
    }
    fs::write(folder.file(), &whole).unwrap();
    refused(
        &folder,
        folder.builder().with_seed(7),
        "is that of the seed 0",
    )
    .await;
    refused(&folder, folder.builder().with_strict(true), "is not strict").await;
    let out = folder.start().await;
    refused(&folder, folder.builder(), "is used by another emulator").await;
    assert_eq!(out.rows("").await.len(), 2);
}

async fn refused(folder: &Folder, builder: EmulatorBuilder, named: &str) {
    let error = builder.start().await.unwrap_err();
    assert!(matches!(error, StartError::Data { .. }), "{error}");
    let text = error.to_string();
    assert!(text.contains(named), "{text}");
    assert!(text.contains(folder.file().to_str().unwrap()), "{text}");
}

#[tokio::test]
async fn the_newest_messages_are_kept_and_replays_count_again() {
    let folder = Folder::new("keep");
    let start = || folder.builder().with_keep(2).start();
    let out = Outside::of(start().await.unwrap());
    for text in ["one", "two", "three"] {
        out.chat(text).await;
    }
    let first = out.rows("").await;
    drop(out);
    let out = Outside::of(start().await.unwrap());
    assert_eq!(out.rows("").await, first);
    assert_eq!(first[0]["seq"], 2);
}

#[tokio::test]
async fn other_settings_that_give_another_result_are_an_error() {
    let folder = Folder::new("settings");
    let out = folder.start().await;
    sign_in(&out).await;
    drop(out);
    // The second poll of the device code comes too early now.
    let builder = folder.builder().with_device_interval(5);
    refused(&folder, builder, "entry 3 has another result than it had").await;
    let out = folder.start().await;
    assert_eq!(out.rows("").await.len(), 0);
}

#[tokio::test]
async fn a_file_that_cannot_be_used_is_named_in_plain_words() {
    let folder = Folder::new("unusable");
    let file = folder.file();
    let inside = |name: &str| file.join(name);
    fs::write(&file, "").unwrap();
    let none = file.with_file_name("none");
    let cases = [
        (std::env::temp_dir(), "is a directory".to_owned()),
        (
            none.join("world"),
            format!(
                "the folder {} does not exist: create it first",
                none.display()
            ),
        ),
        (
            inside("world"),
            format!("{} is a file, not a folder", file.display()),
        ),
    ];
    for (path, problem) in cases {
        let builder = Emulator::builder().with_data(&path);
        let error = builder.start().await.unwrap_err().to_string();
        let name = path.display();
        assert_eq!(error, format!("{name}: cannot be opened: {problem}"));
    }
}

#[tokio::test]
async fn what_could_not_be_written_at_the_end_is_in_the_final_statistics() {
    let folder = Folder::new("end");
    let out = folder.start().await;
    out.chat("one").await;
    let stats = out.emulator.shutdown().await;
    assert_eq!(stats["data"]["failure"], Value::Null);
    let written = fs::metadata(folder.file()).unwrap().len();
    assert_eq!(stats["data"]["bytes"], written);
}
