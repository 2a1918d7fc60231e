//! What an upload of 250 MB and a list of 200 MB keep in memory, each in a process of its own.
//!
//! In a build with optimisations (`cargo test --profile suite -p msgraph-chat --test memory`), the
//! whole process stays below 16 MB while it uploads. Without them, the code alone takes most of that,
//! and what the upload adds is bounded.
#![allow(clippy::unwrap_used, reason = "a failed step fails the test")]

use std::{env, fs, process::Command};

use ms_messenger_core::{FileUpload, StaticToken};
use ms_messenger_emulator::Emulator;
use ms_messenger_testkit::{HttpDouble, Reply};
use msgraph_chat::{FileMessage, GraphChatClient};
use serde_json::json;

const SIZE: u64 = 250 * 1_000_000;
/// What an upload may add: one piece of 3.125 MiB, the code that runs for the first time, and what the
/// connection needs.
const LIMIT_KB: u64 = 7 * 1024;
/// What an optimised process that uploads may have in all.
const TOTAL_KB: u64 = 16_000_000 / 1024;

const PAGES: usize = 200;
const PER_PAGE: usize = 50;
/// The bytes of a message, so that a page has about 1 MiB.
const MESSAGE: usize = 20 * 1024;
const PAGE_KB: u64 = (PER_PAGE * MESSAGE) as u64 / 1024;

/// A line of the status of this process, in KiB: `VmHWM` is the most memory that it had.
fn status(name: &str) -> u64 {
    let status = fs::read_to_string("/proc/self/status").unwrap();
    let line = status.lines().find_map(|line| line.strip_prefix(name));
    let number = line.unwrap().trim_start_matches(':').trim();
    let number = number.split(' ').next().unwrap();
    number.parse().unwrap()
}

fn variable(name: &str) -> String {
    env::var(name).unwrap()
}

/// The program starts itself again for each task, so that the services do not count.
#[tokio::main]
async fn main() {
    match env::var("MEMORY_OF").as_deref() {
        Ok("upload") => upload().await,
        Ok(_) => list().await,
        Err(_) => {
            an_upload_of_250_mb_stays_under_16_mb().await;
            a_list_of_10_000_messages_adds_no_more_than_three_pages().await;
        }
    }
}

/// Runs `task` in a process of its own.
async fn run(task: &str, variables: &[(&str, &str)]) {
    let mut child = Command::new(env::current_exe().unwrap());
    child.env("MEMORY_OF", task).envs(variables.iter().copied());
    if task == "list" {
        // The allocator of glibc returns what was freed: only what the list holds counts.
        child.env("MALLOC_ARENA_MAX", "1");
        child.env("MALLOC_MMAP_THRESHOLD_", "65536");
        child.env("MALLOC_TRIM_THRESHOLD_", "65536");
    }
    let child = tokio::task::spawn_blocking(move || child.output().unwrap());
    let output = child.await.unwrap();
    let said = String::from_utf8_lossy(&output.stdout).into_owned();
    let failed = String::from_utf8_lossy(&output.stderr).into_owned();
    println!("{task}\n{said}");
    assert!(output.status.success(), "{failed}");
}

fn client(base: &str, token: &str) -> GraphChatClient {
    let client = GraphChatClient::builder(StaticToken::new(token)).with_base_url(base);
    client.build().unwrap()
}

async fn an_upload_of_250_mb_stays_under_16_mb() {
    let builder = Emulator::builder().with_file_contents(false);
    let emulator = builder.start().await.unwrap();
    let graph = &emulator.seed().graph;
    let path = env::temp_dir().join(format!("msgraph-chat-{}", std::process::id()));
    fs::File::create(&path).unwrap().set_len(SIZE).unwrap();
    let variables = [
        ("UPLOAD_BASE", &*graph.base),
        ("UPLOAD_TOKEN", &*graph.token),
        ("UPLOAD_CHAT", &*graph.chat_id),
        ("UPLOAD_FILE", path.to_str().unwrap()),
    ];
    run("upload", &variables).await;
    fs::remove_file(&path).unwrap();
    assert_eq!(emulator.files()[0].size, SIZE);
}

async fn upload() {
    let client = client(&variable("UPLOAD_BASE"), &variable("UPLOAD_TOKEN"));
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
    let is_optimised = !cfg!(debug_assertions);
    assert!(!is_optimised || after < TOTAL_KB, "{after} KiB in all");
}

async fn a_list_of_10_000_messages_adds_no_more_than_three_pages() {
    let content = "x".repeat(MESSAGE);
    let message =
        json!({"id": "1616990032035", "body": {"contentType": "text", "content": content}});
    let messages = vec![message.to_string(); PER_PAGE].join(",");
    let double = HttpDouble::start(move |request| {
        let (path, query) = request.target.split_once('?').unwrap();
        let at = query
            .strip_prefix("page=")
            .map_or(1, |at| at.parse().unwrap());
        let host = request.header("host").unwrap();
        let link = format!(
            r#","@odata.nextLink":"http://{host}{path}?page={}""#,
            at + 1
        );
        let link = if at < PAGES { link } else { String::new() };
        let page = format!(r#"{{"value":[{messages}]{link}}}"#);
        Reply::new(200, page).with_header("content-type", "application/json")
    });
    let double = double.await.unwrap();
    run("list", &[("LIST_BASE", double.url())]).await;
    assert_eq!(double.requests().len(), PAGES);
}

async fn list() {
    let client = client(&variable("LIST_BASE"), "delegated");
    let mut pages = client.chat("19:a@thread.v2").messages();
    // The first page brings the code and the connection into memory, too.
    let mut count = pages.next_page().await.unwrap().unwrap().len();
    let before = status("VmHWM");
    while let Some(page) = pages.next_page().await.unwrap() {
        count += page.len();
    }
    let after = status("VmHWM");
    assert_eq!(count, PAGES * PER_PAGE);
    println!("high water: {before} KiB after one page, {after} KiB after {PAGES}");
    let added = after - before;
    assert!(added < 2 * PAGE_KB, "{added} KiB");
}
