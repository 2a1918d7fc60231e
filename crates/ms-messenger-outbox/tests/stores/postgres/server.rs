//! Servers for tests.

use std::{
    fs::{self, Permissions},
    io::Write as _,
    os::unix::{fs::PermissionsExt as _, process::CommandExt as _},
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    sync::{Mutex, OnceLock},
    time::{Duration, Instant},
};

use ms_messenger_outbox::PostgresStore;
use sqlx::{ConnectOptions as _, Connection as _, PgConnection, postgres::PgConnectOptions};

const PASSWORD: &str = "secret-of-the-tests";
const MISSING: &str = "PostgreSQL 15 or later is missing on this machine: \
     install the package `postgresql`, or set OUTBOX_TEST_POSTGRES to the address of a database";

/// A server that listens on a socket in a folder of its own, and ends with the test program.
pub(super) struct Server {
    folder: PathBuf,
    supervisor: Mutex<Option<Child>>,
    port: Mutex<Option<u16>>,
}

impl Server {
    /// Starts a server with an empty database.
    pub(super) async fn start() -> Self {
        let bin = binaries();
        let folder = tempfile::Builder::new().prefix("pg").tempdir().unwrap();
        let folder = folder.keep();
        let account = account();
        if let Some((uid, gid)) = account {
            std::os::unix::fs::chown(&folder, Some(uid), Some(gid)).unwrap();
        }
        let password = folder.join("password");
        let mut file = fs::File::create(&password).unwrap();
        file.write_all(PASSWORD.as_bytes()).unwrap();
        fs::set_permissions(&password, Permissions::from_mode(0o644)).unwrap();
        let mut init = as_account(Command::new(bin.join("initdb")), account);
        let init = init.current_dir(&folder).args([
            "--no-sync",
            "--username=outbox",
            "--auth=scram-sha-256",
            "--encoding=UTF8",
            "--locale=C",
            "--pwfile=password",
            "--pgdata=data",
        ]);
        let made = init.output().unwrap();
        assert!(made.status.success(), "initdb: {made:?}");
        let server = Self {
            folder,
            supervisor: Mutex::default(),
            port: Mutex::default(),
        };
        server.run().await;
        server
    }

