//! The bytes of a file, read piece by piece.

use std::{
    fs::{self, File, Metadata},
    io::{self, Read as _, Seek as _, SeekFrom},
    path::{Path, PathBuf},
    sync::Arc,
    time::SystemTime,
};

use ms_messenger_core::{Error, ErrorKind, FileSource, FileUpload, Result};
use ms_messenger_http::Bytes;

use super::{options::UploadOptions, quick_xor::QuickXor};
use crate::error::PLATFORM;

/// How much is read at once where only the hash is wanted.
const HASHED_AT_ONCE: u64 = 1 << 20;

/// The bytes of a file. Their hash is computed as they are read.
pub(super) struct Contents<'a> {
    kind: Kind<'a>,
    size: u64,
    hash: QuickXor,
    /// The memory of an earlier piece, for the next one.
    spare: Vec<u8>,
    /// The member of the request that names the file.
    field: String,
}

enum Kind<'a> {
    Bytes(&'a [u8]),
    File(Arc<Opened>),
}

struct Opened {
    file: File,
    path: PathBuf,
    state: State,
}

/// What changes when a file is written to.
#[derive(PartialEq, Eq)]
struct State {
    size: u64,
    modified: Option<SystemTime>,
}

impl State {
    fn of(metadata: &Metadata) -> Self {
        Self {
            size: metadata.len(),
            modified: metadata.modified().ok(),
        }
    }
}

impl<'a> Contents<'a> {
    /// Opens the file of `upload`, which is the member `field` of the request.
    pub(super) async fn open(
        upload: &'a FileUpload,
        field: &str,
        options: &UploadOptions,
    ) -> Result<Self> {
        let field = format!("{field}.source");
        let (kind, size) = match &upload.source {
            FileSource::Bytes(bytes) => (Kind::Bytes(bytes), bytes.len() as u64),
            FileSource::Path(path) => {
                let path = path.clone();
                let opened = blocking(move || open(path)).await?;
                let opened = opened.map_err(|error| unreadable(&field, &error))?;
                let size = opened.state.size;
                (Kind::File(Arc::new(opened)), size)
            }
            _ => {
                return Err(refuse(
                    &field,
                    "is a source that this version does not know",
                ));
            }
        };
        if size == 0 {
            return Err(refuse(&field, "must not be empty"));
        }
        if size > options.max_bytes {
            let rule = format!("has {size} bytes, more than {}", options.max_bytes);
            return Err(refuse(&field, &rule));
        }
        Ok(Self {
            kind,
            size,
            hash: QuickXor::default(),
            spare: Vec::new(),
            field,
        })
    }

    pub(super) fn size(&self) -> u64 {
        self.size
    }

    /// Reads up to `most` bytes from `at`, fewer only at the end.
    pub(super) async fn piece(&mut self, at: u64, most: u64) -> Result<Bytes> {
        let length = most.min(self.size.saturating_sub(at));
        let length = usize::try_from(length).unwrap_or(usize::MAX);
        let piece = match &self.kind {
            Kind::Bytes(bytes) => {
                let start = usize::try_from(at).unwrap_or(usize::MAX).min(bytes.len());
                Bytes::copy_from_slice(&bytes[start..][..length])
            }
            Kind::File(opened) => {
                let (opened, spare) = (Arc::clone(opened), std::mem::take(&mut self.spare));
                let read = blocking(move || opened.read(at, length, spare)).await?;
                match read {
                    Ok(Some(piece)) => piece.into(),
                    Ok(None) => return Err(self.changed()),
                    Err(error) => return Err(unreadable(&self.field, &error)),
                }
            }
        };
        let hashed = self.hash.length();
        if let Some(known) = hashed.checked_sub(at)
            && let Ok(known) = usize::try_from(known)
            && known < piece.len()
        {
            self.hash.add(&piece[known..]);
        }
        Ok(piece)
    }

    /// Takes back a piece that nothing else holds any more, so that the next one needs no memory of
    /// its own: the allocator may keep what is freed.
    pub(super) fn recycle(&mut self, piece: Bytes) {
        if matches!(self.kind, Kind::File(_)) && piece.is_unique() {
            self.spare = piece.into();
        }
    }

    /// The hash of the whole file. Reads what was not read yet.
    pub(super) async fn hash(&mut self) -> Result<String> {
        while self.hash.length() < self.size {
            let piece = self.piece(self.hash.length(), HASHED_AT_ONCE).await?;
            self.recycle(piece);
        }
        Ok(self.hash.base64())
    }

    /// Fails if the file was written to or replaced since it was opened.
    pub(super) async fn check_unchanged(&self) -> Result<()> {
        let Kind::File(opened) = &self.kind else {
            return Ok(());
        };
        let opened = Arc::clone(opened);
        let is_unchanged = blocking(move || opened.is_unchanged()).await?;
        if is_unchanged.unwrap_or(false) {
            Ok(())
        } else {
            Err(self.changed())
        }
    }

    fn changed(&self) -> Error {
        let rule = match &self.kind {
            Kind::Bytes(_) => "changed while it was read".to_owned(),
            Kind::File(opened) => {
                format!("{} changed while it was read", opened.path.display())
            }
        };
        refuse(&self.field, &rule)
    }
}

fn open(path: PathBuf) -> io::Result<Opened> {
    // Opening a pipe would wait for whatever writes to it.
    if !fs::metadata(&path)?.is_file() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    let file = File::open(&path)?;
    let metadata = file.metadata()?;
    if !metadata.is_file() {
        return Err(io::ErrorKind::IsADirectory.into());
    }
    Ok(Opened {
        file,
        path,
        state: State::of(&metadata),
    })
}

impl Opened {
    /// Reads `length` bytes from `at` into the memory of `piece`; `None` if the file changed.
    fn read(&self, at: u64, length: usize, mut piece: Vec<u8>) -> io::Result<Option<Vec<u8>>> {
        piece.resize(length, 0);
        let mut file = &self.file;
        file.seek(SeekFrom::Start(at))?;
        match file.read_exact(&mut piece) {
            Ok(()) => {}
            Err(error) if error.kind() == io::ErrorKind::UnexpectedEof => return Ok(None),
            Err(error) => return Err(error),
        }
        let is_unchanged = State::of(&self.file.metadata()?) == self.state;
        Ok(is_unchanged.then_some(piece))
    }

    fn is_unchanged(&self) -> io::Result<bool> {
        let by_path = State::of(&fs::metadata(&self.path as &Path)?);
        Ok(by_path == self.state && State::of(&self.file.metadata()?) == self.state)
    }
}

/// Runs `work`, which waits for the disk, where it keeps no other task waiting.
async fn blocking<T: Send + 'static>(work: impl FnOnce() -> T + Send + 'static) -> Result<T> {
    tokio::task::spawn_blocking(work).await.map_err(|error| {
        Error::new(ErrorKind::Other, "reading the file was interrupted")
            .with_delivery(ms_messenger_core::Delivery::NotSent)
            .with_platform(PLATFORM)
            .with_source(error)
    })
}

/// The errors of the operating system name no path, and none is added.
fn unreadable(field: &str, error: &io::Error) -> Error {
    let rule = match error.kind() {
        io::ErrorKind::NotFound => "there is no such file".to_owned(),
        io::ErrorKind::PermissionDenied => "may not be read by this process".to_owned(),
        io::ErrorKind::IsADirectory => "must be a file".to_owned(),
        kind => format!("cannot be read: {kind}"),
    };
    refuse(field, &rule)
}

fn refuse(field: &str, rule: &str) -> Error {
    Error::invalid(field, rule).with_platform(PLATFORM)
}
