//! Stores one file: uploads it once, and looks it up where that is in doubt.

use std::ops::ControlFlow;

use ms_messenger_core::{Delivery, Error, ErrorKind, Result, random_uuid};
use ms_messenger_http::{Call, HeaderValue};

use super::{
    contents::Contents,
    folder::Folder,
    lane::{Lane, not_found},
    name,
    options::UploadOptions,
    outcome::{FileOutcome, Remains},
    pending::Pending,
    session::Session,
};
use crate::{
    error::PLATFORM,
    models::DriveItem,
    operations::{DRIVE_ITEM, DRIVE_UPLOAD},
};

/// The most names that are used where other files have them.
const NAMES: usize = 3;
/// The most uploads of one file under one name, each after a look that did not find it.
const ROUNDS: usize = 3;
/// The members of an item that an attachment needs.
const WANTED: &str = "?$select=id,name,size,eTag,webUrl,webDavUrl,parentReference,file";

/// One file on its way into a folder.
pub(super) struct Storing<'a> {
    pub(super) lane: Lane<'a>,
    pub(super) folder: &'a Folder,
    pub(super) options: &'a UploadOptions,
    pub(super) pending: &'a Pending<'a>,
    pub(super) index: usize,
    /// The place of the message, which is part of the name.
    pub(super) place: &'a str,
    pub(super) outcome: &'a mut FileOutcome,
    /// A session that has all bytes, under a name that another file took meanwhile.
    pub(super) kept: Option<Session<'a>>,
}

/// The result of a look.
enum Look {
    Same(Box<DriveItem>),
    Other,
    Absent,
}

impl<'a> Storing<'a> {
    /// Stores the file. What became of it is in the outcome, also if this fails.
    pub(super) async fn store(&mut self) -> Result<()> {
        let upload = self.pending.upload;
        let mut contents = Contents::open(upload, &self.pending.field, self.options).await?;
        let key = upload.key.unwrap_or_else(random_uuid);
        let shown = upload.shown_name().unwrap_or_default();
        for attempt in 0..NAMES {
            let name = name::stored(shown, key, self.place, self.index, attempt);
            self.outcome.name = name;
            if let Some(item) = self.under_name(&mut contents).await? {
                self.outcome.uploaded = true;
                self.outcome.remains = Remains::Yes;
                self.outcome.item = Some(item);
                return contents.check_unchanged().await;
            }
            self.outcome.remains = Remains::No;
        }
        if let Some(session) = self.kept.take() {
            session.cancel().await;
        }
        let taken = "other files have the names under which this file would be stored";
        Err(Error::new(ErrorKind::Conflict, taken)
            .with_delivery(Delivery::NotSent)
            .with_platform(PLATFORM))
    }

    /// Stores the file under the name of the outcome; `None` if another file has it.
    async fn under_name(&mut self, contents: &mut Contents<'_>) -> Result<Option<DriveItem>> {
        let mut has_doubt = false;
        let mut has_folder = false;
        let (mut round, mut patience) = (0, self.lane.patience());
        loop {
            let error = match self.put(contents).await {
                Ok(stored) => {
                    self.outcome.is_own = true;
                    self.outcome.remains = Remains::Yes;
                    self.outcome.item = stored.clone();
                    return self.details(stored).await.map(Some);
                }
                Err(error) => error,
            };
            let is_refused = error.delivery() == Delivery::NotSent;
            if is_refused && error.status() == Some(404) && !has_folder {
                has_folder = true;
                if self.folder.create(&self.lane).await? {
                    continue;
                }
            }
            let is_taken = error.status() == Some(409);
            if is_refused && !is_taken {
                return Err(error);
            }
            if !is_taken {
                has_doubt = true;
                self.outcome.remains = Remains::Unknown;
            }
            match self.look(contents).await? {
                Look::Same(item) => {
                    self.kept = None;
                    // Under a key of the caller, an earlier send may have stored it for a message
                    // that was sent.
                    self.outcome.is_own = has_doubt && self.pending.upload.key.is_none();
                    return Ok(Some(*item));
                }
                Look::Other => return Ok(None),
                Look::Absent => {}
            }
            // Should the lost upload be stored later, this one finds the name taken.
            round += 1;
            let may_repeat = error.is_transient() || is_over(&error) || is_taken;
            if round == ROUNDS || !may_repeat || !patience.wait(None).await? {
                return Err(error);
            }
        }
    }

