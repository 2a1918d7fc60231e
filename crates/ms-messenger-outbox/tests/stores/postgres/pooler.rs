//! Behind PgBouncer in transaction mode.

use std::{
    fs,
    os::unix::net::UnixStream,
    process::{Child, Command},
    time::{Duration, Instant},
};

use super::{
    conformance::check,
    server::{Server, command},
};

const MISSING: &str = "PgBouncer is missing on this machine: install the package `pgbouncer`";

/// A pooler that has two connections for all its clients.
struct Pooler(Child);

impl Pooler {
    fn start(server: &Server) -> Self {
        let folder = server.folder().display();
        let settings = format!(
            "[databases]\npostgres = host={folder} port=5432 user=outbox password=secret-of-the-tests\n\
             [pgbouncer]\nlisten_addr =\nlisten_port = 6432\nunix_socket_dir = {folder}\n\
             auth_type = any\nauth_file = {folder}/users\npool_mode = transaction\n\
             default_pool_size = 2\nmax_client_conn = 200\nlogfile = {folder}/pooler.log\n"
        );
        let file = server.folder().join("pooler.ini");
        fs::write(&file, settings).unwrap();
        let users = "\"outbox\" \"secret-of-the-tests\"\n";
        fs::write(server.folder().join("users"), users).unwrap();
        let program = ["/usr/sbin/pgbouncer", "/usr/bin/pgbouncer"];
        let program = program.iter().find(|it| fs::exists(it).unwrap());
        let mut command: Command = command(program.expect(MISSING));
        let child = command.arg("-q").arg(&file).spawn().unwrap();
        let pooler = Self(child);
        let socket = server.folder().join(".s.PGSQL.6432");
        let started = Instant::now();
        while UnixStream::connect(&socket).is_err() {
            assert!(started.elapsed() < Duration::from_secs(60));
            std::thread::sleep(Duration::from_millis(20));
        }
        pooler
    }
}

impl Drop for Pooler {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL and PgBouncer"]
async fn the_store_keeps_every_rule_behind_pgbouncer() {
    let server = Server::start().await;
    let _pooler = Pooler::start(&server);
    let folder = server.folder().display();
    let url = format!("postgres://outbox:x@localhost:6432/postgres?host={folder}");
    let findings = check(url, true).await;
    assert!(findings.passed(), "{findings}");
}
