//! Opens an outbox by its address.

mod file;

use std::{
    error::Error as StdError,
    fmt,
    path::{Path, PathBuf},
};

use ms_messenger::{Delivery, Error, ErrorKind, ExposeSecret as _, Problems, Result, SecretString};
use ms_messenger_outbox::{
    ContentKey, ContentKeys, Outbox, OutboxError, OutboxErrorKind, SqliteStore, Store,
};

use crate::{
    environment::{Environment, variable},
    files::{self, unreadable, without_bom},
    text,
};

/// Where an outbox is stored.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) enum Address {
    /// A SQLite file.
    Sqlite(PathBuf),
    /// A PostgreSQL database.
    #[cfg(feature = "postgres")]
    Postgres(Server),
    /// A NATS server with JetStream.
    #[cfg(feature = "nats")]
    Nats(Server),
}

/// The URL of a server, which may hold a password.
#[cfg(any(feature = "postgres", feature = "nats"))]
#[derive(Clone, PartialEq, Eq)]
pub(crate) struct Server(String);

#[cfg(any(feature = "postgres", feature = "nats"))]
impl fmt::Debug for Server {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Server(…)")
    }
}

impl Address {
    /// Reads `sqlite:PATH`, and the addresses of stores that this build does not have.
    ///
    /// # Errors
    ///
    /// What is wrong, without the address: it may hold a password.
    pub(crate) fn parse(text: &str) -> std::result::Result<Self, String> {
        let (scheme, rest) = text.split_once(':').unwrap_or((text, ""));
        match scheme {
            "sqlite" if rest.is_empty() => Err(text::outbox::WITHOUT_PATH.into()),
            "sqlite" if matches!(rest, "-" | "//-") => Err(text::options::NO_FILE.into()),
            // As other programs write it: sqlite:///var/lib/out.db.
            "sqlite" => Ok(Self::Sqlite(rest.strip_prefix("//").unwrap_or(rest).into())),
            #[cfg(feature = "postgres")]
            "postgres" | "postgresql" => Ok(Self::Postgres(Server(text.to_owned()))),
            #[cfg(feature = "nats")]
            "nats" | "tls" => Ok(Self::Nats(Server(text.to_owned()))),
            #[allow(unreachable_patterns, reason = "as the features are")]
            "postgres" | "postgresql" | "nats" => Err(text::outbox::store_not_built(scheme)),
            _ => Err(text::outbox::unknown_store()),
        }
    }

    /// Returns the file, if the store is one.
    pub(crate) fn file(&self) -> Option<&Path> {
        match self {
            Self::Sqlite(path) => Some(path),
            #[cfg(any(feature = "postgres", feature = "nats"))]
            _ => None,
        }
    }

    /// Returns the address as the user can write it.
    pub(crate) fn shown(&self) -> String {
        match self {
            Self::Sqlite(path) => format!("sqlite:{}", path.display()),
            #[cfg(feature = "postgres")]
            Self::Postgres(_) => "postgres://…".to_owned(),
            #[cfg(feature = "nats")]
            Self::Nats(_) => "nats://…".to_owned(),
        }
    }

    /// Opens the outbox. `creates` says whether it is created if there is none.
    ///
    /// # Errors
    ///
    /// `Config` when it cannot be used, `Service` when it cannot be used at the moment.
    pub(crate) async fn open(&self, keys: Option<ContentKeys>, creates: bool) -> Result<Outbox> {
        let opened = match self {
            Self::Sqlite(path) => {
                self.check()?;
                if creates {
                    self.check_folder()?;
                }
                let store = if creates {
                    SqliteStore::open(path).await
                } else {
                    SqliteStore::open_existing(path).await
                };
                store.map(|store| sealed(store, keys)).map_err(outbox_error)
            }
            #[cfg(feature = "postgres")]
            Self::Postgres(Server(url)) => {
                let builder = ms_messenger_outbox::PostgresStore::builder();
                let store = builder.with_creation(creates).connect(url).await;
                store.map(|store| sealed(store, keys)).map_err(unusable)
            }
            #[cfg(feature = "nats")]
            Self::Nats(Server(url)) => {
                let builder = ms_messenger_outbox::NatsStore::builder();
                let store = builder.with_creation(creates).connect(url).await;
                store.map(|store| sealed(store, keys)).map_err(unusable)
            }
        };
        opened.map_err(|error| self.named(error))
    }

    /// Checks what is there, before it is opened.
    ///
    /// # Errors
    ///
    /// `Config` for a file that can hold no outbox.
    pub(crate) fn check(&self) -> Result<()> {
        let checked = self.file().map_or(Ok(()), file::check);
        checked.map_err(|error| self.named(error))
    }

    /// Checks that the folder is there in which it is created.
    ///
    /// # Errors
    ///
    /// `Config` when it is not.
    pub(crate) fn check_folder(&self) -> Result<()> {
        let checked = self.file().map_or(Ok(()), file::check_folder);
        checked.map_err(|error| self.named(error))
    }

