//! A file that is uploaded with a message.

use std::{
    fmt,
    path::{Path, PathBuf},
};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use crate::{problems::Problems, redact};

/// A file that is uploaded with a message: the backend stores it where the recipients can read it,
/// and attaches it. `Debug` prints neither path nor name nor bytes.
///
/// # JSON form
///
/// The bytes are Base64. A path must be UTF-8, and is relative to the working directory of the
/// process that sends.
///
/// ```json
/// {"source": {"path": "/var/reports/visits.pdf"}, "name": "visits.pdf"}
/// ```
///
/// Whoever writes such a request chooses which file of the sending machine is read. A program that
/// sends the requests of others refuses paths by a messenger without
/// [`Capability::AttachmentPath`](crate::Capability::AttachmentPath), or accepts bytes only.
///
/// ```
/// use ms_messenger_core::{FileSource, FileUpload};
///
/// let report = FileUpload::path("/var/reports/visits.pdf");
/// assert_eq!(report.shown_name(), Some("visits.pdf"));
/// let list = FileUpload::bytes("list.csv", *b"a;b\n").with_content_type("text/csv");
/// assert!(matches!(&list.source, FileSource::Bytes(bytes) if bytes.len() == 4));
/// assert!(!format!("{report:?} {list:?}").contains("visits"));
/// ```
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
#[non_exhaustive]
pub struct FileUpload {
    /// The bytes, or where they are read from.
    pub source: FileSource,
    /// The name shown; the file name of the path if absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// The media type, e.g. `application/pdf`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub content_type: Option<String>,
    /// The key of this upload for this message, from which its stored name is derived: a later send
    /// with the same key finds the file instead of storing it again. Use one key per message, and
    /// never for another message. Generated for each send if absent.
    #[serde(default, with = "optional_uuid")]
    #[serde(skip_serializing_if = "Option::is_none")]
    pub key: Option<Uuid>,
}

/// Where the bytes of a [`FileUpload`] come from. `Debug` prints the kind and the number of bytes.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[non_exhaustive]
pub enum FileSource {
    /// A file of the machine that sends, which is read during the send.
    Path(PathBuf),
    /// The bytes themselves.
    #[serde(with = "crate::json::text::base64")]
    Bytes(Vec<u8>),
}

impl FileUpload {
    fn new(source: FileSource, name: Option<String>) -> Self {
        Self {
            source,
            name,
            content_type: None,
            key: None,
        }
    }

    /// Creates the upload of the file at `path`. It is read when the message is sent.
    pub fn path(path: impl Into<PathBuf>) -> Self {
        Self::new(FileSource::Path(path.into()), None)
    }

    /// Creates the upload of `bytes` as a file with the name `name`.
    pub fn bytes(name: impl Into<String>, bytes: impl Into<Vec<u8>>) -> Self {
        Self::new(FileSource::Bytes(bytes.into()), Some(name.into()))
    }

    /// Sets the name shown.
    #[must_use]
    pub fn with_name(mut self, name: impl Into<String>) -> Self {
        self.name = Some(name.into());
        self
    }

    /// Sets the media type, e.g. `application/pdf`.
    #[must_use]
    pub fn with_content_type(mut self, content_type: impl Into<String>) -> Self {
        self.content_type = Some(content_type.into());
        self
    }

    /// Sets the [key](Self::key) of this upload for this message.
    #[must_use]
    pub fn with_key(mut self, key: Uuid) -> Self {
        self.key = Some(key);
        self
    }

    /// Returns the name shown: `name`, else the file name of the path. `None` if the path has none,
    /// or one that is not UTF-8.
    #[must_use]
    pub fn shown_name(&self) -> Option<&str> {
        let of_path = match &self.source {
            FileSource::Path(path) => path.file_name().and_then(|name| name.to_str()),
            FileSource::Bytes(_) => None,
        };
        self.name.as_deref().or(of_path)
    }

