//! Servers for tests.

use std::{
    fs,
    io::Write as _,
    path::PathBuf,
    process::{Child, Command, Stdio},
    sync::{Mutex, OnceLock},
    time::{Duration, Instant},
};

use ms_messenger_outbox::{NatsStore, NatsStoreBuilder};

const MISSING: &str =
    "NATS 2.9 or later is missing on this machine: install the package `nats-server`";

/// A server on a port of its own, that ends with the test program.
pub(super) struct Server {
    folder: PathBuf,
    config: &'static str,
    port: Mutex<Option<u16>>,
    supervisor: Mutex<Option<Child>>,
}

/// JetStream, with files.
pub(super) const JETSTREAM: &str = "jetstream { store_dir: data }";

impl Server {
    pub(super) async fn start(config: &'static str) -> Self {
        let folder = tempfile::Builder::new().prefix("nats").tempdir().unwrap();
        let server = Self {
            folder: folder.keep(),
            config,
            port: Mutex::default(),
            supervisor: Mutex::default(),
        };
        server.run().await;
        server
    }

    /// Starts the server, at the same port as before if it was started before.
    pub(super) async fn run(&self) {
        // It ends, and the folder goes, when the pipe is closed: by the end of the test program, too.
        const SUPERVISE: &str = r#"
            exec 3<&0
            nats-server -c config </dev/null >>log 2>&1 3<&- &
            server=$!
            read -r order <&3
            kill -KILL $server
            wait $server
            [ "$order" = keep ] || rm -rf "$PWD"/* "$PWD"
        "#;
        // The port is given by the system for the first time.
        let port = self.port.lock().unwrap().map_or(-1, i32::from);
        let config = format!(
            "listen: \"127.0.0.1:{port}\"\nports_file_dir: \".\"\n{}\n",
            self.config
        );
        fs::write(self.folder.join("config"), config).unwrap();
        for file in self.ports_files() {
            fs::remove_file(file).unwrap();
        }
        let mut command = Command::new("/bin/sh");
        let command = command.args(["-c", SUPERVISE]).current_dir(&self.folder);
        let supervisor = command.stdin(Stdio::piped()).spawn().unwrap();
        *self.supervisor.lock().unwrap() = Some(supervisor);
        let started = Instant::now();
        let port = loop {
            if let Some(port) = self.read_port() {
                break port;
            }
            let log = fs::read_to_string(self.folder.join("log")).unwrap_or_default();
            assert!(!log.contains("not found"), "{MISSING}\n{log}");
            let is_late = started.elapsed() > Duration::from_secs(60);
            assert!(!is_late, "the server does not start:\n{log}");
            tokio::time::sleep(Duration::from_millis(20)).await;
        };
        *self.port.lock().unwrap() = Some(port);
    }

    fn ports_files(&self) -> Vec<PathBuf> {
        let files = fs::read_dir(&self.folder).unwrap();
        let files = files.map(|it| it.unwrap().path());
        files
            .filter(|it| it.extension().is_some_and(|it| it == "ports"))
            .collect()
    }

    fn read_port(&self) -> Option<u16> {
        let text = fs::read_to_string(self.ports_files().first()?).ok()?;
        let ports: serde_json::Value = serde_json::from_str(&text).ok()?;
        let address = ports["nats"][0].as_str()?;
        address.rsplit(':').next()?.parse().ok()
    }

    /// Kills the server, and keeps its data.
    pub(super) fn kill(&self) {
        let mut supervisor = self.supervisor.lock().unwrap().take().unwrap();
        let mut stdin = supervisor.stdin.take().unwrap();
        stdin.write_all(b"keep\n").unwrap();
        drop(stdin);
        supervisor.wait().unwrap();
    }

    pub(super) fn url(&self) -> String {
        format!("nats://127.0.0.1:{}", self.port.lock().unwrap().unwrap())
    }

    /// A connection of its own.
    pub(super) async fn client(&self) -> async_nats::Client {
        async_nats::connect(self.url()).await.unwrap()
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        if let Some(mut supervisor) = self.supervisor.get_mut().unwrap().take() {
            drop(supervisor.stdin.take());
            let _ = supervisor.wait();
        }
    }
}

/// A server that the tests share.
pub(super) async fn shared() -> &'static Server {
    static SERVER: OnceLock<Server> = OnceLock::new();
    static STARTING: tokio::sync::Mutex<()> = tokio::sync::Mutex::const_new(());
    let _starting = STARTING.lock().await;
    if SERVER.get().is_none() {
        let _ = SERVER.set(Server::start(JETSTREAM).await);
    }
    SERVER.get().unwrap()
}

/// A bucket that no other test has.
pub(super) fn bucket() -> String {
    let random = std::iter::repeat_with(fastrand::alphanumeric).take(12);
    random.collect()
}

pub(super) fn builder(bucket: &str) -> NatsStoreBuilder {
    NatsStore::builder().with_bucket(bucket)
}

/// Opens a store with a connection of its own.
pub(super) async fn open(url: &str, bucket: &str) -> NatsStore {
    builder(bucket).connect(url).await.unwrap()
}
