//! The steps of a message with files: upload, grant, send, clean up.

use std::time::Duration;

use ms_messenger_core::{Deadline, Delivery, Error, Mark, MarkKind, Result, clause};
use ms_messenger_http::Call;

use super::{
    folder::{FilePlace, Folder},
    lane::Lane,
    options::{ReaderAccess, UploadOptions},
    outcome::{FileOutcome, Remains, in_words},
    pending::{Pending, check, fill_in},
    share::{invite, readers},
    store::Storing,
};
use crate::{
    client::GraphChatClient,
    destination::{Destination, PostPath},
    error::PLATFORM,
    operations::DRIVE_DELETE,
    send::{Extras, Ready, Stored},
    write::NewChatMessage,
};

/// How long deleting the files of a message that was not sent may take: its caller may not want
/// to wait any more.
const CLEAN_UP: Duration = Duration::from_secs(10);

/// A message with files.
pub(crate) struct WithFiles<'a> {
    pub(crate) destination: Destination<'a>,
    pub(crate) path: PostPath,
    pub(crate) place: FilePlace<'a>,
    pub(crate) message: NewChatMessage,
    pub(crate) files: Vec<Pending<'a>>,
    pub(crate) options: &'a UploadOptions,
    pub(crate) extras: Extras,
}

impl GraphChatClient {
    /// Uploads the files of a message, lets its readers in, and sends it. Files that were uploaded
    /// for a message that was not sent are deleted, unless the options keep them.
    pub(crate) async fn send_with_files(
        &self,
        mut with: WithFiles<'_>,
    ) -> (Vec<FileOutcome>, Result<Stored<'_>>) {
        let mut outcomes = vec![FileOutcome::default(); with.files.len()];
        let deadline = with.extras.deadline.clone();
        let lane = Lane {
            client: self,
            deadline: &deadline,
        };
        let mut folder = None;
        let ready = with.upload(&lane, &mut outcomes, &mut folder).await;
        let result = match ready {
            Ok(ready) => self.post_raw(with.path, ready, with.extras).await,
            Err(error) => Err(of_message(error)),
        };
        let result = match result {
            Ok(stored) => Ok(stored),
            Err(error) => {
                let is_unsent = error.delivery() == Delivery::NotSent;
                if let Some(folder) = folder.filter(|_| is_unsent && !with.options.keep_unsent) {
                    self.delete_own(&folder, &mut outcomes).await;
                }
                Err(with_remains(error, &outcomes))
            }
        };
        (outcomes, result)
    }

    /// Deletes what this send stored. Files that an earlier send stored under the same key may
    /// belong to a message.
    async fn delete_own(&self, folder: &Folder, outcomes: &mut [FileOutcome]) {
        let deadline = Deadline::new(Some(CLEAN_UP), None);
        let lane = Lane {
            client: self,
            deadline: &deadline,
        };
        for outcome in outcomes.iter_mut().filter(|outcome| outcome.is_own) {
            let id = outcome.item.as_ref().and_then(|item| item.id.as_deref());
            let Some(id) = id else { continue };
            outcome.remains = match lane.call(Call::of(&DRIVE_DELETE, folder.item(id))).await {
                Ok(_) => Remains::No,
                Err(error) if error.status() == Some(404) => Remains::No,
                Err(error) if error.status().is_some() => Remains::Yes,
                Err(_) => Remains::Unknown,
            };
        }
    }
}

impl WithFiles<'_> {
    /// Everything before the message is sent.
    async fn upload(
        &mut self,
        lane: &Lane<'_>,
        outcomes: &mut [FileOutcome],
        found: &mut Option<Folder>,
    ) -> Result<Ready> {
        check(&self.files)?;
        lane.client.prepare(self.destination, &self.message, None)?;
        // The readers first: an upload without readers would be useless.
        let readers = match (self.place, self.options.access) {
            (FilePlace::Chat(chat), ReaderAccess::Members) => readers(lane, chat).await?,
            _ => Vec::new(),
        };
        let folder = &*found.insert(Folder::of(self.place, lane).await?);
        for (index, pending) in self.files.iter().enumerate() {
            let outcome = &mut outcomes[index];
            let mut storing = Storing {
                lane: *lane,
                folder,
                options: self.options,
                pending,
                index,
                place: &self.path.list,
                outcome,
                kept: None,
            };
            storing.store().await?;
        }
        for outcome in outcomes.iter_mut().filter(|_| !readers.is_empty()) {
            let id = outcome.item.as_ref().and_then(|item| item.id.as_deref());
            invite(lane, folder, id.unwrap_or_default(), &readers).await?;
            outcome.granted = true;
        }
        fill_in(&mut self.message, &self.files, outcomes)?;
        let guid = outcomes.first().and_then(|it| it.item.as_ref()?.guid());
        self.extras.mark = guid.map(|guid| Mark::new(MarkKind::AttachmentId, guid));
        lane.client.prepare(self.destination, &self.message, None)
    }
}

/// The error of a step before the message was sent, as one of the message.
fn of_message(error: Error) -> Error {
    let error = match error.operation() {
        None => error,
        // The operation is the one of a file, whose delivery is that of the upload.
        Some(_) => rebuilt(&error),
    };
    error.with_delivery(Delivery::NotSent)
}

fn rebuilt(error: &Error) -> Error {
    let mut message = Error::new(error.kind(), error.message().to_owned())
        .with_platform(PLATFORM)
        .with_attempts(error.attempts());
    if let Some(status) = error.status() {
        message = message.with_status(status);
    }
    if let Some(code) = error.code() {
        message = message.with_code(code);
    }
    if let Some(id) = error.request_id() {
        message = message.with_request_id(id);
    }
    if let Some(id) = error.client_request_id() {
        message = message.with_client_request_id(id);
    }
    if let Some(wait) = error.retry_after() {
        message = message.with_retry_after(wait);
    }
    match std::error::Error::source(error) {
        Some(cause) => message.with_source(cause.to_string()),
        None => message,
    }
}

/// Adds what remains of the files, if any was uploaded.
fn with_remains(error: Error, outcomes: &[FileOutcome]) -> Error {
    let is_touched = |file: &FileOutcome| file.uploaded || file.remains != Remains::No;
    if !outcomes.iter().any(is_touched) {
        return error;
    }
    let message = format!("{}; {}", clause(error.message()), in_words(outcomes));
    error.with_message(message)
}
