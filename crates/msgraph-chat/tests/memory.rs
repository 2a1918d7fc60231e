//! What an upload of 250 MB keeps in memory, in a process of its own.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::{env, fs, process::Command};

use ms_messenger_core::{FileUpload, StaticToken};
use ms_messenger_emulator::Emulator;
use msgraph_chat::{FileMessage, GraphChatClient};

const SIZE: u64 = 250 * 1_000_000;
/// What an upload may add: a piece of 5 MiB, and what the connection needs.
const LIMIT_KB: u64 = 10 * 1024;

/// A line of the status of this process, in KiB: `VmHWM` is the most memory that it had.
fn status(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let number = line.unwrap().trim_start_matches(':').trim();
    let number = number.split(' ').next().unwrap();
    number.parse().unwrap()
}

/// The program starts itself again for the upload, so that the emulator does not count.
#[tokio::main]
async fn main() {
    match env::var("UPLOAD_BASE") {
        Ok(base) => upload(base).await,
        Err(_) => an_upload_of_250_mb_adds_under_10_mib().await,
    }
}

async fn an_upload_of_250_mb_adds_under_10_mib() {
    let builder = Emulator::builder().with_file_contents(false);
    let emulator = builder.start().await.unwrap();
    let graph = &emulator.seed().graph;
    let path = env::temp_dir().join(format!("msgraph-chat-{}", std::process::id()));
    fs::File::create(&path).unwrap().set_len(SIZE).unwrap();
    let mut child = Command::new(env::current_exe().unwrap());
    child
        .env("UPLOAD_BASE", &graph.base)
        .env("UPLOAD_TOKEN", &graph.token)
        .env("UPLOAD_CHAT", &graph.chat_id)
        .env("UPLOAD_FILE", &path);
    let child = tokio::task::spawn_blocking(move || child.output().unwrap());
    let output = child.await.unwrap();
    fs::remove_file(&path).unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    assert!(output.status.success(), "{said}");
    println!("{said}");
    assert_eq!(emulator.files()[0].size, SIZE);
}

async fn upload(base: String) {
    let variable = |name: &str| env::var(name).unwrap();
    let token = StaticToken::new(variable("UPLOAD_TOKEN"));
    let client = GraphChatClient::builder(token).with_base_url(base);
    let client = client.build().unwrap();
    let before = status("VmHWM");
    let message = FileMessage::new("x")
        .with_file(FileUpload::path(variable("UPLOAD_FILE")).with_name("large.bin"));
    let outcome = client
        .chat(variable("UPLOAD_CHAT"))
        .send_files(message)
        .await;
    let after = status("VmHWM");
    assert!(outcome.is_sent(), "{outcome:?}");
    let (own, code) = (status("RssAnon"), status("RssFile"));
    println!("high water: {before} KiB before the upload, {after} KiB after it");
    println!("now: {own} KiB of its own, {code} KiB of the program");
    let added = after - before;
    assert!(added < LIMIT_KB, "{added} KiB");
}
