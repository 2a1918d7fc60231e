//! Sends a local file to a Teams chat: upload, access for its members, and the message.
//!
//! ```sh
//! cargo run -p examples --example teams_file
//! ```

use ms_messenger::{
    StaticToken,
    msgraph_chat::{FileMessage, FileUpload, GraphChatClient, UploadOptions},
};
use ms_messenger_emulator::Emulator;

#[tokio::main]
async fn main() -> examples::Result {
    let emulator = Emulator::start().await?;
    let graph = &emulator.seed().graph;
    let client = GraphChatClient::builder(StaticToken::new(graph.token.as_str()))
        .with_base_url(&graph.base)
        .build()?;

    let folder = tempfile::tempdir()?;
    let path = folder.path().join("visits.csv");
    std::fs::write(&path, "day,visits\n".repeat(1_000_000))?;

    let options = UploadOptions::default()
        .with_progress(|progress| println!("{} of {} bytes", progress.sent, progress.total));
    let message = FileMessage::new("The visits of this year.")
        .with_file(FileUpload::path(&path))
        .with_options(options);
    let outcome = client
        .chat(graph.chat_id.as_str())
        .send_files(message)
        .await;

    // What happened is said for each step, also when a later one failed.
    for file in outcome.remaining() {
        println!("{} is stored", file.name);
    }
    let posted = outcome.into_result()?;
    println!("posted as {}", posted.id);
    for file in emulator.files() {
        println!(
            "  stored: {} ({} bytes), for {} readers",
            file.name,
            file.size,
            file.readers.len()
        );
    }
    Ok(())
}
