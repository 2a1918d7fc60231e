//! TLS, demanded and checked.

use std::{fs, path::Path, process::Command};

use ms_messenger_outbox::{NatsStore, OutboxErrorKind, Store as _};
use rcgen::{BasicConstraints, CertificateParams, IsCa, Issuer, KeyPair};

use super::server::{JETSTREAM, Server, shared};

/// The address that the test gives to itself, in a process that trusts other authorities.
const ADDRESS: &str = "OUTBOX_TEST_NATS_TLS";
const NAME: &str = "nats::tls::a_server_is_called_over_tls_and_its_certificate_checked";

/// Writes a certificate for `localhost` and its key; returns that of its authority.
fn certificate(folder: &Path) -> String {
    let key = KeyPair::generate().unwrap();
    let mut authority = CertificateParams::new(Vec::new()).unwrap();
    authority.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let pem = authority.self_signed(&key).unwrap().pem();
    let issuer = Issuer::new(authority, key);
    let key = KeyPair::generate().unwrap();
    let leaf = CertificateParams::new(vec!["localhost".to_owned()]).unwrap();
    let leaf = leaf.signed_by(&key, &issuer).unwrap();
    fs::write(folder.join("server.crt"), leaf.pem()).unwrap();
    fs::write(folder.join("server.key"), key.serialize_pem()).unwrap();
    pem
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the package nats-server"]
async fn a_server_is_called_over_tls_and_its_certificate_checked() {
    if let Ok(url) = std::env::var(ADDRESS) {
        let store = NatsStore::connect(&url).await.unwrap();
        assert_eq!(store.counts().await.unwrap(), []);
        return;
    }
    let folder = tempfile::tempdir().unwrap();
    let authority = certificate(folder.path());
    let file = folder.path().join("ca.pem");
    fs::write(&file, authority).unwrap();
    let (cert, key) = (
        folder.path().join("server.crt"),
        folder.path().join("server.key"),
    );
    let tls = format!("tls {{ cert_file: {cert:?}, key_file: {key:?} }}\n{JETSTREAM}");
    let server = Server::start(tls.leak()).await;
    for scheme in ["tls://outbox:pass-word@localhost", "nats://localhost"] {
        let url = server.url().replace("nats://127.0.0.1", scheme);
        let error = NatsStore::connect(&url).await.unwrap_err();
        assert_eq!(error.kind(), OutboxErrorKind::Denied, "{error:?}");
        assert!(!format!("{error:?}").contains("pass-word"));
        if scheme.starts_with("tls") {
            let text =
                "the certificate of the NATS server is not trusted, or is that of another host";
            assert_eq!(error.to_string(), text);
        }
    }
    // What a process trusts is in its environment.
    let mut again = Command::new(std::env::current_exe().unwrap());
    let again = again.args([NAME, "--exact", "--include-ignored"]);
    let again = again.env("SSL_CERT_FILE", &file);
    let url = server.url().replace("nats://127.0.0.1", "tls://localhost");
    let ran = again.env(ADDRESS, url).output().unwrap();
    let text = String::from_utf8_lossy(&ran.stdout);
    assert!(ran.status.success() && text.contains("1 passed"), "{ran:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs the package nats-server"]
async fn a_server_without_tls_is_refused_where_tls_is_demanded() {
    let url = shared().await.url().replace("nats://", "tls://");
    let error = NatsStore::connect(&url).await.unwrap_err();
    assert_eq!(error.kind(), OutboxErrorKind::Unavailable, "{error:?}");
}