    /// Uploads the file, unless a session has its bytes already. The delivery of an error says
    /// whether it may be stored.
    async fn put(&mut self, contents: &mut Contents<'_>) -> Result<Option<DriveItem>> {
        let total = contents.size();
        if let Some(session) = self.kept.take() {
            match self.commit(session).await {
                ControlFlow::Continue(()) => {}
                ControlFlow::Break(stored) => {
                    let stored = stored?;
                    self.options.report(self.index, total, total);
                    return Ok(stored);
                }
            }
        }
        let name = &self.outcome.name;
        if total > self.options.simple_limit {
            let path = self.folder.file(name, "/createUploadSession");
            let session = Session::create(self.lane, path, name, total).await?;
            let uploaded = session.upload(contents, self.options, self.index).await;
            let is_taken = |error: &Error| error.status() == Some(409);
            self.kept = uploaded
                .as_ref()
                .err()
                .filter(|it| is_taken(it))
                .map(|_| session);
            return uploaded;
        }
        let tail = "/content?@microsoft.graph.conflictBehavior=fail";
        let bytes = contents.piece(0, total).await?;
        contents.check_unchanged().await?;
        let kind = self.pending.content_type()?;
        let call = Call::of(&DRIVE_UPLOAD, self.folder.file(name, tail)).with_body(kind, bytes);
        let response = self.lane.call(call).await?;
        self.options.report(self.index, total, total);
        Ok(response.json().ok())
    }

    /// Stores the bytes that `session` has under the name of the outcome. Continues where the
    /// service refuses that, so that they are uploaded again.
    async fn commit(&mut self, session: Session<'a>) -> ControlFlow<Result<Option<DriveItem>>> {
        let name = &self.outcome.name;
        let error = match session.commit(self.folder.file(name, ""), name).await {
            Ok(stored) => return ControlFlow::Break(Ok(stored)),
            Err(error) => error,
        };
        if error.delivery() == Delivery::NotSent && !error.is_transient() {
            session.cancel().await;
            return ControlFlow::Continue(());
        }
        // One that is gone has no bytes any more.
        if !matches!(error.status(), Some(404 | 410)) {
            self.kept = Some(session);
        }
        ControlFlow::Break(Err(error))
    }

    /// What is known of a file that was uploaded for certain. Its contents are not compared: the
    /// service writes properties into documents of Office.
    async fn details(&self, stored: Option<DriveItem>) -> Result<DriveItem> {
        let path = match stored.as_ref().and_then(|item| item.id.as_deref()) {
            Some(id) => self.folder.item(id),
            None => self.folder.file(&self.outcome.name, ""),
        };
        let looked = self.lane.call(Call::of(&DRIVE_ITEM, path + WANTED)).await;
        match (looked.and_then(|response| response.json()), stored) {
            (Ok(item), _) => Ok(item),
            (Err(_), Some(item)) if item.guid().is_some() && item.web_url.is_some() => Ok(item),
            (Err(error), _) => Err(error),
        }
    }

    /// Looks which file has the name.
    async fn look(&self, contents: &mut Contents<'_>) -> Result<Look> {
        let path = self.folder.file(&self.outcome.name, "") + WANTED;
        let item: DriveItem = match self.lane.call(Call::of(&DRIVE_ITEM, path)).await {
            Ok(response) => response.json()?,
            Err(error) if error.kind() == ErrorKind::NotFound => return Ok(Look::Absent),
            Err(error) => return Err(error),
        };
        let has_size = item.size == Some(contents.size());
        let has_hash = match item.quick_xor_hash() {
            Some(hash) if has_size => *hash == contents.hash().await?,
            _ => true,
        };
        Ok(if has_size && has_hash {
            Look::Same(Box::new(item))
        } else {
            Look::Other
        })
    }
}

/// Whether an upload session ended without the file, so that another one may be used.
fn is_over(error: &Error) -> bool {
    matches!(error.status(), Some(401 | 404 | 410)) && error.delivery() == Delivery::Unknown
}

impl Pending<'_> {
    fn content_type(&self) -> Result<HeaderValue> {
        let kind = self.upload.content_type.as_deref();
        let kind = kind.unwrap_or("application/octet-stream");
        HeaderValue::try_from(kind).map_err(|_| not_found("the media type is no header value"))
    }
}