    /// Checks an address that a person wrote.
    ///
    /// # Errors
    ///
    /// `Config` for a file that would be created with a name that looks like a part of a URL.
    pub(crate) fn check_name(&self) -> Result<()> {
        let checked = self.file().map_or(Ok(()), file::check_name);
        checked.map_err(|error| self.named(error))
    }

    /// Returns the error of an operation in the terms of this program. It names the outbox, unless it
    /// is about a message.
    pub(crate) fn error(&self, error: OutboxError) -> Error {
        let is_of_message = is_of_message(&error);
        let error = outbox_error(error);
        if is_of_message {
            error
        } else {
            self.named(error)
        }
    }

    fn named(&self, error: Error) -> Error {
        let name = match self {
            Self::Sqlite(path) => path.display().to_string(),
            #[cfg(any(feature = "postgres", feature = "nats"))]
            _ => self.shown(),
        };
        let text = format!("{name}: {}", error.message());
        error.with_message(text)
    }
}

/// Whether an error is about a message or an argument, and not about the store.
fn is_of_message(error: &OutboxError) -> bool {
    use OutboxErrorKind::{
        Conflict, Damaged, HeldBack, Invalid, LeaseLost, NotAllowed, NotFound, Sealed,
    };
    match error.kind() {
        Invalid | Conflict | NotFound | NotAllowed | LeaseLost | Sealed | HeldBack => true,
        Damaged => error.id().is_some(),
        _ => false,
    }
}

/// Returns the outbox of a store, with the keys of its contents.
fn sealed(store: impl Store, keys: Option<ContentKeys>) -> Outbox {
    let outbox = Outbox::new(store);
    match keys {
        Some(keys) => outbox.with_keys(keys),
        None => outbox,
    }
    .into_dyn()
}

/// Returns the keys of the contents: of the file, else of `MSM_OUTBOX_KEY`. Each line is one key;
/// the first is the oldest.
///
/// # Errors
///
/// `Config` when the file cannot be read, or a line is no key.
pub(crate) fn keys(file: Option<&Path>, env: Environment<'_>) -> Result<Option<ContentKeys>> {
    let invalid = |text: String| Error::new(ErrorKind::Config, text);
    let (name, text) = match file {
        Some(path) => {
            let name = path.display().to_string();
            let text = files::text(path, files::SETTING)
                .map_err(|error| invalid(format!("{name}: {}", unreadable(&error))))?;
            (name, SecretString::from(without_bom(text)))
        }
        None => match variable(env, "MSM_OUTBOX_KEY") {
            Some(text) => ("MSM_OUTBOX_KEY".to_owned(), text.into()),
            None => return Ok(None),
        },
    };
    let mut keys: Option<ContentKeys> = None;
    let lines = text.expose_secret().lines().map(str::trim);
    for line in lines.filter(|line| !line.is_empty()) {
        let rule = text::outbox::NOT_A_KEY;
        let key = ContentKey::parse(line).map_err(|_| invalid(format!("{name}: {rule}")))?;
        keys = Some(match keys {
            Some(keys) => keys.with_newer(key),
            None => ContentKeys::new(key),
        });
    }
    let keys = keys.ok_or_else(|| invalid(format!("{name}: {}", text::outbox::NO_KEY)))?;
    Ok(Some(keys))
}

/// Returns the error of a store that cannot be opened: its address is a setting.
#[cfg(any(feature = "postgres", feature = "nats"))]
fn unusable(error: OutboxError) -> Error {
    let kind = match kind(error.kind()) {
        ErrorKind::InvalidRequest => ErrorKind::Config,
        kind => kind,
    };
    named(error, kind)
}

/// Returns the error of an outbox in the terms of this program, without its address.
fn outbox_error(error: OutboxError) -> Error {
    let kind = kind(error.kind());
    named(error, kind)
}

/// Returns the kind that has the exit code of the table.
fn kind(kind: OutboxErrorKind) -> ErrorKind {
    match kind {
        OutboxErrorKind::Invalid => ErrorKind::InvalidRequest,
        OutboxErrorKind::Conflict | OutboxErrorKind::NotAllowed => ErrorKind::Conflict,
        OutboxErrorKind::NotFound => ErrorKind::NotFound,
        // The same command succeeds later.
        OutboxErrorKind::Unavailable | OutboxErrorKind::Full => ErrorKind::Service,
        OutboxErrorKind::Denied
        | OutboxErrorKind::ReadOnly
        | OutboxErrorKind::NewerSchema
        | OutboxErrorKind::NoOutbox
        | OutboxErrorKind::Damaged
        | OutboxErrorKind::Sealed => ErrorKind::Config,
        _ => ErrorKind::Other,
    }
}