    /// Starts the server again.
    pub(super) async fn run(&self) {
        // It ends, and the folder goes, when the pipe is closed: by the end of the test program, too.
        const SUPERVISE: &str = r#"
            exec 3<&0
            "$1"/postgres -D data -k "$PWD" $2 -c fsync=off \
                -c max_connections=200 -c deadlock_timeout=200ms </dev/null >>log 2>&1 3<&- &
            server=$!
            read -r order <&3
            kill -INT $server
            wait $server
            [ "$order" = keep ] || rm -rf "$PWD"/* "$PWD"
        "#;
        let mut command = as_account(Command::new("/bin/sh"), account());
        let command = command.args(["-c", SUPERVISE, "sh"]).arg(binaries());
        let port = *self.port.lock().unwrap();
        let command = command.arg(match port {
            Some(_) => "",
            None => "-c listen_addresses=",
        });
        let command = command.current_dir(&self.folder).stdin(Stdio::piped());
        let supervisor = command.spawn().unwrap();
        *self.supervisor.lock().unwrap() = Some(supervisor);
        let started = Instant::now();
        while let Err(error) = self.connection().await {
            let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            let is_late = started.elapsed() > Duration::from_secs(120);
            assert!(!is_late, "the server does not start: {error}\n{log}");
            tokio::time::sleep(Duration::from_millis(50)).await;
        }
    }

    /// Starts it again, with the address and this port of its settings.
    pub(super) async fn run_at(&self, port: u16) {
        *self.port.lock().unwrap() = Some(port);
        self.run().await;
    }

    /// Writes a file in its folder, which only the server can read.
    pub(super) fn write(&self, name: &str, content: &str) {
        let path = self.folder.join(name);
        fs::write(&path, content).unwrap();
        fs::set_permissions(&path, Permissions::from_mode(0o600)).unwrap();
        if let Some((uid, gid)) = account() {
            std::os::unix::fs::chown(&path, Some(uid), Some(gid)).unwrap();
        }
    }

    /// Stops the server, and keeps its data.
    pub(super) fn stop(&self) {
        let mut supervisor = self.supervisor.lock().unwrap().take().unwrap();
        let mut stdin = supervisor.stdin.take().unwrap();
        stdin.write_all(b"keep\n").unwrap();
        drop(stdin);
        supervisor.wait().unwrap();
    }

    pub(super) fn folder(&self) -> &Path {
        &self.folder
    }

    pub(super) fn url(&self) -> String {
        let folder = self.folder.display();
        let port = self.port.lock().unwrap().unwrap_or(5432);
        format!("postgres://outbox:{PASSWORD}@localhost:{port}/postgres?host={folder}")
    }

    /// The address of a server that listens in the network.
    pub(super) fn tcp_url(&self, host: &str, port: u16) -> String {
        format!("postgres://outbox:{PASSWORD}@{host}:{port}/postgres")
    }

    async fn connection(&self) -> sqlx::Result<PgConnection> {
        let options: PgConnectOptions = self.url().parse()?;
        options.connect().await
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        let supervisor = self.supervisor.get_mut().unwrap();
        if let Some(mut supervisor) = supervisor.take() {
            drop(supervisor.stdin.take());
            let _ = supervisor.wait();
        }
    }
}

/// The address of a database that the tests share.
pub(super) async fn shared() -> String {
    static SERVER: OnceLock<Server> = OnceLock::new();
    static STARTING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    if let Ok(url) = std::env::var("OUTBOX_TEST_POSTGRES") {
        return url;
    }
    let _starting = STARTING.lock().await;
    if SERVER.get().is_none() {
        let _ = SERVER.set(Server::start().await);
    }
    SERVER.get().unwrap().url()
}

/// A schema that no other test has.
pub(super) fn schema() -> String {
    let random = std::iter::repeat_with(fastrand::alphanumeric).take(12);
    let random: String = random.collect();
    format!("test_{}", random.to_lowercase())
}

/// Opens a store with a pool of its own.
pub(super) async fn open(url: &str, schema: &str) -> PostgresStore {
    let builder = PostgresStore::builder().with_schema(schema);
    builder.connect(url).await.unwrap()
}

/// Runs statements, in which `{s}` is the schema.
pub(super) async fn sql(url: &str, schema: &str, sql: &str) {
    let options: PgConnectOptions = url.parse().unwrap();
    let mut connection = options.connect().await.unwrap();
    let sql = sql.replace("{s}", schema);
    let done = sqlx::raw_sql(&sql).execute(&mut connection).await;
    done.unwrap();
    connection.close().await.unwrap();
}

/// The folder of the server's programs.
fn binaries() -> PathBuf {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = std::env::split_paths(&path).collect();
    for version in (15..30).rev() {
        folders.push(format!("/usr/lib/postgresql/{version}/bin").into());
    }
    let mut found = folders.into_iter().filter(|it| it.join("initdb").exists());
    found.next().expect(MISSING)
}

/// The user and group under which a server runs, which must not be root.
fn account() -> Option<(u32, u32)> {
    let is_root = fs::metadata("/proc/self").is_ok_and(|it| {
        use std::os::unix::fs::MetadataExt as _;
        it.uid() == 0
    });
    if !is_root {
        return None;
    }
    let users = fs::read_to_string("/etc/passwd").unwrap();
    let user = |name: &str| {
        let line = users.lines().find(|it| it.split(':').next() == Some(name));
        let mut fields = line?.split(':').skip(2);
        let uid = fields.next()?.parse().ok()?;
        Some((uid, fields.next()?.parse().ok()?))
    };
    Some(user("postgres").or_else(|| user("nobody")).unwrap())
}

pub(super) fn as_account(mut command: Command, account: Option<(u32, u32)>) -> Command {
    if let Some((uid, gid)) = account {
        command.uid(uid).gid(gid);
    }
    command
}

/// A command that runs as the servers do.
pub(super) fn command(program: &str) -> Command {
    as_account(Command::new(program), account())
}
