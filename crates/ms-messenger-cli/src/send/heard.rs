//! `msm send --wait`: what is reported of a message after it was sent.

use std::{
    fs::File,
    io::{self, Read as _, Seek as _, SeekFrom},
    path::Path,
    time::Duration,
};

use ms_messenger::{
    Acceptance, DeliveryStatus, Error, ErrorKind, Problem, Receipt, Result, Target,
    acs_chat::AcsChatClient,
    events::{StatusReport, event_grid::Event},
};
use tokio::time::{Instant, sleep, timeout_at};

use super::plan::Job;
use crate::{
    args::WaitFor,
    connect::Client,
    files::{self, unreadable},
    platform::Platform,
    text,
};

/// The pause between two looks at a service.
const SERVICE_PAUSE: Duration = Duration::from_secs(1);
/// The pause between two looks at a file.
const FILE_PAUSE: Duration = Duration::from_millis(100);
/// How long the last look at a service can take, which begins when the time is over.
const LAST_LOOK: Duration = Duration::from_secs(1);

/// What was heard of a message.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(super) struct Heard {
    /// The highest status that was reported.
    pub(super) status: Option<DeliveryStatus>,
    /// Whether it is what was waited for.
    pub(super) is_reached: bool,
    /// Why nothing could be heard.
    pub(super) why: Option<String>,
}

impl Heard {
    fn reached(status: DeliveryStatus) -> Self {
        Self {
            status: Some(status),
            is_reached: true,
            why: None,
        }
    }

    /// Returns it in one word, or in words why there is none.
    pub(super) fn text(&self) -> String {
        match (self.status, &self.why) {
            (Some(status), _) => status.to_string(),
            (None, Some(why)) => text::send::nothing_reported(why),
            (None, None) => text::send::NOTHING_REPORTED_IN_TIME.to_owned(),
        }
    }
}

/// Checks, before a message is sent, that the platform reports what is waited for.
///
/// # Errors
///
/// `Unsupported`, with what the platform reports instead; `Config` for a file of events that cannot
/// be read.
pub(super) fn check(platform: Platform, wanted: WaitFor, events: Option<&Path>) -> Result<()> {
    let is_read = wanted.status == DeliveryStatus::Read;
    let rule = match platform {
        Platform::AcsChat if is_read => return Ok(()),
        Platform::Ucwa if !is_read => return Ok(()),
        Platform::AcsChat => text::send::ACS_CHAT_REPORTS,
        Platform::Ucwa => text::send::UCWA_REPORTS,
        Platform::MsgraphChat => text::send::MSGRAPH_CHAT_REPORTS,
        Platform::AcsMessages => match events {
            Some(path) => return check_events(path),
            None => text::send::ACS_MESSAGES_REPORTS,
        },
    };
    let error = Problem::new("--wait", rule).into_error(ErrorKind::Unsupported);
    Err(error.with_platform(platform.as_str()))
}

/// Checks that the file of events can be read.
fn check_events(path: &Path) -> Result<()> {
    let refused = |rule: &str| {
        let name = text::send::events_file(path.display());
        Err(Problem::new(name, rule).into_error(ErrorKind::Config))
    };
    match files::look(path) {
        Ok(about) if !about.is_file() => {
            return refused(text::send::EVENTS_NOT_A_FILE);
        }
        Ok(_) => {}
        Err(error) => return refused(&unreadable(&error)),
    }
    match File::open(path) {
        Ok(_) => Ok(()),
        Err(error) => refused(&unreadable(&error)),
    }
}

/// Waits until the message is reported as wanted, or as failed, or the time is over.
pub(super) async fn wait(
    client: &Client,
    job: &Job,
    receipt: &Receipt,
    wanted: WaitFor,
    events: Option<&Path>,
) -> Heard {
    if receipt.acceptance == Acceptance::Delivered && wanted.status == DeliveryStatus::Delivered {
        return Heard::reached(DeliveryStatus::Delivered);
    }
    let until = Instant::now() + wanted.at_most;
    let mut heard = Heard::default();
    let mut read = events.map(Reported::new);
    let pause = if read.is_some() {
        FILE_PAUSE
    } else {
        SERVICE_PAUSE
    };
    loop {
        let looked = match (&mut read, client) {
            (Some(read), Client::AcsMessages(_)) => read.look(receipt),
            _ => {
                let ends = until.max(Instant::now() + LAST_LOOK);
                let looked = timeout_at(ends, look(client, job, receipt)).await;
                looked.unwrap_or_else(|_| Err(no_response()))
            }
        };
        match looked {
            Ok(status) => {
                heard.status = heard.status.max(status);
                heard.is_reached = is_reached(heard.status, wanted.status);
                if heard.is_reached || heard.status == Some(DeliveryStatus::Failed) {
                    return heard;
                }
                heard.why = None;
            }
            Err(error) if error.is_transient() => heard.why = Some(error.message().to_owned()),
            Err(error) => {
                heard.why = Some(error.message().to_owned());
                return heard;
            }
        }
        // The last look is at the end of the time.
        let left = until.saturating_duration_since(Instant::now());
        if left.is_zero() {
            return heard;
        }
        sleep(left.min(pause)).await;
    }
}

/// What a look ends with that takes longer than the time to wait.
fn no_response() -> Error {
    Error::new(ErrorKind::Timeout, text::send::NO_RESPONSE_IN_TIME)
}

