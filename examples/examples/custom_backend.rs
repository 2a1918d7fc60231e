//! A backend of your own, checked by the conformance suite.
//!
//! ```sh
//! cargo run -p examples --example custom_backend
//! ```

use std::{
    fs::{File, OpenOptions},
    io::{BufRead as _, BufReader, Write as _},
    path::PathBuf,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::SystemTime,
};

use ms_messenger::{
    Acceptance, Capabilities, Capability, Error, ErrorKind, Result, async_trait, prelude::*,
};
use ms_messenger_testkit::{Failure, Subject, assert_conformance};

/// Appends each message to a file, one line of JSON per message.
#[derive(Debug)]
struct Spool {
    path: PathBuf,
    sent: AtomicUsize,
}

const PLATFORM: &str = "spool";

/// The capabilities of the backend. Everything else is refused, including what later versions of
/// the model add.
const CAPABILITIES: Capabilities = Capabilities::new(&[
    Capability::ToConversation,
    Capability::Text,
    Capability::HtmlAsText,
]);

#[async_trait]
impl Messenger for Spool {
    fn platform(&self) -> &str {
        PLATFORM
    }

    fn capabilities(&self) -> Capabilities {
        CAPABILITIES
    }

    async fn send(&self, request: &SendRequest) -> Result<Receipt> {
        self.capabilities().check(PLATFORM, request)?;
        let line = serde_json::to_string(request).map_err(|e| not_sent("no JSON form", e))?;
        let began_at = SystemTime::now();
        let mut file = OpenOptions::new()
            .create(true)
            .append(true)
            .open(&self.path)
            .map_err(|e| not_sent("the spool cannot be opened", e))?;
        // From here on, a part of the line may have been written.
        file.write_all(format!("{line}\n").as_bytes())
            .map_err(|e| {
                Error::new(ErrorKind::Other, "the spool was not written completely")
                    .with_platform(PLATFORM)
                    .with_delivery(Delivery::Unknown)
                    .with_evidence(Evidence::new(began_at).with_platform(PLATFORM))
                    .with_source(e)
            })?;
        let number = self.sent.fetch_add(1, Ordering::Relaxed) + 1;
        Ok(Receipt::new(Acceptance::Queued).with_message_id(number.to_string()))
    }

    /// Lines of equal content look alike, so there is nothing to search for.
    async fn settle(&self, _: &SendRequest, _: &Evidence) -> Settled {
        Settled::cannot_tell(PLATFORM, "the lines of a spool carry no ids")
    }
}

fn not_sent(
    message: &'static str,
    source: impl std::error::Error + Send + Sync + 'static,
) -> Error {
    Error::new(ErrorKind::Other, message)
        .with_platform(PLATFORM)
        .with_delivery(Delivery::NotSent)
        .with_source(source)
}

/// Tells the suite how to drive the backend, and how to count what was really stored.
struct SpoolUnderTest(Arc<Spool>);

#[async_trait]
impl Subject for SpoolUnderTest {
    fn messenger(&self) -> SharedMessenger {
        Arc::<Spool>::clone(&self.0)
    }

    fn request(&self) -> SendRequest {
        SendRequest::new(
            Target::conversation("ops"),
            Message::text("a line of the spool"),
        )
    }

    async fn stored(&self) -> usize {
        File::open(&self.0.path).map_or(0, |file| BufReader::new(file).lines().count())
    }

    /// A disk does not fail on demand; the report says which rules were not checked.
    async fn fail_next(&self, _failure: Failure) -> bool {
        false
    }

    fn secrets(&self) -> Vec<String> {
        Vec::new()
    }
}

#[tokio::main]
async fn main() -> examples::Result {
    let path = std::env::temp_dir().join(format!("spool-{}.jsonl", std::process::id()));
    let spool = Arc::new(Spool {
        path: path.clone(),
        sent: AtomicUsize::new(0),
    });

    let receipt = spool
        .send_text(Target::conversation("ops"), "hello")
        .await?;
    println!("{} in {}", receipt.acceptance, path.display());

    let refused = spool
        .send_text(Target::channel("team", "channel"), "hello")
        .await;
    println!(
        "refused as it should be: {}",
        refused.err().ok_or("it was not refused")?
    );

    assert_conformance(&SpoolUnderTest(spool)).await;
    println!("the backend conforms");
    Ok(std::fs::remove_file(path)?)
}