    /// Adds what is wrong with it, without any I/O.
    pub(crate) fn find_problems(&self, field: &str, problems: &mut Problems) {
        let is_empty = match &self.source {
            FileSource::Path(path) => path.as_os_str().is_empty(),
            FileSource::Bytes(bytes) => bytes.is_empty(),
        };
        let source = format!("{field}.upload.source");
        problems.add_if(is_empty, &source, "must not be empty");
        let name = format!("{field}.upload.name");
        let is_missing = !is_empty && self.shown_name().is_none_or(str::is_empty);
        let rule = "must be given, because the path has no file name in UTF-8";
        let rule = match &self.source {
            FileSource::Path(_) if self.name.is_none() => rule,
            _ => "must not be empty",
        };
        problems.add_if(is_missing, &name, rule);
    }
}

impl From<&Path> for FileUpload {
    fn from(path: &Path) -> Self {
        Self::path(path)
    }
}

impl fmt::Debug for FileUpload {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("FileUpload")
            .field("source", &self.source)
            .field("content_type", &self.content_type)
            .field("key", &self.key)
            .finish_non_exhaustive()
    }
}

impl fmt::Debug for FileSource {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Path(_) => f.write_str("Path"),
            Self::Bytes(bytes) => write!(f, "Bytes({:?})", redact::length(bytes)),
        }
    }
}

/// A UUID that may be absent.
mod optional_uuid {
    use serde::{Deserialize, Deserializer, Serializer};
    use uuid::Uuid;

    #[derive(Deserialize)]
    #[serde(transparent)]
    struct Key(#[serde(with = "crate::json::text::uuid")] Uuid);

    #[allow(clippy::ref_option, reason = "the form that serde asks for")]
    pub(super) fn serialize<S: Serializer>(key: &Option<Uuid>, out: S) -> Result<S::Ok, S::Error> {
        match key {
            Some(key) => out.serialize_some(key),
            None => out.serialize_none(),
        }
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(
        input: D,
    ) -> Result<Option<Uuid>, D::Error> {
        let key = Option::<Key>::deserialize(input)?;
        Ok(key.map(|Key(key)| key))
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::json;

    fn problems(upload: &FileUpload) -> Vec<String> {
        let mut problems = Problems::new();
        upload.find_problems("message.attachments[0]", &mut problems);
        let error = problems.into_error(crate::ErrorKind::InvalidRequest);
        let found = error.iter().flat_map(|error| error.problems());
        found.map(|problem| problem.field.clone()).collect()
    }

    #[test]
    fn the_json_form_reads_back_and_rejects_unknown_members() {
        let key = Uuid::nil();
        for (upload, json) in [
            (
                FileUpload::path("/a/b.pdf"),
                r#"{"source":{"path":"/a/b.pdf"}}"#,
            ),
            (
                FileUpload::bytes("b.txt", *b"abc")
                    .with_content_type("text/plain")
                    .with_key(key),
                r#"{"source":{"bytes":"YWJj"},"name":"b.txt","content_type":"text/plain","key":"00000000-0000-0000-0000-000000000000"}"#,
            ),
        ] {
            assert_eq!(serde_json::to_string(&upload).unwrap(), json);
            assert_eq!(serde_json::from_str::<FileUpload>(json).unwrap(), upload);
        }
        for (json, path) in [
            (r#"{"source":{"url":"attack"}}"#, "source"),
            (r#"{"source":{"bytes":"attack!"}}"#, "source"),
            (r#"{"source":{"path":"a"},"key":"attack"}"#, "key"),
            (r#"{"source":{"path":"a"},"attack":1}"#, "attack"),
        ] {
            let error = json::from_str::<FileUpload>(json).unwrap_err();
            let problem = error.into_problem("upload");
            assert!(problem.field.starts_with(path), "{problem:?}");
        }
    }

    #[test]
    fn what_has_no_bytes_or_no_name_is_named() {
        for (upload, field) in [
            (FileUpload::path(""), "source"),
            (FileUpload::path("/"), "name"),
            (FileUpload::path("/a").with_name(""), "name"),
            (FileUpload::bytes("a", Vec::new()), "source"),
            (FileUpload::bytes("", *b"x"), "name"),
        ] {
            let field = format!("message.attachments[0].upload.{field}");
            assert_eq!(problems(&upload), [field], "{upload:?}");
        }
        assert!(problems(&FileUpload::path("a/b")).is_empty());
    }
}
