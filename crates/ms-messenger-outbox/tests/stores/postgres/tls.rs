//! TLS, demanded and checked.

use std::{fs, net::TcpListener, path::PathBuf};

use ms_messenger_outbox::{OutboxErrorKind, PostgresStore, Store as _};
use rcgen::{BasicConstraints, CertificateParams, DnType, IsCa, Issuer, KeyPair};

use super::server::{Server, schema};

/// An authority of a name.
fn authority(name: &str) -> (Issuer<'static, KeyPair>, String) {
    let key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    authority
        .distinguished_name
        .push(DnType::CommonName, name.to_owned());
    let pem = authority.self_signed(&key).unwrap().pem();
    (Issuer::new(authority, key), pem)
}

/// A server with a certificate for `localhost` only, the file of its authority and that of another.
struct Tls {
    server: Server,
    port: u16,
    ca: PathBuf,
    other_ca: PathBuf,
}

impl Tls {
    async fn start() -> Self {
        let server = Server::start().await;
        assert_refused(&server).await;
        let (issuer, ca_pem) = authority("of the server");
        let key = KeyPair::generate().unwrap();
        let leaf = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
        let leaf = leaf.signed_by(&key, &issuer).unwrap();
        server.write("data/server.crt", &leaf.pem());
        server.write("data/server.key", &key.serialize_pem());
        server.stop();
        // The port is given by the system, and free again: another program may be faster.
        let port = TcpListener::bind("127.0.0.1:0").unwrap().local_addr();
        let port = port.unwrap().port();
        let settings = format!("ssl = on\nlisten_addresses = '127.0.0.1'\nport = {port}\n");
        server.write("data/postgresql.auto.conf", &settings);
        server.run_at(port).await;
        let (ca, other_ca) = (server.folder().join("ca"), server.folder().join("other"));
        fs::write(&ca, ca_pem).unwrap();
        fs::write(&other_ca, authority("another").1).unwrap();
        Self {
            server,
            port,
            ca,
            other_ca,
        }
    }

    async fn connect(&self, host: &str, query: &str) -> ms_messenger_outbox::Result<PostgresStore> {
        let url = self.server.tcp_url(host, self.port);
        let builder = PostgresStore::builder().with_schema(schema());
        builder.connect(&format!("{url}?{query}")).await
    }
}

/// Whether the connections of a store are encrypted, as the server says.
async fn is_encrypted(store: &PostgresStore) -> bool {
    let sql = "SELECT ssl FROM pg_stat_ssl WHERE pid = pg_backend_pid()";
    let query = sqlx::query_scalar(sql);
    query.fetch_one(store.pool()).await.unwrap()
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs PostgreSQL"]
async fn tls_is_demanded_and_certificates_are_checked() {
    let tls = Tls::start().await;
    let (ca, other_ca) = (tls.ca.display(), tls.other_ca.display());
    let root = |mode: &str| format!("sslmode={mode}&sslrootcert={ca}");
    for (host, query, expected) in [
        ("localhost", "sslmode=disable".to_owned(), false),
        ("localhost", String::new(), true),
        ("localhost", "sslmode=require".to_owned(), true),
        ("localhost", root("verify-ca"), true),
        ("localhost", root("verify-full"), true),
    ] {
        let store = tls.connect(host, &query).await.unwrap();
        assert_eq!(is_encrypted(&store).await, expected, "{query}");
        assert_eq!(store.counts().await.unwrap(), []);
    }
    let untrusted = "the certificate of the database is not trusted, or is that of another host";
    let unreadable = "a file in `sslrootcert`, `sslcert` or `sslkey` cannot be read";
    let unusable = "a certificate or a key in `sslrootcert`, `sslcert` or `sslkey` cannot be used";
    let garbage = tls.server.folder().join("garbage");
    fs::write(&garbage, "-----BEGIN CERTIFICATE-----\nAAAA\n").unwrap();
    let garbage = garbage.display();
    let (denied, invalid) = (OutboxErrorKind::Denied, OutboxErrorKind::Invalid);
    let verify = "sslmode=verify-full";
    for (host, query, kind, message) in [
        ("127.0.0.1", root("verify-full"), denied, untrusted),
        ("localhost", verify.to_owned(), denied, untrusted),
        (
            "localhost",
            format!("{verify}&sslrootcert={other_ca}"),
            denied,
            untrusted,
        ),
        (
            "localhost",
            format!("{verify}&sslrootcert={ca}.missing"),
            invalid,
            unreadable,
        ),
        (
            "localhost",
            format!("{verify}&sslrootcert={garbage}"),
            invalid,
            unusable,
        ),
    ] {
        let error = tls.connect(host, &query).await.unwrap_err();
        assert_eq!(
            (error.kind(), &*error.to_string()),
            (kind, message),
            "{error:?}"
        );
        assert!(!format!("{error:?}").contains("secret-of-the-tests"));
    }
}

/// A server without TLS is refused where TLS is demanded.
async fn assert_refused(server: &Server) {
    for mode in ["require", "verify-ca", "verify-full"] {
        let builder = PostgresStore::builder().with_schema(schema());
        let url = format!("{}&sslmode={mode}", server.url());
        let error = builder.connect(&url).await.unwrap_err();
        let message = "the database offers no TLS, which `sslmode` demands";
        assert_eq!(error.to_string(), message);
    }
}
