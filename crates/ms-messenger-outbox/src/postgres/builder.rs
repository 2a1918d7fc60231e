//! Opens a store.

use std::{pin::Pin, str::FromStr as _, sync::Arc, time::Duration};

use ms_messenger_core::{ErrorKind, Problems};
use sqlx::{
    ConnectOptions as _, Connection as _, PgPool,
    postgres::{PgConnectOptions, PgPoolOptions},
};

use tokio::time::timeout;

use super::{
    database::{Database, run},
    doubts::Doubts,
    failure::to_error,
    listen::Changes,
    migrate::migrate,
    secure::{demand_tls, of_connecting},
    statements::Statements,
    store::PostgresStore,
    waiting::Waiting,
};
use crate::error::{OutboxError, OutboxErrorKind, Result};

/// The longest identifier that PostgreSQL does not cut.
const LONGEST_SCHEMA: usize = 63;
/// How long a call waits for a connection before it reports that there is none.
const PATIENCE: Duration = Duration::from_secs(5);

/// How long the first connection may take: also to a server that is just being started.
const FIRST: Duration = Duration::from_secs(15);

/// Opens a [`PostgresStore`].
///
/// ```no_run
/// use ms_messenger_outbox::PostgresStore;
///
/// # async fn run() -> ms_messenger_outbox::Result<()> {
/// let store = PostgresStore::builder()
///     .with_schema("outbox_of_billing")
///     .with_pooler(true)
///     .connect("postgres://app:secret@pooler.example:6432/app")
///     .await?;
/// # Ok(()) }
/// ```
#[derive(Clone, Debug)]
#[must_use]
pub struct PostgresBuilder {
    schema: String,
    has_pooler: bool,
    max_connections: u32,
    creates: bool,
}

impl PostgresBuilder {
    pub(super) fn new() -> Self {
        Self {
            schema: "ms_messenger_outbox".to_owned(),
            has_pooler: false,
            max_connections: 10,
            creates: true,
        }
    }

    /// Sets the schema of the tables: a lower-case letter or `_`, then lower-case letters, digits
    /// and `_`, at most 63 bytes. Default `ms_messenger_outbox`.
    pub fn with_schema(mut self, schema: impl Into<String>) -> Self {
        self.schema = schema.into();
        self
    }

    /// Says that a pooler in transaction mode is in between: no statement stays prepared, and workers
    /// poll, because notifications do not get through. Default `false`.
    ///
    /// A pool of the application needs the option `extra_float_digits(None)` for `PgBouncer`.
    pub fn with_pooler(mut self, has_pooler: bool) -> Self {
        self.has_pooler = has_pooler;
        self
    }

    /// Sets the most connections of [`connect`](Self::connect). Default 10, and one more to listen.
    pub fn with_max_connections(mut self, connections: u32) -> Self {
        self.max_connections = connections.max(1);
        self
    }

    /// Sets whether the schema is created if there is none. Default `true`; with `false`, that is the
    /// error `NoOutbox`.
    pub fn with_creation(mut self, creates: bool) -> Self {
        self.creates = creates;
        self
    }

    /// Connects to a database, and opens the store in it.
    ///
    /// `url` is `postgres://USER:PASSWORD@HOST:PORT/DATABASE`. What is missing is taken from the
    /// variables `PGHOST`, `PGUSER`, `PGPASSWORD` and so on, and from the password file. TLS is used
    /// as [`PostgresStore`] says.
    ///
    /// # Errors
    ///
    /// `Invalid` for the address, the schema, an `sslmode` that would send the password to another
    /// machine in clear, or a file of certificates that cannot be used; `Unavailable` if the server
    /// cannot be reached, or gives no response within 15 seconds; `Denied` if it rejects the user
    /// name, the password or the name of the database, offers no TLS, or has a certificate that is
    /// not trusted; those of [`open`](Self::open). No error holds the address.
    pub async fn connect(self, url: &str) -> Result<PostgresStore> {
        self.check()?;
        let options = PgConnectOptions::from_str(url).map_err(to_error)?;
        let options = demand_tls(options)?;
        let options = match options.get_application_name() {
            Some(_) => options,
            None => options.application_name("ms-messenger-outbox"),
        };
        let options = if self.has_pooler {
            // A parameter that PgBouncer refuses, for numbers that are not used here.
            options.extra_float_digits(None)
        } else {
            options
        };
        // The pool would wait for a server that refuses, and not say why.
        let Ok(first) = timeout(FIRST, options.connect()).await else {
            let message = "the database gave no response in time";
            return Err(OutboxError::new(OutboxErrorKind::Unavailable, message));
        };
        let first = first.map_err(|error| of_connecting(&options, error))?;
        // It served its purpose.
        let _ = first.close().await;
        let pool = PgPoolOptions::new().max_connections(self.max_connections);
        let pool = pool.acquire_timeout(PATIENCE).connect_lazy_with(options);
        self.open(pool).await
    }

    /// Opens the store on a pool of the application. Its schema is created, or brought to the version
    /// of this crate, while other programs that open it wait.
    ///
    /// # Errors
    ///
    /// `Invalid` for the schema; `NoOutbox` if it has tables of another program only; `NewerSchema` if a newer version of this crate made it; `ReadOnly`
    /// if it has to be changed and the user may not; those of the database.
    pub async fn open(self, pool: PgPool) -> Result<PostgresStore> {
        self.check()?;
        let changes = Changes::new(&pool, self.schema.clone(), !self.has_pooler);
        let mut database = Database {
            pool,
            statements: Statements::new(&self.schema),
            channel: self.schema,
            keeps_statements: !self.has_pooler,
            doubts: Doubts::default(),
            waiting: Waiting::default(),
            is_lazy: false,
        };
        database.is_lazy = prepare(&database, self.creates).await?;
        let database = Arc::new(database);
        Ok(PostgresStore { database, changes })
    }

    fn check(&self) -> Result<()> {
        let schema = &self.schema;
        let mut problems = Problems::new();
        let is_allowed = |it: char| it.is_ascii_lowercase() || it.is_ascii_digit() || it == '_';
        let is_odd = !schema.chars().all(is_allowed)
            || schema.is_empty()
            || schema.starts_with(|it: char| it.is_ascii_digit());
        let rule = "must be a lower-case letter or `_`, then lower-case letters, digits and `_`";
        problems.add_if(is_odd, "schema", rule);
        let is_long = schema.len() > LONGEST_SCHEMA;
        let rule = format!("must have at most {LONGEST_SCHEMA} bytes");
        problems.add_if(is_long, "schema", &rule);
        let checked = problems.into_result(ErrorKind::InvalidRequest);
        checked.map_err(|error| OutboxError::invalid(&error))
    }
}

/// Brings the schema to its version, and returns whether the database is lazy. In a box: else the
/// compiler does not see that it may move to another thread.
fn prepare<'a>(
    database: &'a Database,
    creates: bool,
) -> Pin<Box<dyn Future<Output = Result<bool>> + Send + 'a>> {
    Box::pin(async move {
        let level = run(|| async {
            let mut transaction = database.begin_read().await?;
            let level = database.scalar::<String>("SELECT current_setting('synchronous_commit')");
            let level = level.fetch_one(&mut *transaction).await?;
            transaction.commit().await?;
            Ok(level)
        });
        let level = level.await?;
        run(|| migrate(database, &database.channel, creates)).await?;
        Ok(level == "off")
    })
}