fn is_reached(status: Option<DeliveryStatus>, wanted: DeliveryStatus) -> bool {
    status.is_some_and(|status| status != DeliveryStatus::Failed && status >= wanted)
}

/// The events that `msm listen` keeps in a file.
struct Reported<'a> {
    path: &'a Path,
    done: u64,
}

impl<'a> Reported<'a> {
    const fn new(path: &'a Path) -> Self {
        Self { path, done: 0 }
    }

    /// Returns the highest status of a message in what was added since the last look.
    fn look(&mut self, receipt: &Receipt) -> Result<Option<DeliveryStatus>> {
        let unusable = |error: &io::Error| {
            let name = self.path.display().to_string();
            Problem::new(name, unreadable(error)).into_error(ErrorKind::Config)
        };
        let mut file = File::open(self.path).map_err(|error| unusable(&error))?;
        let about = file.metadata().map_err(|error| unusable(&error))?;
        if about.len() < self.done {
            // It was truncated or replaced.
            self.done = 0;
        }
        // What is older than that is no event of a message that was sent just now.
        self.done = self.done.max(about.len().saturating_sub(files::MESSAGE));
        file.seek(SeekFrom::Start(self.done))
            .map_err(|error| unusable(&error))?;
        let mut file = file.take(files::MESSAGE);
        let mut added = Vec::new();
        file.read_to_end(&mut added)
            .map_err(|error| unusable(&error))?;
        // The last line may be incomplete; it is read again, with what follows.
        let whole = added.iter().rposition(|byte| *byte == b'\n').unwrap_or(0);
        self.done += whole as u64;
        let lines = String::from_utf8_lossy(&added);
        let reports = lines
            .lines()
            .filter_map(|line| StatusReport::of(&Event::parse(line).ok()?));
        let own = reports.filter(|report| Some(&report.message_id) == receipt.message_id.as_ref());
        Ok(own.map(|report| report.status).max())
    }
}

/// Returns `Read` if another participant has read the message.
async fn look(client: &Client, job: &Job, receipt: &Receipt) -> Result<Option<DeliveryStatus>> {
    match (client, &job.request.to, &receipt.message_id) {
        (Client::AcsChat(client), Target::Conversation(thread), Some(id)) => {
            let is_read = is_read(client, thread.as_str(), id.as_str()).await?;
            Ok(is_read.then_some(DeliveryStatus::Read))
        }
        _ => {
            let text = text::send::NOTHING_REPORTED;
            Err(Error::new(ErrorKind::Unsupported, text))
        }
    }
}

/// A receipt of a later message counts: messages are read in their order.
async fn is_read(client: &AcsChatClient, thread: &str, id: &str) -> Result<bool> {
    let number = |id: &str| id.parse::<u64>().ok();
    let mut receipts = client.thread(thread).read_receipts();
    while let Some(page) = receipts.next_page().await? {
        let is_it =
            |read: &str| read == id || number(read).zip(number(id)).is_some_and(|(a, b)| a >= b);
        if page.iter().any(|it| is_it(it.message_id.as_str())) {
            return Ok(true);
        }
    }
    Ok(false)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_platform_that_reports_nothing_refuses_before_the_send() {
        let wait = |status| WaitFor {
            status,
            at_most: SERVICE_PAUSE,
        };
        let (delivered, read) = (wait(DeliveryStatus::Delivered), wait(DeliveryStatus::Read));
        let file = Path::new(concat!(env!("CARGO_MANIFEST_DIR"), "/Cargo.toml"));
        for (platform, wanted, has_events, is_heard) in [
            (Platform::MsgraphChat, delivered, true, false),
            (Platform::MsgraphChat, read, true, false),
            (Platform::AcsChat, delivered, false, false),
            (Platform::AcsChat, read, false, true),
            (Platform::Ucwa, delivered, false, true),
            (Platform::Ucwa, read, false, false),
            (Platform::AcsMessages, read, false, false),
            (Platform::AcsMessages, read, true, true),
        ] {
            let checked = check(platform, wanted, has_events.then_some(file));
            assert_eq!(checked.is_ok(), is_heard, "{platform:?} {wanted:?}");
        }
        for missing in ["/nonexistent", env!("CARGO_MANIFEST_DIR"), "/dev/null"] {
            let error = check(Platform::AcsMessages, read, Some(Path::new(missing))).unwrap_err();
            assert_eq!(error.kind(), ErrorKind::Config, "{error}");
        }
    }

    #[test]
    fn a_file_of_events_that_is_replaced_is_read_from_its_start() {
        let folder = tempfile::tempdir().unwrap();
        let path = folder.path().join("events.jsonl");
        let event = |id: &str, status: &str| {
            let data =
                format!(r#"{{"messageId":"{id}","status":"{status}","channelType":"whatsapp"}}"#);
            format!(
                r#"{{"id":"1","topic":"/t","subject":"s","dataVersion":"1.0","eventType":"Microsoft.Communication.AdvancedMessageDeliveryStatusUpdated","eventTime":"2026-01-02T03:04:05Z","data":{data}}}"#
            )
        };
        let receipt = Receipt::new(Acceptance::Queued).with_message_id("m");
        std::fs::write(&path, format!("\n{}\n", event("other", "Delivered"))).unwrap();
        let mut reported = Reported::new(&path);
        assert_eq!(reported.look(&receipt).unwrap(), None);
        std::fs::write(&path, format!("\n{}", event("m", "Read"))).unwrap();
        assert_eq!(reported.look(&receipt).unwrap(), Some(DeliveryStatus::Read));
    }
}