fn named(error: OutboxError, kind: ErrorKind) -> Error {
    let mut problems = Problems::new();
    for problem in error.problems() {
        problems.add(problem.field.clone(), problem.rule.clone());
    }
    let named = problems.into_error(kind);
    let named = named.unwrap_or_else(|| match text::outbox::advice(error.kind()) {
        Some(advice) => Error::new(kind, format!("{error}: {advice}")),
        None => Error::new(kind, error.to_string()),
    });
    // Whatever the store failed at, nothing was sent by it.
    let named = named.with_delivery(Delivery::NotSent);
    // Its own text is that of the new error.
    match error.source() {
        Some(_) => named.with_source(Cause(error)),
        None => named,
    }
}

/// The cause of an error of the outbox.
#[derive(Debug)]
struct Cause(OutboxError);

impl fmt::Display for Cause {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.0.source().map_or(Ok(()), |cause| write!(f, "{cause}"))
    }
}

impl StdError for Cause {
    fn source(&self) -> Option<&(dyn StdError + 'static)> {
        self.0.source()?.source()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::exit::Exit;

    #[test]
    fn an_address_names_a_store_of_this_build() {
        for (text, path) in [
            ("sqlite:out.db", "out.db"),
            ("sqlite:/var/out.db", "/var/out.db"),
            ("sqlite:///var/out.db", "/var/out.db"),
        ] {
            assert_eq!(Address::parse(text), Ok(Address::Sqlite(path.into())));
        }
        #[cfg(feature = "postgres")]
        {
            let address = Address::parse("postgres://u:hunter2@h/db").unwrap();
            assert_eq!(address.file(), None);
            assert!(!format!("{address:?}{}", address.shown()).contains("hunter2"));
        }
        for text in ["mysql://u:hunter2@h/db", "hunter2", "sqlite:", ""] {
            let error = Address::parse(text).unwrap_err();
            assert!(
                error.contains("sqlite:") && !error.contains("hunter2"),
                "{error}"
            );
        }
    }

    #[test]
    fn the_causes_of_an_error_do_not_repeat_it() {
        let text = |error: &dyn StdError| error.to_string();
        let alone = OutboxError::new(OutboxErrorKind::NotFound, "there is no such message");
        let error = outbox_error(alone);
        assert_eq!(error.message(), "there is no such message");
        assert!(error.source().is_none());
        let inner = OutboxError::new(OutboxErrorKind::Store, "inner").with_source("innermost");
        let full = OutboxError::new(OutboxErrorKind::Full, "the disk is full").with_source(inner);
        let error = outbox_error(full);
        let cause = error.source().unwrap();
        let last = cause.source().unwrap();
        assert_eq!(error.message(), "the disk is full");
        assert_eq!([text(cause), text(last)], ["inner", "innermost"]);
        assert!(last.source().is_none());
    }

    #[test]
    fn what_passes_is_temporary_and_what_is_set_wrong_a_setting() {
        use OutboxErrorKind::{
            Damaged, Denied, Full, NewerSchema, NoOutbox, ReadOnly, Sealed, Unavailable,
        };
        let exit = |kind| Exit::of_not_sent(outbox_error(OutboxError::new(kind, "x")).kind());
        for kind in [Full, Unavailable] {
            assert_eq!(exit(kind), Exit::Temporary, "{kind:?}");
            let error = outbox_error(OutboxError::new(kind, "x"));
            assert_eq!(Exit::of(&error), Exit::Temporary, "{kind:?}");
        }
        for kind in [Damaged, Denied, NewerSchema, NoOutbox, ReadOnly, Sealed] {
            assert_eq!(exit(kind), Exit::Config, "{kind:?}");
        }
        let sealed = outbox_error(OutboxError::new(Sealed, "it is sealed"));
        assert!(sealed.message().contains("--key-file"), "{sealed}");
    }

    #[test]
    fn an_error_of_the_store_names_it_and_one_of_a_message_does_not() {
        use OutboxErrorKind::{
            Conflict, Damaged, Denied, Full, NoOutbox, NotFound, ReadOnly, Sealed, Store,
            Unavailable,
        };
        let address = Address::Sqlite("/var/out.db".into());
        let is_named = |error: OutboxError| {
            let error = address.error(error);
            error.message().starts_with("/var/out.db: x")
        };
        for kind in [
            Damaged,
            Denied,
            Full,
            NoOutbox,
            ReadOnly,
            Store,
            Unavailable,
        ] {
            assert!(is_named(OutboxError::new(kind, "x")), "{kind:?}");
        }
        for kind in [Conflict, Damaged, NotFound, Sealed] {
            let error = OutboxError::new(kind, "x").with_id(&"a".into());
            assert!(!is_named(error), "{kind:?}");
        }
    }

    #[test]
    fn an_unusable_key_is_not_repeated() {
        let env = |name: &str| (name == "MSM_OUTBOX_KEY").then(|| "hunter2".to_owned());
        let error = keys(None, &env).unwrap_err();
        assert!(!error.to_string().contains("hunter2"), "{error}");
        assert!(error.to_string().contains("MSM_OUTBOX_KEY"), "{error}");
        assert!(keys(None, &|_| None).unwrap().is_none());
    }
}
