//! The program makes its configuration last.

use rustls::crypto::CryptoProvider;

#[test]
fn rustls_finds_its_provider_after_a_client_was_built() {
    beside_rustls::teams().unwrap();
    assert!(CryptoProvider::get_default().is_none(), "none is installed");
    let own = beside_rustls::config();
    assert!(!own.crypto_provider().cipher_suites.is_empty());
}
